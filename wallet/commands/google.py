"""`comptoir google …`: read back now what Google holds."""

from __future__ import annotations

import click

from passes.google.push import GoogleClient
from wallet import clock
from wallet.actions.google.announce import Words, announce_message
from wallet.actions.google.budget import notice_reach
from wallet.actions.google.gate import Gate
from wallet.actions.google.reconcile import Checked, GoogleReconciler
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.program_view import program_view_by_slug
from wallet.actions.schema_state import require_schema
from wallet.commands.frame import one_line
from wallet.commands.installation import command_database
from wallet.config import Settings
from wallet.parts import google_identity, google_token_url, google_wallet_url


@click.group("google")
def google_group() -> None:
    """Google Wallet."""


@google_group.command("announce")
@click.option("--program", "slug", required=True)
@click.option(
    "--text",
    "texts",
    nargs=3,
    multiple=True,
    required=True,
    metavar="LANGUAGE HEADER BODY",
    help="Once for each language, e.g. --text fr 'Samedi' 'Points doubles'.",
)
@click.option("--tier", help="Only members of this status.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@one_line
def google_announce(
    slug: str, texts: tuple[tuple[str, str, str], ...], tier: str | None, yes: bool
) -> None:
    """Put a message on the cards in Google Wallet.

    Says first whom it would notify and whose budget of three notifications in 24 hours is spent.
    """
    database = command_database(Settings.read())
    require_schema(database)
    with database.reading() as session:
        program = program_view_by_slug(session, slug)
        reach = notice_reach(session, program, clock.now(), tier, provider="google")
    click.echo(
        f"{reach.notified} members would be notified, {reach.silent} would see it without a"
        f" notification, {reach.without_card} have no card in Google Wallet.",
        err=True,
    )
    if not yes:
        click.confirm("Send it?", abort=True)
    words = {language: Words(header, body) for language, header, body in texts}
    count = database.run(
        lambda session: announce_message(session, program, words, clock.now(), tier)
    )
    click.echo(f"The message goes out to {count} cards.")


@google_group.command("check")
@one_line
def google_check() -> None:
    """Read every card back from Google now and mark for delivery what differs.

    The worker does the same once a day, in its idle moments. Keeps to the rate that all processes
    share, and goes on where it was when it is called again after an interruption.
    """
    settings = Settings.read()
    database, identity = command_database(settings), google_identity(settings)
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
