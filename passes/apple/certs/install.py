"""Installs what Apple gave: checks it against everything known here, proves it, and only then switches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from passes.apple.certificates import PASS_TYPE_EXTENSION
from passes.apple.certs.authorities import (
    WWDR_ADDRESS,
    intermediate_file,
    intermediate_name,
    is_authority,
    is_root,
    issuer_among,
    title,
)
from passes.apple.certs.faults import CertificateFault
from passes.apple.certs.files import Contents
from passes.apple.certs.store import CertificateStore, Version
from passes.apple.cms import CmsSigner
from passes.apple.cms_reader import check_signature
from passes.apple.identity import AppleIdentity, is_development, pass_type_of, team_of
from passes.errors import IdentityError, PackageError

_PROBE = b'{"icon.png":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}'  # the shape of a manifest


@dataclass(frozen=True, slots=True)
class Expected:
    """What the certificate has to be for; empty texts leave it open.

    `signing` is the certificate that signs now, when it is one of Apple's: the cards that are out
    belong to its pass type. `abandon` names that pass type to give those cards up.
    """

    pass_type_id: str = ""
    team_id: str = ""
    signing: x509.Certificate | None = None
    abandon: str = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did: kept intermediates, and the version that is now staged or current."""

    intermediates: tuple[x509.Certificate, ...] = ()
    version: Version | None = None
    is_current: bool = False


def install(
    store: CertificateStore,
    contents: Contents,
    expected: Expected,
    *,
    more_keys: Sequence[rsa.RSAPrivateKey] = (),
    stage_only: bool = False,
) -> Installed:
    """Take a certificate, an intermediate, or both. Raises a `CertificateFault`; then the certificate
    in use goes on signing."""
    with store.writing():
        kept = tuple(one for one in contents.certificates if is_authority(one) and not is_root(one))
        for one in kept:
            store.put_intermediate(one)
        leaf = _leaf(contents)
        if leaf is None:
            return _complete(store, kept, expected, stage_only=stage_only)
        check_leaf(leaf, contents.file, expected, datetime.now(UTC))
        key = _key(store, leaf, contents, more_keys)
        wwdr = _issuer(leaf, [*kept, *store.intermediates(), *_issuers_in_use(store)])
        version = store.put_version(leaf, key, wwdr)
        return _advance(store, version, kept, stage_only=stage_only)


def switch(store: CertificateStore) -> Version:
    """Let the staged certificate sign."""
    with store.writing():
        staged = store.version("staged")
        if staged is None:
            raise CertificateFault("nothing_staged")
        _switch(store, _with_issuer(store, staged))
        return staged


def switch_back(store: CertificateStore) -> Version:
    """Let the certificate before sign again, if it still can."""
    with store.writing():
        previous = store.version("previous")
        if previous is None:
            raise CertificateFault("nothing_before")
        _switch(store, previous)
        return previous


def check_leaf(leaf: x509.Certificate, file: str, expected: Expected, now: datetime) -> None:
    """Everything about the certificate itself, what it is for first and its dates last."""
    found, team = pass_type_of(leaf), team_of(leaf)
    _check_name(leaf, found)
    signing = expected.signing
    in_use = pass_type_of(signing) if signing is not None else ""
    if in_use and found != in_use and expected.abandon != in_use:
        raise CertificateFault("cert_type_changed", found=found, wanted=in_use)
    abandoned = bool(in_use) and found != in_use
    _check_expected(found, team, expected, signing, abandoned=abandoned)
    if is_development(leaf):
        raise CertificateFault("cert_development", file=file)
    _check_dates(leaf, signing if not abandoned else None, now)


def _check_expected(
    found: str,
    team: str,
    expected: Expected,
    signing: x509.Certificate | None,
    *,
    abandoned: bool,
) -> None:
    if expected.pass_type_id and found != expected.pass_type_id:
        raise CertificateFault("cert_wrong_type", found=found, wanted=expected.pass_type_id)
    wanted = expected.team_id or (team_of(signing) if signing is not None and not abandoned else "")
    if wanted and team != wanted:
        raise CertificateFault("cert_wrong_team", found=team, wanted=wanted)


def _check_name(leaf: x509.Certificate, found: str) -> None:
    try:
        extension = leaf.extensions.get_extension_for_oid(PASS_TYPE_EXTENSION).value
    except x509.ExtensionNotFound:
        return
    named = extension.public_bytes()[2:].decode(errors="replace")
    if named != found:
        raise CertificateFault("cert_name_filled", found=named, wanted=found)


