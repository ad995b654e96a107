"""The people of a program as managers look after them: their PIN, their own card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.find_member import look_up
from wallet.actions.identify import clean_phone
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.pin import AT_TILL, MISSES_IN_A_ROW_MAX, may_set_for
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.member import Member, member_with_id, surviving
from wallet.tables.staff import Staff, staff_of, staff_with_email, staff_with_id

PinState = Literal["none", "set", "closed"]


@dataclass(frozen=True, slots=True)
class Teammate:
    """One person. `card` is (id, name or number) of their own card, where they have one."""

    id: str
    name: str
    email: str
    phone: str
    role: str
    store: str
    pin: PinState
    is_active: bool
    is_at_till: bool
    may_change: bool
    card: tuple[str, str] | None


def team(session: Session, program: ProgramView, actor: Actor) -> list[Teammate]:
    """Everybody who works for the program."""
    stores = {store.id: store.name for store in program.stores}
    return [
        Teammate(
            public_id("stf", one.id),
            one.name,
            one.email,
            one.phone,
            one.role,
            stores.get(one.store_id or 0, ""),
            _pin_state(one),
            one.is_active,
            one.role in AT_TILL,
            may_set_for(actor, one),
            _card(session, program, one),
        )
        for one in staff_of(session, program.id)
    ]


def staff_called(session: Session, program: ProgramView, email: str) -> int:
    """Whose e-mail it is, or `staff_not_found`."""
    person = staff_with_email(session, email.strip().lower())
    if person is None or person.program_id != program.id:
        raise Refusal("staff_not_found")
    return person.id


def link_own_card(
    session: Session, program: ProgramView, staff_id: int, card: str, phone: str, actor: Actor
) -> None:
    """Say which card is a person's own, and their phone number: at no till do they serve it
    themselves. Empty takes the link away. `merge_unclear` where the words fit no or several cards.
    """
    person = staff_with_id(session, program.id, staff_id, lock=True)
    if person is None:
        raise Refusal("staff_not_found")
    if not may_set_for(actor, person):
        raise Refusal("forbidden")
    person.phone = clean_phone(phone, program.country) if phone.strip() else ""
    if not card.strip():
        person.member_id = None
    else:
        found = look_up(session, program, card.strip())
        if len(found) != 1:
            raise Refusal("card_unclear")
        person.member_id = found[0].id
    session.flush()


def _card(session: Session, program: ProgramView, person: Staff) -> tuple[str, str] | None:
    member = member_with_id(session, program.id, person.member_id) if person.member_id else None
    if member is None:
        return None
    now: Member = surviving(session, member)
    return public_id("mbr", now.id), now.name or now.number


def _pin_state(person: Staff) -> PinState:
    if not person.pin_hash:
        return "none"
    return "closed" if person.pin_misses >= MISSES_IN_A_ROW_MAX else "set"
