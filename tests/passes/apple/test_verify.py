"""Whatever is tampered with in a pass is noticed, by an implementation that shares nothing with the writer."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from passes.apple.certificates import new_key, root_certificate
from passes.apple.cms import CmsSigner
from passes.apple.identity import AppleIdentity
from passes.apple.package import PassBuilder
from passes.apple.verify import load_roots, read_pkpass
from passes.errors import PackageError
from passes.images import no_uploads
from tests.passes.cast import ADA, DESIGN, IDENTITY

Files = dict[str, bytes]
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def package(identity: AppleIdentity) -> bytes:
    builder = PassBuilder(identity, DESIGN, no_uploads, "https://cards.test/apple")
    return builder.build(ADA, "gold", IDENTITY, NOW)


@pytest.fixture(scope="module")
def roots(certs: Path) -> list[x509.Certificate]:
    return load_roots(certs / "apple" / "root.pem")


@pytest.fixture
def files(package: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Files) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def signed(files: Files, identity: AppleIdentity, at: datetime = NOW) -> bytes:
    """The files with a fresh manifest and a good signature over it."""
    rest = {n: data for n, data in files.items() if n not in ("manifest.json", "signature")}
    digests = {name: hashlib.sha1(data).hexdigest() for name, data in rest.items()}
    manifest = json.dumps(digests).encode()
    signer = CmsSigner(identity.key, identity.certificate, identity.intermediate)
    return zipped(
        {**rest, "manifest.json": manifest, "signature": signer.sign(manifest, at)},
    )


def test_a_good_pass_opens(package: bytes, roots: list[x509.Certificate]) -> None:
    opened = read_pkpass(package, roots)
    assert opened.serial == IDENTITY.serial
    assert opened.signed_at == NOW
    assert opened.languages == ["en", "fr"]
    assert opened.document["authenticationToken"] == IDENTITY.auth_token


def test_a_byte_changed_in_any_file_is_noticed(files: Files, roots: list[x509.Certificate]) -> None:
    for name in files:
        spoilt = bytearray(files[name])
        spoilt[len(spoilt) // 2] ^= 1
        with pytest.raises(PackageError):
            read_pkpass(zipped({**files, name: bytes(spoilt)}), roots)


def test_no_byte_of_the_signature_that_matters_can_change(
    files: Files, roots: list[x509.Certificate]
) -> None:
    """Every changed byte is noticed, or the same certificate, time and manifest are still proven."""
    good = read_pkpass(zipped(files), roots)
    original = files["signature"]
    for at in range(0, len(original), 13):
        spoilt = bytearray(original)
        spoilt[at] ^= 0xFF
        try:
            opened = read_pkpass(zipped({**files, "signature": bytes(spoilt)}), roots)
        except PackageError:
            continue
        assert (opened.certificate, opened.signed_at) == (good.certificate, good.signed_at)


def test_a_cut_off_signature_is_noticed(files: Files, roots: list[x509.Certificate]) -> None:
    for length in range(0, len(files["signature"]), 97):
        with pytest.raises(PackageError):
            read_pkpass(zipped({**files, "signature": files["signature"][:length]}), roots)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: files.update({"extra.txt": b"x"}), "does not list extra.txt"),
        (lambda files: files.pop("strip.png"), "lists strip.png, which is missing"),
        (lambda files: files.pop("signature"), "has no signature"),
        (lambda files: files.pop("manifest.json"), "has no manifest.json"),
        (lambda files: files.update({"pass.json": b"{}"}), "pass.json was changed"),
        (lambda files: files.update({"manifest.json": b"[]"}), "not a JSON object"),
        (lambda files: files.update({"manifest.json": b"[" * 99999}), "not JSON"),
        (lambda files: files.update({"../up.png": b"x"}), "which no pass may"),
        (lambda files: files.update({"folder/": b""}), "which no pass may"),
    ],
)
def test_the_reason_is_said(
    files: Files,
    roots: list[x509.Certificate],
    change: Callable[[Files], object],
    message: str,
) -> None:
    change(files)
    with pytest.raises(PackageError, match=message):
        read_pkpass(zipped(files), roots)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("passTypeIdentifier", "pass.com.other", "the signer's is pass.dev.comptoir.loyalty"),
        ("teamIdentifier", "OTHERTEAM0", "the signer's is DEVTEAM000"),
        ("formatVersion", 2, "formatVersion"),
        ("serialNumber", "", "serialNumber is missing"),
        ("authenticationToken", "short", "16 characters"),
    ],
)
def test_a_signed_pass_must_still_be_right(
    files: Files,
    roots: list[x509.Certificate],
    identity: AppleIdentity,
    key: str,
    value: object,
    message: str,
) -> None:
    document = {**json.loads(files["pass.json"]), key: value}
    files["pass.json"] = json.dumps(document).encode()
    with pytest.raises(PackageError, match=message):
        read_pkpass(signed(files, identity), roots)


def test_a_pass_needs_an_icon(
    files: Files, roots: list[x509.Certificate], identity: AppleIdentity
) -> None:
    with pytest.raises(PackageError, match="not a PNG"):
        read_pkpass(signed({**files, "icon.png": b"GIF89a"}, identity), roots)
    del files["icon.png"]
    with pytest.raises(PackageError, match=r"no icon\.png"):
        read_pkpass(signed(files, identity), roots)


def test_the_chain_must_end_at_a_trusted_root(package: bytes) -> None:
    namesake = root_certificate(new_key())
    with pytest.raises(PackageError, match="trusted authority"):
        read_pkpass(package, [namesake])
    with pytest.raises(PackageError, match="trusted authority"):
        read_pkpass(package, [])


def test_the_signing_time_must_lie_in_the_certificates_dates(
    files: Files, roots: list[x509.Certificate], identity: AppleIdentity
) -> None:
    with pytest.raises(PackageError, match="not valid at the signing time"):
        read_pkpass(signed(files, identity, datetime(2020, 1, 1, tzinfo=UTC)), roots)


@pytest.mark.parametrize("data", [b"", b"PK", b"<html>", b"PK\5\6" + b"\0" * 18])
def test_what_is_no_archive_is_refused(data: bytes, roots: list[x509.Certificate]) -> None:
    with pytest.raises(PackageError):
        read_pkpass(data, roots)


def test_a_cut_off_archive_is_refused(package: bytes, roots: list[x509.Certificate]) -> None:
    for length in range(0, len(package), len(package) // 19):
        with pytest.raises(PackageError):
            read_pkpass(package[:length], roots)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(roots: list[x509.Certificate]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("strip.png", bytes(51 * 1024 * 1024))
    with pytest.raises(PackageError, match="more than a pass may be"):
        read_pkpass(data.getvalue(), roots)


def test_a_file_named_twice_is_refused(files: Files, roots: list[x509.Certificate]) -> None:
    data = io.BytesIO(zipped(files))
    with zipfile.ZipFile(data, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pass.json", b"{}")
    with pytest.raises(PackageError, match="twice"):
        read_pkpass(data.getvalue(), roots)
