"""`comptoir google …`: read back now what Google holds."""

from __future__ import annotations

import click

from passes.google.push import GoogleClient
from wallet import clock
from wallet.actions.google.gate import Gate
from wallet.actions.google.reconcile import Checked, GoogleReconciler
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.upgrade_database import require_schema
from wallet.commands.frame import one_line
from wallet.config import Settings
from wallet.parts import google_identity, google_token_url, google_wallet_url, make_database


@click.group("google")
def google_group() -> None:
    """Google Wallet."""


@google_group.command("check")
@one_line
def google_check() -> None:
    """Read every card back from Google now and mark for delivery what differs.

    The worker does the same once a day, in its idle moments. Keeps to the rate that all processes
    share, and goes on where it was when it is called again after an interruption.
    """
    settings = Settings.read()
    database, identity = make_database(settings), google_identity(settings)
    require_schema(database)
    client = GoogleClient(google_wallet_url(settings), google_token_url(settings), identity)
    gate = Gate(database, identity.issuer_id, clock.now)
    objects = GoogleObjects(
        identity, settings.public_url, merchant_locations=settings.google_store_locations
    )
    reconciler = GoogleReconciler(database, client, gate, objects, clock.now)
    client.check_token()
    click.echo(f"{reconciler.begin_rounds()} classes to read.", err=True)
    total = Checked()
    while (done := reconciler.check()).requests:
        total += done
        click.echo(f"\r{total.read} cards read …", err=True, nl=False)
    click.echo("", err=True)
    client.close()
    click.echo(
        f"{total.read} cards read: {total.differed} differ, {total.missing} missing at Google,"
        f" {total.removed} taken off their phones."
    )
    if reconciler.is_unfinished():
        raise click.ClickException("Google is busy or away; run this again to go on from here.")
