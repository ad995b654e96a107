"""`comptoir certs`: from a request to a card on an iPhone, and the renewal a year later."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from cryptography import x509

from passes.apple.certs.authorities import intermediate_name, title
from passes.apple.certs.faults import CertificateFault
from passes.apple.certs.files import FILE_BYTES_MAX, Contents, read_path, wants_password
from passes.apple.certs.install import Expected, Installed, install, switch, switch_back
from passes.apple.certs.request import check_type_id, make_request
from passes.apple.certs.store import CertificateStore, Version
from passes.apple.identity import AppleIdentity, pass_type_of
from passes.errors import IdentityError
from passes.words import fill
from wallet import clock
from wallet.commands.frame import one_line
from wallet.config import Settings, SettingsError
from wallet.doctor.apple import days_left
from wallet.doctor.check import Check, speak
from wallet.doctor.google import google_checks
from wallet.doctor.language import language_of_shell, translator
from wallet.errors import N_
from wallet.parts import apple_identity, certificate_store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_APPLE_PAGE = "https://developer.apple.com/account/resources/identifiers/list/passTypeId"


def say(text: str, **facts: object) -> None:
    """One line in the language of whoever types."""
    language = language_of_shell()
    click.echo(fill(translator(language)(text), facts, language))


def line(label: str, text: str, **facts: object) -> None:
    """One line of a table: what it is about, and the sentence beside it."""
    language = language_of_shell()
    shown = translator(language)(label) if label else ""
    click.echo(f"{shown:9} {fill(translator(language)(text), facts, language)}")


def told(fault: CertificateFault) -> click.ClickException:
    """A fault as the one line that a command ends with."""
    language = language_of_shell()
    return click.ClickException(fill(translator(language)(fault.template), fault.facts, language))


@click.group("certs")
def certs_group() -> None:
    """Certificates that sign the cards."""


@certs_group.command("request")
@click.option(
    "--pass-type-id",
    default="",
    help="Such as pass.com.example.loyalty; by default that of the certificate in use.",
)
@click.option("--organization", default="", help="Your shop's name; for whoever looks at the file.")
@click.option("--country", default="", help="Two letters, such as FR.")
@click.option(
    "--anew", is_flag=True, help="Throw away the request that waits and make another key."
)
@one_line
def certs_request(pass_type_id: str, organization: str, country: str, anew: bool) -> None:
    """Make a private key and a request to upload to Apple. The key stays here."""
    settings = Settings.read_before_secret()
    store = certificate_store(settings)
    wanted = pass_type_id or _type_id_in_use(settings)
    if not wanted:
        raise click.UsageError("--pass-type-id is needed, such as pass.com.example.loyalty")
    try:
        check_type_id(wanted)
        signing = _signing(settings)
        if signing is not None and signing.pass_type_id != wanted:
            raise CertificateFault("cert_type_changed", found=wanted, wanted=signing.pass_type_id)
        made, is_new = make_request(
            store, wanted, organization=organization, country=country, anew=anew
        )
    except CertificateFault as fault:
        raise told(fault) from fault
    if is_new:
        say(N_("A new private key was made; it stays on this machine, readable by its owner only."))
    else:
        say(
            N_("This request of {day} is still waiting for Apple's answer:"), day=_day(made.made_at)
        )
    say(N_("1. Open {page} and choose {type_id}."), page=_APPLE_PAGE, type_id=wanted)
    say(N_("2. Create Certificate. Leave the certificate name empty and upload this file:"))
    click.echo(f"   {made.csr}")
    say(N_("3. Download pass.cer and run `comptoir certs install pass.cer`."))


@certs_group.command("install")
@click.argument("file", type=_FILE)
@click.option("--key", "key_file", type=_FILE, help="The private key, where it was made elsewhere.")
@click.option(
    "--password",
    envvar="COMPTOIR_CERTS_PASSWORD",
    help="Opens a .p12 file or a key; asked for when needed. Better in COMPTOIR_CERTS_PASSWORD.",
)
@click.option(
    "--stage", is_flag=True, help="Check it and keep it ready; `certs switch` puts it in use."
)
@click.option(
    "--abandon-cards",
    default="",
    metavar="PASS_TYPE_ID",
    help="Take a certificate of another pass type: cards of PASS_TYPE_ID will never change again.",
)
@one_line
def certs_install(
    file: Path, key_file: Path | None, password: str | None, stage: bool, abandon_cards: str
) -> None:
    """Install what Apple gave: a .cer, .pem or .p12 with the certificate, or an intermediate.

    It is checked against the key, the pass type and the team, and proven by a trial signature, before
    it is used; until then the certificate in use goes on signing.
    """
    settings = Settings.read_before_secret()
    store = certificate_store(settings)
    signing = _signing(settings)
    expected = _expected(settings, store, signing, abandon_cards)
    try:
        contents = _read(file, password)
        keys = _read(key_file, password).keys if key_file else []
        done = install(store, contents, expected, more_keys=keys, stage_only=stage)
    except CertificateFault as fault:
        raise told(fault) from fault
    _report(settings, done, signing)


@certs_group.command("switch")
@click.option("--back", is_flag=True, help="Put the certificate before in use again.")
@one_line
def certs_switch(back: bool) -> None:
    """Put the staged certificate in use. It is proven once more before that."""
    settings = Settings.read_before_secret()
    store = certificate_store(settings)
    signing = _signing(settings)
    try:
        version = switch_back(store) if back else switch(store)
    except CertificateFault as fault:
        raise told(fault) from fault
    _report(settings, Installed(version=version, is_current=True), signing)


@certs_group.command("status")
@one_line
def certs_status() -> None:
    """What signs, what waits, until when, and by which chain. An error when nothing can sign."""
    settings = Settings.read_before_secret()
    store = certificate_store(settings)
    is_usable = _status_in_use(settings)
    _status_waiting(store)
    for check in google_checks(settings):
        _line("Google", check)
    if not is_usable:
        sys.exit(1)


def _status_in_use(settings: Settings) -> bool:
    try:
        identity = apple_identity(settings)
    except (IdentityError, SettingsError) as error:
        line("Apple", N_("nothing can be signed: {problem}"), problem=str(error))
        return False
    kind = _kind(settings, identity)
    facts = {"type_id": identity.pass_type_id, "team": identity.team_id}
    line("Apple", N_("{type_id} (team {team})"), **facts)
    line("", kind)
    days, until = days_left(identity, clock.now()), _day(identity.expires_at)
    line("", N_("good for {days} more days, until {until}"), days=days, until=until)
    leaf, wwdr = identity.certificate, identity.intermediate
    for certificate in (leaf, wwdr):
        end = _day(certificate.not_valid_after_utc)
        line("", N_("chain: {name}, until {end}"), name=title(certificate), end=end)
    return True


def _kind(settings: Settings, identity: AppleIdentity) -> str:
    if identity.is_development:
        return N_("development: only the simulated iPhone accepts it")
    if settings.apple_cert is not None:
        return N_("from the files that COMPTOIR_APPLE_CERT and its like name")
    return N_("installed in the data folder")


def _status_waiting(store: CertificateStore) -> None:
    waiting = store.request()
    if waiting is not None:
        line(
            N_("Request"),
            N_("{type_id}, made on {day}, waits for Apple's answer: {file}"),
            type_id=waiting.pass_type_id,
            day=_day(waiting.made_at),
            file=waiting.csr,
        )
    staged = store.version("staged")
    if staged is not None:
        end = _day(staged.certificate.not_valid_after_utc)
        type_id = pass_type_of(staged.certificate)
        line(N_("Staged"), N_("{type_id}, good until {end}"), type_id=type_id, end=end)
        if staged.wwdr is None:
            line(
                "",
                N_("waits for Apple's intermediate {name}"),
                name=intermediate_name(staged.certificate),
            )
        else:
            line("", N_("`comptoir certs switch` puts it in use"))


def _line(name: str, check: Check) -> None:
    language = language_of_shell()
    click.echo(f"{name:9} {speak(check, translator(language), language).sentence}")


def _report(settings: Settings, done: Installed, signing: AppleIdentity | None) -> None:
    for certificate in done.intermediates:
        say(N_("Kept Apple's intermediate {name}."), name=title(certificate))
    if done.version is None:
        return
    _report_version(settings, done, done.version, signing)


def _report_version(
    settings: Settings, done: Installed, version: Version, signing: AppleIdentity | None
) -> None:
    end = _day(version.certificate.not_valid_after_utc)
    type_id = pass_type_of(version.certificate)
    if not done.is_current:
        say(N_("Checked and staged: {type_id}, good until {end}."), type_id=type_id, end=end)
        say(N_("`comptoir certs switch` puts it in use."))
        return
    say(
        N_("In use: {type_id}, good until {end}. A trial signature was right."),
        type_id=type_id,
        end=end,
    )
    if settings.apple_cert is not None:
        say(
            N_(
                "COMPTOIR_APPLE_CERT is set and still wins: remove it, COMPTOIR_APPLE_KEY and COMPTOIR_APPLE_WWDR,"
                " and restart."
            )
        )
    elif signing is not None and signing.pass_type_id == type_id:
        say(N_("Running processes take it within seconds; no restart is needed."))
    else:
        say(N_("Restart `comptoir serve` and `comptoir worker` now: the pass type is a new one."))


def _read(path: Path, password: str | None) -> Contents:
    """The contents; the password is asked for where one is needed and somebody sits there."""
    with path.open("rb") as file:
        head = file.read(FILE_BYTES_MAX)
    if password is None and wants_password(head) and sys.stdin.isatty():
        language = language_of_shell()
        question = fill(
            translator(language)(N_("Password of {file}")), {"file": path.name}, language
        )
        password = click.prompt(question, hide_input=True, default="", show_default=False)
    return read_path(path, password)


def _signing(settings: Settings) -> AppleIdentity | None:
    """The identity of Apple's that signs now; nothing where there is none, or none that works."""
    try:
        found = apple_identity(settings)
    except (IdentityError, SettingsError):
        return None
    return None if found.is_development else found


def _type_id_in_use(settings: Settings) -> str:
    certificate = _certificate_in_use(settings, _signing(settings))
    return pass_type_of(certificate) if certificate is not None else settings.apple_pass_type_id


def _certificate_in_use(
    settings: Settings, signing: AppleIdentity | None
) -> x509.Certificate | None:
    """Also an expired one, which signs nothing and yet says whose the cards are."""
    if signing is not None:
        return signing.certificate
    current = certificate_store(settings).version("current")
    return current.certificate if current is not None else None


def _expected(
    settings: Settings, store: CertificateStore, signing: AppleIdentity | None, abandon: str
) -> Expected:
    waiting = store.request()
    in_use = _certificate_in_use(settings, signing)
    asked = waiting.pass_type_id if waiting is not None and in_use is None else ""
    return Expected(settings.apple_pass_type_id or asked, settings.apple_team_id, in_use, abandon)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
