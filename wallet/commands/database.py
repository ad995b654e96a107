"""`comptoir db …`: the schema."""

from __future__ import annotations

import click

from wallet.actions.upgrade_database import upgrade_database
from wallet.commands.frame import one_line
from wallet.commands.installation import command_database
from wallet.config import Settings


@click.group("db")
def db_group() -> None:
    """The database."""


@db_group.command("upgrade")
@one_line
def db_upgrade() -> None:
    """Bring the database to the schema of this release."""
    database = command_database(Settings.read())
    click.echo(f"Database at revision {upgrade_database(database)}.")