def _check_dates(leaf: x509.Certificate, signing: x509.Certificate | None, now: datetime) -> None:
    if leaf.not_valid_after_utc <= now:
        raise CertificateFault("cert_expired", until=_day(leaf.not_valid_after_utc))
    if leaf.not_valid_before_utc > now:
        raise CertificateFault(
            "cert_not_yet", since=leaf.not_valid_before_utc.replace(microsecond=0)
        )
    if signing is None:
        return
    if leaf == signing:
        raise CertificateFault("cert_in_use")
    if leaf.not_valid_after_utc < signing.not_valid_after_utc:
        raise CertificateFault(
            "cert_older",
            until=_day(leaf.not_valid_after_utc),
            current=_day(signing.not_valid_after_utc),
        )


def _leaf(contents: Contents) -> x509.Certificate | None:
    """The pass certificate of a file; nothing when it brings only intermediates."""
    others = [one for one in contents.certificates if not is_authority(one)]
    passes = [one for one in others if pass_type_of(one).startswith("pass.") and team_of(one)]
    if passes:
        return passes[0]
    if others:
        raise CertificateFault("cert_other_kind", file=contents.file, name=title(others[0]))
    if any(not is_root(one) for one in contents.certificates):
        return None
    if contents.certificates:  # Apple's root: of no use here, but a common mistake
        name = title(contents.certificates[0])
        raise CertificateFault("cert_other_kind", file=contents.file, name=name)
    raise CertificateFault("file_is_key", file=contents.file)


def _key(
    store: CertificateStore,
    leaf: x509.Certificate,
    contents: Contents,
    more: Sequence[rsa.RSAPrivateKey],
) -> rsa.RSAPrivateKey:
    given = [*more, *contents.keys]
    fitting = (key for key in given if key.public_key() == leaf.public_key())
    if found := next(fitting, None) or store.key_for(leaf):
        return found
    if given:
        raise CertificateFault("key_mismatch", file=contents.file)
    waiting = store.request()
    if waiting is None and contents.file.lower().endswith((".p12", ".pfx")):
        raise CertificateFault("p12_without_key", file=contents.file)
    if waiting is None:
        raise CertificateFault("key_unknown")
    raise CertificateFault("key_missing", request=waiting.csr)


def _issuer(
    leaf: x509.Certificate, candidates: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    found = issuer_among(leaf, candidates)
    if found is not None and found.not_valid_after_utc <= datetime.now(UTC):
        until = _day(found.not_valid_after_utc)
        raise CertificateFault("wwdr_expired", name=intermediate_name(leaf), until=until)
    return found


def _issuers_in_use(store: CertificateStore) -> list[x509.Certificate]:
    current = store.version("current")
    return [current.wwdr] if current is not None and current.wwdr is not None else []


def _complete(
    store: CertificateStore,
    kept: tuple[x509.Certificate, ...],
    expected: Expected,
    *,
    stage_only: bool,
) -> Installed:
    """An intermediate came alone: it may be what the staged certificate waits for."""
    staged = store.version("staged")
    if staged is None or staged.wwdr is not None:
        return Installed(kept)
    check_leaf(staged.certificate, staged.name, expected, datetime.now(UTC))
    return _advance(store, _with_issuer(store, staged), kept, stage_only=stage_only)


def _with_issuer(store: CertificateStore, version: Version) -> Version:
    if version.wwdr is not None:
        return version
    wwdr = _issuer(version.certificate, store.intermediates())
    key = store.key_for(version.certificate)
    return store.put_version(version.certificate, key, wwdr) if key and wwdr else version


def _advance(
    store: CertificateStore,
    version: Version,
    kept: tuple[x509.Certificate, ...],
    *,
    stage_only: bool,
) -> Installed:
    """Stage it; prove it; switch. Each step may be the last one."""
    store.point("staged", version.name)
    if version.wwdr is None:
        leaf = version.certificate
        raise CertificateFault(
            "wwdr_missing",
            name=intermediate_name(leaf),
            download=intermediate_file(leaf),
            address=WWDR_ADDRESS,
        )
    prove(version.identity())
    if stage_only:
        return Installed(kept, version)
    _switch(store, version)
    return Installed(kept, version, is_current=True)


def _switch(store: CertificateStore, version: Version) -> None:
    if version.wwdr is None:
        _advance(store, version, (), stage_only=True)  # says which intermediate is missing
    prove(version.identity())
    before = store.version("current")
    if before is not None and before.name != version.name:
        store.point("previous", before.name)
    store.point("current", version.name)
    staged = store.version("staged")
    if staged is not None and staged.name == version.name:
        store.point("staged", "")
    if store.answers_request(version.certificate):
        store.drop_request()


def prove(identity: AppleIdentity) -> None:
    """Sign as for a pass and check it with the reader, which shares nothing with the writer; make the
    TLS settings for pushes. Raises a `CertificateFault`."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        signer = CmsSigner(identity.key, identity.certificate, identity.intermediate)
        check_signature(signer.sign(_PROBE, now), _PROBE, [identity.intermediate])
        identity.client_context()
    except (PackageError, IdentityError, OSError) as error:
        raise CertificateFault("not_proven", reason=str(error)) from error


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
