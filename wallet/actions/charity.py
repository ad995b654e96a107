"""To whom a member gives."""

from __future__ import annotations

from wallet.actions.program_view import CharityView, ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.tables.member import Member


def find_charity(program: ProgramView, charity_id: str) -> CharityView:
    """The active charity with this public id, or `charity_not_found`."""
    number = private_id("chy", charity_id)
    for charity in program.charities:
        if charity.id == number:
            return charity
    raise Refusal("charity_not_found")


def charity_of(program: ProgramView, member: Member) -> CharityView | None:
    """To whom the member gives: the own choice, as long as it is there, else the program's first."""
    chosen = next((each for each in program.charities if each.id == member.charity_id), None)
    return chosen or next(iter(program.charities), None)


def charity_for(program: ProgramView, member: Member, charity_id: str | None) -> int:
    """The id of who gets a gift made now; `charity_not_found` where there is nobody to give to."""
    charity = find_charity(program, charity_id) if charity_id else charity_of(program, member)
    if charity is None:
        raise Refusal("charity_not_found")
    return charity.id
