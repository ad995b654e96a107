"""The simulators as one process: push service, Google Wallet, the two phones and their address."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from passes.apple.identity import (
    DEVELOPMENT_TEAM_ID,
    DEVELOPMENT_TYPE_ID,
    make_development_identity,
)
from passes.apple.verify import load_roots, read_pkpass
from passes.google.identity import make_development_account
from passes.google.schema import objections
from passes.simulate.android import AndroidPhone
from passes.simulate.apns import ApnsStandIn
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_callbacks import Callbacks, root_key
from passes.simulate.google_save import Account
from passes.simulate.iphone import IPhone
from passes.simulate.pass_face import Files
from passes.simulate.phones import Phones, Version
from passes.simulate.phones_api import PhonesApi
from passes.simulate.pictures import Pictures
from passes.simulate.state import StateFile

HOST = "127.0.0.1"  # never reachable from outside: nothing here asks who is calling
STATE_NAME = "simulators.json"
GOOGLE_REQUESTS_PER_SECOND = 20  # of one issuer, as Google's
IDLE_CONNECTION_SECONDS = 30  # a client that keeps its connection longer is cut off
STOP_SECONDS_MAX = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the simulators live: the data folder, the shopper's cards and the public address."""

    folder: Path
    main_url: str
    public_url: str = ""
    pass_type_id: str = DEVELOPMENT_TYPE_ID
    team_id: str = DEVELOPMENT_TEAM_ID

    @property
    def origins(self) -> frozenset[str]:
        """Where pictures of cards may come from."""
        addresses = [urlsplit(url) for url in (self.main_url, self.public_url) if url]
        return frozenset(f"{one.scheme}://{one.netloc}" for one in addresses)


class Simulators:
    """Everything a newcomer has instead of accounts with Apple and Google, and of phones."""

    def __init__(self, place: Place) -> None:
        certs = place.folder / "certs"
        make_development_identity(certs, place.pass_type_id, place.team_id)
        self.version = Version()
        self.apns = _apns(certs / "apple")
        self.pictures = Pictures(place.origins)
        self.google = _google(certs, self.pictures)
        roots = load_roots(certs / "apple" / "root.pem")

        def open_pass(data: bytes) -> Files:
            return read_pkpass(data, roots).files

        advance = self.version.advance
        self.iphone = IPhone(open_pass, self.apns.issue_token, on_change=advance)
        self.android = AndroidPhone(self.google, self.pictures, on_change=advance)
        self.phones = Phones(self.iphone, self.android, self.google, place.main_url, self.version)
        self.apns.on_push = self.iphone.push
        self._state = StateFile(place.folder / STATE_NAME, self._dump)
        self._http: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of Google's stand-in and of the phones."""
        assert self._http is not None, "not started"
        return f"http://{HOST}:{self._http.server_port}"

    def start(self, http_port: int = 0, apns_port: int = 0) -> Simulators:
        """Listen on both ports; port 0 takes a free one. `OSError` when one is taken."""
        self._restore()
        self.apns.start(HOST, apns_port)
        try:
            self._http = _listen(self.app(), http_port)
        except OSError:
            self.apns.stop()
            raise
        self.version.listeners.append(self._state.touch)
        self.google.store.listeners.append(lambda change: self._state.touch())
        self._state.start()
        self.iphone.start()
        self.android.start()
        if self.google.callbacks:
            self.google.callbacks.tasks.start()
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, name="simulators-http"
        )
        self._thread.daemon = True
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, finish what is being done, write the state."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
        self.apns.stop()
        self.iphone.stop()
        self.android.stop()
        if self.google.callbacks:
            self.google.callbacks.close()
        self._state.stop()
        self.phones.close()
        self.pictures.close()

    def __enter__(self) -> Simulators:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def app(self) -> Flask:
        """Google's addresses and the phones'."""
        app = Flask("simulators", static_folder=None)
        app.register_blueprint(self.google.blueprint())
        app.register_blueprint(PhonesApi(self.phones, self.pictures).blueprint())
        app.add_url_rule("/healthz", "healthz", lambda: "ok")
        return app

    def _dump(self) -> dict[str, Any]:
        return {
            "version": self.version.number,
            "google": self.google.store.dump(),
            "iphone": self.iphone.dump(),
            "android": self.android.dump(),
        }

    def _restore(self) -> None:
        data = self._state.read()
        if data is None:
            return
        try:
            self.google.store.load(data["google"])
            self.iphone.load(data["iphone"])
            self.android.load(data["android"])
            self.version.at_least(int(data["version"]))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("simulators: state only partly restored", error=repr(error))


def run_simulators(place: Place, http_port: int, apns_port: int, stop: threading.Event) -> None:
    """Run until `stop` is set. `OSError` when a port is taken."""
    with Simulators(place).start(http_port, apns_port) as running:
        log.info("simulators ready", http=running.url, apns=running.apns.url)
        stop.wait()


def _apns(home: Path) -> ApnsStandIn:
    return ApnsStandIn(
        home / "apns-server.pem", home / "apns-server.key", home / "root.pem", tokens="any"
    )


def _google(certs: Path, pictures: Pictures) -> GoogleStandIn:
    identity = make_development_account(certs)
    account = Account(identity.email, identity.issuer_id, identity.public_key_pem)
    return GoogleStandIn(
        account,
        objections,
        picture_reachable=pictures.reachable,
        callbacks=Callbacks(identity.issuer_id, root_key(certs / "google")),
        rate=GOOGLE_REQUESTS_PER_SECOND,
    )


class _QuietHandler(WSGIRequestHandler):
    """No line a request: the phones' page asks three times a second."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_CONNECTION_SECONDS

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's name
        if type == "error":
            log.warning("simulators: " + message % args if args else message)


def _listen(app: Flask, port: int) -> BaseWSGIServer:
    return make_server(HOST, port, app, threaded=True, request_handler=_QuietHandler)
