"""What each person did at each store's tills in a span of time: sums for the end of a shift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from wallet.ids import first_id_at
from wallet.tables.ledger import Entry
from wallet.tables.member import TRIAL, Member
from wallet.tables.purchase import Purchase

TILL = "till"  # source of the sales that tills record
Desk = tuple[str, int | None]  # who (`staff:12`) and in which store
# Ids carry the time at which a row was written, so that a day is found without an index of its own.
_SLACK = timedelta(days=1)  # clocks of several machines


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on, before `end`."""

    program_id: int
    start: datetime
    end: datetime

    def of(
        self,
        table: type[Purchase | Entry | Member],
        moment: InstrumentedAttribute[datetime],
    ) -> tuple[ColumnElement[bool], ...]:
        """The rows of the span."""
        return (
            table.program_id == self.program_id,
            table.id >= first_id_at(self.start - _SLACK),
            moment >= self.start,
            moment < self.end,
        )


def sales_in(session: Session, span: Span) -> Iterator[tuple[Desk, dict[str, int]]]:
    """Sales that still count, their amount, and those found without a card, by person and store."""
    typed = case((Purchase.found_by == "typed", 1), else_=0)
    kept = Purchase.amount_minor - Purchase.refunded_minor
    counts = or_(Purchase.refunded_minor < Purchase.amount_minor, Purchase.amount_minor == 0)
    query = (
        select(Purchase.actor, Purchase.store_id, func.count(), func.sum(kept), func.sum(typed))
        .where(*span.of(Purchase, Purchase.recorded_at), Purchase.source == TILL, counts)
        .group_by(Purchase.actor, Purchase.store_id)
    )
    return _named(session.execute(query), "sales", "amount_minor", "without_card")


def movements_in(session: Session, span: Span, unit: str) -> Iterator[tuple[Desk, dict[str, int]]]:
    """What of a unit was given and used, corrections taken off, and how many entries were undone."""

    def net(contra: str, sign: int) -> ColumnElement[int]:
        is_it = (Entry.contra == contra) & (Entry.unit == unit)
        return func.sum(case((is_it, Entry.quantity * sign), else_=0))

    undone = func.sum(case((Entry.kind == "reversal", 1), else_=0))
    query = (
        select(Entry.actor, Entry.store_id, net("issued", 1), net("redeemed", -1), undone)
        .where(*span.of(Entry, Entry.recorded_at), Entry.channel == "store")
        .group_by(Entry.actor, Entry.store_id)
    )
    return _named(session.execute(query), "given", "used", "undone")


def enrolments_in(session: Session, span: Span) -> Iterator[tuple[Desk, dict[str, int]]]:
    """Members who joined, by who enrolled them."""
    query = (
        select(Member.joined_by, Member.joined_store_id, func.count())
        .where(
            *span.of(Member, Member.joined_at),
            Member.joined_channel == "store",
            Member.status != TRIAL,
        )
        .group_by(Member.joined_by, Member.joined_store_id)
    )
    return _named(session.execute(query), "enrolled")


def _named(rows: Any, *names: str) -> Iterator[tuple[Desk, dict[str, int]]]:
    for actor, store_id, *sums in rows:
        numbers = {name: int(value or 0) for name, value in zip(names, sums, strict=True)}
        yield (actor, store_id), numbers
