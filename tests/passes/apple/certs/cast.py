"""Certificates as Apple issues them, made here: the same shape, other names, any dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from passes.apple.certificates import (
    PASS_TYPE_EXTENSION,
    intermediate_certificate,
    new_key,
    pass_certificate,
    root_certificate,
)

TYPE_ID = "pass.com.example.lumiere"
TEAM = "A1B2C3D4E5"


@cache
def key(number: int) -> rsa.RSAPrivateKey:
    """One of a few keys: making them takes time."""
    return new_key()


@dataclass(frozen=True)
class Authority:
    """An intermediate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def wwdr(generation: str = "G4", days: int = 1500) -> Authority:
    """Apple's intermediate: its names, its extensions, another key."""
    return _wwdr(generation, days)


@cache
def _wwdr(generation: str, days: int) -> Authority:
    root = root_certificate(key(90))
    template = intermediate_certificate(key(91), root, key(90))
    number = 92 + int(generation[1:])
    name = x509.Name(
        [
            x509.NameAttribute(
                NameOID.COMMON_NAME, "Apple Worldwide Developer Relations Certification Authority"
            ),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, generation),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Apple Inc."),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        ]
    )
    made = _copy(template, name, root.subject, key(number), key(90), _dates(-800, days))
    return Authority(made, key(number))


def leaf(
    *,
    key_number: int = 1,
    issuer: Authority | None = None,
    type_id: str = TYPE_ID,
    team: str = TEAM,
    named: str | None = None,
    begins_days: float = -1,
    ends_days: float = 390,
) -> x509.Certificate:
    """A pass certificate of Apple's; `named` is what stands in Apple's own extension."""
    issuer = issuer or wwdr()
    own = key(key_number)
    template = pass_certificate((own, issuer.key), issuer.certificate, named or type_id, team)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, type_id),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {named or type_id}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Café Lumière SAS"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
        ]
    )
    dates = _dates(begins_days, ends_days)
    return _copy(template, subject, issuer.certificate.subject, own, issuer.key, dates)


def other_kind() -> x509.Certificate:
    """A certificate of Apple's that is for apps."""
    issuer = wwdr()
    template = pass_certificate((key(2), issuer.key), issuer.certificate, TYPE_ID, TEAM)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Apple Development: Camille Martin (9XYZ)"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, TEAM),
        ]
    )
    issued_by = issuer.certificate.subject
    return _copy(template, subject, issued_by, key(2), issuer.key, _dates(-1, 300), marked=False)


def _copy(
    template: x509.Certificate,
    subject: x509.Name,
    issuer: x509.Name,
    own: rsa.RSAPrivateKey,
    signing: rsa.RSAPrivateKey,
    dates: tuple[datetime, datetime],
    *,
    marked: bool = True,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
    )
    for extension in template.extensions:
        if extension.oid == x509.SubjectKeyIdentifier.oid:
            value: x509.ExtensionType = x509.SubjectKeyIdentifier.from_public_key(own.public_key())
        elif extension.oid == x509.AuthorityKeyIdentifier.oid:
            value = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        elif extension.oid == PASS_TYPE_EXTENSION and not marked:
            continue
        else:
            value = extension.value
        builder = builder.add_extension(value, extension.critical)
    return builder.sign(signing, SHA256())


def _dates(begins_days: float, ends_days: float) -> tuple[datetime, datetime]:
    now = datetime.now(UTC).replace(microsecond=0)
    return now + timedelta(days=begins_days), now + timedelta(days=ends_days)
