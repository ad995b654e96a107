"""Nudges: many become one, and a carrier that fails costs a nudge but never the ones after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huey import SqliteHuey

from wallet.waker import QUEUE, Waker, nudge_task

WAIT_SECONDS = 10.0


class Moody(SqliteHuey):  # type: ignore[misc]  # huey has no types
    """A carrier that fails as often as it is told to, and counts what it carried."""

    def __init__(self, folder: Path) -> None:
        super().__init__(QUEUE, filename=str(folder / "huey.sqlite3"), results=False)
        self.failures = 0
        self.tried = threading.Semaphore(0)

    def enqueue(self, task: object) -> object:
        """Carry it, unless it is to fail."""
        try:
            if self.failures:
                self.failures -= 1
                raise ConnectionError("the carrier is away")
            return super().enqueue(task)
        finally:
            self.tried.release()


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Moody]:
    huey = Moody(tmp_path)
    yield huey
    huey.storage.close()


@pytest.fixture
def waker(carrier: Moody) -> Iterator[Waker]:
    made = Waker(carrier)
    yield made
    made.close()


def test_a_nudge_wakes_the_other_side(carrier: Moody, waker: Waker, tmp_path: Path) -> None:
    woken: list[str] = []
    other_side = Moody(tmp_path)
    nudge_task(other_side, lambda: woken.append("awake"))
    waker.nudge()
    assert carrier.tried.acquire(timeout=WAIT_SECONDS)
    other_side.execute(other_side.dequeue())
    other_side.storage.close()
    assert woken == ["awake"]


def test_a_carrier_that_fails_loses_one_nudge_and_no_other(carrier: Moody, waker: Waker) -> None:
    carrier.failures = 1
    waker.nudge()
    assert carrier.tried.acquire(timeout=WAIT_SECONDS)
    assert carrier.pending_count() == 0
    waker.nudge()
    assert carrier.tried.acquire(timeout=WAIT_SECONDS)
    assert carrier.pending_count() == 1
