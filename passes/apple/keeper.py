"""The identity that signs now: a renewed certificate is taken while the process runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

import structlog

from passes.apple.identity import AppleIdentity
from passes.errors import IdentityError

LOOK_SECONDS = 5.0  # a few file system calls at most this often; a renewal may wait that long

log = structlog.get_logger(__name__)


class IdentityKeeper:
    """Gives the identity to sign with; safe to share between threads.

    `load` reads it; `mark` says cheaply whether there is something new to read. Only an identity of
    the same pass type and team is taken in the run: another one changes addresses and cards, so the
    process has to start anew, which `needs_restart` tells. While the new one cannot be read, the old
    one goes on signing.
    """

    def __init__(
        self,
        load: Callable[[], AppleIdentity],
        mark: Callable[[], Hashable],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._mark = mark
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen = mark()
        self._current = load()
        self._looked = monotonic()
        self.needs_restart = False

    @property
    def current(self) -> AppleIdentity:
        """The identity, looked for anew when the last look is some seconds old."""
        if self._monotonic() - self._looked >= LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._looked = self._monotonic()
                self._look()
            finally:
                self._lock.release()
        return self._current

    def _look(self) -> None:
        try:
            mark = self._mark()
            if mark == self._seen:
                return
            found = self._load()
        except (IdentityError, OSError) as error:
            log.warning("the new certificate cannot be used yet", error=str(error))
            return
        self._seen = mark
        before = self._current
        same = (found.pass_type_id, found.team_id) == (before.pass_type_id, before.team_id)
        self.needs_restart = not same
        if not same:
            log.warning("another pass type needs a restart", found=found.pass_type_id)
        elif found.certificate != before.certificate:
            self._current = found
            log.info("renewed certificate taken", until=f"{found.expires_at:%Y-%m-%d}")
