"""Service accounts are read once, and unusable ones are refused in words."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from passes.errors import IdentityError
from passes.google.identity import load_account, make_development_account

ISSUER = "3388000000012345678"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    make_development_account(tmp_path)
    return tmp_path / "google" / "service-account.json"


def spoil(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_development_account_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: make_development_account(tmp_path, "http://x/token"), "ab")
    file = tmp_path / "google" / "service-account.json"
    assert one.public_key_pem == two.public_key_pem
    assert one.token_url == "http://x/token"
    assert one.is_development
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "key=" not in repr(one)


def test_a_real_account_keeps_its_own_token_address(file: Path) -> None:
    spoil(file, client_email="wallet@cafe.iam.gserviceaccount.com")
    account = load_account(file, ISSUER)
    assert account.issuer_id == ISSUER
    assert account.token_url == "https://oauth2.googleapis.com/token"
    assert not account.is_development


@pytest.mark.parametrize("name", ["client_email", "private_key_id", "private_key"])
@pytest.mark.parametrize("value", ["", None, 7])
def test_a_missing_part_is_named(file: Path, name: str, value: object) -> None:
    spoil(file, **{name: value})
    with pytest.raises(IdentityError, match=f"no {name}"):
        load_account(file, ISSUER)


@pytest.mark.parametrize("text", ["", "[]", "no json", '"text"'])
def test_another_file_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(IdentityError, match=r"service-account\.json is not"):
        load_account(file, ISSUER)


def test_unusable_keys_are_refused(file: Path) -> None:
    spoil(file, private_key="-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----")
    with pytest.raises(IdentityError, match="cannot be read"):
        load_account(file, ISSUER)
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    spoil(file, private_key=pem.decode())
    with pytest.raises(IdentityError, match="not RSA"):
        load_account(file, ISSUER)


def test_a_missing_file_and_issuer_are_named(tmp_path: Path, file: Path) -> None:
    with pytest.raises(IdentityError, match="cannot be read"):
        load_account(tmp_path / "nowhere.json", ISSUER)
    for issuer in ("", "BCR2DN4T", "3388 000"):
        with pytest.raises(IdentityError, match="issuer id"):
            load_account(file, issuer)
