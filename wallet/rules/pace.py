"""How fast a provider may be asked: a sliding window of requests, shared by every worker. Pure.

Not a bucket that refills: a bucket of twenty that gains twenty a second lets forty through within
one second. Here no window of `window`, wherever it begins, ever holds more than `limit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SECOND = 1_000_000  # times are microseconds since the epoch
# Clocks of several machines differ; what lies further ahead was written by a clock gone wrong.
SKEW_MAX = 30 * SECOND
HOLDER_SEEN = 5 * SECOND  # a worker that asked within this time wants its share


@dataclass(frozen=True, slots=True)
class Pace:
    """`limit` requests in any `window` microseconds."""

    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A class of requests. It takes what is free below `ceiling` requests in the window, so that
    the rest of the window stays for lanes with a higher one. `shared` lanes are divided evenly
    among the workers that ask."""

    ceiling: int
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Holder:
    """A worker: when it asked last, and when it last had one more than its even share."""

    name: str
    seen_at: int
    extra_at: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """Who asked when: at most `limit` grants (time, name), oldest first, and who asks at all."""

    grants: tuple[tuple[int, str], ...] = ()
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """`count` requests may go out at once; when it is 0, asking again makes sense after `wait`
    microseconds."""

    count: int
    wait: int
    log: Log


def take(log: Log, pace: Pace, lane: Lane, name: str, wanted: int, now: int) -> Grant:
    """Up to `wanted` requests for this worker now. Never a promise for later: who holds one and
    dies would keep it from the others."""
    known = [(at, who) for at, who in log.grants if at <= now + SKEW_MAX]
    # A worker whose clock is behind writes in the time of the one ahead, or neither would see the
    # other's requests in its window.
    at = max([now, *(one for one, _ in known)])
    live = [(one, who) for one, who in known if one > at - pace.window]
    holders = _holders(log.holders, name, now)
    ceiling = min(lane.ceiling, pace.limit)
    count = min(wanted, ceiling - len(live))
    if lane.shared:
        mine = sum(who == name for _, who in live)
        count = min(count, _share(holders, name, ceiling, at - pace.window) - mine)
        if count > 0 and mine + count > ceiling // len(holders):
            holders = tuple(
                Holder(one.name, one.seen_at, at) if one.name == name else one for one in holders
            )
    count = max(count, 0)
    kept = Log((*live, *[(at, name)] * count), holders)
    wait = 0 if count else max(_until_free(live, at, pace, ceiling), 1) + (at - now)
    return Grant(count, wait, kept)


def _until_free(live: Sequence[tuple[int, str]], at: int, pace: Pace, ceiling: int) -> int:
    """Until the window has room below the ceiling again, or (a share is used up) moves on at all.
    Where it is empty, it is others' turn: with more workers than requests each has one now and then."""
    if not live:
        return pace.window // 2
    leaves = live[len(live) - ceiling] if len(live) >= ceiling else live[0]
    return leaves[0] + pace.window - at


def _holders(holders: Sequence[Holder], name: str, now: int) -> tuple[Holder, ...]:
    others = [one for one in holders if one.name != name and abs(now - one.seen_at) <= HOLDER_SEEN]
    extra_at = next((one.extra_at for one in holders if one.name == name), 0)
    return (*others, Holder(name, now, extra_at))


def _share(holders: Sequence[Holder], name: str, ceiling: int, since: int) -> int:
    """What does not divide evenly goes round: to those who had one more longest ago. Who has had
    it in this window keeps it until the window is over."""
    even, rest = divmod(ceiling, len(holders))
    turns = sorted(holders, key=lambda one: (one.extra_at <= since, one.extra_at, one.name))
    return even + (name in {one.name for one in turns[:rest]})
