"""Until when a paid period lasts. Days and months of a calendar, without drift."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.rules.lots import last_day
from wallet.rules.ruleset import Plan


def period_end(plan: Plan, starts_at: datetime, paid_from: datetime, time_zone: str) -> datetime:
    """The first instant after the last day of one period, a midnight of the program's zone.

    `starts_at` is when the period begins: now, or the end of the one before. `paid_from` is when the
    first period of an unbroken row began: monthly from 31 January ends on 28 February and then on
    31 March, because it is the 31st that was paid for.
    """
    zone = ZoneInfo(time_zone)
    is_first = starts_at == paid_from
    day = starts_at.astimezone(zone).date() if is_first else last_day(starts_at, time_zone)
    if plan.days is not None:
        end = day + timedelta(days=plan.days)
    else:
        assert plan.months is not None
        end = _months_after(day, plan.months, paid_from.astimezone(zone).day)
    after = end + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(starts_at.tzinfo)


def _months_after(day: date, months: int, anchor: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(anchor, calendar.monthrange(year, month + 1)[1]))
