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

PAIRING_PER_ADDRESS = Limit(
    "till-pairing", 10, timedelta(minutes=15)
)  # slips of a thumb; a guess hits once in 10^11 with one till waiting
PIN_PER_PERSON = Limit("pin", 5, timedelta(minutes=15))
PIN_PER_TILL = Limit(
    "pin-till", 30, timedelta(minutes=15)
)  # misses of everybody together: a shift with wet hands, not a list tried through all names
MEMBER_PIN = Limit("member-pin", 5, timedelta(minutes=15))
LINES_OF_REVOKED_TILL = Limit(
    "revoked-till", 500, timedelta(days=1)
)  # a busy day without a connection; whoever holds a stolen till fills no manager's list


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


def give_back_attempt(session: Session, limit: Limit, who: str) -> None:
    """It was no failure after all: one less, where forgetting would clear the misses of others."""
    row = attempts_for(session, _key(limit, who))
    if row and row.count:
        row.count -= 1
        session.flush()


def _key(limit: Limit, who: str) -> str:
    return f"{limit.name}:{hashlib.sha256(who.encode(errors='surrogatepass')).hexdigest()}"
