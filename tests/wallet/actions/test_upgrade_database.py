"""Migrations: from nothing to this release, whole or not at all, and what the models say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from tests.databases import Postgres, Sqlite
from tests.factories import open_database
from wallet.actions import upgrade_database as module
from wallet.actions.schema_state import (
    SchemaError,
    head_revision,
    require_schema,
    schema_state,
)
from wallet.actions.upgrade_database import upgrade_database
from wallet.config import ROOT
from wallet.db import APPEND_ONLY_TABLES, Base, Database, append_only_statements


@pytest.fixture
def blank(engine: Sqlite | Postgres) -> Iterator[Database]:
    """A database without any table."""
    url = engine.blank()
    opened = open_database(url)
    yield opened
    opened.dispose()
    engine.drop(url)


def everything_in(connection: Connection) -> list[Any]:
    """Tables, triggers and functions: what a half-done migration would leave."""
    if connection.dialect.name == "sqlite":
        return list(connection.scalars(text("SELECT name FROM sqlite_master")))
    return [
        *inspect(connection).get_table_names(),
        *connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")),
        *connection.scalars(text("SELECT proname FROM pg_proc WHERE proname = 'refuse_change'")),
    ]


def shape(connection: Connection) -> dict[str, Any]:
    """Columns, keys, checks and indexes of every table, without the order of writing."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(
                (one["name"] or "", tuple(one["column_names"]))
                for one in inspector.get_unique_constraints(table)
            ),
            "parents": sorted(
                # SQLite does not tell the name of a constraint that came with its column.
                (tuple(one["constrained_columns"]), one["referred_table"])
                for one in inspector.get_foreign_keys(table)
            ),
            "checks": sorted(
                (one["name"] or "", one["sqltext"])
                for one in inspector.get_check_constraints(table)
            ),
            "indexes": sorted(
                (one["name"] or "", tuple(one["column_names"]), bool(one["unique"]))
                for one in inspector.get_indexes(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_from_nothing_to_this_release_and_again_changes_nothing(blank: Database) -> None:
    with pytest.raises(SchemaError, match="is at revision none"):
        require_schema(blank)
    assert upgrade_database(blank) == head_revision()
    require_schema(blank)
    with blank.engine.connect() as connection:
        first = everything_in(connection)
    assert upgrade_database(blank) == head_revision()
    with blank.engine.connect() as connection:
        assert everything_in(connection) == first
    assert schema_state(blank) == (head_revision(), head_revision())


def test_the_models_say_what_the_migrations_made(
    engine: Sqlite | Postgres, database: Database
) -> None:
    url = engine.blank()
    by_models = open_database(url)
    Base.metadata.create_all(by_models.engine)
    with by_models.engine.connect() as models, database.engine.connect() as migrated:
        assert shape(models) == shape(migrated)
        context = MigrationContext.configure(migrated, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    by_models.dispose()
    engine.drop(url)


def test_no_deletion_cascades(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = inspect(connection)
        options = {
            value
            for table in inspector.get_table_names()
            for key in inspector.get_foreign_keys(table)
            for value in key["options"].values()
        }
    assert options == set()


def test_a_migration_that_fails_at_its_end_leaves_nothing(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SchemaError("no")

    with blank.engine.connect() as connection:
        before = everything_in(connection)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_check", fail)
        with pytest.raises(SchemaError):
            upgrade_database(blank)
    with blank.engine.connect() as connection:
        assert everything_in(connection) == before
    assert upgrade_database(blank) == head_revision()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from wallet.actions.upgrade_database import upgrade_database
from wallet.db import Database

database = Database(sys.argv[1])
left = int(sys.argv[2])

@event.listens_for(database.engine, "after_cursor_execute")
def _count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade_database(database)
"""


def test_a_migration_that_is_killed_leaves_nothing_and_the_next_succeeds(
    engine: Sqlite | Postgres,
) -> None:
    url = engine.blank()
    with_password = {**os.environ, "PYTHONPATH": str(ROOT)}
    for statements in (25, 60):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, url, str(statements)],
            env=with_password,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        opened = open_database(url)
        with opened.engine.connect() as connection:
            assert everything_in(connection) == []
        opened.dispose()
    opened = open_database(url)
    assert upgrade_database(opened) == head_revision()
    opened.dispose()
    engine.drop(url)


def test_two_that_migrate_at_once_wait_for_each_other(blank: Database) -> None:
    others = [blank, open_database(blank.url)]
    done: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: done.append(upgrade_database(one)))
        for one in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    others[1].dispose()
    assert done == [head_revision()] * 2


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_a_table_that_lost_its_lock_stops_the_migration(database: Database, table: str) -> None:
    """What SQLite's way of altering tables does without a word must not pass, whatever the table."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
        else:
            connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
    with pytest.raises(SchemaError, match=f"{table} open to change"):
        upgrade_database(database)
    with database.engine.begin() as connection:
        for statement in append_only_statements(table, connection.dialect.name):
            if "no_update" not in statement:
                connection.execute(text(statement))
    upgrade_database(database)


def test_every_append_only_table_exists() -> None:
    assert set(APPEND_ONLY_TABLES) <= set(Base.metadata.tables)
    assert {"entry", "lot_draw", "consent", "award", "donation"} <= set(APPEND_ONLY_TABLES)


def test_a_newer_database_is_not_touched(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="is at revision 9999, this release needs"):
        require_schema(database)


def test_the_newest_revision_is_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert head_revision() == ScriptDirectory.from_config(config).get_current_head()
