"""Bring the database to the schema of this release, safely."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from wallet.actions.schema_state import SchemaError, revision_of
from wallet.config import ASSETS
from wallet.db import Database, missing_append_only_triggers

# PostgreSQL: only one process migrates, the others wait here. Any constant would do.
ADVISORY_LOCK = 7_266_767


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
        reached = revision_of(connection)
    # The connection went back to the pool with foreign keys off: start afresh.
    database.dispose()
    return reached or ""


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


def _check(connection: Connection, *, is_sqlite: bool) -> None:
    if is_sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        if broken:
            raise SchemaError(f"the migration would leave {len(broken)} rows without their parent")
    present = set(inspect(connection).get_table_names())
    missing = [table for table in missing_append_only_triggers(connection) if table in present]
    if missing:
        raise SchemaError(f"the migration would leave {', '.join(missing)} open to change")
