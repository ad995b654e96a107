"""Apple's intermediates: which one issued a certificate, and where to get it. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

WWDR_ADDRESS = "https://www.apple.com/certificateauthority/"
_WWDR = "Worldwide Developer Relations"


def key_id(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier: how an authority is named by what it issued."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, ValueError):
        return None
    return found.value.digest


def issuer_key_id(certificate: x509.Certificate) -> bytes | None:
    """The authority key identifier (AKI)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except (x509.ExtensionNotFound, ValueError):
        return None
    return found.value.key_identifier


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.ca


def is_root(certificate: x509.Certificate) -> bool:
    """Issued by itself: no part of a pass's signature."""
    return certificate.issuer == certificate.subject


def issuer_among(
    leaf: x509.Certificate, candidates: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """The candidate that issued the leaf: by key identifier first, and by its signature always."""
    wanted = issuer_key_id(leaf)
    for candidate in candidates:
        known = key_id(candidate)
        if wanted is not None and known is not None and wanted != known:
            continue
        try:
            leaf.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None


def intermediate_name(leaf: x509.Certificate) -> str:
    """What people call the intermediate that issued the leaf: "WWDR G4"."""
    generation = _text(leaf.issuer, NameOID.ORGANIZATIONAL_UNIT_NAME)
    common = _text(leaf.issuer, NameOID.COMMON_NAME)
    if _WWDR in common:
        return f"WWDR {generation}" if generation.startswith("G") else "WWDR"
    return common or "?"


def intermediate_file(leaf: x509.Certificate) -> str:
    """The name of its file on Apple's page, as far as the leaf tells."""
    generation = _text(leaf.issuer, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if generation.startswith("G") and generation[1:].isdigit():
        return f"AppleWWDRCA{generation}.cer"
    address = issuer_address(leaf)
    return address.rsplit("/", 1)[-1] if address else "AppleWWDRCAG4.cer"


def issuer_address(leaf: x509.Certificate) -> str:
    """Where the leaf itself says that its issuer's certificate lies, or an empty text."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for one in found:
        is_issuer = one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        if is_issuer and isinstance(one.access_location, x509.UniformResourceIdentifier):
            return one.access_location.value
    return ""


def title(certificate: x509.Certificate) -> str:
    """The name that people see: its common name, or all of its subject."""
    common = _text(certificate.subject, NameOID.COMMON_NAME)
    unit = _text(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if is_authority(certificate) and unit:
        return f"{common} {unit}"
    return common or certificate.subject.rfc4514_string()


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
