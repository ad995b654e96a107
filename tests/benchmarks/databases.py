"""Databases to measure on, in a folder that is gone afterwards. Everything is durable: a benchmark without fsync would flatter."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import ServerMissing, postgres_from_pip
from wallet.actions.upgrade_database import upgrade_database
from wallet.context import Context, Vault
from wallet.db import Database

ENGINES = tuple(os.environ.get("BENCH_ENGINES", "sqlite,postgresql").split(","))
_MEMORY_MB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
# As docs/operations.md tells a merchant to set the server, on a machine that is its own.
AS_DEPLOYED = {
    "shared_buffers": f"{_MEMORY_MB // 4}MB",
    "effective_cache_size": f"{_MEMORY_MB * 3 // 4}MB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
}
SECRET = hashlib.sha256(b"a secret of benchmarks").hexdigest()


@contextmanager
def fresh_database(engine: str) -> Iterator[Database | None]:
    """An empty database of this kind with our schema; None (and a word about it) where it cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="comptoir-bench-"))
    try:
        if engine == "sqlite":
            yield from _opened(f"sqlite:///{folder / 'bench.sqlite3'}")
            return
        try:
            server = postgres_from_pip(folder, AS_DEPLOYED)
        except ServerMissing as error:
            sys.stderr.write(f"{error}\n")
            yield None
            return
        try:
            yield from _opened(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _opened(url: str) -> Iterator[Database]:
    context = Context(Vault(SECRET), "http://127.0.0.1:8000")
    database = Database(url, info={"context": context})
    upgrade_database(database)
    try:
        yield database
    finally:
        database.dispose()
