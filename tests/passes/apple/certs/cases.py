"""One real case for each thing that can be wrong with a certificate file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from passes.apple.certificates import key_pem
from passes.apple.certs import files
from passes.apple.certs.files import FILE_BYTES_MAX, Contents, read_path
from passes.apple.certs.install import (
    Expected,
    Installed,
    check_leaf,
    install,
    prove,
    switch,
    switch_back,
)
from passes.apple.certs.request import make_request
from passes.apple.certs.store import CertificateStore
from passes.apple.identity import AppleIdentity, make_development_identity
from tests.passes.apple.certs.cast import TEAM, TYPE_ID, key, leaf, other_kind, wwdr


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def locked(private: rsa.RSAPrivateKey, password: bytes) -> bytes:
    return private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )


def p12(
    certificate: x509.Certificate,
    private: rsa.RSAPrivateKey | None,
    password: bytes = b"",
    *more: x509.Certificate,
) -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return serialize_key_and_certificates(b"pass", private, certificate, list(more), how)


def legacy_p12(folder: Path, password: str) -> bytes:
    """As Keychain Access exported them for years: certificates in RC2-40, the key in 3DES."""
    (folder / "c.pem").write_bytes(pem(leaf()))
    (folder / "k.pem").write_bytes(key_pem(key(1)))
    command = ["openssl", "pkcs12", "-export", "-legacy", "-in", "c.pem", "-inkey", "k.pem"]
    command += ["-passout", f"pass:{password}", "-out", "legacy.p12"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "legacy.p12").read_bytes()


@dataclass
class Bench:
    """A store and the files that are tried on it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def store(self) -> CertificateStore:
        return CertificateStore(self.folder / "pass")

    def read(self, name: str, data: bytes, password: str | None = None) -> Contents:
        path = self.folder / name
        path.write_bytes(data)
        return read_path(path, password)

    def install(
        self,
        certificate: x509.Certificate | bytes,
        *keys: rsa.RSAPrivateKey,
        name: str = "pass.cer",
        expected: Expected | None = None,
        stage_only: bool = False,
    ) -> Installed:
        data = certificate if isinstance(certificate, bytes) else der(certificate)
        return install(
            self.store,
            self.read(name, data),
            expected or Expected(),
            more_keys=keys,
            stage_only=stage_only,
        )

    def with_wwdr(self, generation: str = "G4", days: int = 1500) -> Bench:
        self.store.put_intermediate(wwdr(generation, days).certificate)
        return self

    def in_use(self, certificate: x509.Certificate) -> Expected:
        """A certificate that signs now."""
        self.with_wwdr().install(certificate, key(1))
        return Expected(signing=certificate)

    def without_rc2(self) -> Bench:
        """As where OpenSSL has lost its legacy provider."""

        def refuse(data: bytes, password: bytes | None) -> None:
            raise ValueError("Invalid password or PKCS12 data")

        self.monkeypatch.setattr(files, "load_pkcs12", refuse)
        self.monkeypatch.setattr(files, "reads_rc2", lambda: False)
        return self


def _csr() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pass")])
    request = x509.CertificateSigningRequestBuilder(name).sign(key(1), SHA256())
    return request.public_bytes(Encoding.PEM)


def _ec_key() -> bytes:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _unproven(bench: Bench) -> None:
    wrong = AppleIdentity(TYPE_ID, TEAM, leaf(), wwdr("G6").certificate, key(1))
    prove(wrong)


def _requested(bench: Bench) -> None:
    make_request(bench.store, TYPE_ID)
    bench.with_wwdr().install(leaf(key_number=3))


def _development(bench: Bench) -> None:
    found = make_development_identity(bench.folder / "dev").certificate
    check_leaf(found, "pass.cer", Expected(), datetime.now(UTC))


def _twice(bench: Bench) -> None:
    made = leaf()
    bench.install(made, key(1), expected=bench.in_use(made))


