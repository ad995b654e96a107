"""A new key and the request that Apple turns into a certificate. The key never leaves this machine."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from passes.apple.certificates import new_key
from passes.apple.certs.faults import CertificateFault
from passes.apple.certs.store import CertificateStore, Request

NAME_CHARACTERS_MAX = 64  # X.520's limit of a common name
_TYPE_ID = re.compile(r"pass\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
TYPE_ID_CHARACTERS_MAX = 64  # X.520's limit, because the id becomes part of the certificate's name


def check_type_id(pass_type_id: str) -> str:
    """The pass type id, when it looks like one."""
    if len(pass_type_id) > TYPE_ID_CHARACTERS_MAX or not _TYPE_ID.fullmatch(pass_type_id):
        raise CertificateFault("type_id_invalid", found=_shown(pass_type_id))
    return pass_type_id


def make_request(
    store: CertificateStore,
    pass_type_id: str,
    *,
    organization: str = "",
    country: str = "",
    anew: bool = False,
) -> tuple[Request, bool]:
    """The request that waits, and whether it was made now.

    A second call gives the first one's request: another key would not fit the certificate that Apple
    may be making. `anew` throws the old one away.
    """
    check_type_id(pass_type_id)
    subject = _subject(pass_type_id, organization, country)
    with store.writing():
        waiting = store.request()
        if waiting is not None and waiting.pass_type_id == pass_type_id and not anew:
            return waiting, False
        key = new_key()
        csr = x509.CertificateSigningRequestBuilder(subject).sign(key, SHA256())
        return store.put_request(key, csr, pass_type_id), True


def _subject(pass_type_id: str, organization: str, country: str) -> x509.Name:
    """Apple writes a subject of its own; this one is for people who look at the file."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type_id}"[:64])]
    if organization:
        usable = organization.isprintable() and len(organization) <= NAME_CHARACTERS_MAX
        if not usable or not organization.strip():
            raise CertificateFault("not_a_name", found=_shown(organization))
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    if country:
        if not re.fullmatch(r"[A-Za-z]{2}", country):
            raise CertificateFault("not_a_country", found=_shown(country))
        attributes.append(x509.NameAttribute(NameOID.COUNTRY_NAME, country.upper()))
    return x509.Name(attributes)


def _shown(text: str) -> str:
    """What was typed, fit for a sentence on a terminal."""
    return "".join(one if one.isprintable() else "?" for one in text[:NAME_CHARACTERS_MAX])
