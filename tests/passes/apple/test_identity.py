"""The development identity has Apple's shape, and unusable identities are refused in words."""

from __future__ import annotations

import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from passes.apple.certificates import (
    PASS_TYPE_EXTENSION,
    intermediate_certificate,
    key_pem,
    new_key,
    root_certificate,
)
from passes.apple.identity import AppleIdentity, load_identity, make_development_identity
from passes.errors import IdentityError


def load(home: Path, **changes: str) -> AppleIdentity:
    return load_identity(home / "pass.pem", home / "pass.key", home / "wwdr.pem", **changes)


@pytest.fixture
def home(certs: Path, tmp_path: Path) -> Path:
    """A copy of the development files, to be spoilt."""
    return shutil.copytree(certs / "apple", tmp_path / "apple")


def test_openssl_accepts_the_chain(certs: Path) -> None:
    home = certs / "apple"
    command: list[str | Path] = [
        "openssl",
        "verify",
        "-CAfile",
        home / "root.pem",
        "-untrusted",
        home / "wwdr.pem",
    ]
    for name in ("pass.pem", "apns-server.pem"):
        subprocess.run([*command, home / name], check=True, capture_output=True)


def test_the_leaf_has_apples_shape(identity: AppleIdentity) -> None:
    extensions = identity.certificate.extensions
    text = b"pass.dev.comptoir.loyalty"
    named = extensions.get_extension_for_oid(PASS_TYPE_EXTENSION).value

    assert identity.pass_type_id == text.decode()
    assert identity.team_id == "DEVTEAM000"
    assert named.public_bytes() == b"\x0c" + bytes([len(text)]) + text
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert [usage.dotted_string for usage in usages] == [
        ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
        "1.2.840.113635.100.4.14",
    ]
    wwdr = identity.intermediate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (wwdr.ca, wwdr.path_length) == (True, 0)
    assert identity.is_development


def test_files_are_the_owners_alone(certs: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (certs / "apple").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((certs / "apple").stat().st_mode) == 0o700


def test_a_second_start_changes_nothing(certs: Path) -> None:
    before = {path.name: path.read_bytes() for path in (certs / "apple").iterdir()}
    make_development_identity(certs)
    assert {path.name: path.read_bytes() for path in (certs / "apple").iterdir()} == before


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: make_development_identity(tmp_path), range(2)))
    assert made[0].certificate == made[1].certificate == load(tmp_path / "apple").certificate
    assert [path.name for path in tmp_path.iterdir()] == ["apple"]


def test_other_ids_make_another_identity(certs: Path, tmp_path: Path) -> None:
    shutil.copytree(certs / "apple", tmp_path / "apple")
    made = make_development_identity(tmp_path, "pass.dev.other", "DEVTEAM001")
    assert (made.pass_type_id, made.team_id) == ("pass.dev.other", "DEVTEAM001")


def test_der_files_and_encrypted_keys_load(home: Path, identity: AppleIdentity) -> None:
    (home / "pass.pem").write_bytes(identity.certificate.public_bytes(Encoding.DER))
    encrypted = identity.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")
    )
    (home / "pass.key").write_bytes(encrypted)

    assert load(home, password="open sesame").pass_type_id == identity.pass_type_id
    with pytest.raises(IdentityError, match="needs its password"):
        load(home)
    with pytest.raises(IdentityError, match="wrong password"):
        load(home, password="close sesame")


def test_the_right_intermediate_is_picked_from_several(home: Path, identity: AppleIdentity) -> None:
    other = root_certificate(new_key()).public_bytes(Encoding.PEM)
    right = identity.intermediate.public_bytes(Encoding.PEM)
    (home / "wwdr.pem").write_bytes(other + right)
    assert load(home).intermediate == identity.intermediate


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pass_type_id": "pass.com.other"}, "not for 'pass.com.other'"),
        ({"team_id": "OTHERTEAM0"}, "not for 'OTHERTEAM0'"),
        ({"password": "surplus"}, "is not encrypted"),
    ],
)
def test_wrong_settings_are_refused(home: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(IdentityError, match=message):
        load(home, **changes)


def test_a_foreign_key_is_refused(home: Path) -> None:
    (home / "pass.key").write_bytes(key_pem(new_key()))
    with pytest.raises(IdentityError, match="does not belong"):
        load(home)


def test_a_foreign_intermediate_is_refused(home: Path) -> None:
    root_key = new_key()
    namesake = intermediate_certificate(new_key(), root_certificate(root_key), root_key)
    (home / "wwdr.pem").write_bytes(namesake.public_bytes(Encoding.PEM))
    with pytest.raises(IdentityError, match=r"did not issue .* intermediate G4"):
        load(home)


def test_a_certificate_of_another_kind_is_refused(home: Path) -> None:
    shutil.copy(home / "apns-server.pem", home / "pass.pem")
    shutil.copy(home / "apns-server.key", home / "pass.key")
    with pytest.raises(IdentityError, match="not a pass type certificate"):
        load(home)


@pytest.mark.parametrize("name", ["pass.pem", "pass.key", "wwdr.pem"])
def test_missing_and_spoilt_files_are_named(home: Path, name: str) -> None:
    (home / name).write_text("-----BEGIN NONSENSE-----")
    with pytest.raises(IdentityError, match=name):
        load(home)
    (home / name).unlink()
    with pytest.raises(IdentityError, match=f"{name} cannot be read"):
        load(home)


def test_nothing_is_signed_outside_the_dates(identity: AppleIdentity) -> None:
    identity.check_dates(datetime.now(UTC))
    with pytest.raises(IdentityError, match=r"expired on .* same pass type id"):
        identity.check_dates(identity.expires_at + timedelta(seconds=1))
    with pytest.raises(IdentityError, match="not valid before"):
        identity.check_dates(datetime.now(UTC) - timedelta(days=7))


def test_the_key_stays_out_of_the_repr(identity: AppleIdentity) -> None:
    assert "key=" not in repr(identity)
