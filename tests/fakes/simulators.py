"""Fixtures that start Apple's push service and Google Wallet on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.google.identity import GoogleIdentity, make_development_account
from passes.google.schema import objections
from passes.simulate.apns import ApnsStandIn
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_save import Account
from tests.fakes.http import serve


@pytest.fixture(scope="session")
def simulator_certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `certs` folder with both development identities, made once."""
    folder = tmp_path_factory.mktemp("simulator-certs")
    make_development_identity(folder)
    make_development_account(folder)
    return folder


@pytest.fixture(scope="session")
def apple_identity(simulator_certs: Path) -> AppleIdentity:
    """Who signs passes and shows the client certificate to the push stand-in."""
    return make_development_identity(simulator_certs)


@pytest.fixture
def apns(simulator_certs: Path) -> Iterator[ApnsStandIn]:
    """Apple's push service; it knows every well-formed token."""
    home = simulator_certs / "apple"
    server = ApnsStandIn(home / "apns-server.pem", home / "apns-server.key", home / "root.pem")
    with server.start():
        yield server


@pytest.fixture(scope="session")
def google_identity(simulator_certs: Path) -> GoogleIdentity:
    """The development service account that the stand-in knows."""
    return make_development_account(simulator_certs)


@dataclass(frozen=True, slots=True)
class ServedGoogle:
    """Google Wallet on a free port."""

    stand_in: GoogleStandIn
    url: str

    @property
    def token_url(self) -> str:
        """Where assertions are changed for tokens."""
        return f"{self.url}/token"


@pytest.fixture
def google_wallet(google_identity: GoogleIdentity) -> Iterator[ServedGoogle]:
    """Google's REST interface with its schema checks; every picture counts as reachable."""
    account = Account(
        google_identity.email, google_identity.issuer_id, google_identity.public_key_pem
    )
    stand_in = GoogleStandIn(account, objections)
    app = Flask("google-wallet")
    app.register_blueprint(stand_in.blueprint())
    with serve(app) as url:
        yield ServedGoogle(stand_in, url)
