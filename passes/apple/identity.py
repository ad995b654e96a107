"""Who signs our Apple passes: certificate, key and chain, read once and checked with clear words."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from passes.apple.certificates import (
    PASS_TYPE_EXTENSION,
    intermediate_certificate,
    key_pem,
    new_key,
    pass_certificate,
    root_certificate,
    server_certificate,
)
from passes.errors import IdentityError
from passes.private_files import alone, write_private

DEVELOPMENT_TYPE_ID = "pass.dev.comptoir.loyalty"
DEVELOPMENT_TEAM_ID = "DEVTEAM000"
RENEW_BEFORE = timedelta(days=30)  # a development identity this near its end is made anew
_FILES = ("root.pem", "wwdr.pem", "pass.pem", "pass.key", "apns-server.pem", "apns-server.key")

DEVELOPMENT_MARK = "DEV"  # first word of the organisation in certificates that no iPhone accepts
WWDR_ADDRESS = "https://www.apple.com/certificateauthority/"


@dataclass(frozen=True, slots=True, eq=False)
class AppleIdentity:
    """A pass type certificate with its parsed key and the intermediate that issued it."""

    pass_type_id: str
    team_id: str
    certificate: x509.Certificate
    intermediate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def is_development(self) -> bool:
        """Signed by a certificate authority of our own: fine for simulators, refused by iPhones."""
        return is_development(self.certificate)

    @property
    def expires_at(self) -> datetime:
        """When the first of the two certificates ends; from then on nothing can be signed."""
        ends = (self.certificate.not_valid_after_utc, self.intermediate.not_valid_after_utc)
        return min(ends)

    @property
    def valid_from(self) -> datetime:
        """When both certificates are valid for the first time."""
        starts = (self.certificate.not_valid_before_utc, self.intermediate.not_valid_before_utc)
        return max(starts)

    def check_dates(self, at: datetime) -> None:
        """Raise an `IdentityError` unless both certificates are valid at that time."""
        for certificate, name in (
            (self.certificate, "pass certificate"),
            (self.intermediate, "WWDR intermediate"),
        ):
            if at < certificate.not_valid_before_utc:
                start = certificate.not_valid_before_utc
                raise IdentityError(f"The {name} is not valid before {start:%Y-%m-%d %H:%M} UTC.")
            if at > certificate.not_valid_after_utc:
                raise IdentityError(
                    f"The {name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Renew it "
                    "with the same pass type id: cards that are out keep working."
                )

    def client_context(self, ca_file: Path | None = None) -> ssl.SSLContext:
        """TLS settings that show this certificate to Apple's push service.

        `ca_file` replaces the system's authorities. OpenSSL reads keys only from files, so the key
        passes through a temporary one, encrypted with a password that is used once.
        """
        context = server_context(ca_file)
        password = secrets.token_bytes(32)
        pem = self.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.hex().encode())
        )
        chain = (self.certificate, self.intermediate)
        pem += b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "identity.pem")
            path.touch(mode=0o600)
            path.write_bytes(pem)
            context.load_cert_chain(path, password=password.hex())
        return context


def server_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS settings for Apple's push service that show no certificate of ours."""
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["h2"])
    return context


def load_identity(
    certificate: Path,
    key: Path,
    wwdr: Path,
    *,
    password: str = "",
    pass_type_id: str = "",
    team_id: str = "",
) -> AppleIdentity:
    """Read, compare and check everything now, so that nothing can surprise when a pass is made.

    PEM or DER. Empty ids are taken from the certificate. Raises `IdentityError`.
    """
    leaf = _certificates(certificate, "pass certificate")[0]
    private_key = _private_key(key, password)
    if leaf.public_key() != private_key.public_key():
        raise IdentityError(f"The key {key} does not belong to the certificate {certificate}.")
    found_pass_type, found_team = _ids(leaf, certificate)
    _same("pass type id", pass_type_id, found_pass_type)
    _same("team id", team_id, found_team)
    issuer = _issuer(leaf, _certificates(wwdr, "WWDR intermediate"), wwdr)
    identity = AppleIdentity(found_pass_type, found_team, leaf, issuer, private_key)
    identity.check_dates(datetime.now(UTC))
    return identity


def make_development_identity(
    folder: Path, pass_type_id: str = DEVELOPMENT_TYPE_ID, team_id: str = DEVELOPMENT_TEAM_ID
) -> AppleIdentity:
    """The development identity in `folder`/apple, made when absent, for other ids or near its end.

    The keys of the two authorities are thrown away: nothing else can be signed in their name.
    """
    home = folder / "apple"
    with alone(folder):
        with contextlib.suppress(IdentityError):
            found = load_development_identity(home, pass_type_id, team_id)
            if found.expires_at > datetime.now(UTC) + RENEW_BEFORE:
                return found
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        _write_all(home, pass_type_id, team_id)
        return load_development_identity(home, pass_type_id, team_id)


