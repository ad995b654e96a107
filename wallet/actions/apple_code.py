"""The code that an iPhone shows: it cannot turn by itself, so it turns with each thing that is taken.

Where a program asks for something fresh before value is taken, the code on the Apple card says by its
last characters how often the card was used. The newest one counts as fresh, once; an older one still
says whose card it is. Elsewhere the card shows the code that never changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.actions.rotating_codes import Holder, make_code_key
from wallet.rules.member_code import MemberCode, spoken, turned_code
from wallet.tables.code_key import last_step
from wallet.tables.member import Member

PROVIDER: Holder = "apple"


def said_at(
    session: Session, program: ProgramView, member: Member, said: dict[str, Any], provider: str
) -> dict[str, Any]:
    """A card as plain data, as it is stored for this provider."""
    if provider != PROVIDER or not program.ruleset.spending.asks_for_fresh:
        return said
    code = current_code(session, program, member)
    return {**said, "code": code, "code_text": spoken(code)}


def let_turn(
    session: Session, program: ProgramView, member: Member, provider: str, now: datetime
) -> None:
    """Keep what was taken last with this card; a card that shows a code which turns needs it."""
    if provider == PROVIDER and program.ruleset.spending.asks_for_fresh:
        make_code_key(session, program, member.id, PROVIDER, now)


def current_code(session: Session, program: ProgramView, member: Member) -> str:
    """What the member's iPhone shows once it has the newest card."""
    return _code_after(program, member, last_step(session, member.id))


def current_step(
    session: Session, program: ProgramView, member: Member, code: MemberCode
) -> int | None:
    """The step that taking something with this code would spend; None when the card has turned
    since, or shows the code that never changes."""
    # Read once: a step that another till takes meanwhile must not be taken for this code's own.
    step = last_step(session, member.id)
    if code.text == member.code or _code_after(program, member, step) != code.text:
        return None
    return step + 1


def _code_after(program: ProgramView, member: Member, step: int) -> str:
    """The code of the card with which `step` was taken last."""
    key = program.keys.get(MemberCode(member.code).key_version)
    if key is None:  # of before the program's keys were changed: nothing proves it any more
        return member.code
    return turned_code(program.id, key, member.code, step)
