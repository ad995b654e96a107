"""The simulators' memory across restarts: one JSON file, written a moment after each change."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

DELAY_SECONDS = 0.5  # several changes in a burst become one write
STOP_SECONDS_MAX = 5.0
FORMAT = 1  # a file of another format is left aside

log = structlog.get_logger(__name__)


class StateFile:
    """Writes what `dump` gives whenever `touch` was called. The file is for its owner only: passes
    hold the tokens of their web service."""

    def __init__(self, path: Path, dump: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._dump = dump
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def read(self) -> dict[str, Any] | None:
        """What was written last; nothing on a first start or when the file is no use."""
        try:
            data = json.loads(self._path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("simulators: state not readable, starting anew", error=str(error))
            return None
        return data if isinstance(data, dict) and data.get("format") == FORMAT else None

    def start(self) -> None:
        """Begin to write changes."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="simulators-state", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left to write."""
        self._stopping.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
            self._thread = None
        self.write()

    def touch(self) -> None:
        """Something changed."""
        self._dirty.set()

    def write(self) -> None:
        """Replace the file in one step, so that a crash leaves the old one or the new one."""
        data = json.dumps({"format": FORMAT, **self._dump()}, ensure_ascii=False)
        beside = self._path.with_suffix(".tmp")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(data)
            beside.replace(self._path)
        except OSError as error:
            log.warning("simulators: state not written", error=str(error))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._dirty.wait()
            if self._stopping.wait(DELAY_SECONDS):
                return
            self._dirty.clear()
            self.write()
