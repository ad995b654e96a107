"""The gate before Google: twenty requests a second for all workers together, and none while it is away.

Both are kept in one row, so that several processes and machines keep to them. What a worker is
granted it sends at once; nothing is reserved for later.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from passes.google.refusal import LASTING, GoogleRefusal
from wallet.db import Database
from wallet.rules.pace import SECOND, Holder, Lane, Log, Pace, take
from wallet.tables.google import ProviderGate, gate_called

# Google's limit is 20 requests in a second. The window is wider by what clocks of several machines
# and the way through the network may bring together.
PACE = Pace(limit=20, window=SECOND + SECOND // 20)
SCANS = Lane(20, shared=False)  # somebody stands at the till and looks at the phone
BULK = Lane(16)  # leaves room for scans
CHECKS = Lane(4)  # reading back: only while nothing else is going on

WAIT_SECONDS_MAX = 15.0  # for a grant; well within the lease of what waits to be sent
PAUSE_FIRST_SECONDS = 2.0
PAUSE_LONGEST_SECONDS = 60.0  # Google is away: it comes back by itself
LASTING_FIRST_SECONDS = 30.0
LASTING_LONGEST_SECONDS = 900.0  # somebody has to change the set-up
PROBE_LEASE = timedelta(seconds=30)  # longer than one request with its time-outs

Admission = Literal["open", "probe", "shut"]


class Busy(Exception):
    """No request was granted in time; what is due stays due."""


class Gate:
    """One issuer's gate, as one worker uses it.

    `sleep` waits for that many seconds; tests pass one that moves their clock.
    """

    def __init__(
        self,
        database: Database,
        issuer_id: str,
        clock: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
    ) -> None:
        self._database, self._clock, self._sleep = database, clock, sleep
        self._wait_max = timedelta(seconds=wait_seconds_max)
        self.name = gate_name(issuer_id)
        self._holder = secrets.token_hex(4)

    def acquire(self, lane: Lane, wanted: int) -> int:
        """Wait until at least one request may go out; how many of `wanted` may. `Busy` when the
        wait is too long."""
        deadline = self._clock() + self._wait_max
        while True:
            count, wait = self.ask(lane, wanted)
            if count:
                return count
            if self._clock() + timedelta(seconds=wait) > deadline:
                raise Busy
            self._sleep(wait)

    def ask(self, lane: Lane, wanted: int) -> tuple[int, float]:
        """(how many may go out now, seconds until asking again makes sense)."""

        def _take(session: Session) -> tuple[int, float]:
            row = _row(session, self.name)
            now = round(self._clock().timestamp() * SECOND)
            grant = take(_log(row.log), PACE, lane, self._holder, wanted, now)
            row.log = _plain(grant.log)
            return grant.count, grant.wait / SECOND

        return self._database.run(_take)

    def is_shut(self) -> bool:
        """Whether asking for anything is useless now; one cheap read."""
        with self._database.reading() as session:
            row = gate_called(session, self.name)
            return bool(row and row.paused_until and self._clock() < row.paused_until)

    def admit(self) -> Admission:
        """Whether work may begin. After a pause one worker at a time sends one request to see."""

        def _admit(session: Session) -> Admission:
            row = gate_called(session, self.name, lock=True)
            if row is None or not row.failures:
                return "open"
            now = self._clock()
            if row.paused_until and now < row.paused_until:
                return "shut"
            row.paused_until = now + PROBE_LEASE
            return "probe"

        return self._database.run(_admit) if self._has_failed() else "open"

    def spare(self) -> None:
        """A probe found nothing to try with: the next one may come at once."""

        def _spare(session: Session) -> None:
            row = gate_called(session, self.name, lock=True)
            if row and row.failures:
                row.paused_until = self._clock()

        if self._has_failed():
            self._database.run(_spare)

    def worked(self) -> None:
        """Google took something: the way is clear."""

        def _clear(session: Session) -> None:
            row = gate_called(session, self.name, lock=True)
            if row and row.failures:
                row.failures, row.paused_until, row.since = 0, None, None
                row.reason = row.words = ""

        if self._has_failed():
            self._database.run(_clear)

    def failed(self, refusal: GoogleRefusal) -> None:
        """Google, or our way to it, does not work: nobody asks again before the pause is over."""

        def _shut(session: Session) -> None:
            row, now = _row(session, self.name), self._clock()
            row.since = row.since or now
            row.failures += 1
            row.reason, row.words = refusal.reason, refusal.words
            row.paused_until = now + timedelta(seconds=_pause(refusal, row.failures))

        self._database.run(_shut)

    def _has_failed(self) -> bool:
        with self._database.reading() as session:
            row = gate_called(session, self.name)
            return row is not None and row.failures > 0


def gate_name(issuer_id: str) -> str:
    """The row of an issuer."""
    return f"google:{issuer_id}"


def _pause(refusal: GoogleRefusal, failures: int) -> float:
    """Seconds: doubled with each failure and spread, but never less than Google asked for."""
    lasts = refusal.reason in LASTING
    first = LASTING_FIRST_SECONDS if lasts else PAUSE_FIRST_SECONDS
    longest = LASTING_LONGEST_SECONDS if lasts else PAUSE_LONGEST_SECONDS
    doubled = min(first * 2 ** min(failures - 1, 16), longest)
    spread = doubled * random.uniform(0.75, 1.25)  # noqa: S311  spreads retries, hides nothing
    return float(max(spread, refusal.retry_after_seconds or 0.0))


def _row(session: Session, name: str) -> ProviderGate:
    """The row, locked; made by the first who comes."""
    row = gate_called(session, name, lock=True)
    if row is None:
        row = ProviderGate(name=name, log={}, failures=0, reason="", words="")
        session.add(row)
        session.flush()
    return row


def _log(plain: dict[str, Any]) -> Log:
    return Log(
        tuple((int(at), str(who)) for at, who in plain.get("grants", ())),
        tuple(Holder(str(name), seen, extra) for name, seen, extra in plain.get("holders", ())),
    )


def _plain(log: Log) -> dict[str, Any]:
    return {
        "grants": [list(one) for one in log.grants],
        "holders": [[one.name, one.seen_at, one.extra_at] for one in log.holders],
    }
