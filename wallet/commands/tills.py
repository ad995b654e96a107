"""`comptoir till …`: pair, list and revoke tills from the machine itself."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from passes.qr import qr_terminal
from wallet import clock
from wallet.actions.actor import SYSTEM
from wallet.actions.program_view import ProgramView, program_view_by_slug
from wallet.actions.tills.pair import (
    CODE_LIFE,
    NewTill,
    add_till,
    revoke_till,
    spoken_code,
    tills,
)
from wallet.actions.tills.screens import add_screen, revoke_screen, screens
from wallet.commands.frame import one_line
from wallet.commands.installation import open_database
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.ids import private_id


@click.group("till")
def till_group() -> None:
    """Tills: browsers that belong to a store."""


@till_group.command("pair")
@click.option("--program", "slug", required=True, help="The program's address word.")
@click.option("--name", required=True, help="What the till is called: Counter 1.")
@click.option("--store", default="", help="Name of the store; the only or first one without.")
@one_line
def till_pair(slug: str, name: str, store: str) -> None:
    """Add a till and print its code, alone on the last line. The code works once."""

    def work(session: Session) -> tuple[str, str]:
        program = program_view_by_slug(session, slug)
        new = NewTill(name, _store(program, store))
        _till, code = add_till(session, program, new, SYSTEM, clock.now())
        return code, context_of(session).public_url

    _show(*open_database().run(work), "/till/pair")


@till_group.command("screen")
@click.argument("till")
@click.option("--program", "slug", required=True, help="The program's address word.")
@one_line
def till_screen(till: str, slug: str) -> None:
    """Print a code, alone on the last line, for a device that shows the customer what TILL shows."""

    def work(session: Session) -> tuple[str, str]:
        program = program_view_by_slug(session, slug)
        number = private_id("til", till) or 0
        _screen, code = add_screen(session, program, number, SYSTEM, clock.now())
        return code, context_of(session).public_url

    _show(*open_database().run(work), "/till/screen/pair")


@till_group.command("list")
@click.option("--program", "slug", required=True, help="The program's address word.")
@one_line
def till_list(slug: str) -> None:
    """Say which tills there are, where, whether they are paired, and their customers' screens."""
    with open_database().reading() as session:
        program = program_view_by_slug(session, slug)
        stores = {store.id: store.name for store in program.stores}
        shown = screens(session, program, clock.now())
        for till in tills(session, program, clock.now()):
            seen = till.at.isoformat(timespec="minutes") if till.at else "-"
            place = stores.get(till.store_id, "")
            click.echo(f"{till.id}  {till.state:8} {seen:22} {till.name} ({place})")
            for screen in (one for one in shown if one.till_id == till.id):
                seen = screen.at.isoformat(timespec="minutes") if screen.at else "-"
                click.echo(f"  {screen.id}  {screen.state:8} {seen:22} customer's screen")


@till_group.command("revoke")
@click.argument("till")
@click.option("--program", "slug", required=True, help="The program's address word.")
@one_line
def till_revoke(till: str, slug: str) -> None:
    """From the next request on TILL (til_…) is refused; what it saved goes to a manager. A customer's
    screen (scr_…) is disconnected."""

    def work(session: Session) -> str:
        program = program_view_by_slug(session, slug)
        if screen := private_id("scr", till):
            revoke_screen(session, program, screen, SYSTEM, clock.now())
            return till
        number = private_id("til", till) or 0
        return revoke_till(session, program, number, SYSTEM, clock.now()).name

    click.echo(f"{open_database().run(work)} is revoked.")


def _show(code: str, url: str, path: str) -> None:
    minutes = int(CODE_LIFE.total_seconds() // 60)
    click.echo(qr_terminal(f"{url}{path}#{code}"), err=True)
    click.echo(f"Open {url}{path} on the device within {minutes} minutes.", err=True)
    click.echo(spoken_code(code))


def _store(program: ProgramView, name: str) -> int:
    for store in program.stores:
        if not name or store.name.casefold() == name.casefold():
            return store.id
    raise Refusal("store_not_found")
