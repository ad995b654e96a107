"""Whether a condition holds at a moment, for a member, in a channel."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from wallet.rules.facts import MemberFacts, Number
from wallet.rules.terms import WEEKDAYS, When


def holds(when: When | None, channel: str, view: MemberFacts, eligible_minor: Number) -> bool:
    """Every part that is given. `eligible_minor` is what of the sale earns; 0 for an activity."""
    if when is None:
        return True
    return (
        _of_member(when, view)
        and (when.channels is None or channel in when.channels)
        and (when.purchase_min_minor is None or eligible_minor >= when.purchase_min_minor)
        and _in_time(when, view.at)
    )


def _of_member(when: When, view: MemberFacts) -> bool:
    if when.tiers is not None and view.tier_key not in when.tiers:
        return False
    if when.plans is not None and not any(plan in when.plans for plan in view.plans):
        return False
    if when.tags is not None and not any(tag in when.tags for tag in view.tags):
        return False
    if when.birthday is not None and not is_birthday(view.birthday, view.at.date(), when.birthday):
        return False
    years = when.seniority_years_min
    return years is None or full_years(view.joined_on, view.at.date()) >= years


def _in_time(when: When, at: datetime) -> bool:
    day = at.date()
    if when.from_time is not None and when.to_time is not None:
        clock = at.time()
        if when.from_time < when.to_time:
            if not when.from_time <= clock < when.to_time:
                return False
        elif clock < when.to_time:
            day -= timedelta(days=1)  # after midnight the evening before goes on
        elif clock < when.from_time:
            return False
    if when.weekdays is not None and WEEKDAYS[day.weekday()] not in when.weekdays:
        return False
    return not (when.starts_at and not _reached(when.starts_at, at)) and not (
        when.ends_at and _reached(when.ends_at, at)
    )


def _reached(moment: datetime, at: datetime) -> bool:
    """Without an offset a moment is read off the program's own clock."""
    return moment <= (at.replace(tzinfo=None) if moment.tzinfo is None else at)


def full_years(since: date | None, day: date) -> int:
    """Years gone by; those that began on 29 February count on the 28th where there is none."""
    if since is None or since > day:
        return 0
    return day.year - since.year - (anniversary(since, day.year) > day)


def anniversary(of: date, year: int) -> date:
    """The day in that year; 29 February falls back to the 28th."""
    try:
        return of.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def is_birthday(birthday: date | None, day: date, span: str) -> bool:
    """Whether `day` is in the day or the month of the birthday."""
    if birthday is None:
        return False
    return (
        birthday.month == day.month if span == "month" else anniversary(birthday, day.year) == day
    )
