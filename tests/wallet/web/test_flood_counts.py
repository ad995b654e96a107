"""Counts against floods: right, forgotten in time, and without a thread for each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from limits.storage import storage_from_string

from wallet.web.flood_counts import FloodCounts, storage_for


def test_memory_is_counted_here_and_redis_there() -> None:
    assert isinstance(storage_from_string(storage_for("memory://")), FloodCounts)
    assert storage_for("redis://cache:6379/1") == "redis://cache:6379/1"


def test_many_at_once_are_all_counted_and_start_no_thread() -> None:
    counts = FloodCounts()
    first_timer = counts.timer  # the library's own, at the start
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: counts.incr("ada", 60), range(400)))
    assert counts.timer is first_timer
    assert sorted(seen) == list(range(1, 401))
    assert counts.get("ada") == 400
    assert counts.incr("bruno", 60) == 1


def test_a_window_that_is_over_counts_anew_and_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("wallet.web.flood_counts.time.time", lambda: now[0])
    counts = FloodCounts()
    assert [counts.incr("ada", 60), counts.incr("ada", 60), counts.incr("bruno", 60)] == [1, 2, 1]
    now[0] += 59.9
    assert counts.incr("ada", 60) == 3
    now[0] += 0.1
    assert counts.incr("ada", 60) == 1
    now[0] += 120
    assert counts.incr("carl", 60) == 1
    assert set(counts.storage) == {"carl"}
