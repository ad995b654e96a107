"""The journal of the tills, and the flags, as managers read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.actions.tills.flags import new_flags
from wallet.ids import private_id, public_id
from wallet.tables.ledger import Entry
from wallet.tables.member import Member, member_with_id
from wallet.tables.staff import Staff, staff_of
from wallet.tables.till import Till, TillAct, acts_behind, acts_of, till_with_id, tills_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class ActView:
    """One act with names for everybody and everything in it; empty where there is none."""

    at: datetime
    verb: str
    staff: str
    till: str
    store: str
    member_id: str
    member: str
    amount_minor: int | None
    changes: Sequence[tuple[str, int]]
    approved_by: str
    confirmed: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlagView:
    """Something to look at: of which kind, about whom, with the page of a member where it is one."""

    id: str
    kind: str
    about: str
    member_id: str
    facts: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Where:
    """Where an entry was made, and on whose word besides."""

    till: str
    approved_by: str
    confirmed: str


class _Names:
    """Ids and names of a program's people and places, read once."""

    def __init__(self, session: Session, program: ProgramView) -> None:
        self.session, self.program = session, program
        self.people = {one.id: one.name for one in staff_of(session, program.id)}
        self.tills = {one.id: one.name for one in tills_of(session, program.id)}
        self.stores = {one.id: one.name for one in program.stores}

    def member(self, member_id: int | None) -> str:
        member = member_with_id(self.session, self.program.id, member_id) if member_id else None
        return member.name or member.number if member else ""


def journal(session: Session, program: ProgramView, before: str = "") -> tuple[list[ActView], str]:
    """The newest acts, older than the act `before`; and what asks for still older ones."""
    rows = acts_of(session, program.id, private_id("act", before) if before else None, PAGE + 1)
    names = _Names(session, program)
    shown = [_act(names, row) for row in rows[:PAGE]]
    return shown, public_id("act", rows[PAGE - 1].id) if len(rows) > PAGE else ""


def flags_shown(session: Session, program: ProgramView) -> list[FlagView]:
    """What nobody has looked at, newest first."""
    return [
        FlagView(
            public_id("flg", flag.id),
            flag.kind,
            _about(session, program, flag.subject),
            flag.subject if flag.subject.startswith("mbr_") else "",
            flag.facts,
            flag.at,
        )
        for flag in new_flags(session, program)
    ]


def where_made(
    session: Session, program: ProgramView, entries: Sequence[Entry]
) -> dict[int, Where]:
    """Entry → the till at which it was made, for those that were made at one."""
    sales = [entry.purchase_id for entry in entries if entry.purchase_id is not None]
    by_entry, by_sale = acts_behind(session, [entry.id for entry in entries], sales)
    names = _Names(session, program)
    found = {}
    for entry in entries:
        act = by_entry.get(entry.id) or (
            by_sale.get(entry.purchase_id or 0) if entry.kind == "accrual" else None
        )
        if act is not None:
            manager = names.people.get(act.approved_by or 0, "")
            found[entry.id] = Where(names.tills.get(act.till_id or 0, ""), manager, act.confirmed)
    return found


def _act(names: _Names, act: TillAct) -> ActView:
    return ActView(
        act.at,
        act.verb,
        names.people.get(act.staff_id or 0, ""),
        names.tills.get(act.till_id or 0, ""),
        names.stores.get(act.store_id or 0, ""),
        public_id("mbr", act.member_id) if act.member_id else "",
        names.member(act.member_id),
        act.amount_minor,
        [(change["unit"], change["quantity"]) for change in act.changes],
        names.people.get(act.approved_by or 0, ""),
        act.confirmed,
        act.reason,
    )


def _about(session: Session, program: ProgramView, subject: str) -> str:
    kind, number = subject.partition("_")[0], 0
    for prefix in ("mbr", "stf", "til"):
        number = number or private_id(prefix, subject) or 0
    if kind == "mbr":
        member: Member | None = member_with_id(session, program.id, number)
        return member.name or member.number if member else ""
    if kind == "til":
        till: Till | None = till_with_id(session, program.id, number)
        return till.name if till else ""
    person = session.get(Staff, number)
    return person.name if person and person.program_id == program.id else ""
