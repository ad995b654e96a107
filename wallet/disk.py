"""Commits reach the disk together: one fsync for all that wait for it.

SQLite's own `synchronous=FULL` lets the next writer wait until the disk has the last one's entry. Here a writer
commits without (`NORMAL`, which keeps the file sound), gives its place to the next one, and then waits for
an fsync of the write-ahead log that began after its commit. Whoever finds none under way does it for all.
No answer leaves before; neither does that of a reader who saw what was just committed.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from sqlalchemy.exc import OperationalError

WAL_SUFFIX = "-wal"


class GroupedSync:
    """The write-ahead log of one file, in a process with one writer at a time.

    After a failed fsync nobody knows what the disk has (Linux forgets what it could not write): from then on
    everybody is refused with an `OperationalError` until the process starts again.
    """

    def __init__(self, database: Path) -> None:
        self._log = str(database.with_name(database.name + WAL_SUFFIX))
        self._turn = threading.Condition()
        self._begun = 0  # commits that may be visible to others
        self._ended = 0  # commits that are done, or given up
        self._reached = 0  # commits that the disk has
        self._is_busy = False
        self._failure: OSError | None = None

    def begins(self) -> None:
        """The writer is about to commit."""
        with self._turn:
            self._check()
            self._begun += 1

    def ended(self) -> None:
        """The writer is done, or gave up."""
        with self._turn:
            self._ended = self._begun
            self._turn.notify_all()

    def reach(self) -> None:
        """Wait until the disk has every commit that could be seen by now."""
        with self._turn:
            wanted = self._begun
            while self._reached < wanted:
                self._check()
                if self._is_busy or self._ended < wanted:
                    self._turn.wait()
                else:
                    self._lead()

    def _lead(self) -> None:
        """Bring all that is done to the disk, without keeping others from committing meanwhile."""
        self._is_busy, done = True, self._ended
        self._turn.release()
        failure = None
        try:
            self._sync()
        except OSError as error:
            failure = error
        finally:
            self._turn.acquire()
            self._is_busy = False
            self._turn.notify_all()
        self._failure = failure
        if failure is None:
            self._reached = done

    def _sync(self) -> None:
        """Every page of the file that the system still holds, whoever wrote it."""
        try:
            log = os.open(self._log, os.O_RDWR)
        except FileNotFoundError:
            return  # the last connection closed and brought all of it into the database itself
        try:
            getattr(os, "fdatasync", os.fsync)(log)
        finally:
            os.close(log)

    def _check(self) -> None:
        if self._failure is not None:
            raise OperationalError("fsync", None, self._failure) from self._failure