def load_development_identity(
    home: Path, pass_type_id: str = DEVELOPMENT_TYPE_ID, team_id: str = DEVELOPMENT_TEAM_ID
) -> AppleIdentity:
    """The identity in a folder made by `make_development_identity`."""
    if missing := [name for name in _FILES if not (home / name).is_file()]:
        raise IdentityError(f"{home} has no {missing[0]}.")
    return load_identity(
        home / "pass.pem",
        home / "pass.key",
        home / "wwdr.pem",
        pass_type_id=pass_type_id,
        team_id=team_id,
    )


def _write_all(home: Path, pass_type_id: str, team_id: str) -> None:
    root_key, wwdr_key, pass_key, server_key = (new_key() for _ in range(4))
    root = root_certificate(root_key)
    wwdr = intermediate_certificate(wwdr_key, root, root_key)
    leaf = pass_certificate((pass_key, wwdr_key), wwdr, pass_type_id, team_id)
    server = server_certificate(server_key, root, root_key)
    chain = leaf.public_bytes(Encoding.PEM) + wwdr.public_bytes(Encoding.PEM)
    contents = {
        "root.pem": root.public_bytes(Encoding.PEM),
        "wwdr.pem": wwdr.public_bytes(Encoding.PEM),
        "pass.pem": chain,
        "pass.key": key_pem(pass_key),
        "apns-server.pem": server.public_bytes(Encoding.PEM),
        "apns-server.key": key_pem(server_key),
    }
    for name, data in contents.items():
        write_private(home / name, data)


def is_development(certificate: x509.Certificate) -> bool:
    """Whether a certificate authority of our own issued it."""
    return _attribute(certificate, NameOID.ORGANIZATION_NAME).startswith(DEVELOPMENT_MARK)


def pass_type_of(certificate: x509.Certificate) -> str:
    """The pass type id of a certificate (its subject's UID), or an empty text."""
    return _attribute(certificate, NameOID.USER_ID)


def team_of(certificate: x509.Certificate) -> str:
    """The team id of a certificate (its subject's OU), or an empty text."""
    return _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)


def _ids(leaf: x509.Certificate, path: Path) -> tuple[str, str]:
    pass_type, team = pass_type_of(leaf), team_of(leaf)
    if not pass_type.startswith("pass.") or not team:
        raise IdentityError(
            f"{path} is not a pass type certificate: its subject has no pass type id (UID) or team "
            "id (OU). Make one under Identifiers, Pass Type IDs in Apple's developer account."
        )
    try:
        extension = leaf.extensions.get_extension_for_oid(PASS_TYPE_EXTENSION).value
    except x509.ExtensionNotFound as error:
        raise IdentityError(f"{path} is not a pass type certificate (no {error.oid}).") from error
    named = extension.public_bytes()[2:].decode(errors="replace")  # UTF8String: tag, length, text
    if named != pass_type:
        raise IdentityError(
            f"{path} names the pass type {named!r} in one place and {pass_type!r} in another. Make "
            "the certificate again and leave the field 'certificate name' empty."
        )
    return pass_type, team


def _same(what: str, wanted: str, found: str) -> None:
    if wanted and wanted != found:
        raise IdentityError(f"The certificate is for the {what} {found!r}, not for {wanted!r}.")


def _issuer(
    leaf: x509.Certificate, candidates: list[x509.Certificate], path: Path
) -> x509.Certificate:
    for candidate in candidates:
        try:
            leaf.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    unit = _attribute_of(leaf.issuer, NameOID.ORGANIZATIONAL_UNIT_NAME)
    raise IdentityError(
        f"{path} did not issue the pass certificate. Download the Worldwide Developer Relations "
        f"intermediate {unit or 'named as its issuer'} from {WWDR_ADDRESS}."
    )


def _certificates(path: Path, what: str) -> list[x509.Certificate]:
    data = _read(path, what)
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError as error:
        raise IdentityError(f"The {what} {path} holds no certificate in PEM or DER.") from error


def _private_key(path: Path, password: str) -> rsa.RSAPrivateKey:
    data = _read(path, "key")
    load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
    try:
        key = load(data, password.encode() or None)
    except TypeError as error:
        told = "needs its password" if not password else "is not encrypted; leave its password out"
        raise IdentityError(f"The key {path} {told}.") from error
    except ValueError as error:
        raise IdentityError(f"The key {path} cannot be read: wrong password or format.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise IdentityError(f"The key {path} is not RSA; pass certificates have RSA keys.")
    return key


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IdentityError(f"The {what} {path} cannot be read: {error.strerror}.") from error


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return _attribute_of(certificate.subject, oid)


def _attribute_of(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
