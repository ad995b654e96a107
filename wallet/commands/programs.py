"""`comptoir program …`, `design …`, `staff …` and `key …`: what a program is set up with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wallet import clock
from wallet.actions.actor import SYSTEM
from wallet.actions.api_access import api_keys, create_key, revoke_key
from wallet.actions.create_program import (
    NewProgram,
    create_program,
    starter_design,
    starter_rules,
)
from wallet.actions.program_view import program_view_by_slug
from wallet.actions.publish_design import publish_design
from wallet.actions.staff_access import ROLES, NewStaff, create_staff
from wallet.actions.tills.pin import set_pin
from wallet.actions.tills.team import staff_called
from wallet.commands.frame import one_line
from wallet.commands.installation import open_database


@click.group("program")
def program_group() -> None:
    """Programs."""


@program_group.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default="FR", show_default=True)
@click.option("--time-zone", default="Europe/Paris", show_default=True)
@one_line
def program_create(slug: str, name: str, currency: str, country: str, time_zone: str) -> None:
    """A program with one point per unit of the currency, to begin with."""
    new = NewProgram(
        slug=slug,
        name=name,
        currency=currency.upper(),
        country=country.upper(),
        time_zone=time_zone,
        rules=starter_rules(),
        design=starter_design(name),
    )
    with open_database().transaction() as session:
        created = create_program(session, new, clock.now())
    click.echo(f"Program {created.slug} created. Shoppers join at /p/{created.slug}/join.")


@click.group("design")
def design_group() -> None:
    """How cards look."""


@design_group.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--program", "slug", required=True)
@one_line
def design_publish(file: Path, slug: str) -> None:
    """Give every card of a program the design in FILE (JSON); phones follow, scans first."""
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        raise click.ClickException(f"{file} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise click.ClickException(f"{file} holds no design: it has to be one JSON object.")
    with open_database().transaction() as session:
        program = program_view_by_slug(session, slug)
        version = publish_design(session, program.id, document, "system", clock.now())
    click.echo(f"Version {version} published. The worker brings it to every card.")


@click.group("staff")
def staff_group() -> None:
    """People who work for a merchant."""


@staff_group.command("create")
@click.option("--program", "slug", required=True)
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@one_line
def staff_create(slug: str, email: str, name: str, role: str, password: str) -> None:
    """An account for one person."""
    with open_database().transaction() as session:
        view = program_view_by_slug(session, slug)
        person = NewStaff(email, name, role, password, view.locale)
        create_staff(session, view.id, person, clock.now())
    click.echo(f"{role} {email} may sign in at /staff/sign-in.")


@staff_group.command("pin")
@click.option("--program", "slug", required=True)
@click.option("--email", required=True)
@one_line
def staff_pin(slug: str, email: str) -> None:
    """Draw a new PIN for a person at paired tills, and print it alone on the last line."""
    with open_database().transaction() as session:
        view = program_view_by_slug(session, slug)
        pin = set_pin(session, view, staff_called(session, view, email), "", SYSTEM, clock.now())
    click.echo(pin)


@click.group("key")
def key_group() -> None:
    """API keys of web shops."""


@key_group.command("create")
@click.option("--program", "slug", required=True)
@click.option("--role", default="shop", show_default=True)
@click.option("--name", default="", help="What the key is for; entries name it.")
@one_line
def key_create(slug: str, role: str, name: str) -> None:
    """A new key, printed alone on the last line. It cannot be shown again."""
    with open_database().transaction() as session:
        view = program_view_by_slug(session, slug)
        key = create_key(session, view.id, role, name, clock.now())
    click.echo(f"Key for {view.name} ({role}). Keep it: it cannot be shown again.", err=True)
    click.echo(key)


@key_group.command("list")
@click.option("--program", "slug", required=True)
@one_line
def key_list(slug: str) -> None:
    """Say which keys there are, when they were last used, and which are revoked."""
    with open_database().reading() as session:
        for key in api_keys(session, program_view_by_slug(session, slug).id):
            state = "revoked" if key.revoked_at else "valid"
            used = key.used_at.isoformat(timespec="minutes") if key.used_at else "-"
            click.echo(f"{state:8} {used:22} {key.role:5} {key.name}")


@key_group.command("revoke")
@click.argument("name")
@click.option("--program", "slug", required=True)
@one_line
def key_revoke(name: str, slug: str) -> None:
    """From the next request on the key called NAME is refused."""
    with open_database().transaction() as session:
        view = program_view_by_slug(session, slug)
        revoke_key(session, view.id, name, clock.now())
    click.echo(f"{name} is revoked.")
