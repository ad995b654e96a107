"""What delivery has in common at every provider: claim by lease, settle, back off, hold off.

The row is the truth and a message only a nudge, so every step may be lost: what was claimed and not
settled comes back when its lease ends.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from passes.errors import DeliveryError
from wallet.db import Database
from wallet.ids import new_id
from wallet.tables.delivery import (
    has_due,
    lease_due,
    note_announced,
    settle_delivered,
    settle_failed,
)

LEASE = timedelta(seconds=60)  # longer than any push or API call with its time-outs
BACKOFF_FIRST_SECONDS = 2.0
BACKOFF_LONGEST_SECONDS = 900.0
# A provider that is down is asked by one message after each of these pauses. The longest is what a
# scan waits at most once the provider is back; four askings a minute are nothing to a provider.
PAUSE_FIRST_SECONDS = 1.0
PAUSE_LONGEST_SECONDS = 15.0
JITTER = (0.75, 1.25)  # workers that lost the same provider do not come back as one
GIVE_WAY_SECONDS_MAX = 0.25  # two rounds of SQLite's longest wait between two looks
ERROR_LENGTH_MAX = 500
PROBE = 1  # passes claimed to see whether a provider is back


@dataclass(frozen=True, slots=True)
class Lane:
    """What one loop of the worker takes: only scans, so that nothing else is ever before them; or
    scans first and then what can wait. `batch` is the number of passes in one claim."""

    only_urgent: bool
    batch: int


# A scan meets at most the batch under way in its own lane. One in the other lane is large, because
# each costs two transactions, but is over in a fraction of a second.
SCANS = Lane(only_urgent=True, batch=50)
EVERYTHING = Lane(only_urgent=False, batch=250)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A pass taken by this worker: what it has to deliver, without the row.

    `is_fresh` says that this version was never tried before. `card`, `serial`, `member_id`, `design_id`
    and `tier_key` are filled where the claim was made with content.
    """

    id: int
    program_id: int
    version: int
    attempts: int
    is_urgent: bool
    is_fresh: bool
    wanted_at: datetime
    member_id: int = 0
    serial: str = ""
    design_id: int = 0
    card: Mapping[str, Any] | None = None
    tier_key: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one pass: delivered, or an error and when to try again.

    `is_untried` is for passes that the provider never judged (it was away, or refuses everything):
    they keep their place and their number of attempts, and the provider as a whole is held off.
    """

    pass_id: int
    version: int
    error: str = ""
    retry_after_seconds: float | None = None
    attempts: int = 0
    is_untried: bool = False


class Hold:
    """Keeps all lanes of a process away from a provider that is down, but for one probe at a time.

    Without it each of ten thousand waiting passes would ask a dead service on its own. Safe to use
    from several threads; times are the caller's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._until: datetime | None = None

    def allowance(self, now: datetime, batch: int) -> int:
        """How many passes may be claimed now: none, a probe, or the whole batch."""
        with self._lock:
            if not self._failures:
                return batch
            if self._until is not None and now < self._until:
                return 0
            self._until = now + LEASE  # whoever asks next finds this probe under way
            return PROBE

    def failed(self, now: datetime, at_least_seconds: float = 0.0) -> None:
        """The provider is away, or said how long to stay away."""
        with self._lock:
            doubled = PAUSE_FIRST_SECONDS * 2 ** min(self._failures, 16)
            self._failures += 1
            wait = min(doubled, PAUSE_LONGEST_SECONDS) * _jitter()
            self._until = now + timedelta(seconds=max(wait, at_least_seconds))

    def spare(self, now: datetime) -> None:
        """A probe found nothing to try with: the next one may come at once."""
        with self._lock:
            if self._failures:
                self._until = now

    def worked(self) -> None:
        """The provider answers."""
        with self._lock:
            self._failures, self._until = 0, None

    @property
    def is_open(self) -> bool:
        """Whether the provider is being kept away from."""
        return bool(self._failures)


