"""Counting attempts: exact, shared by processes, over when its window is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.factories import Cast
from wallet.actions.throttle import Limit, count_attempt, forget_attempts
from wallet.errors import Refusal
from wallet.tables.staff import Attempts

THREE = Limit("three", 3, timedelta(minutes=10))


def attempt(cast: Cast, who: str = "ada", limit: Limit = THREE) -> None:
    """One more."""
    cast.run(lambda session: count_attempt(session, limit, who, cast.now))


def test_the_limit_is_exact_and_says_how_long_to_wait(cast: Cast) -> None:
    for _ in range(3):
        attempt(cast)
    cast.later(minutes=4)
    with pytest.raises(Refusal) as refused:
        attempt(cast)
    assert refused.value.facts == {"retry_after_seconds": 6 * 60 + 1}
    attempt(cast, "bruno")
    attempt(cast, limit=Limit("other", 3, timedelta(minutes=10)))


def test_a_window_that_is_over_starts_anew(cast: Cast) -> None:
    for _ in range(3):
        attempt(cast)
    cast.later(minutes=10)
    for _ in range(3):
        attempt(cast)
    with pytest.raises(Refusal, match="too_many_attempts"):
        attempt(cast)


def test_a_success_starts_anew(cast: Cast) -> None:
    for _ in range(3):
        attempt(cast)
    cast.run(lambda session: forget_attempts(session, THREE, "ada"))
    cast.run(lambda session: forget_attempts(session, THREE, "nobody"))
    attempt(cast)


def test_attempts_at_once_are_all_counted(cast: Cast) -> None:
    told: list[str] = []

    def knock() -> None:
        try:
            attempt(cast)
            told.append("in")
        except Refusal as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(told) == ["in"] * 3 + ["too_many_attempts"] * 5


def test_whom_is_not_written_down(cast: Cast) -> None:
    for who in ("ada@exemple.test", "a\ud800", "\x00", "x" * 10_000):
        attempt(cast, who)
    with cast.database.reading() as session:
        keys = [row.key for row in session.query(Attempts)]
    assert len(keys) == 4
    assert all(key.startswith("three:") and len(key) == len("three:") + 64 for key in keys)
