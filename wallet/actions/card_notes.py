"""What a card says besides points and rewards: what ends soon, what was paid for, whom to bring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date
from sqlalchemy.orm import Session

from passes.card import Section
from wallet.actions.program_view import ProgramView
from wallet.actions.refer import referral_url
from wallet.rules.lots import last_day
from wallet.rules.ruleset import Plan, Ruleset
from wallet.rules.spell import spell_quantity
from wallet.tables.expiry import told_endings
from wallet.tables.relation import memberships_of
from wallet.values import value_class

ENDINGS_MAX = 5  # the nearest ones: a list of a year's lots helps nobody


@dataclass(frozen=True, slots=True)
class Ending:
    """So much of a unit is lost after its last day."""

    unit: str
    quantity: int
    last_day: date


@dataclass(frozen=True, slots=True)
class PaidPlan:
    """A paid membership and the last day of what was paid for without a gap."""

    plan: Plan
    last_day: date


@value_class
class Notes:
    """Of one member at one moment. `code` and `url` are empty where there are no referrals."""

    endings: tuple[Ending, ...] = ()
    plans: tuple[PaidPlan, ...] = ()
    code: str = ""
    url: str = ""


def notes_of(
    session: Session, program: ProgramView, member_id: int, code: str, now: datetime
) -> Notes:
    """As few reads as the rules need. `code` is the member's referral code where there is one."""
    rules = program.ruleset
    has_code = bool(code) and rules.referral is not None
    return Notes(
        endings=_endings(session, program, member_id, now) if has_endings(program) else (),
        plans=_plans(session, program, member_id, now) if rules.plans else (),
        code=code if has_code else "",
        url=referral_url(session, program, code) if has_code else "",
    )


def has_endings(program: ProgramView) -> bool:
    """Whether anything ends in this program."""
    return program.made("has_endings", lambda: _has_endings(program.ruleset))


def _has_endings(rules: Ruleset) -> bool:
    return any(rules.expiry_of(unit.key).kind != "never" for unit in rules.units)


def note_sections(
    program: ProgramView, notes: Notes, languages: tuple[str, ...]
) -> tuple[Section, ...]:
    """The same on the back of a card."""
    sections = []
    if notes.plans:
        body = {
            language: "\n".join(plan_line(program, paid, language) for paid in notes.plans)
            for language in languages
        }
        sections.append(Section("membership", _words("membership", languages), body))
    if notes.endings:
        body = {
            language: "\n".join(ending_line(program, end, language) for end in notes.endings)
            for language in languages
        }
        sections.append(Section("endings", _words("endings", languages), body))
    if notes.code:
        body = {language: referral_line(program, notes, language) for language in languages}
        sections.append(Section("referral", _words("referral", languages), body, url=notes.url))
    return tuple(sections)


def ending_line(program: ProgramView, ending: Ending, language: str) -> str:
    """`30 points expire on 31 March 2027`."""
    unit = program.ruleset.unit(ending.unit)
    amount = spell_quantity(unit, ending.quantity, program.currency, language)
    day = format_date(ending.last_day, "long", locale=language)
    is_one = ending.quantity == 1 or unit.kind == "credit"
    if language == "fr":
        return f"{amount} {'expire' if is_one else 'expirent'} le {day}"
    return f"{amount} {'expires' if is_one else 'expire'} on {day}"


def plan_line(program: ProgramView, paid: PaidPlan, language: str) -> str:
    """`VIP, until 31 March 2027`."""
    day = format_date(paid.last_day, "long", locale=language)
    until = "jusqu’au" if language == "fr" else "until"
    return f"{program.text(paid.plan.name, language)}, {until} {day}"


def referral_line(program: ProgramView, notes: Notes, language: str) -> str:
    """What both sides get, and the code for those who cannot tap the link."""
    rules = program.ruleset.referral
    assert rules is not None
    unit = program.ruleset.unit(rules.unit)
    own, other = (
        spell_quantity(unit, quantity, program.currency, language)
        for quantity in (rules.referrer_quantity, rules.friend_quantity)
    )
    code = spoken_code(notes.code)
    if language == "fr":
        parts = [f"{own} pour vous"] if rules.referrer_quantity else []
        parts += [f"{other} pour votre ami"] if rules.friend_quantity else []
        return f"Code {code} : {', '.join(parts)} après son premier achat"
    parts = [f"{own} for you"] if rules.referrer_quantity else []
    parts += [f"{other} for your friend"] if rules.friend_quantity else []
    return f"Code {code}: {', '.join(parts)} after the first purchase"


def spoken_code(code: str) -> str:
    """In two groups, as people read it aloud."""
    return f"{code[:4]} {code[4:]}"


_TITLES = {
    "membership": {"fr": "Mon abonnement", "en": "My membership"},
    "endings": {"fr": "À utiliser bientôt", "en": "Use them soon"},
    "referral": {"fr": "Inviter un ami", "en": "Bring a friend"},
}


def _words(key: str, languages: tuple[str, ...]) -> dict[str, str]:
    return {language: _TITLES[key].get(language, _TITLES[key]["en"]) for language in languages}


def _endings(
    session: Session, program: ProgramView, member_id: int, now: datetime
) -> tuple[Ending, ...]:
    known = {unit.key for unit in program.ruleset.units}
    return tuple(
        Ending(unit, quantity, last_day(ends_at, program.time_zone))
        for unit, ends_at, quantity in told_endings(session, member_id, now)[:ENDINGS_MAX]
        if unit in known
    )


def _plans(
    session: Session, program: ProgramView, member_id: int, now: datetime
) -> tuple[PaidPlan, ...]:
    """Those that run, each to the end of the last period that follows without a gap."""
    ends: dict[str, datetime] = {}
    for period in memberships_of(session, member_id):
        until = ends.get(period.plan, now)
        if period.starts_at <= until < period.ends_at:
            ends[period.plan] = period.ends_at
    plans = [(program.ruleset.plan(key), ends_at) for key, ends_at in ends.items()]
    return tuple(
        PaidPlan(plan, last_day(ends_at, program.time_zone)) for plan, ends_at in plans if plan
    )