class Pace:
    """How many passes of a refresh may be announced now: each brings a phone that lists and fetches,
    and the web service has cashiers to serve besides. Scans are never counted.

    `per_second` 0 is no limit. What one second allows may be taken at once.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left, self._at = per_second, datetime.min.replace(tzinfo=UTC)

    def allowance(self, now: datetime, batch: int) -> int:
        """How many of a batch."""
        if not self._per_second:
            return batch
        passed = max((now - self._at).total_seconds(), 0.0)
        self._left = min(self._left + passed * self._per_second, self._per_second)
        self._at = now
        return min(batch, int(self._left))

    def took(self, count: int) -> None:
        """So many were announced."""
        self._left -= count


def give_way(database: Database, seconds: float) -> None:
    """After `seconds` of bulk writing, leave the writer's place of SQLite for as long to those who wait
    for it: neither its busy handler nor a thread's lock lets people in by turn."""
    if database.is_sqlite:
        time.sleep(min(seconds, GIVE_WAY_SECONDS_MAX))


def new_lease() -> str:
    """The key of one claim."""
    return secrets.token_hex(8)


def is_idle(database: Database, provider: str, lane: Lane, now: datetime) -> bool:
    """Whether a claim would find nothing: asked without the writer's lock."""
    with database.reading() as session:
        return not has_due(session, provider, now, only_urgent=lane.only_urgent)


def claim(
    session: Session,
    provider: str,
    lease_key: str,
    now: datetime,
    lane: Lane,
    *,
    with_content: bool = True,
) -> list[Claimed]:
    """Lease what is due, scans first, so that no other worker takes it meanwhile."""
    rows: list[Any] = []
    for is_urgent in (True,) if lane.only_urgent else (True, False):
        if room := lane.batch - len(rows):
            rows += lease_due(
                session,
                provider,
                now,
                (lease_key, now + LEASE),
                is_urgent=is_urgent,
                limit=room,
                with_content=with_content,
            )
    return [
        Claimed(
            *(row.id, row.program_id, row.wanted_version, row.attempts, row.is_urgent),
            row.announced_version < row.wanted_version,
            row.waiting_since or row.changed_at,
            *(
                (row.member_id, row.serial, row.design_id, row.card, row.tier_key)
                if with_content
                else ()
            ),
        )
        for row in rows
    ]


def announce(
    session: Session,
    provider: str,
    phones: Mapping[int, int],
    items: Sequence[Claimed],
    now: datetime,
) -> None:
    """Begin the deliveries of changes that go to somebody; `phones` is how many, by pass."""
    note_announced(
        session,
        [
            {
                "id": new_id(),
                "program_id": item.program_id,
                "wallet_pass_id": item.id,
                "provider": provider,
                "version": item.version,
                "is_urgent": item.is_urgent,
                "phones": phones[item.id],
                "pushes": 0,
                "push_id": "",
                "wanted_at": item.wanted_at,
                "announced_at": now,
            }
            for item in items
            if phones.get(item.id)
        ],
    )


def settle(session: Session, lease_key: str, results: Sequence[Result], now: datetime) -> None:
    """Write down what came of a claim. A change that came meanwhile stays due."""
    settle_delivered(
        session, lease_key, {one.pass_id: one.version for one in results if not one.error}, now
    )
    settle_failed(
        session,
        lease_key,
        [
            {
                "holder": one.pass_id,
                "to_version": one.version,
                "said": one.error[:ERROR_LENGTH_MAX],
                "tries": one.attempts - 1 if one.is_untried else one.attempts,
                "again": now if one.is_untried else now + timedelta(seconds=_wait(one)),
            }
            for one in results
            if one.error
        ],
    )


def failed(item: Claimed, error: DeliveryError) -> Result:
    """The result of a provider's refusal or silence."""
    wait = BACKOFF_LONGEST_SECONDS if error.permanent else error.retry_after_seconds
    return Result(item.id, item.version, str(error), wait, item.attempts)


def _wait(result: Result) -> float:
    if result.retry_after_seconds is not None:
        return result.retry_after_seconds
    doubled = BACKOFF_FIRST_SECONDS * 2 ** min(result.attempts - 1, 16)
    return float(min(doubled, BACKOFF_LONGEST_SECONDS) * _jitter())


def _jitter() -> float:
    return random.uniform(*JITTER)  # noqa: S311  spreads retries, hides nothing
