"""Everything that staff may see of one member: who, what they hold, what moved and why, which cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from wallet.actions.card_page import Movement, movement
from wallet.actions.delivery_report import Step, steps_of
from wallet.actions.member_view import MemberView, member_view
from wallet.actions.program_view import ProgramView
from wallet.actions.reverse_entry import REVERSIBLE
from wallet.actions.tills.journal_views import Where, where_made
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.tables.ledger import Entry, history_of
from wallet.tables.member import Consent, consents_of, member_with_id
from wallet.tables.purchase import receipts_of
from wallet.tables.staff import staff_of
from wallet.tables.wallet_pass import WalletPass, passes_of, push_tokens, silent_since

ENTRIES_PAGE = 50
FINGERPRINT_LENGTH = 10  # digits of the chained hash that a person compares

PassState = Literal["current", "waiting", "failing", "not_installed"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of why: the sentence in every language, the rule and its version that said so."""

    text: Mapping[str, str]
    rule: str
    rule_version: int


@dataclass(frozen=True, slots=True)
class Line:
    """A movement with what staff need besides: who entered it, and its place in the chain."""

    movement: Movement
    id: str
    by: str
    recorded_at: datetime
    rule_version: int
    reverses: str
    fingerprint: str
    kind: str = ""
    purchase: str = ""  # the sale that it is what was earned by
    is_reversible: bool = False
    where: Where | None = None  # the till it was made at, and on whose word besides
    receipt: str = ""  # what was written beside the sale: a number, a note
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class HeldPass:
    """One issued pass and how far its delivery is. `phones` counts registrations (Apple only)."""

    provider: str
    state: PassState
    phones: int
    serial: str
    issued_at: datetime
    changed_at: datetime
    delivered_at: datetime | None
    fetched_at: datetime | None
    attempts: int
    error: str
    silent_since: datetime | None
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent given or taken back, in the words that were shown."""

    purpose: str
    granted: bool
    wording: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MemberFile:
    """`next_before` asks for older lines, empty when these are all."""

    member: MemberView
    joined_channel: str
    lines: Sequence[Line]
    next_before: str
    passes: Sequence[HeldPass]
    agreements: Sequence[Agreement]


def member_file(
    session: Session, program: ProgramView, member_id: str, now: datetime, before: str = ""
) -> MemberFile:
    """The member with this public id, or `member_not_found`, also for another program's."""
    number = private_id("mbr", member_id)
    member = member_with_id(session, program.id, number) if number is not None else None
    if member is None:
        raise Refusal("member_not_found")
    before_id = private_id("ent", before) if before else None
    rows = history_of(session, member.id, ENTRIES_PAGE + 1, before_id)
    people = {f"staff:{person.id}": person.name for person in staff_of(session, program.id)}
    made = where_made(session, program, rows[:ENTRIES_PAGE])
    sales = [row.purchase_id for row in rows[:ENTRIES_PAGE] if row.purchase_id is not None]
    receipts = receipts_of(session, sales)
    return MemberFile(
        member=member_view(session, program, member, now),
        joined_channel=member.joined_channel,
        lines=[
            _line(program, row, people, made, receipts.get(row.purchase_id or 0, ""))
            for row in rows[:ENTRIES_PAGE]
        ],
        next_before=public_id("ent", rows[ENTRIES_PAGE - 1].id) if len(rows) > ENTRIES_PAGE else "",
        passes=_passes(session, member.id),
        agreements=[_agreement(row) for row in consents_of(session, member.id)],
    )


def _line(
    program: ProgramView,
    entry: Entry,
    people: dict[str, str],
    made: Mapping[int, Where],
    receipt: str,
) -> Line:
    return Line(
        movement=movement(program, entry),
        id=public_id("ent", entry.id),
        by=people.get(entry.actor, entry.actor),
        recorded_at=entry.recorded_at,
        rule_version=entry.rule_version,
        reverses=public_id("ent", entry.reverses_id) if entry.reverses_id else "",
        fingerprint=entry.hash[:FINGERPRINT_LENGTH],
        kind=entry.kind,
        purchase=public_id("pur", entry.purchase_id)
        if entry.purchase_id and entry.kind == "accrual"
        else "",
        is_reversible=entry.kind in REVERSIBLE,
        where=made.get(entry.id),
        receipt=receipt,
        reasons=[
            Reason(said["text"], said.get("rule", ""), said.get("rule_version", 0))
            for said in entry.why
        ],
    )


def _passes(session: Session, member_id: int) -> list[HeldPass]:
    held = passes_of(session, member_id)
    steps = steps_of(session, [row.id for row in held])
    silent = silent_since(session, [row.id for row in held])
    phones: dict[int, int] = {}
    for pass_id, *_ in push_tokens(session, [row.id for row in held]):
        phones[pass_id] = phones.get(pass_id, 0) + 1
    return [
        HeldPass(
            provider=row.provider,
            state=_state(row, phones.get(row.id, 0)),
            phones=phones.get(row.id, 0),
            serial=row.serial,
            issued_at=row.created_at,
            changed_at=row.changed_at,
            delivered_at=row.delivered_at,
            fetched_at=row.fetched_at,
            attempts=row.attempts,
            error=row.last_error,
            silent_since=silent.get(row.id),
            steps=[step for step in steps if step.provider == row.provider],
        )
        for row in sorted(held, key=lambda row: row.provider)
    ]


def _state(row: WalletPass, phones: int) -> PassState:
    if row.wanted_version > row.delivered_version:
        return "failing" if row.last_error else "waiting"
    if not phones and row.saved_at is None:
        return "not_installed"
    return "current"


def _agreement(row: Consent) -> Agreement:
    return Agreement(row.purpose, row.granted, row.wording, row.at)
