"""What a simulated phone has to tell: its log, its notifications, and when anything changed."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

LINES_KEPT = 200  # enough for a long session; older lines leave
NOTIFICATIONS_KEPT = 30


class Activity:
    """A phone's bounded log and notifications. `on_change` is called after each entry."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._lock = threading.Lock()
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        self._notifications: deque[dict[str, Any]] = deque(maxlen=NOTIFICATIONS_KEPT)

    def note(self, code: str, *, card: str = "", good: bool = True, **facts: object) -> None:
        """Log one step. Pages turn `code` and its facts into a sentence of their language."""
        line = {"id": uuid.uuid4().hex, "at": _now(), "code": code, "card": card, "good": good}
        with self._lock:
            self._lines.append({**line, "facts": facts})
        self._on_change()

    def notify(self, *, card: str, title: str, text: str) -> None:
        """Show a notification on the lock screen."""
        entry = {"id": uuid.uuid4().hex, "at": _now(), "card": card, "title": title, "text": text}
        with self._lock:
            self._notifications.append(entry)
        self._on_change()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, oldest first."""
        with self._lock:
            return list(self._lines)

    @property
    def codes(self) -> list[str]:
        """The log's codes, oldest first."""
        return [str(line["code"]) for line in self.lines]

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """The notifications, oldest first."""
        with self._lock:
            return list(self._notifications)

    def dump(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {"lines": self.lines, "notifications": self.notifications}

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave before a restart."""
        with self._lock:
            self._lines.extend(data.get("lines", []))
            self._notifications.extend(data.get("notifications", []))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
