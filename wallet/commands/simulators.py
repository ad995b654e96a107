"""`comptoir simulate all`: the world outside, on this machine."""

from __future__ import annotations

import signal
import threading

import click

from passes.simulate.server import Place, run_simulators
from wallet.commands.frame import one_line
from wallet.config import Settings
from wallet.log import configure_logging
from wallet.parts import apple_identity


@click.command("all")
@click.option("--http-port", default=8001, show_default=True)
@click.option("--apns-port", default=8002, show_default=True)
@click.option(
    "--main-url",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the service listens.",
)
@one_line
def simulate_all(http_port: int, apns_port: int, main_url: str) -> None:
    """Push service, Google Wallet and both phones in one process."""
    settings = Settings.read()
    configure_logging(settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    apple = apple_identity(settings)
    place = Place(
        settings.data_dir, main_url, settings.public_url, apple.pass_type_id, apple.team_id
    )
    run_simulators(place, http_port, apns_port, stop)
