"""Floods are held back: so many requests a minute for one caller and one call.

Every request passes here, so it is a few dictionary look-ups around one count (`limits` counts, in memory or in Redis).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache

import structlog
from flask import Blueprint, Flask, request
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from wallet.errors import Refusal
from wallet.web.flood_counts import storage_for

log = structlog.get_logger()

EXTENSION = "floods"
COUNT_SECONDS_MAX = 1  # for one answer of Redis: a sale must not wait for what only counts
UNCOUNTED_SECONDS = 10  # after Redis failed, nobody asks it for so long
Said = Callable[[], str]


class Floods:
    """The limits of one application. Where the counts cannot be had, nobody is kept out: a till that sells
    is worth more than a limit."""

    def __init__(self, url: str, usual: str, caller: Said) -> None:
        self.enabled = True
        self._storage: Storage = _storage(url)
        self._counts = FixedWindowRateLimiter(self._storage)
        self._usual: tuple[Said, Said] = (lambda: usual, caller)
        self._special: dict[str, tuple[Said, Said]] = {}
        self._exempt: set[str] = set()
        self._asks_again_at = 0.0

    def install(self, app: Flask) -> None:
        """Before every request, after what was installed before."""
        app.extensions[EXTENSION] = self
        app.before_request(self._check)

    def limit(self, door: Blueprint, rate: Said, caller: Said) -> None:
        """One more limit, besides the usual one, for the calls of this door."""
        self._special[door.name] = (rate, caller)

    def exempt(self, door: Blueprint) -> None:
        """No limit at all for this door."""
        self._exempt.add(door.name)

    def _check(self) -> None:
        call, door = request.endpoint, request.blueprint
        if call is None or call == "static" or door in self._exempt or not self.enabled:
            return
        special = self._special.get(door) if door else None
        for limit in (self._usual, special):
            if limit is not None:
                rate, caller = limit
                self._count(_limit(rate()), caller(), call)

    def _count(self, limit: RateLimitItem, caller: str, call: str) -> None:
        if time.monotonic() < self._asks_again_at:
            return
        try:
            if self._counts.hit(limit, caller, call):
                return
            ends_at = self._counts.get_window_stats(limit, caller, call).reset_time
        except self._storage.base_exceptions as error:
            self._asks_again_at = time.monotonic() + UNCOUNTED_SECONDS
            log.warning("floods_not_counted", error=type(error).__name__)
            return
        log.info("flood", call=call, limit=str(limit))
        seconds = max(1, math.ceil(ends_at - time.time()))
        raise Refusal("rate_limited", retry_after_seconds=seconds)


@cache
def _limit(said: str) -> RateLimitItem:
    """`600 per minute` as the library counts it."""
    return parse(said)


def _storage(url: str) -> Storage:
    patience = {"socket_timeout": COUNT_SECONDS_MAX, "socket_connect_timeout": COUNT_SECONDS_MAX}
    options = patience if url.startswith("redis") else {}
    made = storage_from_string(storage_for(url), **options)
    assert isinstance(made, Storage)
    return made
