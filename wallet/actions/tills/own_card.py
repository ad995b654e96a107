"""Nobody serves their own card: points given by one's own hand are the oldest trick of the trade."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.errors import Refusal
from wallet.tables.member import Member, identifiers_of, surviving
from wallet.tables.staff import Staff


def is_own_card(session: Session, member: Member, staff_id: int | None) -> bool:
    """Whether the card is the person's: linked in the console, or with their e-mail or phone."""
    person = session.get(Staff, staff_id) if staff_id is not None else None
    if person is None or person.program_id != member.program_id:
        return False
    if person.member_id is not None:
        linked = session.get(Member, person.member_id)
        if linked is not None and surviving(session, linked).id == member.id:
            return True
    own = {("email", person.email), ("phone", person.phone)}
    return any((one.kind, one.value) in own for one in identifiers_of(session, member.id))


def refuse_own_card(session: Session, member: Member, actor: Actor) -> None:
    """`own_card` for whoever would give to or take from their own."""
    if is_own_card(session, surviving(session, member), actor.staff_id):
        raise Refusal("own_card")
