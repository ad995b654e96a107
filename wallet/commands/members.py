"""`comptoir members …`: doubles found, merged and parted again, for somebody at a desk."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.actor import SYSTEM
from wallet.actions.merge_members import merge_members
from wallet.actions.merge_views import very_member
from wallet.actions.program_view import program_view_by_slug
from wallet.actions.suggest_duplicates import PAGE, TEXTS, suggest_duplicates
from wallet.actions.unmerge_members import unmerge_members
from wallet.commands.frame import one_line
from wallet.commands.installation import open_database
from wallet.ids import public_id


@click.group("members")
def members_group() -> None:
    """Members: doubles, and what to do about them."""


@members_group.command()
@click.option("--program", "slug", required=True, help="The program's address word.")
@click.option("--limit", default=PAGE, show_default=True, type=click.IntRange(1, 1000))
@one_line
def duplicates(slug: str, limit: int) -> None:
    """Say who may be one person with two memberships, the likeliest first, and why.

    Each line is ready for `comptoir members merge`: who would go, and into whom.
    """
    with open_database().reading() as session:
        program = program_view_by_slug(session, slug)
        found, more = suggest_duplicates(session, program, limit=limit)
        for pair in found:
            why = ", ".join(TEXTS[reason]["en"] for reason in pair.reasons)
            gone, into = (public_id("mbr", one.id) for one in (pair.newer, pair.older))
            click.echo(f"{gone} {into}  {pair.score} %  {why}")
    click.echo(f"{len(found)} pairs{', and there are more' if more else ''}.", err=True)


@members_group.command()
@click.argument("member")
@click.argument("into")
@click.option("--program", "slug", required=True, help="The program's address word.")
@one_line
def merge(member: str, into: str, slug: str) -> None:
    """MEMBER goes into INTO with all that it has. `comptoir members part` undoes it."""

    def work(session: Session) -> str:
        program = program_view_by_slug(session, slug)
        merged, survivor = (very_member(session, program, said) for said in (member, into))
        done = merge_members(session, program, merged, survivor, SYSTEM, clock.now())
        return public_id("mbr", done.survivor_id)

    click.echo(f"{member} is {open_database().run(work)} now.")


@members_group.command()
@click.argument("member")
@click.option("--program", "slug", required=True, help="The program's address word.")
@one_line
def part(member: str, slug: str) -> None:
    """MEMBER, who went into another one, stands alone again with what it brought."""

    def work(session: Session) -> None:
        program = program_view_by_slug(session, slug)
        merged = very_member(session, program, member)
        unmerge_members(session, program, merged, SYSTEM, clock.now())

    open_database().run(work)
    click.echo(f"{member} stands alone again.")
