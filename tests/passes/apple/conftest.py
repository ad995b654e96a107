"""A development identity, made once for all tests of Apple's formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from passes.apple.identity import AppleIdentity, make_development_identity


@pytest.fixture(scope="session")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `apple/root.pem` and its neighbours."""
    folder = tmp_path_factory.mktemp("certs")
    make_development_identity(folder)
    return folder


@pytest.fixture(scope="session")
def identity(certs: Path) -> AppleIdentity:
    return make_development_identity(certs)
