"""Apple's part of the set-up: the certificate's life, the set-up test, and what phones complain of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from flask_babel import gettext
from flask_babel import gettext as _

from passes.apple.certs.authorities import title
from passes.apple.identity import AppleIdentity
from passes.simulate.conformance import Step
from passes.words import fill
from wallet import clock
from wallet.actions.phone_complaints import Group, phone_complaints
from wallet.actions.program_view import ProgramView
from wallet.doctor.apple import COUNTDOWN_DAYS, URGENT_DAYS, days_left
from wallet.doctor.trial import TrialUnderWay, sentence_of, try_setup
from wallet.errors import Refusal
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.setup import examined
from wallet.web.locale import current_language
from wallet.web.wiring import read, wiring


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of the chain: its name, its end, and how much of its life is left, of 100."""

    name: str
    ends_at: datetime
    share_left: int


@dataclass(frozen=True, slots=True)
class Tried:
    """One step of the set-up test in the reader's language."""

    code: str
    state: str
    sentence: str
    log: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """One kind of complaint in the reader's language."""

    code: str
    weight: str
    meaning: str
    cause: str
    fix: str
    group: Group


def setup_apple() -> str:
    """The page, without a test."""
    return _page(own_program(), [])


def try_apple() -> str:
    """Run the set-up test and show the page with what came of it."""
    program = own_program()
    try:
        steps = [_tried(step) for step in try_setup(wiring(), program)]
    except TrialUnderWay as error:
        raise Refusal("trial_under_way") from error
    return _page(program, steps)


def _page(program: ProgramView, steps: list[Tried]) -> str:
    identity, now, part = wiring().apple, clock.now(), examined("apple")
    found = read(lambda session: phone_complaints(session, now, program.id))
    failed = sum(step.state == "fail" for step in steps)
    return console_page(
        "console/setup_apple.html",
        program,
        part=part,
        signing=[one for one in part.checks if not one.code.startswith("phones_")],
        identity=identity,
        chain=_chain(identity, now),
        days=days_left(identity, now),
        is_urgent=days_left(identity, now) <= URGENT_DAYS,
        is_ending=days_left(identity, now) <= COUNTDOWN_DAYS,
        steps=steps,
        failed=failed,
        skipped=sum(step.state == "skip" for step in steps),
        complaints=[_complaint(group) for group in found.groups],
        is_cut=found.is_cut,
    )


def _chain(identity: AppleIdentity, now: datetime) -> list[Certificate]:
    return [_certificate(one, now) for one in (identity.certificate, identity.intermediate)]


def _certificate(certificate: x509.Certificate, now: datetime) -> Certificate:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    share = round(100 * (end - now) / (end - begin))
    return Certificate(title(certificate), end, max(0, min(100, share)))


def _tried(step: Step) -> Tried:
    said = fill(gettext(sentence_of(step)), step.facts, current_language())
    return Tried(step.code, step.state, said, step.log)


def _complaint(group: Group) -> Complaint:
    kind = group.kind
    if kind is None:
        meaning = _("Phones wrote something that is not known here.")
        return Complaint(group.code, "info", meaning, "", "", group)
    return Complaint(
        group.code,
        kind.weight,
        gettext(kind.meaning),
        gettext(kind.cause),
        gettext(kind.fix),
        group,
    )
