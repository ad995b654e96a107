"""A phone's background thread: one task at a time, some of them later."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import structlog

STOP_SECONDS_MAX = 15.0  # longer than a phone's slowest HTTP call

log = structlog.get_logger(__name__)


class Tasks:
    """Runs what is submitted, in order of time, on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._busy = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the task at hand and forget the others."""
        with self._changed:
            self._stopping = True
            self._heap.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS_MAX)
        self._thread = None

    def submit(self, task: Callable[[], None], delay_seconds: float = 0.0) -> None:
        """Do this, at once or after a while."""
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + delay_seconds, next(self._order), task))
            self._changed.notify_all()

    def settle(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until nothing is being done or waits, retries included; False when time is up."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._busy and not self._heap, timeout_seconds
            )

    def _run(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception:  # a phone never dies of one bad answer
                log.exception("simulated phone: a task failed", phone=self._name)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopping:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    self._busy = True
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
            return None
