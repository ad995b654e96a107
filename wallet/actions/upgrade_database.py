"""Bring the database to the schema of this release, safely."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from wallet.config import ASSETS
from wallet.db import Database, missing_append_only_triggers

# PostgreSQL: only one process migrates, the others wait here. Any constant would do.
ADVISORY_LOCK = 7_266_767


class SchemaError(RuntimeError):
    """The database is not the one that this release works with."""


def upgrade_database(database: Database, revision: str = "head") -> str:
    """Run the migrations that are missing up to `revision`, each whole or not at all; returns the
    revision reached.

    Foreign keys are off on SQLite while tables are rebuilt, and checked before the commit; then the
    append-only triggers are counted, because a rebuilt table loses them without a word.
    """
    with database.engine.connect() as connection:
        if database.is_sqlite:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not database.is_sqlite:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK}
                )
            _migrate(connection, revision)
            _check(connection, is_sqlite=database.is_sqlite)
        reached = _revision(connection)
    # The connection went back to the pool with foreign keys off: start afresh.
    database.dispose()
    return reached or ""


def schema_state(database: Database) -> tuple[str | None, str]:
    """(revision of the database, revision of this release)."""
    with database.engine.connect() as connection:
        return _revision(connection), head_revision()


def require_schema(database: Database) -> None:
    """Refuse a schema that is older or newer than this release."""
    found, wanted = schema_state(database)
    if found != wanted:
        raise SchemaError(
            f"the database is at revision {found or 'none'}, this release needs {wanted}: "
            "run `comptoir db upgrade`"
        )


def head_revision() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def knows_revision(revision: str) -> bool:
    """Whether this release, or one before it, made databases of that revision."""
    script = ScriptDirectory.from_config(_config())
    return revision in {one.revision for one in script.walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ASSETS / "migrations"))
    return config


def _migrate(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _check(connection: Connection, *, is_sqlite: bool) -> None:
    if is_sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        if broken:
            raise SchemaError(f"the migration would leave {len(broken)} rows without their parent")
    present = set(inspect(connection).get_table_names())
    missing = [table for table in missing_append_only_triggers(connection) if table in present]
    if missing:
        raise SchemaError(f"the migration would leave {', '.join(missing)} open to change")
