"""Count failures in the database, so that processes and restarts share the count."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.errors import Refusal
from wallet.tables.staff import Attempts, attempts_for, attempts_so_far


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in `window`."""

    name: str
    count: int
    window: timedelta


SIGN_IN_PER_PERSON = Limit("sign-in", 8, timedelta(minutes=15))  # a typo or seven, not a dictionary
SIGN_IN_PER_ADDRESS = Limit(
    "sign-in-address", 60, timedelta(minutes=15)
)  # a shop behind one router
JOIN_PER_ADDRESS = Limit("join", 60, timedelta(hours=1))  # an opening day in a shop with Wi-Fi
ENROLMENTS_PER_STAFF = Limit("enrol", 90, timedelta(hours=1))  # one every forty seconds, all hour
LINK_PER_MEMBER = Limit("link", 3, timedelta(hours=1))  # mails to one person
LINK_PER_ADDRESS = Limit("link-address", 10, timedelta(hours=1))

UNKNOWN_CODES_PER_STAFF = Limit(
    "unknown-code", 20, timedelta(minutes=10)
)  # cards of other shops never get this far: their codes have another shape

MISSES_PER_CARD = Limit(
    "rotating-code", 5, timedelta(hours=1)
)  # guesses of eight digits, three steps each: 1.5 in ten million an hour


def count_attempt(session: Session, limit: Limit, who: str, now: datetime) -> None:
    """Count one more; `too_many_attempts` with `retry_after_seconds` once the limit is passed."""
    key = _key(limit, who)
    row = attempts_for(session, key)
    if row is None:
        session.add(Attempts(key=key, count=1, window_ends_at=now + limit.window))
        session.flush()
        return
    if row.window_ends_at <= now:
        row.count, row.window_ends_at = 0, now + limit.window
    if row.count >= limit.count:
        wait = int((row.window_ends_at - now).total_seconds()) + 1
        raise Refusal("too_many_attempts", retry_after_seconds=wait)
    row.count += 1
    session.flush()


def refuse_when_spent(session: Session, limit: Limit, who: str, now: datetime) -> None:
    """`too_many_attempts` while the limit is reached; counts nothing."""
    row = attempts_so_far(session, _key(limit, who))
    if row and row.count >= limit.count and row.window_ends_at > now:
        wait = int((row.window_ends_at - now).total_seconds()) + 1
        raise Refusal("too_many_attempts", retry_after_seconds=wait)


def forget_attempts(session: Session, limit: Limit, who: str) -> None:
    """A success: start again from zero."""
    row = attempts_for(session, _key(limit, who))
    if row:
        row.count = 0
        session.flush()


def _key(limit: Limit, who: str) -> str:
    return f"{limit.name}:{hashlib.sha256(who.encode(errors='surrogatepass')).hexdigest()}"
