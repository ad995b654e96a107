"""How a commit in one process wakes the worker in another: huey carries the nudge, nothing more.

The work itself is in the rows that were committed. A lost nudge costs at most one sweep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from huey import PostgresHuey, RedisHuey, SqliteHuey
from huey.api import Huey

from wallet.config import Settings

QUEUE = "comptoir"
NUDGE_TASK = "nudge"
COALESCE_SECONDS = 0.02  # a basket of scans is one nudge

log = structlog.get_logger()


def make_huey(settings: Settings) -> Huey:
    """The configured carrier: a file beside the database, Redis or PostgreSQL."""
    url = settings.huey_url
    scheme = urlsplit(url).scheme.split("+")[0]
    if scheme in ("redis", "rediss"):
        return RedisHuey(QUEUE, url=url, results=False)
    if scheme in ("postgres", "postgresql"):
        return PostgresHuey(QUEUE, dsn=url.replace("+psycopg", ""), results=False)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteHuey(QUEUE, filename=str(settings.data_dir / "huey.sqlite3"), results=False)


class Waker:
    """Sends nudges from its own thread, so that no request waits for the carrier."""

    def __init__(self, huey: Huey) -> None:
        self._send = nudge_task(huey, lambda: None)
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """Returns at once."""
        self._wanted.set()

    def close(self) -> None:
        """Send what is still wanted and stop."""
        self._closing = True
        self._wanted.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = threading.Event()
        while not self._closing:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._send()
            except Exception as error:  # noqa: BLE001  each carrier has its own; none may end this
                log.warning("nudge_lost", error=repr(error))
            pause.wait(COALESCE_SECONDS)


def nudge_task(huey: Huey, wake: Callable[[], None]) -> Callable[[], object]:
    """The task under the same name on both sides; calling it sends, the consumer runs `wake`."""

    def nudge() -> None:
        wake()

    task: Callable[[], object] = huey.task(name=NUDGE_TASK)(nudge)
    return task
