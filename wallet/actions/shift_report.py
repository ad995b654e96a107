"""The end of a shift: what each person gave, took, enrolled and undid, in each store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.tables.shift import Desk, Span, enrolments_in, movements_in, sales_in
from wallet.tables.staff import name_behind

STAFF = "staff:"


@dataclass(frozen=True, slots=True)
class Shift:
    """One person in one store. `given` and `used` are units of the main unit, corrections taken
    off; `without_card` are sales whose member was looked up by typing."""

    actor: str
    name: str
    store_id: int | None
    sales: int = 0
    amount_minor: int = 0
    given: int = 0
    used: int = 0
    enrolled: int = 0
    without_card: int = 0
    undone: int = 0

    @property
    def enrolled_per_hundred(self) -> float | None:
        """Enrolments for 100 sales with a card; None without a sale."""
        return round(100 * self.enrolled / self.sales, 1) if self.sales else None


def day_of(program: ProgramView, day: date) -> tuple[datetime, datetime]:
    """The day's first instant, and the next day's, by the program's clocks."""
    zone = ZoneInfo(program.time_zone)
    following = day + timedelta(days=1)
    return datetime.combine(day, time(), zone), datetime.combine(following, time(), zone)


def shift_report(
    session: Session, program: ProgramView, start: datetime, end: datetime, only: str = ""
) -> list[Shift]:
    """By name, then store. `only` names one actor, who is on the list even with nothing done."""
    span = Span(program.id, start, end)
    unit = program.ruleset.main_unit.key
    sums: dict[Desk, dict[str, int]] = {}
    for desk, numbers in chain(
        sales_in(session, span), movements_in(session, span, unit), enrolments_in(session, span)
    ):
        if desk[0].startswith(STAFF) and only in ("", desk[0]):
            sums.setdefault(desk, {}).update(numbers)
    if only and not sums:
        sums[only, None] = {}
    shifts = [
        Shift(actor, name_behind(session, actor), store_id, **numbers)
        for (actor, store_id), numbers in sums.items()
    ]
    return sorted(shifts, key=lambda shift: (shift.name, shift.store_id or 0))


def in_all(shifts: Sequence[Shift]) -> Shift:
    """Several lines as one."""
    numbers = ("sales", "amount_minor", "given", "used", "enrolled", "without_card", "undone")
    sums = {name: sum(getattr(shift, name) for shift in shifts) for name in numbers}
    return Shift("", "", None, **sums)
