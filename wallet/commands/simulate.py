"""`comptoir simulate …`: stand-ins for the world outside."""

from __future__ import annotations

import click

from wallet.commands.lazy import LazyGroup

COMMANDS = {
    "all": (
        "wallet.commands.simulators:simulate_all",
        "Push service, Google Wallet and both phones in one process.",
    ),
    "fleet": (
        "wallet.commands.fleet:fleet_command",
        "Try delivery with thousands of iPhones: calm, five minutes without Apple, a new design for all, phones that are wiped, tokens that change and clocks that are wrong. In a folder of its own, which is gone afterwards.",
    ),
    "iphone": (
        "wallet.commands.iphone:iphone_command",
        "Examine a pass and its web service as strictly as an iPhone does.",
    ),
}


@click.group("simulate", cls=LazyGroup, lazy=COMMANDS)
def simulate_group() -> None:
    """Stand-ins for Apple, Google and two phones."""
