"""A program at a glance: members, activity, points and cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from wallet.actions.card_page import Movement, movement
from wallet.actions.program_view import ProgramView
from wallet.ids import public_id
from wallet.tables.reports import (
    count_buyers,
    count_members,
    newest_entries,
    sums_between,
)
from wallet.tables.wallet_pass import count_passes

MONTHS_SHOWN = 12
ACTIVE_DAYS = 90  # a member who bought in these days counts as active
MOVEMENTS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Month:
    """What moved in one calendar month of the program's zone, in its main unit, corrections taken off."""

    first_day: datetime
    given: int
    used: int
    expired: int


@dataclass(frozen=True, slots=True)
class NamedMovement:
    """A movement with whose it is."""

    member_id: str
    member_name: str
    member_number: str
    movement: Movement


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page of the console. `months` are oldest first; the last one is running."""

    members: int
    joined_this_month: int
    active: int
    cards: Mapping[str, int]
    months: Sequence[Month]
    movements: Sequence[NamedMovement]

    @property
    def month(self) -> Month:
        """The running month."""
        return self.months[-1]


def program_overview(
    session: Session, program: ProgramView, now: datetime, *, with_people: bool
) -> Overview:
    """As of `now`. Only those who may see single members are given `with_people`."""
    bounds = month_bounds(now, program.time_zone)
    unit = program.ruleset.main_unit.key
    newest = newest_entries(session, program.id, MOVEMENTS_SHOWN) if with_people else []
    return Overview(
        members=count_members(session, program.id),
        joined_this_month=count_members(session, program.id, since=bounds[-2]),
        active=count_buyers(session, program.id, now - timedelta(days=ACTIVE_DAYS)),
        cards=count_passes(session, program.id),
        months=[
            Month(
                first_day=start,
                given=sums.get("issued", 0),
                used=-sums.get("redeemed", 0),
                expired=-sums.get("expired", 0),
            )
            for start, sums in zip(
                bounds, sums_between(session, program.id, unit, bounds), strict=False
            )
        ],
        movements=[
            NamedMovement(
                public_id("mbr", member.id), member.name, member.number, movement(program, entry)
            )
            for entry, member in newest
        ],
    )


def month_bounds(now: datetime, time_zone: str) -> list[datetime]:
    """The starts of the last twelve months in that zone, and the start of the next one."""
    local = now.astimezone(ZoneInfo(time_zone))
    last = local.year * 12 + local.month - 1
    return [
        datetime(index // 12, index % 12 + 1, 1, tzinfo=ZoneInfo(time_zone))
        for index in range(last - MONTHS_SHOWN + 1, last + 2)
    ]
