"""Codes that cards change by themselves: the keys behind them, drawing one, reading one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from passes.google.rotating import RotatingCode
from wallet.actions.program_view import ProgramView
from wallet.actions.throttle import MISSES_PER_CARD, count_attempt, refuse_when_spent
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.rotating_code import (
    DIGITS,
    ID_BITS,
    KEY_BYTES,
    PERIOD_SECONDS,
    RotatingText,
    is_current,
    is_tagged,
    make_prefix,
    make_value,
    parse_rotating,
    step_of,
)
from wallet.tables.code_key import CodeKey, code_key_of, code_key_with_prefix, last_step
from wallet.tables.member import Member, member_with_id, surviving

Holder = Literal["apple", "google", "web"]
# fresh: shown just now · old: once genuine, a picture perhaps · used: something was taken with it,
# or with a later one · closed: too many wrong codes were shown for this card
State = Literal["fresh", "old", "used", "closed"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose card it was, and what the code is worth for taking value."""

    member: Member
    state: State
    step: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code to show now. After `seconds_left` the next one is due."""

    value: str
    seconds_left: int


def make_code_key(
    session: Session, program: ProgramView, member_id: int, holder: Holder, now: datetime
) -> CodeKey:
    """The key of a member's card at this holder; made when there is none, never changed after."""
    known = code_key_of(session, member_id, holder)
    if known is not None:
        return known
    version, signing_key = program.signing_key
    prefix = make_prefix(program.id, signing_key, version, secrets.randbits(ID_BITS))
    made = CodeKey(
        id=new_id(),
        program_id=program.id,
        member_id=member_id,
        holder=holder,
        prefix=prefix,
        sealed=context_of(session).vault.seal(secrets.token_bytes(KEY_BYTES), _purpose(prefix)),
        last_step=0,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def google_code(session: Session, member_id: int) -> RotatingCode | None:
    """What Google needs to turn the code of this member's card; None before it has a key."""
    known = code_key_of(session, member_id, "google")
    if known is None:
        return None
    return RotatingCode(known.prefix, _secret(session, known), PERIOD_SECONDS, DIGITS)


def draw_code(session: Session, member_id: int, holder: Holder, now: datetime) -> Drawn | None:
    """The code of a card whose key we keep ourselves; None before it has a key."""
    known = code_key_of(session, member_id, holder)
    if known is None:
        return None
    seconds = int(now.timestamp())
    value = make_value(known.prefix, _secret(session, known), seconds)
    return Drawn(value, PERIOD_SECONDS - seconds % PERIOD_SECONDS)


def read_rotating(
    session: Session, program: ProgramView, code: RotatingText, now: datetime
) -> Reading:
    """Whose code this is and what it is worth now. Refusals as of `holder_of`."""
    found, member, step = _proven(session, program, code)
    return Reading(member, _state(session, found, member, step, now), step)


def holder_of(session: Session, program: ProgramView, code: RotatingText) -> Member:
    """Whose code this is, however old. Junk is refused without a database read (`code_not_ours`),
    and so is a code with wrong digits: somebody made it up."""
    return _proven(session, program, code)[1]


def count_miss(session: Session, program: ProgramView, text: str, now: datetime) -> None:
    """After `code_not_ours`: if the code names one of our cards, its digits were guessed. Too many
    guesses close the card for spending for a while; it adds points all the same."""
    code = parse_rotating(text)
    if code is None:
        return
    try:
        found = _key_behind(session, program, code)
    except Refusal:
        return
    if step_of(code, _secret(session, found)) is not None:
        return
    try:
        count_attempt(session, MISSES_PER_CARD, found.prefix, now)
    except Refusal:
        log.warning("rotating_code_guessed", program_id=program.id, member_id=found.member_id)


def _proven(
    session: Session, program: ProgramView, code: RotatingText
) -> tuple[CodeKey, Member, int]:
    found = _key_behind(session, program, code)
    step = step_of(code, _secret(session, found))
    member = member_with_id(session, program.id, found.member_id)
    if step is None or member is None:
        raise Refusal("code_not_ours")
    return found, surviving(session, member), step


def _key_behind(session: Session, program: ProgramView, code: RotatingText) -> CodeKey:
    if not is_tagged(code, program.id, program.keys):
        raise Refusal("code_not_ours")
    found = code_key_with_prefix(session, program.id, code.prefix)
    if found is None:
        raise Refusal("code_unknown")
    return found


def _state(session: Session, found: CodeKey, member: Member, step: int, now: datetime) -> State:
    if not is_current(step, int(now.timestamp())):
        return "old"
    if step <= last_step(session, member.id):
        return "used"
    try:
        refuse_when_spent(session, MISSES_PER_CARD, found.prefix, now)
    except Refusal:
        return "closed"
    return "fresh"


def _secret(session: Session, known: CodeKey) -> bytes:
    return context_of(session).vault.open(known.sealed, _purpose(known.prefix))


def _purpose(prefix: str) -> str:
    return f"code-key:{prefix}"
