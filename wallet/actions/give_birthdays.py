"""Birthdays and anniversaries of joining: once a year, on the day itself where the program lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM
from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.actions.record_activity import OWN_SOURCE, ActivityFacts, earns_by, record_activity
from wallet.db import Database
from wallet.ids import new_id, public_id
from wallet.rules.earning.conditions import anniversary
from wallet.rules.periods import local_time
from wallet.tables.activity import activity_from
from wallet.tables.calendar import CalendarTask, born_on, joined_on, task_called
from wallet.tables.member import Member, lock_member

BATCH = 20  # members in one transaction: their accounts stay locked until its end
CATCH_UP_DAYS_MAX = 31  # a service that was off for longer does not greet for last season
KINDS = ("birthday", "anniversary")
_NOON = time(12)  # what is made up for is dated to the middle of its day


def give_birthdays(database: Database, clock: Callable[[], datetime]) -> int:
    """Every program's days that were not done yet; returns how many gifts were given."""
    with database.reading() as session:
        programs = all_programs(session)
    return sum(
        _give_days(database, program, kind, clock)
        for program in programs
        for kind in KINDS
        if earns_by(program, kind)
    )


def _give_days(
    database: Database, program: ProgramView, kind: str, clock: Callable[[], datetime]
) -> int:
    given = 0
    today = local_time(clock(), program.time_zone).date()
    for day in days_to_do(database, program.id, kind, today):
        given += _give_day(database, program, kind, day, clock)
        mark_done(database, program.id, kind, day)
    return given


def days_to_do(database: Database, program_id: int, name: str, today: date) -> Iterator[date]:
    """The days after the last one that was done, today at the end; only today the first time."""
    with database.reading() as session:
        known = task_called(session, program_id, name)
    first = known.done_on + timedelta(days=1) if known else today
    first = max(first, today - timedelta(days=CATCH_UP_DAYS_MAX))
    while first <= today:
        yield first
        first += timedelta(days=1)


def mark_done(database: Database, program_id: int, name: str, day: date) -> None:
    """That day need not be looked at again."""
    database.run(lambda session: _mark(session, program_id, name, day))


def _mark(session: Session, program_id: int, name: str, day: date) -> None:
    known = task_called(session, program_id, name)
    if known is None:
        session.add(CalendarTask(id=new_id(), program_id=program_id, name=name, done_on=day))
    elif known.done_on < day:
        known.done_on = day
    session.flush()


def _give_day(
    database: Database,
    program: ProgramView,
    kind: str,
    day: date,
    clock: Callable[[], datetime],
) -> int:
    """Page after page; killed half-way the day is done again, and nobody is given twice."""
    given, last_id = 0, 0
    while True:
        now = clock()
        some, last_seen = _give_page(database, program.id, kind, day, last_id, now)
        given += some
        if last_seen is None:
            return given
        last_id = last_seen


def _give_page(
    database: Database, program_id: int, kind: str, day: date, after_id: int, now: datetime
) -> tuple[int, int | None]:
    """(gifts, last member looked at, None at the end). Each gift is a transaction of its own: what
    it locks is given free before the next member is waited for."""
    with database.reading() as session:
        program = program_view(session, program_id)
        found = [
            (member.id, _is_due(session, program, member, kind, day))
            for member in _celebrating(session, program, kind, day, after_id)
        ]

    def give(session: Session, member_id: int) -> int:
        member = session.get_one(Member, member_id)
        return _give(session, program_view(session, program_id), member, kind, day, now)

    given = sum(database.run(partial(give, member_id=number)) for number, is_due in found if is_due)
    return given, found[-1][0] if found else None


def _celebrating(
    session: Session, program: ProgramView, kind: str, day: date, after_id: int
) -> list[Member]:
    if kind == "birthday":
        return born_on(session, program.id, _days_of(day), after_id, BATCH)
    # Joining is a moment: the database knows its day in UTC only, which may be a neighbour.
    near = [pair for shift in (-1, 0, 1) for pair in _days_of(day + timedelta(days=shift))]
    return joined_on(session, program.id, near, after_id, BATCH)


def _days_of(day: date) -> list[tuple[int, int]]:
    """(month, day) of those who celebrate then: with the 28th of February those of the 29th, in
    years that have none."""
    days = [(day.month, day.day)]
    if days == [(2, 28)] and anniversary(date(2000, 2, 29), day.year) == day:
        days.append((2, 29))
    return days


def _is_due(session: Session, program: ProgramView, member: Member, kind: str, day: date) -> bool:
    """Whether it is this member's day and nothing was given for it yet."""
    if kind == "anniversary":
        joined = local_time(member.joined_at, program.time_zone).date()
        if joined.year >= day.year or anniversary(joined, day.year) != day:
            return False
    return not activity_from(session, program.id, kind, OWN_SOURCE, _reference(member, day))


def _reference(member: Member, day: date) -> str:
    return f"{public_id('mbr', member.id)}:{day.year}"


def _give(
    session: Session, program: ProgramView, member: Member, kind: str, day: date, now: datetime
) -> int:
    lock_member(session, member)
    if member.status != "active" or not _is_due(session, program, member, kind, day):
        return 0
    is_today = local_time(now, program.time_zone).date() == day
    noon = datetime.combine(day, _NOON, ZoneInfo(program.time_zone)).astimezone(now.tzinfo)
    at = now if is_today else noon
    facts = ActivityFacts(kind, OWN_SOURCE, _reference(member, day), occurred_at=at)
    done = record_activity(session, program, member, facts, SYSTEM, now)
    return int(bool(done.entries))
