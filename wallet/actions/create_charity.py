"""Charities to which members may give."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.donation import Charity, charity_with_id
from wallet.tables.program import Program, program_with_id

NAME_LENGTH_MAX = 100


def create_charity(session: Session, program_id: int, name: Mapping[str, str]) -> Charity:
    """A charity, offered to members from now on. `name` is in every language of the program."""
    program = _program(session, program_id)
    _check_name(program, name)
    charity = Charity(id=new_id(), program_id=program_id, name=dict(name), is_active=True)
    session.add(charity)
    program.revision += 1
    session.flush()
    return charity


def edit_charity(
    session: Session,
    program_id: int,
    charity_id: int,
    *,
    name: Mapping[str, str] | None = None,
    is_active: bool | None = None,
) -> Charity:
    """Another name, or no longer offered: then those who chose it give to the program's first one.
    What was given before stays with it."""
    program = _program(session, program_id)
    charity = charity_with_id(session, program_id, charity_id)
    if charity is None:
        raise Refusal("charity_not_found")
    if name is not None:
        _check_name(program, name)
        charity.name = dict(name)
    if is_active is not None:
        charity.is_active = is_active
    program.revision += 1
    session.flush()
    return charity


def _program(session: Session, program_id: int) -> Program:
    program = program_with_id(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    return program


def _check_name(program: Program, name: Mapping[str, str]) -> None:
    own = name.get(program.locale, "")
    if not own.strip() or any(len(text) > NAME_LENGTH_MAX for text in name.values()):
        raise Refusal("name_invalid")
