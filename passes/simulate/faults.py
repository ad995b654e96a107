"""Scripted faults: what a stand-in shall do wrong with the next requests."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

Action = Literal["answer", "drop", "goaway", "hang"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour, used up by one request.

    `answer` refuses with `status` and `reason` (a `status` of 0 lets the request through, late by
    `delay_seconds`), `drop` cuts the connection, `goaway` closes it politely without answering,
    `hang` never answers. `timestamp_ms` (Unix milliseconds) goes with APNs's 410. A fault with a
    `method` waits for the first request of that method; what else comes meanwhile is answered well.
    """

    status: int = 0
    reason: str = ""
    action: Action = "answer"
    delay_seconds: float = 0.0
    retry_after_seconds: int | None = None
    timestamp_ms: int | None = None
    method: str = ""


class Faults:
    """A queue of faults that tests fill and a stand-in takes from, one for each request.

    `standing` is met by every request while the queue is empty: a mood that somebody chose.
    """

    def __init__(self) -> None:
        self.standing: Fault | None = None
        self._queue: deque[Fault] = deque()
        self._lock = threading.Lock()

    def add(self, fault: Fault, times: int = 1) -> None:
        """The next `times` requests meet this fault, after those already queued."""
        with self._lock:
            self._queue.extend([fault] * times)

    def take(self, method: str = "") -> Fault | None:
        """The fault for the request that has just come, if one is waiting."""
        with self._lock:
            if not self._queue:
                return self.standing
            return self._queue.popleft() if self._queue[0].method in ("", method) else None

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._queue.clear()

    def __len__(self) -> int:
        return len(self._queue)