# code → what somebody does who is told that sentence
CASES: dict[str, Callable[[Bench], object]] = {
    "file_unreadable": lambda b: read_path(b.folder / "gone.cer"),
    "file_empty": lambda b: b.read("pass.cer", b" \n"),
    "file_too_large": lambda b: b.read("pass.cer", b"0" * (FILE_BYTES_MAX + 1)),
    "file_is_page": lambda b: b.read("pass.cer", b"\n<!DOCTYPE html><html><title>Sign in"),
    "file_is_pass": lambda b: b.read("card.pkpass", b"PK\x03\x04\x14\x00"),
    "file_is_request": lambda b: b.read("pass.csr", _csr()),
    "file_is_push_key": lambda b: b.read("AuthKey_ABC.p8", _ec_key()),
    "file_is_key": lambda b: b.install(key_pem(key(1)), name="pass.key"),
    "file_unknown": lambda b: b.read("pass.cer", b"Dear customer, here is your certificate"),
    "p12_password_missing": lambda b: b.read("pass.p12", p12(leaf(), key(1), b"open sesame")),
    "p12_password_wrong": lambda b: b.read("pass.p12", p12(leaf(), key(1), b"open sesame"), "no"),
    "p12_legacy": lambda b: b.without_rc2().read(
        "pass.p12", legacy_p12(b.folder, "open sesame"), "open sesame"
    ),
    "p12_cut_off": lambda b: b.read("pass.p12", p12(leaf(), key(1))[:-200]),
    "p12_without_key": lambda b: b.install(p12(leaf(), None), name="pass.p12"),
    "key_password_missing": lambda b: b.read("pass.key", locked(key(1), b"open sesame")),
    "key_password_wrong": lambda b: b.read("pass.key", locked(key(1), b"open sesame"), "no"),
    "key_not_rsa": lambda b: b.read("pass.pem", pem(leaf()) + _ec_key()),
    "key_unreadable": lambda b: b.read("pass.key", key_pem(key(1)).replace(b"M", b"N", 5)),
    "cert_other_kind": lambda b: b.install(other_kind(), name="development.cer"),
    "cert_development": _development,
    "cert_name_filled": lambda b: b.install(leaf(named="My lovely card"), key(1)),
    "cert_wrong_type": lambda b: b.install(leaf(), key(1), expected=Expected("pass.com.example.x")),
    "cert_wrong_team": lambda b: b.install(
        leaf(), key(1), expected=Expected(TYPE_ID, "ZZZZZZZZZZ")
    ),
    "cert_type_changed": lambda b: b.install(
        leaf(type_id="pass.com.example.new"), key(1), expected=b.in_use(leaf())
    ),
    "cert_expired": lambda b: b.install(leaf(begins_days=-400, ends_days=-3), key(1)),
    "cert_not_yet": lambda b: b.install(leaf(begins_days=2), key(1)),
    "cert_older": lambda b: b.install(leaf(ends_days=30), key(1), expected=b.in_use(leaf())),
    "cert_in_use": _twice,
    "key_missing": _requested,
    "key_unknown": lambda b: b.with_wwdr().install(leaf()),
    "key_mismatch": lambda b: b.with_wwdr().install(leaf(), key(3)),
    "wwdr_missing": lambda b: b.install(leaf(), key(1)),
    "wwdr_expired": lambda b: b.with_wwdr("G5", -2).install(leaf(issuer=wwdr("G5", -2)), key(1)),
    "not_proven": _unproven,
    "nothing_staged": lambda b: switch(b.store),
    "nothing_before": lambda b: switch_back(b.store),
    "type_id_invalid": lambda b: make_request(b.store, "com.example.loyalty"),
    "not_a_name": lambda b: make_request(b.store, TYPE_ID, organization="Caf\u0000é"),
    "not_a_country": lambda b: make_request(b.store, TYPE_ID, country="France"),
}
