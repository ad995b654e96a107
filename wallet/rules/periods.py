"""Days, weeks, months and years of a place's calendar as spans of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from wallet.rules.lots import DAYS_KEPT

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9000, 1, 1, tzinfo=UTC)


def period_of(per: str, at: datetime) -> tuple[datetime, datetime]:
    """First instant and first instant after the day, week (Monday first), month or year in which
    `at` lies, in the zone of `at`; `lifetime` is all time."""
    if per == "lifetime":
        return _BEGIN, _END
    day = at.date()
    first, after = _DAYS[per](day)
    return _midnight(first, at.tzinfo), _midnight(after, at.tzinfo)


def local_time(moment: datetime, time_zone: str) -> datetime:
    """The moment as the clocks of the place show it."""
    return moment.astimezone(ZoneInfo(time_zone))


def _day(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _week(day: date) -> tuple[date, date]:
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=7)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def _year(day: date) -> tuple[date, date]:
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


_DAYS = {"day": _day, "week": _week, "month": _month, "year": _year}


@lru_cache(maxsize=DAYS_KEPT)
def _midnight(day: date, zone: tzinfo | None) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
