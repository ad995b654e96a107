"""Certificates with the shape of Apple's, issued by an authority of our own for development."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANIZATION = "DEV Comptoir (no iPhone accepts this)"
KEY_BITS = 2048  # what Apple asks for
AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=395)  # about 13 months, as Apple's
BACKDATED = timedelta(days=1)  # so that a clock that is a little slow accepts the certificates

# Apple's extensions (seen in genuine certificates).
PASS_TYPE_EXTENSION = x509.ObjectIdentifier("1.2.840.113635.100.6.1.16")
_WWDR_MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.2.1")
_PASS_MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.3.2")
_PASS_USAGE = x509.ObjectIdentifier("1.2.840.113635.100.4.14")
_APPLE_POLICY = x509.ObjectIdentifier("1.2.840.113635.100.5.1")
_DER_NULL = b"\x05\x00"
_DER_UTF8 = 0x0C


def root_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = _name("Comptoir Development Root CA")
    builder = _authority(_begin(name, name, key.public_key(), AUTHORITY_LIFE), None)
    return builder.sign(key, SHA256())


def intermediate_certificate(
    key: rsa.RSAPrivateKey, root: x509.Certificate, root_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    name = _name("Worldwide Developer Relations CA (development)", "G4")
    builder = _begin(name, root.subject, key.public_key(), AUTHORITY_LIFE)
    builder = _authority(_issued_by(builder, root_key), 0)
    mark = x509.UnrecognizedExtension(_WWDR_MARK, _DER_NULL)
    return builder.add_extension(mark, critical=False).sign(root_key, SHA256())


def pass_certificate(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
    wwdr: x509.Certificate,
    pass_type_id: str,
    team_id: str,
) -> x509.Certificate:
    """`keys` are the pass's own and the issuer's."""
    key, wwdr_key = keys
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, pass_type_id),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type_id}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_id),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
        ]
    )
    text = pass_type_id.encode()
    named = bytes((_DER_UTF8, len(text))) + text
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, _PASS_USAGE])
    policies = x509.CertificatePolicies([x509.PolicyInformation(_APPLE_POLICY, None)])
    builder = _end_entity(_begin(subject, wwdr.subject, key.public_key(), LEAF_LIFE), wwdr_key)
    for extension in (
        usages,
        policies,
        x509.UnrecognizedExtension(_PASS_MARK, _DER_NULL),
        x509.UnrecognizedExtension(PASS_TYPE_EXTENSION, named),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(wwdr_key, SHA256())


def server_certificate(
    key: rsa.RSAPrivateKey, root: x509.Certificate, root_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    """For the push stand-in, which listens on this machine only."""
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    builder = _begin(_name("localhost"), root.subject, key.public_key(), LEAF_LIFE)
    builder = _end_entity(builder, root_key).add_extension(names, critical=False)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return builder.add_extension(usage, critical=False).sign(root_key, SHA256())


def _begin(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
    )


def _issued_by(
    builder: x509.CertificateBuilder, issuer_key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(identifier, critical=False)


def _authority(
    builder: x509.CertificateBuilder, path_length: int | None
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    usage = _key_usage(authority=True)
    return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)


def _end_entity(
    builder: x509.CertificateBuilder, issuer_key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    builder = _issued_by(builder, issuer_key).add_extension(constraints, critical=True)
    return builder.add_extension(_key_usage(authority=False), critical=True)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, unit: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION))
    return x509.Name(attributes)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
