"""Passes are whole, signed, deterministic, and accepted by openssl and passkit-generator."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)

from passes.apple.document import Issuer, pass_document
from passes.apple.identity import AppleIdentity
from passes.apple.package import PassBuilder
from passes.apple.verify import load_roots, read_pkpass
from passes.card import Text
from passes.errors import DesignError, IdentityError
from passes.images import no_uploads
from tests.passes.cast import ADA, DESIGN, IDENTITY

SERVICE = "https://cards.test/apple"
ORACLE = Path(__file__).parents[2] / "oracles" / "passkit_generator.mjs"


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def builder(identity: AppleIdentity) -> PassBuilder:
    return PassBuilder(identity, DESIGN, no_uploads, SERVICE)


@pytest.fixture(scope="module")
def package(builder: PassBuilder, now: datetime) -> bytes:
    return builder.build(ADA, "gold", IDENTITY, now)


def unpacked(package: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def openssl_verify(folder: Path, certs: Path) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any"]
    command += ["-in", f"{folder}/signature", "-content", f"{folder}/manifest.json"]
    command += ["-CAfile", f"{certs}/apple/root.pem", "-certfile", f"{certs}/apple/wwdr.pem"]
    command += ["-out", "/dev/null"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def printed(signature: Path) -> list[str]:
    """What openssl reads in a CMS file, line by line."""
    command = ["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", str(signature)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines()]


def test_openssl_accepts_the_signature(package: bytes, certs: Path, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    done = openssl_verify(folder, certs)
    assert "CMS Verification successful" in done.stderr, done.stderr


def test_openssl_refuses_another_manifest(package: bytes, certs: Path, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"pass.json", b"pass.jsom"))
    assert openssl_verify(folder, certs).returncode != 0


def test_the_manifest_matches_byte_for_byte(package: bytes, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(manifest) == files - {"manifest.json", "signature"}
    for name, digest in manifest.items():
        assert hashlib.sha1((folder / name).read_bytes()).hexdigest() == digest
    assert {"icon.png", "en.lproj/pass.strings", "fr.lproj/pass.strings"} <= files


def test_pass_json_is_the_document(package: bytes, identity: AppleIdentity) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        found = json.loads(archive.read("pass.json"))
    issuer = Issuer(identity.pass_type_id, identity.team_id, SERVICE)
    assert found == pass_document(ADA, DESIGN, "gold", IDENTITY, issuer)


def test_the_signature_means_what_cryptographys_builder_writes(
    package: bytes, identity: AppleIdentity, tmp_path: Path
) -> None:
    """Same structure, certificates and attributes, but for its time and its S/MIME extras."""
    folder = unpacked(package, tmp_path)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    theirs = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data((folder / "manifest.json").read_bytes())
        .add_signer(identity.certificate, identity.key, SHA256())
        .add_certificate(identity.intermediate)
        .sign(Encoding.DER, [*options, pkcs7.PKCS7Options.NoCapabilities])
    )
    (folder / "theirs").write_bytes(theirs)

    def meaning(name: str) -> list[str]:
        lines = printed(folder / name)
        end = lines.index("signature:")  # differs with the signing time
        return sorted(line for line in lines[:end] if not line.startswith("UTCTIME:"))

    assert meaning("signature") == meaning("theirs")
    assert len((folder / "signature").read_bytes()) == len(theirs)


def test_the_same_card_and_time_give_the_same_bytes(
    package: bytes, identity: AppleIdentity, now: datetime
) -> None:
    again = PassBuilder(identity, DESIGN, no_uploads, SERVICE).build(ADA, "gold", IDENTITY, now)
    later = PassBuilder(identity, DESIGN, no_uploads, SERVICE).build(
        ADA, "gold", IDENTITY, now + timedelta(seconds=1)
    )
    assert again == package != later


def test_each_tier_has_its_look(builder: PassBuilder, package: bytes, now: datetime) -> None:
    plain = builder.build(ADA, None, IDENTITY, now)

    def file(data: bytes, name: str) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(name)

    assert file(plain, "strip.png") != file(package, "strip.png")
    assert b"rgb(59, 36, 23)" in file(plain, "pass.json")
    assert b"rgb(184, 137, 47)" in file(package, "pass.json")


@pytest.mark.parametrize("year", [2026, 2049, 2050])
def test_both_kinds_of_time_can_be_signed(
    identity: AppleIdentity, tmp_path: Path, year: int
) -> None:
    signer = PassBuilder(identity, DESIGN, no_uploads, SERVICE)._signer
    (tmp_path / "signature").write_bytes(signer.sign(b"x", datetime(year, 12, 31, tzinfo=UTC)))
    lines = printed(tmp_path / "signature")
    kind = "UTCTIME" if year < 2050 else "GENERALIZEDTIME"
    assert f"{kind}:Dec 31 00:00:00 {year} GMT" in lines


def test_nothing_is_built_outside_the_dates(builder: PassBuilder, now: datetime) -> None:
    with pytest.raises(IdentityError, match="expired"):
        builder.build(ADA, None, IDENTITY, now + timedelta(days=5000))


def test_a_card_that_breaks_a_rule_is_refused(builder: PassBuilder) -> None:
    silent: Text = {"fr": "Votre solde a changé", "en": "Your balance changed"}
    balance = dataclasses.replace(ADA.balance, announce=silent)
    card = dataclasses.replace(ADA, balance=balance, announced="balance")
    with pytest.raises(DesignError, match="%@"):
        builder.check(card, None, IDENTITY)


@pytest.fixture(scope="module")
def accepted(
    package: bytes,
    certs: Path,
    identity: AppleIdentity,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Any], Path]:
    """passkit-generator's account of our files, and the pass it made of them."""
    node = shutil.which("node") or ""
    if not node or not (ORACLE.parents[2] / "node_modules" / "passkit-generator").is_dir():
        absent = "needs Node.js and npm passkit-generator"
        pytest.fail(absent) if os.environ.get("COMPTOIR_REQUIRE_ALL") else pytest.skip(absent)
    work = tmp_path_factory.mktemp("oracle")
    folder = unpacked(package, work / "pass")
    key = work / "pkcs1.key"
    key.write_bytes(
        identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    leaf = work / "leaf.pem"
    leaf.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    wwdr, out = certs / "apple" / "wwdr.pem", work / "theirs.pkpass"
    command: list[str | Path] = [node, ORACLE, folder, leaf, key, wwdr, out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), out


@pytest.mark.node
def test_passkit_generator_accepts_the_same_files(
    accepted: tuple[dict[str, Any], Path], package: bytes
) -> None:
    report, _ = accepted
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        ours = json.loads(archive.read("pass.json"))

    assert report["warnings"] == []
    assert report["type"] == "storeCard"
    assert report["props"] == ours  # it drops keys that it does not know: none is dropped
    assert report["fields"] == ours["storeCard"]
    assert set(report["languages"]) == {"en", "fr"}


@pytest.mark.node
def test_our_reader_accepts_what_passkit_generator_signs(
    accepted: tuple[dict[str, Any], Path], certs: Path
) -> None:
    opened = read_pkpass(accepted[1].read_bytes(), load_roots(certs / "apple" / "root.pem"))
    assert opened.serial == IDENTITY.serial
