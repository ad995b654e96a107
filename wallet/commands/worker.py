"""`comptoir worker`: what delivers."""

from __future__ import annotations

import click

from wallet.actions.schema_state import require_schema
from wallet.commands.frame import one_line
from wallet.commands.installation import all_parts
from wallet.log import configure_logging
from wallet.worker import run_worker


@click.command("worker")
@one_line
def worker_command() -> None:
    """Deliver cards and mails. Stop with SIGINT or SIGTERM."""
    parts = all_parts()
    configure_logging(parts.settings.log_format)
    require_schema(parts.database)
    run_worker(parts)
