"""Lots: what came in together and expires together. Arithmetic only."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from wallet.values import value_class

DAYS_KEPT = 4_096  # midnights at hand: eleven years, for a service that counts in few zones


@dataclass(frozen=True, slots=True)
class OpenLot:
    """What is left of a lot and when it may be used."""

    id: int
    remaining: int
    available_at: datetime
    expires_at: datetime | None


@value_class
class Draw:
    """Take this much from that lot."""

    lot_id: int
    quantity: int


def is_usable(lot: OpenLot, now: datetime) -> bool:
    """No longer pending and not yet expired."""
    return lot.available_at <= now and (lot.expires_at is None or lot.expires_at > now)


def draw(lots: Iterable[OpenLot], quantity: int, *times: datetime) -> list[Draw] | None:
    """Take from the lots that expire first, so that members lose as little as possible.

    None when the lots that are usable at (one of) these times do not hold enough.
    """
    return _take(sorted(usable_lots(lots, *times), key=expiry_order), quantity)


def usable_lots(lots: Iterable[OpenLot], *times: datetime) -> list[OpenLot]:
    """Those that are usable at one of these times at least."""
    return [lot for lot in lots if any(is_usable(lot, at) for at in times)]


def draw_back(lots: Iterable[OpenLot], quantity: int, first: int | None) -> list[Draw]:
    """Take up to `quantity` for a refund: from the lot `first` that the purchase opened, then from
    the newest others, pending ones included. Takes what is there; it may be less."""
    order = sorted(lots, key=lambda lot: (lot.id != first, -lot.id))
    held = sum(lot.remaining for lot in order)
    return _take(order, min(quantity, held)) or []


def _take(lots: list[OpenLot], quantity: int) -> list[Draw] | None:
    draws = []
    for lot in lots:
        if quantity <= 0:
            break
        taken = min(lot.remaining, quantity)
        if taken:
            draws.append(Draw(lot.id, taken))
            quantity -= taken
    return None if quantity > 0 else draws


def expiry_order(lot: OpenLot) -> tuple[bool, datetime, int]:
    """Sorts the lot that expires first to the front, those that never do to the end."""
    return (lot.expires_at is None, lot.expires_at or lot.available_at, lot.id)


def available_at(occurred_at: datetime, pending_days: int) -> datetime:
    """When a lot may be spent: after the days in which goods are returned."""
    return occurred_at + timedelta(days=pending_days)


def expires_at(occurred_at: datetime, months: int | None, time_zone: str) -> datetime | None:
    """End of the day, in the program's zone, `months` after; 29 February falls back to the 28th.

    The result is the first instant at which the lot is gone: midnight after its last day, as the
    clocks of that place show it, daylight saving or not.
    """
    if months is None:
        return None
    day = occurred_at.astimezone(ZoneInfo(time_zone)).date()
    return _end_of_day(day, months, time_zone).astimezone(occurred_at.tzinfo)


@lru_cache(maxsize=DAYS_KEPT)
def _end_of_day(day: date, months: int, time_zone: str) -> datetime:
    end = months_before(day, -months) + timedelta(days=1)
    return datetime(end.year, end.month, end.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier (or, negative, later) month; the last one where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def last_day(ends_at: datetime, time_zone: str) -> date:
    """The last day on which something is good that is gone at `ends_at`, where the program lives."""
    return (ends_at - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()
