"""Reads whatever a shop owner may hold in hands: .cer, .pem, .p12, .p7b, a key, or something else entirely."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    load_der_pkcs7_certificates,
    load_pem_pkcs7_certificates,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12KeyAndCertificates,
    load_pkcs12,
)

from passes.apple.certs.faults import CertificateFault

T = TypeVar("T")

FILE_BYTES_MAX = 256 * 1024  # bytes; a chain with its key weighs about ten thousand
CERTIFICATES_MAX = 20  # in one file; a chain has three

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_PKCS12_VERSION = b"\x02\x01\x03"  # INTEGER 3, the first element of every .p12
_RC2_OIDS = tuple(bytes.fromhex(f"060a2a864886f70d010c01{one}") for one in ("05", "06"))
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(slots=True)
class Contents:
    """What a file held."""

    file: str
    certificates: list[x509.Certificate] = field(default_factory=list)
    keys: list[rsa.RSAPrivateKey] = field(default_factory=list)


def read_path(path: Path, password: str | None = None) -> Contents:
    """The contents of a file, or a `CertificateFault` that says what it is instead."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CertificateFault(
            "file_unreadable", file=path.name, reason=error.strerror or "?"
        ) from error
    return read_contents(data, path.name, password)


def read_contents(data: bytes, name: str, password: str | None = None) -> Contents:
    """Certificates and keys, whatever the format; `password` opens .p12 files and keys."""
    if len(data) > FILE_BYTES_MAX:
        raise CertificateFault("file_too_large", file=name)
    if not data.strip():
        raise CertificateFault("file_empty", file=name)
    if b"-----BEGIN " in data:
        return _pem(data, name, password)
    if is_p12(data):
        return _p12(data, name, password)
    return _der(data, name, password)


def is_p12(data: bytes) -> bool:
    """Whether this is a PKCS#12 file, going by its first bytes."""
    head = data[:8]
    return head[:1] == b"\x30" and _PKCS12_VERSION in head[2:]


def wants_password(data: bytes) -> bool:
    """Whether a .p12 file, or a key in it, needs a password to be read."""
    if is_p12(data):
        try:
            load_pkcs12(data, None)
        except _UNREADABLE:
            return True
        return False
    return b"ENCRYPTED" in data and b"PRIVATE KEY-----" in data


def _pem(data: bytes, name: str, password: str | None) -> Contents:
    found = Contents(name)
    kinds = set()
    for block in _PEM.finditer(data):
        kind = block[1].decode()
        kinds.add(kind)
        if kind in ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"):
            found.certificates.append(_pem_certificate(block[0], name))
        elif kind.endswith("PRIVATE KEY"):
            found.keys.append(
                _key(block[0], name, password, has_certificate=b"CERTIFICATE" in data)
            )
        elif kind in ("PKCS7", "CMS"):
            found.certificates += _try(load_pem_pkcs7_certificates, block[0]) or []
    if not found.certificates and not found.keys:
        is_request = any(kind.endswith("CERTIFICATE REQUEST") for kind in kinds)
        raise CertificateFault("file_is_request" if is_request else "file_unknown", file=name)
    return _sensible(found)


def _pem_certificate(block: bytes, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except _UNREADABLE as error:
        raise CertificateFault("file_unknown", file=name) from error


def _key(
    block: bytes, name: str, password: str | None, *, has_certificate: bool
) -> rsa.RSAPrivateKey:
    is_locked = b"ENCRYPTED" in block
    if is_locked and not password:
        raise CertificateFault("key_password_missing", file=name)
    try:
        key = load_pem_private_key(block, password.encode() if password and is_locked else None)
    except _UNREADABLE as error:
        code = "key_password_wrong" if is_locked else "key_unreadable"
        raise CertificateFault(code, file=name) from error
    return _rsa(key, name, has_certificate=has_certificate)


def _rsa(key: object, name: str, *, has_certificate: bool) -> rsa.RSAPrivateKey:
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    is_push_key = isinstance(key, ec.EllipticCurvePrivateKey) and not has_certificate
    raise CertificateFault("file_is_push_key" if is_push_key else "key_not_rsa", file=name)


def _p12(data: bytes, name: str, password: str | None) -> Contents:
    if _is_cut_off(data):
        raise CertificateFault("p12_cut_off", file=name)
    try:
        held = load_pkcs12(data, password.encode() if password else None)
    except _UNREADABLE as error:
        raise CertificateFault(_why_p12(data, password), file=name) from error
    if held.key is None and held.cert is None and not held.additional_certs:
        raise CertificateFault("file_unknown", file=name)
    return _sensible(_of_p12(held, name))


def _of_p12(held: PKCS12KeyAndCertificates, name: str) -> Contents:
    found = Contents(name)
    if held.cert is not None:
        found.certificates.append(held.cert.certificate)
    found.certificates += [one.certificate for one in held.additional_certs]
    if held.key is not None:
        found.keys.append(_rsa(held.key, name, has_certificate=bool(found.certificates)))
    return found


def _why_p12(data: bytes, password: str | None) -> str:
    """The library says "invalid password" of everything; the file itself tells more."""
    if any(oid in data for oid in _RC2_OIDS) and not reads_rc2():
        return "p12_legacy"
    return "p12_password_wrong" if password else "p12_password_missing"


def reads_rc2() -> bool:
    """Whether OpenSSL here still has the old ciphers (its legacy provider)."""
    try:
        Cipher(RC2(bytes(16)), CBC(bytes(8))).encryptor()
    except UnsupportedAlgorithm:
        return False
    return True


def _is_cut_off(data: bytes) -> bool:
    """Whether the outer element says that it is longer than the file."""
    if data[1] == 0x80:  # of indefinite length: only its end could tell
        return False
    size = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + size], "big") if size else data[1]
    return 2 + size + length > len(data)


def _der(data: bytes, name: str, password: str | None) -> Contents:
    if (certificate := _try(x509.load_der_x509_certificate, data)) is not None:
        return Contents(name, [certificate])
    if certificates := _try(load_der_pkcs7_certificates, data):
        return _sensible(Contents(name, list(certificates)))
    if _try(x509.load_der_x509_csr, data) is not None:
        raise CertificateFault("file_is_request", file=name)
    key = _try(lambda raw: load_der_private_key(raw, password.encode() if password else None), data)
    if key is not None:
        return Contents(name, [], [_rsa(key, name, has_certificate=False)])
    raise CertificateFault(_what_else(data), file=name)


def _what_else(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")) or b"<html" in start:
        return "file_is_page"
    return "file_is_pass" if data.startswith(b"PK\x03\x04") else "file_unknown"


def _sensible(found: Contents) -> Contents:
    if len(found.certificates) > CERTIFICATES_MAX:
        raise CertificateFault("file_too_large", file=found.file)
    return found


def _try(load: Callable[[bytes], T], data: bytes) -> T | None:
    try:
        return load(data)
    except _UNREADABLE:
        return None
