"""What phones do at the web service, written down a moment later and many at a time.

Ten thousand phones that come for a new design list and fetch within minutes. A durable transaction
for each would stand between a cashier and the disk; what is lost in a crash is a line of statistics.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wallet.db import Database
from wallet.tables.delivery import note_came, note_fetched, note_listed
from wallet.tables.wallet_pass import PhoneLog

FLUSH_SECONDS = 0.5  # nobody looks at a delivery sooner
WAITING_MAX = 20_000  # notes of each kind in memory; beyond them the newest are dropped
LOG_WAITING_MAX = 2_000  # lines
LOG_LENGTH_MAX = 2_000  # characters of one complaint that are worth keeping
AT_ONCE = 500  # notes in one transaction, so that a writer waits for milliseconds

T = TypeVar("T")

log = structlog.get_logger()


class PhoneNotes:
    """Collects notes; a thread of its own, started with the first of them, writes them down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._came: dict[str, datetime] = {}
        self._listed: dict[str, datetime] = {}
        self._fetched: dict[str, tuple[int, datetime]] = {}
        self._lines: list[tuple[datetime, str]] = []

    def came(self, library_id: str, serials: Sequence[str], at: datetime) -> None:
        """A phone asked what changed and was told of these passes."""
        with self._lock:
            if len(self._came) < WAITING_MAX:
                self._came[library_id] = at
            for serial in serials:
                if len(self._listed) < WAITING_MAX:
                    self._listed.setdefault(serial, at)
        self._wake()

    def fetched(self, serial: str, version: int, at: datetime) -> None:
        """A phone has this version."""
        with self._lock:
            known = self._fetched.get(serial)
            if (known is None or known[0] < version) and len(self._fetched) < WAITING_MAX:
                self._fetched[serial] = (version, at)
        self._wake()

    def complained(self, lines: Sequence[str], at: datetime) -> None:
        """A phone's log."""
        with self._lock:
            room = LOG_WAITING_MAX - len(self._lines)
            self._lines += [(at, line[:LOG_LENGTH_MAX]) for line in lines[: max(room, 0)]]
        self._wake()

    def flush(self) -> None:
        """Write down what has come until now."""
        with self._writing:
            with self._lock:
                came, self._came = self._came, {}
                listed, self._listed = self._listed, {}
                fetched, self._fetched = self._fetched, {}
                lines, self._lines = self._lines, []
            self._write(came, note_came)
            self._write(listed, note_listed)
            self._write(fetched, note_fetched)
            if lines:
                with self._database.transaction() as session:
                    session.add_all(PhoneLog(at=at, message=line) for at, line in lines)

    def _write(
        self, notes: dict[str, T], write: Callable[[Session, Mapping[str, T]], None]
    ) -> None:
        # In the order of the keys: two processes that write the same rows never wait for each other.
        names = sorted(notes)
        for start in range(0, len(names), AT_ONCE):
            part = {name: notes[name] for name in names[start : start + AT_ONCE]}
            self._put(write, part)

    def _put(
        self, write: Callable[[Session, Mapping[str, T]], None], part: Mapping[str, T]
    ) -> None:
        self._database.run(lambda session: write(session, part))

    def _wake(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="phone-notes", daemon=True
                    )
                    self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wanted.wait()
            pause.wait(FLUSH_SECONDS)
            self._wanted.clear()
            try:
                self.flush()
            except SQLAlchemyError as error:
                log.warning("phone_notes_lost", error=type(error).__name__)
