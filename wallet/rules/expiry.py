"""When a lot is gone, and when its holder is told before. Pure: zones and calendars only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.rules.lots import expires_at
from wallet.rules.terms import Expiry

# Two notices before anything is lost: time to plan a visit, then time to make it.
FIRST_NOTICE = timedelta(days=30)
SECOND_NOTICE = timedelta(days=7)
SECOND_NOTICE_LEAST = timedelta(
    days=5
)  # one that goes out later than that gives a whole week again
NOTICES_APART = timedelta(days=1)  # at least: two at once are one


def lot_expires_at(expiry: Expiry, earned_at: datetime, time_zone: str) -> datetime | None:
    """The first instant at which a lot earned then is gone: a midnight of the program's zone."""
    if expiry.kind == "never":
        return None
    if expiry.kind == "end_of_year":
        year = earned_at.astimezone(ZoneInfo(time_zone)).year + 1 + (expiry.years or 0)
        end = datetime(year, 1, 1, tzinfo=ZoneInfo(time_zone))
        return end.astimezone(earned_at.tzinfo)
    return expires_at(earned_at, expiry.months, time_zone)


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """When the two notices go out, and until when the lot has to live so that they come in time."""

    expires_at: datetime
    due_at: tuple[datetime, datetime]


def plan_notices(ends_at: datetime, now: datetime) -> NoticePlan | None:
    """The notices of what ends then; None while that is too far away to speak of it.

    Nobody loses anything untold: where the notices come late (a lot that lives for two weeks only,
    a service that was off), the end moves back, so that the second one still comes a week ahead.
    """
    if ends_at - FIRST_NOTICE > now:
        return None
    first = max(ends_at - FIRST_NOTICE, now)
    gap = FIRST_NOTICE - SECOND_NOTICE if first + FIRST_NOTICE <= ends_at else NOTICES_APART
    second = max(ends_at - SECOND_NOTICE, first + gap)
    return NoticePlan(max(ends_at, second + SECOND_NOTICE), (first, second))


def end_after_notice(ends_at: datetime, told_at: datetime) -> datetime:
    """When it ends, given that the second notice goes out then: later, where the notice came late."""
    return ends_at if ends_at - told_at >= SECOND_NOTICE_LEAST else told_at + SECOND_NOTICE
