"""The window of requests: never too many in any second, fair between workers, scans first."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.rules.pace import HOLDER_SEEN, SECOND, Lane, Log, Pace, take

PACE = Pace(20, SECOND)
SCANS, BULK, CHECKS = Lane(20, shared=False), Lane(16), Lane(4)
LANES = (SCANS, BULK, CHECKS)
START = 1_700_000_000 * SECOND


def _too_many(grants: list[int]) -> bool:
    """Whether some window holds more than it may; `grants` is in the order of time."""
    return any(
        grants[end] - grants[end - PACE.limit] < PACE.window
        for end in range(PACE.limit, len(grants))
    )


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.integers(0, SECOND // 2),
            st.sampled_from(LANES),
            st.sampled_from(["a", "b", "c"]),
            st.integers(1, 30),
        ),
        max_size=80,
    )
)
def test_no_second_holds_more_than_the_limit(
    asked: list[tuple[int, Lane, str, int]],
) -> None:
    log, now, grants = Log(), START, list[int]()
    for pause, lane, who, wanted in asked:
        now += pause
        grant = take(log, PACE, lane, who, wanted, now)
        log = grant.log
        grants += [now] * grant.count
        assert len(log.grants) <= PACE.limit
        assert grant.count <= min(wanted, lane.ceiling)
        assert (grant.wait > 0) == (grant.count == 0)
    assert not _too_many(grants)


@settings(max_examples=40)
@given(st.integers(-SECOND // 20, SECOND // 20), st.lists(st.booleans(), max_size=60))
def test_clocks_that_differ_a_little_do_not_add_up(skew: int, turns: list[bool]) -> None:
    log, now, grants = Log(), START, list[int]()
    wider = Pace(20, SECOND + SECOND // 10)  # the margin is what clocks and networks may differ
    for other in turns:
        now += SECOND // 20
        grant = take(log, wider, SCANS, "b" if other else "a", 7, now + (skew if other else 0))
        log = grant.log
        grants += [now] * grant.count
    assert not _too_many(grants)


def test_who_is_behind_waits_for_no_longer_than_the_others() -> None:
    log = take(Log(), PACE, SCANS, "ahead", 20, START + 2 * SECOND).log
    behind = take(log, PACE, SCANS, "behind", 1, START)
    assert (behind.count, behind.wait) == (0, 3 * SECOND)
    assert take(log, PACE, SCANS, "ahead", 1, START + 3 * SECOND).count == 1


def _run(workers: dict[str, Lane], seconds: int) -> Counter[str]:
    """Each worker takes all it gets and asks again when it was told to; who got how much."""
    log, got, log_times = Log(), Counter[str](), list[int]()
    due = {who: START + place for place, who in enumerate(workers)}
    while min(due.values()) < START + seconds * SECOND:
        who = min(due, key=lambda one: due[one])
        now = due[who]
        grant = take(log, PACE, workers[who], who, 16, now)
        log, due[who] = grant.log, now + max(grant.wait, SECOND // 50)
        got[who] += grant.count
        log_times += [now] * grant.count
    assert not _too_many(log_times)
    return got


def test_the_window_is_used_up() -> None:
    assert _run({"a": SCANS}, 30)["a"] >= 20 * 30
    assert _run({"a": BULK}, 30)["a"] >= 16 * 30 * 0.95


def test_workers_share_evenly() -> None:
    for number in (2, 3, 5, 9):
        got = _run({f"worker-{one}": BULK for one in range(number)}, 60)
        share = 16 * 60 / number
        assert min(got.values()) > share * 0.8, got
        assert max(got.values()) < share * 1.3, got


def test_a_bulk_refresh_leaves_room_for_scans_and_reading_back_for_both() -> None:
    busy = take(Log(), PACE, BULK, "a", 100, START).log
    assert take(busy, PACE, CHECKS, "b", 1, START).count == 0
    assert take(busy, PACE, SCANS, "b", 9, START).count == 4


def test_a_worker_that_went_away_keeps_nothing() -> None:
    log = take(Log(), PACE, BULK, "gone", 1, START).log
    assert take(log, PACE, BULK, "a", 16, START + SECOND).count == 8
    assert take(log, PACE, BULK, "a", 16, START + 2 * HOLDER_SEEN).count == 16


def test_a_clock_gone_wrong_stops_nobody() -> None:
    log = take(Log(), PACE, SCANS, "wrong", 20, START + 365 * 24 * 3600 * SECOND).log
    assert take(log, PACE, SCANS, "a", 20, START).count == 20


def test_more_workers_than_requests_still_get_on() -> None:
    got = _run({f"worker-{one}": CHECKS for one in range(12)}, 60)
    assert min(got.values()) > 0
    assert sum(got.values()) >= 4 * 60 * 0.8
