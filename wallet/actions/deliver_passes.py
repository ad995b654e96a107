"""Tell the phones: claim passes that changed, announce them, push, write down what came of it.

The row is the truth and a message only a nudge, so every step may be lost: what was claimed and not
settled comes back when its lease ends.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from passes.apple.push import PushOutcome, Verdict
from passes.errors import DeliveryError
from wallet.db import Database
from wallet.tables.wallet_pass import (
    due_passes,
    forget_device,
    leased_passes,
    next_in_sequence,
    push_tokens,
)

LEASE = timedelta(seconds=60)  # longer than any push or API call with its time-outs
BATCH = 100  # passes in one claim: a scan behind it waits for less than a second
BACKOFF_FIRST_SECONDS = 2.0
BACKOFF_LONGEST_SECONDS = 900.0
ERROR_LENGTH_MAX = 500
APPLE_TAG = "apple_update_tag"


class Pusher(Protocol):
    """Apple's push service, as far as delivery needs it."""

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """One outcome for each token, in order."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A pass taken by this worker: what it has to deliver, without the row."""

    id: int
    program_id: int
    member_id: int
    serial: str
    version: int
    attempts: int
    design_id: int
    card: dict[str, Any]
    tier_key: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one pass: delivered, or an error and when to try again."""

    pass_id: int
    version: int
    error: str = ""
    retry_after_seconds: float | None = None
    attempts: int = 0


def deliver_apple(database: Database, pusher: Pusher, clock: Callable[[], datetime]) -> int:
    """Deliver one batch of Apple passes; returns how many were claimed."""
    lease_key = secrets.token_hex(8)
    claimed, phones = database.run(lambda session: _claim_apple(session, lease_key, clock()))
    if not claimed:
        return 0
    # Several passes of one phone, or two registrations of one token: one push tells it all.
    tokens = sorted({token for _, _, token, _ in phones})
    try:
        outcomes = dict(zip(tokens, pusher.push_many(tokens), strict=True)) if tokens else {}
    except DeliveryError as error:
        results = [failed(item, error) for item in claimed]
    else:
        results = [_apple_result(item, phones, outcomes) for item in claimed]
        database.run(lambda session: _drop_dead(session, phones, outcomes, clock()))
    database.run(lambda session: settle(session, lease_key, results, clock()))
    return len(claimed)


def deliver_google(
    database: Database, upsert: Callable[[Claimed], None], clock: Callable[[], datetime]
) -> int:
    """Deliver one batch of Google objects; returns how many were claimed."""
    lease_key = secrets.token_hex(8)
    claimed = database.run(lambda session: claim(session, "google", lease_key, clock()))
    results = []
    for item in claimed:
        try:
            upsert(item)
            results.append(Result(item.id, item.version))
        except DeliveryError as error:
            results.append(failed(item, error))
    if claimed:
        database.run(lambda session: settle(session, lease_key, results, clock()))
    return len(claimed)


def claim(session: Session, provider: str, lease_key: str, now: datetime) -> list[Claimed]:
    """Lease what is due, so that no other worker takes it meanwhile."""
    rows = due_passes(session, provider, now, BATCH)
    for row in rows:
        row.lease_until, row.lease_key = now + LEASE, lease_key
        row.attempts += 1
    session.flush()
    return [
        Claimed(
            row.id,
            row.program_id,
            row.member_id,
            row.serial,
            row.wanted_version,
            row.attempts,
            row.design_id,
            dict(row.card),
            row.tier_key,
        )
        for row in rows
    ]


def settle(session: Session, lease_key: str, results: Sequence[Result], now: datetime) -> None:
    """Write down what came of a claim. A change that came meanwhile stays due."""
    by_id = {result.pass_id: result for result in results}
    for row in leased_passes(session, lease_key):
        result = by_id[row.id]
        row.lease_until = row.lease_key = None
        row.last_error = result.error[:ERROR_LENGTH_MAX]
        if result.error:
            row.next_attempt_at = now + timedelta(seconds=_wait(result))
            continue
        row.delivered_version = max(row.delivered_version, result.version)
        row.delivered_at, row.attempts, row.is_urgent = now, 0, False
    session.flush()


def failed(item: Claimed, error: DeliveryError) -> Result:
    """The result of a provider's refusal or silence."""
    wait = BACKOFF_LONGEST_SECONDS if error.permanent else error.retry_after_seconds
    return Result(item.id, item.version, str(error), wait, item.attempts)


def _claim_apple(
    session: Session, lease_key: str, now: datetime
) -> tuple[list[Claimed], list[tuple[int, int, str, datetime]]]:
    """Lease, and give each change its update tag under one lock: from the commit on, phones that ask
    "what changed since" see it, and no later tag can have become visible before.

    A further try of the same change keeps its tag: a phone that came meanwhile has taken the change,
    and would be sent for nothing.
    """
    claimed = claim(session, "apple", lease_key, now)
    if not claimed:
        return [], []
    fresh = [row for row in leased_passes(session, lease_key) if row.attempts == 1]
    if fresh:
        tag = next_in_sequence(session, APPLE_TAG)
        for row in fresh:
            row.update_tag = tag
        session.flush()
    return claimed, push_tokens(session, [item.id for item in claimed])


def _apple_result(
    item: Claimed,
    phones: Sequence[tuple[int, int, str, datetime]],
    outcomes: dict[str, PushOutcome],
) -> Result:
    """Delivered when every phone was told; a phone that is gone needs telling no more."""
    for pass_id, _, token, _ in phones:
        outcome = outcomes[token]
        if pass_id == item.id and outcome.verdict in (Verdict.RETRY, Verdict.CONFIGURATION):
            wait = BACKOFF_LONGEST_SECONDS if outcome.verdict is Verdict.CONFIGURATION else None
            return Result(
                item.id, item.version, f"{outcome.status} {outcome.reason}", wait, item.attempts
            )
    return Result(item.id, item.version)


def _drop_dead(
    session: Session,
    phones: Sequence[tuple[int, int, str, datetime]],
    outcomes: dict[str, PushOutcome],
    now: datetime,
) -> None:
    for _, device_id, token, _ in phones:
        outcome = outcomes[token]
        if outcome.verdict is Verdict.DROP_REGISTRATION:
            forget_device(session, device_id, outcome.timestamp or now)


def _wait(result: Result) -> float:
    if result.retry_after_seconds is not None:
        return result.retry_after_seconds
    doubled = BACKOFF_FIRST_SECONDS * 2 ** min(result.attempts - 1, 16)
    longest = min(doubled, BACKOFF_LONGEST_SECONDS)
    return float(longest * random.uniform(0.75, 1.25))  # noqa: S311  spreads retries, hides nothing
