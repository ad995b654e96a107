"""How often whom was counted, in this process's memory: what holds floods back where no Redis does."""

from __future__ import annotations

import time

from limits.storage import MemoryStorage

FORGET_EVERY_SECONDS = 10  # windows last a minute: this many more counts than needed stay at most
SCHEME = "counts"


class FloodCounts(MemoryStorage):
    """The library's own starts a thread with nearly every request to forget old counts, which costs
    more than all else that a limit does. This one forgets now and then, in passing."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  the library's own name and type
    _forget_at = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `key`, for `expiry` seconds from the first time on; returns the count."""
        now = time.time()
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY_SECONDS
            self._forget(now)
        with self.locks[key]:
            if self.expirations.get(key, 0.0) <= now:
                self.storage[key] = 0
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return self.storage[key]

    def _forget(self, now: float) -> None:
        for key, ends_at in list(self.expirations.items()):
            if ends_at <= now:
                self.storage.pop(key, None)
                self.expirations.pop(key, None)


def storage_for(url: str) -> str:
    """The address of the counts as the limiter takes it: ours for `memory://`, any other as it is."""
    return f"{SCHEME}://" if url == "memory://" else url
