"""Identifiers: 63-bit time-ordered integers inside, opaque strings outside."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DECODE = {character: value for value, character in enumerate(CROCKFORD)}

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_COUNTER_BITS = 22  # with 41 bits of milliseconds: 63 bits in all, until the year 2094
_PAIRS = [high + low for high in CROCKFORD for low in CROCKFORD]
_COUNTER_BYTES = 3
_COUNTER_START_MAX = (1 << _COUNTER_BITS - 1) - 1
_PUBLIC_LENGTH = 13  # 13 × 5 bits hold 63

_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """A new id, larger than all this process gave before.

    The counter starts at a random place in each millisecond, so that two processes collide about
    once in millions of rows; the primary key then refuses, and the transaction is tried again.
    """
    global _last  # noqa: PLW0603  one sequence a process, under the lock
    with _lock:
        fresh = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _COUNTER_BITS
        if fresh >> _COUNTER_BITS > _last >> _COUNTER_BITS:
            _last = fresh | int.from_bytes(secrets.token_bytes(_COUNTER_BYTES)) & _COUNTER_START_MAX
        else:
            _last += 1
        return _last


def first_id_at(moment: datetime) -> int:
    """No row written at this moment or later has a smaller id."""
    return max(int(moment.timestamp() * 1000) - _EPOCH_MS, 0) << _COUNTER_BITS


def public_id(kind: str, number: int) -> str:
    """The opaque form of an id: `mbr_06B2…`."""
    pair = _PAIRS
    return (
        f"{kind}_{CROCKFORD[number >> 60 & 31]}{pair[number >> 50 & 1023]}{pair[number >> 40 & 1023]}"
        f"{pair[number >> 30 & 1023]}{pair[number >> 20 & 1023]}{pair[number >> 10 & 1023]}{pair[number & 1023]}"
    )


def private_id(kind: str, text: str) -> int | None:
    """The number behind an opaque id, or None when it is not an id of this kind."""
    prefix, _, digits = text.partition("_")
    if prefix != kind or len(digits) != _PUBLIC_LENGTH:
        return None
    number = 0
    for character in digits:
        value = _DECODE.get(character)
        if value is None:
            return None
        number = number * 32 + value
    return number if number < 1 << 63 else None
