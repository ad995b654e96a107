"""Sessions that are kept with their connection, and lent to one transaction after the other.

To make a session, take a connection from the pool and put both back costs as much as a short look-up. Between two
transactions a session holds no object and no lock; it begins each of them as a new one would.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

KEPT_MAX = 8  # at rest, of one kind: more threads seldom want one at the same moment


@dataclass(frozen=True, slots=True)
class Lent:
    """One session, in the hands of one transaction."""

    session: Session
    connection: Connection
    round: int  # which of the lender's: after `close` those of before are not kept


class Watch(Protocol):
    """What a kind of database knows of its connections."""

    def is_idle(self, connection: Connection) -> bool:
        """Whether no transaction is open, as the driver itself sees it: a commit that failed may leave one."""

    def still_answers(self, connection: Connection, rested_since: float) -> bool:
        """Whether one that rested since then (seconds of `time.monotonic`) is good for another transaction."""


class Lender:
    """Sessions on one engine, made when they are wanted. `info` is at hand on each."""

    def __init__(
        self,
        engine: Engine,
        info: Mapping[str, Any],
        watch: Watch,
        kept_max: int = KEPT_MAX,
    ) -> None:
        self._engine, self._info = engine, info
        self._watch, self._kept_max = watch, kept_max
        self._resting: list[tuple[Lent, float]] = []  # the last one is the warmest
        self._round = 0

    def lend(self) -> Lent:
        """A session without any transaction; it has to be given back."""
        while self._resting:
            try:
                lent, since = self._resting.pop()
            except IndexError:  # another thread was quicker
                break
            if self._watch.still_answers(lent.connection, since):
                lent.session.info.clear()
                lent.session.info.update(self._info)
                return lent
            lent.connection.close()
        connection = self._engine.connect()
        session = Session(
            connection, autoflush=False, expire_on_commit=False, info=dict(self._info)
        )
        return Lent(session, connection, self._round)

    def take_back(self, lent: Lent) -> None:
        """Whatever is not committed is undone, and no object belongs to the session any more."""
        connection = lent.connection
        try:
            lent.session.close()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        is_alive = not connection.invalidated and not connection.closed
        is_outdated = lent.round != self._round
        is_room = not is_outdated and len(self._resting) < self._kept_max
        is_free = not connection.in_transaction() and is_alive and self._watch.is_idle(connection)
        if is_room and is_free:
            self._resting.append((lent, time.monotonic()))
            return
        if is_alive and is_outdated:
            connection.detach()  # its pool is gone
        connection.close()  # the pool undoes what may be open

    def close(self) -> None:
        """Close what rests; what is lent is closed when it comes back."""
        self._round += 1
        while self._resting:
            self._resting.pop()[0].connection.close()
