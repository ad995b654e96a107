"""Write everything that an installation holds into one file that any database can take in again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from wallet.actions.archive import ArchiveWriter, Manifest, line_of
from wallet.actions.schema_state import head_revision
from wallet.context import context_of
from wallet.db import Base, Database, unhurried

ROWS_AT_ONCE = 2_000  # about a megabyte of entries
# What lets somebody in for a while, or counts tries, must not come back from an old copy.
LEFT_OUT = frozenset({"attempts", "confirmation", "magic_link", "staff_session", "till_face"})
KEY_CHECK = "comptoir export"
_PARTIAL = ".partial"


def export_installation(
    database: Database,
    path: Path,
    *,
    folder: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Manifest:
    """Write all rows, in one snapshot, to `path` (mode 0600); it appears whole or not at all.

    With `folder` the files below it come along (a backup). `progress` hears (rows done, rows in all).
    """
    partial = path.with_name(path.name + _PARTIAL)
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with database.reading() as session:
            unhurried(session)
            manifest = Manifest(head_revision(), key_check(session))
            writer = ArchiveWriter(partial, manifest)
            _write_tables(session, writer, progress)
        if folder is not None:
            for file in files_below(folder, database):
                writer.add_file(file.relative_to(folder).as_posix(), file.read_bytes())
        writer.close()
        _to_disk(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def exported_tables() -> list[Table]:
    """Parents before children."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def key_check(session: Session) -> str:
    """Tells whether two installations have the same secret key, and nothing of the key."""
    return context_of(session).vault.fingerprint(KEY_CHECK)


def files_below(folder: Path, database: Database) -> Iterator[Path]:
    """What belongs to the installation besides rows: secret key, certificates, uploads. Not the
    database itself, what waits for the worker, logs, mails already written, or earlier backups."""
    skipped = {"mail", "backups", "logs", "simulator"}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_database = ".sqlite3" in path.name or path.suffix == ".db"
        if path.is_file() and not path.is_symlink() and parts[0] not in skipped and not is_database:
            yield path


def _write_tables(
    session: Session, writer: ArchiveWriter, progress: Callable[[int, int], None]
) -> None:
    tables = exported_tables()
    counts = [select(func.count()).select_from(table) for table in tables]
    total = sum(int(session.execute(count).scalar_one()) for count in counts)
    done = 0

    def lines(table: Table) -> Iterator[bytes]:
        nonlocal done
        query = select(table).order_by(table.c.id)
        found = session.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for part in found.mappings().partitions():
            for row in part:
                yield line_of(dict(row))
            done += len(part)
            progress(done, total)

    for table in tables:
        writer.add_table(table.name, lines(table))


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
