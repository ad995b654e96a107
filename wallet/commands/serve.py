"""`comptoir serve`: the web doors. Light on purpose: its child imports the application, this only watches it."""

from __future__ import annotations

import logging

import click
from granian import Granian
from granian.constants import Interfaces

from wallet.config import Settings, SettingsError

# SQLite wants one process with many threads; more processes only wait for each other's lock.
SERVER_THREADS = 16


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option(
    "--processes", default=1, show_default=True, help="More than one only with PostgreSQL."
)
def serve_command(host: str, port: int, processes: int) -> None:
    """Serve the web doors."""
    try:
        settings = Settings.read()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    if settings.database.startswith("sqlite") and processes > 1:
        raise click.ClickException("SQLite is served by one process; use PostgreSQL for more")
    # More threads than cores are meant: most of a request is waiting for the database.
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.msg)
    Granian(
        "app:served",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=processes,
        blocking_threads=SERVER_THREADS,
        log_access=False,
        websockets=False,
        workers_kill_timeout=10,
    ).serve()
