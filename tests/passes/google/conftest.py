"""The development account, made once, and Google's stand-in on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from passes.google.identity import GoogleIdentity, make_development_account
from passes.google.schema import objections
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_save import Account


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> GoogleIdentity:
    return make_development_account(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def google(account: GoogleIdentity) -> GoogleStandIn:
    known = Account(account.email, account.issuer_id, account.public_key_pem)
    return GoogleStandIn(known, objections)


@pytest.fixture
def google_url(google: GoogleStandIn) -> Iterator[str]:
    app = Flask("google_stand_in_server")
    app.register_blueprint(google.blueprint())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
