"""The charities of a program as its merchant changes them: each change is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.create_charity import create_charity, edit_charity
from wallet.actions.program.changes import Change, Wish, begin_change, check_seen, note_change
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.donation import Charity, charity_with_id
from wallet.tables.program import Program


def facts_of_charity(name: Mapping[str, str], *, is_offered: bool) -> dict[str, Any]:
    """Plain data, to be compared and written down."""
    return {"name": dict(name), "is_offered": is_offered}


def add_charity(
    session: Session, program_id: int, name: Mapping[str, str], wish: Wish
) -> Charity | None:
    """One more, offered from now on; None where this form added it already. `name_invalid`."""
    facts = facts_of_charity(name, is_offered=True)
    program = begin_change(session, program_id, wish, facts)
    if program is None:
        return None
    charity = create_charity(session, program_id, name)
    _note(session, program, charity, "charity.add", {}, wish, facts)
    return charity


def rename_charity(
    session: Session, program_id: int, charity_id: int, name: Mapping[str, str], wish: Wish
) -> None:
    """Another name. `charity_not_found`, `name_invalid`, `changed_meanwhile`."""
    said = {"id": charity_id, "name": dict(name)}
    program = begin_change(session, program_id, wish, said)
    if program is None:
        return
    charity = _charity(session, program_id, charity_id)
    before = _facts(charity)
    check_seen(wish, before)
    edit_charity(session, program_id, charity_id, name=name)
    if before != _facts(charity):
        _note(session, program, charity, "charity.edit", before, wish, said)


def retire_charity(session: Session, program_id: int, charity_id: int, wish: Wish) -> None:
    """No longer offered: those who chose it give to the program's first one, and what it got stays."""
    _turn(session, program_id, charity_id, wish, is_offered=False)


def offer_charity(session: Session, program_id: int, charity_id: int, wish: Wish) -> None:
    """Offered again."""
    _turn(session, program_id, charity_id, wish, is_offered=True)


def _turn(
    session: Session, program_id: int, charity_id: int, wish: Wish, *, is_offered: bool
) -> None:
    said = {"id": charity_id, "is_offered": is_offered}
    program = begin_change(session, program_id, wish, said)
    if program is None:
        return
    charity = _charity(session, program_id, charity_id)
    if charity.is_active == is_offered:
        return
    before = _facts(charity)
    edit_charity(session, program_id, charity_id, is_active=is_offered)
    verb = "charity.offer" if is_offered else "charity.retire"
    _note(session, program, charity, verb, before, wish, said)


def _note(
    session: Session,
    program: Program,
    charity: Charity,
    verb: str,
    before: Mapping[str, Any],
    wish: Wish,
    said: Mapping[str, Any],
) -> None:
    name = str(charity.name[program.locale])
    subject = public_id("chy", charity.id)
    change = Change(verb, subject, name, before, _facts(charity))
    note_change(session, program.id, change, wish, said)


def _charity(session: Session, program_id: int, charity_id: int) -> Charity:
    charity = charity_with_id(session, program_id, charity_id)
    if charity is None:
        raise Refusal("charity_not_found")
    return charity


def _facts(charity: Charity) -> dict[str, Any]:
    return facts_of_charity(charity.name, is_offered=charity.is_active)
