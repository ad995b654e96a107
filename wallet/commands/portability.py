"""`comptoir export`, `import`, `backup`, `restore`: leave any day, on any database, with nothing lost."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wallet import clock
from wallet.actions.archive import ArchiveReader
from wallet.actions.audit import audit
from wallet.actions.export_installation import export_installation
from wallet.actions.import_installation import import_installation, restore_files
from wallet.actions.schema_state import require_schema
from wallet.commands.frame import one_line, steps
from wallet.commands.installation import command_database
from wallet.config import Settings, folder_from_environment
from wallet.db import Database

FINDINGS_SHOWN_MAX = 20
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("export")
@click.argument("file", type=_NEW_FILE)
@one_line
def export_command(file: Path) -> None:
    """Write every program, member, entry and card to FILE, for `comptoir import` on any database.

    The same rows give the same file, to the byte. The keys in it stay sealed: the new place needs the
    same COMPTOIR_SECRET_KEY. What lets somebody in for a while (sessions, mailed links) is left out.
    """
    database = _database()
    _refuse_existing(file)
    with click.progressbar(length=100, label="Exporting", file=sys.stderr) as bar:
        manifest = export_installation(database, file, progress=steps(bar.update))
    click.echo(f"{manifest.rows} rows of {len(manifest.tables)} tables in {file}.")


@click.command("import")
@click.argument("file", type=_OLD_FILE)
@one_line
def import_command(file: Path) -> None:
    """Take in FILE, which `comptoir export` wrote, into a new database; then audit it.

    All or nothing. An export of an earlier release is brought to this release's schema.
    """
    reader = ArchiveReader(file)
    _take_in(command_database(Settings.read()), reader)


@click.command("backup")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the backup; by default `backups` in the data folder.",
)
@click.option("--keep", type=click.IntRange(1), help="Remove all but the newest so many there.")
@one_line
def backup_command(folder: Path | None, keep: int | None) -> None:
    """Write all rows and the data folder's files (secret key, certificates) to a new file, while
    everything runs.

    Keep it as safe as the secret key: it is in it.
    """
    settings = Settings.read()
    database = _database()
    folder = folder or settings.data_dir / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"comptoir-{clock.now():%Y%m%dT%H%M%SZ}.zip"
    _refuse_existing(file)
    with click.progressbar(length=100, label="Backing up", file=sys.stderr) as bar:
        manifest = export_installation(
            database, file, folder=settings.data_dir, progress=steps(bar.update)
        )
    for old in sorted(folder.glob("comptoir-*Z.zip"))[: -keep if keep else 0]:
        old.unlink()
    click.echo(f"{manifest.rows} rows and {len(manifest.files)} files in {file}.")


@click.command("restore")
@click.argument("file", type=_OLD_FILE)
@one_line
def restore_command(file: Path) -> None:
    """Bring back FILE, which `comptoir backup` wrote, into a new data folder and a new database; then
    audit it.

    Where the data folder already holds other files of these names, or the database a program, nothing
    is changed.
    """
    reader = ArchiveReader(file)
    reader.verify()
    folder = folder_from_environment()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = restore_files(reader, folder)
    click.echo(f"{files} files in {folder}.")
    _take_in(command_database(Settings.read()), reader)


def _database() -> Database:
    database = command_database(Settings.read())
    require_schema(database)
    return database


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise click.ClickException(f"{file} is already there: choose another name")


def _take_in(database: Database, reader: ArchiveReader) -> None:
    with click.progressbar(length=100, label="Importing", file=sys.stderr) as bar:
        manifest = import_installation(database, reader, steps(bar.update))
    reader.close()
    with (
        database.reading() as session,
        click.progressbar(length=100, label="Auditing", file=sys.stderr) as bar,
    ):
        report = audit(session, progress=steps(bar.update))
    for finding in report.findings[:FINDINGS_SHOWN_MAX]:
        click.echo(f"{finding.code}  {finding.where}  {finding.sentence}")
    click.echo(
        f"{manifest.rows} rows; {report.entries} entries in {report.accounts} accounts:"
        f" {len(report.findings)} findings."
    )
    if report.findings:
        sys.exit(1)
