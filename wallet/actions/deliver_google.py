"""Bring changed cards to Google Wallet: claim, write the object, write down what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from passes.errors import DeliveryError
from wallet.actions.deliver_passes import (
    EVERYTHING,
    Claimed,
    Lane,
    Result,
    claim,
    failed,
    is_idle,
    new_lease,
    settle,
)
from wallet.db import Database

BATCH = (
    100  # one call each, one after another: a scan behind it waits for about as many round trips
)
LANE = Lane(only_urgent=EVERYTHING.only_urgent, batch=BATCH)


def deliver_google(
    database: Database, upsert: Callable[[Claimed], None], clock: Callable[[], datetime]
) -> int:
    """Deliver one batch of Google objects; returns how many were claimed."""
    if is_idle(database, "google", LANE, clock()):
        return 0
    lease_key = new_lease()
    claimed = database.run(lambda session: claim(session, "google", lease_key, clock(), LANE))
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
