"""Take in what `export_installation` wrote, into a new database of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, Table, bindparam, inspect, text
from sqlalchemy.engine import Connection

from wallet.actions.archive import ArchiveError, ArchiveReader, Manifest, value_for
from wallet.actions.export_installation import ROWS_AT_ONCE, key_check
from wallet.actions.upgrade_database import knows_revision, upgrade_database
from wallet.db import APPEND_ONLY_TABLES, Database

Progress = Callable[[int, int], None]


def import_installation(
    database: Database, reader: ArchiveReader, progress: Progress = lambda done, all_: None
) -> Manifest:
    """All rows in one transaction, then the migrations that are newer than the archive.

    ArchiveError, with nothing written, where the archive is damaged, comes from a later release or was
    made under another secret key, or where the database already holds a program.
    """
    manifest = reader.manifest
    if not knows_revision(manifest.revision):
        raise ArchiveError(
            f"the archive comes from a later release (revision {manifest.revision}): install that one"
        )
    with database.reading() as session:
        if key_check(session) != manifest.key_check:
            raise ArchiveError(
                "the archive was made under another COMPTOIR_SECRET_KEY: without that key its cards, "
                "links and sealed keys are lost"
            )
    reader.verify()
    _require_empty(database, manifest.revision)
    upgrade_database(database, manifest.revision)
    with database.transaction() as session:
        _load(session.connection(), reader, progress)
    upgrade_database(database)
    return manifest


def restore_files(reader: ArchiveReader, folder: Path) -> int:
    """Put a backup's files into a data folder, for its owner only; returns how many.

    ArchiveError, with nothing written, where one of them is already there with other content.
    """
    files = {name: reader.file(name) for name in reader.manifest.files}
    for name, content in files.items():
        target = folder / name
        if target.exists() and (not target.is_file() or target.read_bytes() != content):
            raise ArchiveError(f"{target} is already there with other content: restore elsewhere")
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        target.write_bytes(content)
    return len(files)


def _require_empty(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        if "program" not in tables:
            return
        if connection.execute(text("SELECT 1 FROM program LIMIT 1")).first() is not None:
            raise ArchiveError("the database already holds a program: import into a new one")
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    if found != revision:
        raise ArchiveError(
            f"the database is prepared for revision {found}, the archive is of {revision}: "
            "import into a database without any table"
        )


def _load(connection: Connection, reader: ArchiveReader, progress: Progress) -> None:
    """The tables as they were at the archive's revision, which this release's models may not know."""
    known = MetaData()
    known.reflect(connection)
    total, done = reader.manifest.rows, 0
    names = {table.name for table in known.sorted_tables}
    if strange := sorted(set(reader.manifest.tables) - names):
        raise ArchiveError(
            f"the archive holds a table {strange[0]} that its revision does not have"
        )
    for table in known.sorted_tables:
        if table.name not in reader.manifest.tables:
            continue
        later = _own_parents(table)
        for part in _parts(reader.rows(table.name)):
            rows = [_row(table, row) for row in part]
            connection.execute(
                table.insert(), [{**row, **dict.fromkeys(later)} for row in rows] if later else rows
            )
            done += len(rows)
            progress(done, total)
        for name in later:
            _link(connection, table, name, reader)


def _own_parents(table: Table) -> list[str]:
    """Columns that name another row of the same table, perhaps a later one: filled in afterwards. A
    row of an append-only table can only name an earlier one, and may not be changed."""
    if table.name in APPEND_ONLY_TABLES:
        return []
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def _link(connection: Connection, table: Table, name: str, reader: ArchiveReader) -> None:
    column: Column[Any] = table.c[name]
    update = (
        table.update()
        .where(table.c.id == bindparam("row_id"))
        .values({column: bindparam("parent")})
    )
    links = [
        {"row_id": row["id"], "parent": row[name]}
        for row in reader.rows(table.name)
        if row[name] is not None
    ]
    if links:
        connection.execute(update, links)


def _row(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: value_for(table.c[name], value) for name, value in row.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"a row of {table.name} in the archive cannot be read") from error


def _parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield part
