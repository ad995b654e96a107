"""Fixtures that start Apple's push service and Google Wallet on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.simulate.apns import ApnsStandIn


@pytest.fixture(scope="session")
def simulator_certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `certs` folder with the development identity, made once."""
    folder = tmp_path_factory.mktemp("simulator-certs")
    make_development_identity(folder)
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
