"""Which schema a database has and which one this release needs. Every process asks at its start, so nothing
here imports what runs migrations."""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from wallet.config import ASSETS
from wallet.db import Database

_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_BEFORE = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


class SchemaError(RuntimeError):
    """The database is not the one that this release works with."""


def schema_state(database: Database) -> tuple[str | None, str]:
    """(revision of the database, revision of this release)."""
    with database.engine.connect() as connection:
        return revision_of(connection), head_revision()


def require_schema(database: Database) -> None:
    """Refuse a schema that is older or newer than this release."""
    found, wanted = schema_state(database)
    if found != wanted:
        raise SchemaError(
            f"the database is at revision {found or 'none'}, this release needs {wanted}: "
            "run `comptoir db upgrade`"
        )


@cache
def head_revision() -> str:
    """The newest revision that this release knows: the one that none comes after."""
    texts = [file.read_text() for file in (ASSETS / "migrations" / "versions").glob("*.py")]
    known = {found for one in texts for found in _REVISION.findall(one)}
    before = {found for one in texts for found in _BEFORE.findall(one)}
    (head,) = known - before
    return str(head)


def revision_of(connection: Connection) -> str | None:
    """What Alembic wrote down last; nothing in a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
