"""How changes of cards come to phones: the funnel of a program, and of one member."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.db import Database
from wallet.ids import public_id
from wallet.tables.delivery import Delivery, alarms, prune_deliveries
from wallet.tables.delivery_reports import (
    count_silent,
    newest_of,
    newest_times,
    silent_members,
    stages,
    waiting,
)
from wallet.tables.wallet_pass import prune_phone_log

PERIOD = timedelta(days=7)  # a week has every kind of day
# A month lets one see whether a new iOS or a new release changed anything; a delivery takes about
# 250 bytes with its indexes, so 10,000 changes a day are 75 MB.
KEPT = timedelta(days=30)
LOG_KEPT = timedelta(days=90)  # complaints: rare ones are the interesting ones
LOG_LINES_MAX = 20_000  # about 5 MB, whatever anybody sends
# Apple keeps a push for a week for a phone that is off: silence beyond it is more than a flat battery.
SILENT_AFTER = timedelta(days=7)
SAMPLE_MAX = 1_000  # newest deliveries whose median is taken
SILENT_SHOWN = 20
OF_ONE_PASS = 10
PROVIDERS = ("apple", "google")


@dataclass(frozen=True, slots=True)
class Funnel:
    """Deliveries at one provider that came at least this far, and medians in seconds of the newest scans."""

    provider: str
    wanted: int
    pushed: int
    notified: int
    listed: int
    fetched: int
    push_seconds: float | None
    fetch_seconds: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cards that phones do not know yet. `lane` is `scan` or `refresh`."""

    provider: str
    lane: str
    cards: int
    failing: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What keeps a provider from taking anything, in its own words."""

    provider: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SilentPhone:
    """A member whose phone does not come any more."""

    member_id: str
    name: str
    number: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The last days of a program, or of the whole installation."""

    funnels: Sequence[Funnel]
    waiting: Sequence[Waiting]
    silent: int
    alarms: Sequence[Alarm]
    silent_phones: Sequence[SilentPhone] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one pass on its way."""

    provider: str
    version: int
    phones: int
    pushes: int
    push_id: str
    wanted_at: datetime
    announced_at: datetime
    pushed_at: datetime | None
    notified_at: datetime | None
    listed_at: datetime | None
    fetched_at: datetime | None


def delivery_report(
    session: Session,
    now: datetime,
    program_id: int | None = None,
    *,
    period: timedelta = PERIOD,
    with_people: bool = False,
) -> DeliveryReport:
    """As of `now`. Only those who may see single members are given `with_people`."""
    since, silent_before = now - period, now - SILENT_AFTER
    counted = {row[0]: row for row in stages(session, since, program_id)}
    medians = {name: _medians(session, name, since, program_id) for name in PROVIDERS}
    people = (
        silent_members(session, program_id, silent_before, SILENT_SHOWN)
        if with_people and program_id is not None
        else []
    )
    return DeliveryReport(
        funnels=[
            _funnel(name, counted.get(name, (name, 0, 0, 0, 0, 0)), *medians[name])
            for name in PROVIDERS
        ],
        waiting=[
            Waiting(provider, "scan" if urgent else "refresh", cards, failing, since_)
            for provider, urgent, cards, failing, since_ in waiting(session, program_id)
        ],
        silent=count_silent(session, silent_before, program_id),
        alarms=provider_alarms(session),
        silent_phones=[
            SilentPhone(public_id("mbr", member.id), member.name, member.number, silent_since)
            for member, silent_since in people
        ],
    )


def provider_alarms(session: Session) -> list[Alarm]:
    """Providers that refuse everything until somebody acts."""
    return [Alarm(one.provider, one.reason, one.since) for one in alarms(session)]


def steps_of(session: Session, pass_ids: Sequence[int]) -> list[Step]:
    """The newest changes of these passes, newest first."""
    return [_step(row) for row in newest_of(session, pass_ids, OF_ONE_PASS)]


def prune(database: Database, now: datetime) -> int:
    """Forget old deliveries and complaints, some at a time; how many went."""

    def work(session: Session) -> int:
        gone = prune_deliveries(session, now - KEPT)
        return gone + prune_phone_log(session, now - LOG_KEPT, LOG_LINES_MAX)

    return database.run(work)


def _funnel(
    provider: str, counted: Sequence[Any], push_seconds: float | None, fetch_seconds: float | None
) -> Funnel:
    _, wanted, pushed, notified, listed, fetched = counted
    return Funnel(
        *(provider, wanted, pushed, notified, listed, fetched), push_seconds, fetch_seconds
    )


def _medians(
    session: Session, provider: str, since: datetime, program_id: int | None
) -> tuple[float | None, float | None]:
    rows = newest_times(session, provider, since, SAMPLE_MAX, program_id)
    pushed = [(row[1] - row[0]).total_seconds() for row in rows if row[1]]
    fetched = [(row[2] - row[0]).total_seconds() for row in rows if row[2]]
    return (
        statistics.median(pushed) if pushed else None,
        statistics.median(fetched) if fetched else None,
    )


def _step(row: Delivery) -> Step:
    return Step(
        provider=row.provider,
        version=row.version,
        phones=row.phones,
        pushes=row.pushes,
        push_id=row.push_id,
        wanted_at=row.wanted_at,
        announced_at=row.announced_at,
        pushed_at=row.pushed_at,
        notified_at=row.notified_at,
        listed_at=row.listed_at,
        fetched_at=row.fetched_at,
    )
