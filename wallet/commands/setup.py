"""`comptoir setup` and `comptoir demo …`: the first start, and every start."""

from __future__ import annotations

import sys

import click

from passes.qr import qr_terminal
from wallet import clock
from wallet.actions.first_start import is_untouched, start_code
from wallet.actions.load_demo import PASSWORD, PINS, SLUG, STAFF, has_demo, load_demo
from wallet.actions.schema_state import head_revision, require_schema, schema_state
from wallet.actions.upgrade_database import upgrade_database
from wallet.commands.frame import one_line, steps
from wallet.commands.installation import command_database, make_secret
from wallet.config import Settings
from wallet.db import Database
from wallet.parts import apple_identity, google_identity


@click.command("setup")
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo program too.")
@one_line
def setup_command(with_demo: bool) -> None:
    """First start and every start: secret, identities, schema, demo. Prints where everything is."""
    make_secret()
    settings = Settings.read()
    database = command_database(settings)
    if schema_state(database)[0] != head_revision():
        click.echo("Preparing the database …", err=True)
        upgrade_database(database)
    apple_identity(settings)
    google_identity(settings)
    if with_demo:
        _load_demo(database)
    with database.reading() as session:
        untouched = is_untouched(session)
    click.echo(_welcome(settings, with_demo=with_demo, untouched=untouched))


@click.group("demo")
def demo_group() -> None:
    """The demo program."""


@demo_group.command("load")
@one_line
def demo_load() -> None:
    """Make "Café Lumière" and live its year."""
    database = command_database(Settings.read())
    require_schema(database)
    visits = _load_demo(database)
    click.echo(f"{visits} visits." if visits else "The demo is already there.")
    for email, name, role in STAFF:
        click.echo(f"{role:9} {email:22} {PASSWORD}   {name}")


def _load_demo(database: Database) -> int:
    with database.reading() as session:
        if has_demo(session):
            return 0
    with click.progressbar(length=100, label="Demo data", file=sys.stderr) as bar:
        return load_demo(database, clock.now(), steps(bar.update))


def _welcome(settings: Settings, *, with_demo: bool, untouched: bool) -> str:
    url = settings.public_url
    lines = [
        "",
        f"  Staff sign-in   {url}/staff/sign-in",
        f"  Till            {url}/till/",
        f"  Console         {url}/console/",
        f"  API             {url}/api/docs",
    ]
    if settings.simulator_url:
        lines.append(f"  Phones          {url}/simulate/")
    if untouched:
        start = f"{url}/start?code={start_code(settings.secret_key)}"
        lines += ["", f"  There is no program yet. Begin here: {start}"]
    if with_demo:
        join = f"{url}/p/{SLUG}/join"
        lines += [f"  Join            {join}", "", f"  Demo sign-ins, password {PASSWORD}:"]
        lines += [
            f"    {email:22} {role:9} {f'PIN {PINS[role]}' if role in PINS else ''}".rstrip()
            for email, _, role in STAFF
        ]
        lines += ["", f"  Pair a till: {url}/console/tills shows a code; then a name and a PIN."]
        lines += ["", qr_terminal(join)]
    return "\n".join(lines)
