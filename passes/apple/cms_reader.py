"""Reads and checks detached CMS signatures. Shares nothing with the writer, so that it can judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from passes.errors import PackageError

CHAIN_LENGTH_MAX = 5  # certificates; Apple's chains have three

# Object identifiers as their DER values.
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
_DIGESTS: dict[bytes, HashAlgorithm] = {
    bytes.fromhex("2b0e03021a"): SHA1(),  # noqa: S303 – other issuers still sign with it
    bytes.fromhex("608648016503040201"): SHA256(),
}
_UTC_TIME = 0x17
_UNREADABLE = (IndexError, KeyError, ValueError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds: who signed, and when by the signer's own word."""

    certificate: x509.Certificate
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    """One element of DER: its tag, its value, and both with the length as they came."""

    tag: int
    value: bytes
    raw: bytes

    def children(self) -> list[_Item]:
        return list(_items(self.value))


@dataclass(frozen=True, slots=True)
class _Signer:
    issuer: bytes
    serial: int
    digest: HashAlgorithm
    signed_attributes: bytes
    attributes: dict[bytes, _Item]
    signature: bytes


def check_signature(
    der: bytes, content: bytes, trusted_roots: Sequence[x509.Certificate] | None
) -> Signature:
    """Raise a `PackageError` unless `der` is a signature over `content` by one signer whose chain
    ends at a trusted root and was valid at the signing time. With None as roots it is enough that the
    signature brings its own issuer: for passes of others, whose root is not at hand."""
    try:
        certificates, signer = _parse(der)
        leaf = _signing_certificate(certificates, signer)
        signed_at = _signing_time(signer)
        _check_content(signer, content)
        _check_key(leaf, signer)
    except _UNREADABLE as error:
        if isinstance(error, PackageError):
            raise
        raise PackageError(f"The signature is not readable CMS: {error!r}.") from error
    _check_chain(leaf, certificates, trusted_roots, signed_at)
    return Signature(leaf, signed_at)


def _parse(der: bytes) -> tuple[list[x509.Certificate], _Signer]:
    (whole,) = _items(der)
    kind, wrapped = whole.children()
    if kind.value != _SIGNED_DATA:
        raise PackageError("The signature is not CMS signed data.")
    _, _, encapsulated, *rest = wrapped.children()[0].children()
    if len(encapsulated.children()) != 1:
        raise PackageError("The signature is not detached: it carries content of its own.")
    held = next((item for item in rest if item.tag == 0xA0), None)
    certificates = [x509.load_der_x509_certificate(i.raw) for i in held.children()] if held else []
    signers = rest[-1].children()
    if len(signers) != 1:
        raise PackageError("The signature must have exactly one signer.")
    return certificates, _signer(signers[0])


def _signer(item: _Item) -> _Signer:
    _, who, digest, signed, _, signature, *_ = item.children()
    if signed.tag != 0xA0:
        raise PackageError("The signature has no signed attributes, so no signing time.")
    issuer, serial = who.children()
    found = {}
    for attribute in signed.children():
        kind, values = attribute.children()
        found[kind.value] = values.children()[0]
    algorithm = digest.children()[0].value
    if algorithm not in _DIGESTS:
        raise PackageError("The signature uses a digest other than SHA-256 and SHA-1.")
    return _Signer(
        issuer=issuer.raw,
        serial=int.from_bytes(serial.value, "big", signed=True),
        digest=_DIGESTS[algorithm],
        signed_attributes=b"\x31" + signed.raw[1:],  # signed with the tag of a SET
        attributes=found,
        signature=signature.value,
    )


def _signing_certificate(certificates: list[x509.Certificate], signer: _Signer) -> x509.Certificate:
    for one in certificates:
        if one.serial_number == signer.serial and one.issuer.public_bytes() == signer.issuer:
            return one
    raise PackageError("The signature does not contain the signer's certificate.")


def _signing_time(signer: _Signer) -> datetime:
    if _SIGNING_TIME not in signer.attributes:
        raise PackageError("The signature has no signing time.")
    item = signer.attributes[_SIGNING_TIME]
    pattern = "%y%m%d%H%M%SZ" if item.tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(item.value.decode(), pattern).replace(tzinfo=UTC)


def _check_content(signer: _Signer, content: bytes) -> None:
    if signer.attributes[_CONTENT_TYPE].value != _DATA:
        raise PackageError("The signature is over something other than data.")
    digest = hashlib.new(signer.digest.name, content, usedforsecurity=False).digest()
    if signer.attributes[_MESSAGE_DIGEST].value != digest:
        raise PackageError("The manifest was changed after it was signed.")


def _check_key(leaf: x509.Certificate, signer: _Signer) -> None:
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise PackageError("The signer's key is not RSA.")
    try:
        key.verify(signer.signature, signer.signed_attributes, padding.PKCS1v15(), signer.digest)
    except InvalidSignature as error:
        raise PackageError("The signature was not made with the certificate's key.") from error


def _check_chain(
    leaf: x509.Certificate,
    certificates: list[x509.Certificate],
    trusted_roots: Sequence[x509.Certificate] | None,
    at: datetime,
) -> None:
    if trusted_roots is None:
        trusted_roots = [one for one in certificates if one != leaf]
    current = leaf
    for _ in range(CHAIN_LENGTH_MAX):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise PackageError(f"A certificate was not valid at the signing time {at:%Y-%m-%d}.")
        if any(_issued(current, root) for root in trusted_roots):
            return
        issuers = (one for one in certificates if one != current and _issued(current, one))
        if (above := next(issuers, None)) is None:
            raise PackageError("The certificates do not lead to a trusted authority.")
        current = above
    raise PackageError("The chain of certificates is too long.")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (*_UNREADABLE, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _items(data: bytes) -> Iterator[_Item]:
    """The elements that lie one after the other; only definite lengths, as DER demands."""
    at = 0
    while at < len(data):
        length, body = data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, body = int.from_bytes(data[body : body + size], "big"), body + size
        end = body + length
        if end > len(data) or data[at + 1] == 0x80:
            raise ValueError("cut off or of indefinite length")
        yield _Item(data[at], data[body:end], data[at:end])
        at = end
