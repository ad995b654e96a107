"""What commands open: the settings, the database, the identities and the secret key."""

from __future__ import annotations

import secrets

import click

from wallet.actions.schema_state import require_schema
from wallet.config import Settings, folder_from_environment
from wallet.db import Database
from wallet.parts import Parts, apple_keeper, google_identity, make_database


def command_database(settings: Settings) -> Database:
    """The database as it is, for as long as the command runs: then its connections are closed."""
    database = make_database(settings)
    if context := click.get_current_context(silent=True):
        context.call_on_close(database.dispose)
    return database


def all_parts() -> Parts:
    """Everything that the worker has; nobody is woken."""
    settings = Settings.read()
    return Parts(
        settings,
        command_database(settings),
        apple_keeper(settings),
        google_identity(settings),
        lambda: None,
    )


def open_database() -> Database:
    """The database, at the schema of this release; SchemaError if it is not."""
    database = command_database(Settings.read())
    require_schema(database)
    return database


def make_secret() -> None:
    """A random secret key in the data folder, readable by its owner only, where there is none."""
    folder = folder_from_environment()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / "secret_key"
    if not target.exists():
        target.touch(mode=0o600)
        target.write_text(f"{secrets.token_urlsafe(48)}\n")
        click.echo(f"Made {target}.", err=True)
