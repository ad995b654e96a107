"""The people who work for a program: who is let in, as what, and who no longer is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import clean_email, clean_name
from wallet.actions.program.changes import Change, Wish, begin_change, check_seen, note_change
from wallet.actions.staff_access import ROLES, NewStaff, create_staff, hash_secret
from wallet.actions.tills.pin import AT_TILL
from wallet.errors import Refusal
from wallet.ids import CROCKFORD, public_id
from wallet.tables.program import store_with_id
from wallet.tables.staff import Staff, revoke_sessions, staff_of, staff_with_email, staff_with_id
from wallet.tables.till_hold import end_holds

DRAWN_GROUPS, DRAWN_GROUP_LENGTH = 4, 5  # 100 bits, read aloud in ten seconds
PEOPLE_MAX = 5_000  # of one program
# Whom somebody may let in, change or shut out: nobody makes themselves or a friend a boss.
_LOOKS_AFTER = {"owner": ROLES, "manager": ("cashier",)}


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """What is said of a person. `store_id` None: every store."""

    name: str
    email: str
    role: str
    store_id: int | None = None
    locale: str = "fr"


def may_look_after(actor: Actor, role: str) -> bool:
    """Whether somebody decides about people of this role."""
    return role in _LOOKS_AFTER.get(actor.role, ())


def roles_given_by(actor: Actor) -> tuple[str, ...]:
    """The roles that somebody may give."""
    return _LOOKS_AFTER.get(actor.role, ())


def person_said(session: Session, program_id: int, staff_id: int) -> tuple[PersonSaid, bool]:
    """As they are, and whether they may sign in."""
    person = staff_with_id(session, program_id, staff_id)
    if person is None:
        raise Refusal("staff_not_found")
    return _said(person), person.is_active


def facts_of_person(said: PersonSaid, *, is_active: bool) -> dict[str, Any]:
    """Plain data, to be compared and written down."""
    return {
        "name": said.name,
        "email": said.email,
        "role": said.role,
        "store": public_id("sto", said.store_id) if said.store_id else "",
        "locale": said.locale,
        "is_active": is_active,
    }


def add_person(session: Session, program_id: int, said: PersonSaid, wish: Wish) -> str:
    """Their first password, drawn and kept nowhere; empty where this form let them in already.

    `forbidden` for a role that is not theirs to give; `staff_name_missing`, `email_invalid`,
    `staff_exists`, `role_unknown`, `store_not_found`, `staff_too_many`.
    """
    facts = facts_of_person(said, is_active=True)
    if begin_change(session, program_id, wish, facts) is None:
        return ""
    _check(session, program_id, said, wish.actor)
    if len(staff_of(session, program_id)) >= PEOPLE_MAX:
        raise Refusal("staff_too_many")
    password = draw_password()
    new = NewStaff(said.email, said.name, said.role, password, said.locale, said.store_id)
    person = create_staff(session, program_id, new, wish.now)
    change = Change("staff.add", public_id("stf", person.id), person.name, {}, _facts(person))
    note_change(session, program_id, change, wish, facts)
    return password


def edit_person(
    session: Session, program_id: int, staff_id: int, said: PersonSaid, wish: Wish
) -> None:
    """As `add_person`; `owner_is_last`, `staff_not_found`, `changed_meanwhile`."""
    facts = {**facts_of_person(said, is_active=True), "id": staff_id}
    if begin_change(session, program_id, wish, facts) is None:
        return
    person = _person_of(session, program_id, staff_id, wish.actor)
    before = _facts(person)
    check_seen(wish, before)
    _check(session, program_id, said, wish.actor)
    email = clean_email(said.email)
    other = staff_with_email(session, email)
    if other is not None and other.id != person.id:
        raise Refusal("staff_exists")
    if person.role == "owner" and said.role != "owner":
        _check_not_last(session, person)
    person.name, person.email, person.role = clean_name(said.name), email, said.role
    person.store_id, person.locale = said.store_id, said.locale
    if person.role not in AT_TILL:
        revoke_sessions(session, person.id, wish.now, only_tills=True)
    change = Change("staff.edit", public_id("stf", person.id), person.name, before, _facts(person))
    note_change(session, program_id, change, wish, facts)


def turn_person(
    session: Session, program_id: int, staff_id: int, wish: Wish, *, is_active: bool
) -> None:
    """Shut somebody out, at once and everywhere, or let them in again. `owner_is_last`,
    `staff_is_self`, `staff_not_found`, `forbidden`."""
    facts = {"id": staff_id, "is_active": is_active}
    if begin_change(session, program_id, wish, facts) is None:
        return
    person = _person_of(session, program_id, staff_id, wish.actor)
    if person.is_active == is_active:
        return
    if not is_active:
        if person.id == wish.actor.staff_id:
            raise Refusal("staff_is_self")
        _check_not_last(session, person)
        revoke_sessions(session, person.id, wish.now)
        end_holds(session, program_id, wish.now, staff_id=person.id)
    person.is_active = is_active
    verb = "staff.let_in" if is_active else "staff.shut_out"
    subject = public_id("stf", person.id)
    change = Change(
        verb, subject, person.name, {"is_active": not is_active}, {"is_active": is_active}
    )
    note_change(session, program_id, change, wish, facts)


def renew_password(session: Session, program_id: int, staff_id: int, wish: Wish) -> str:
    """A drawn password in the place of theirs; whoever was signed in with the old one is out. Empty
    where this form gave one already."""
    facts = {"id": staff_id, "what": "password"}
    if begin_change(session, program_id, wish, facts) is None:
        return ""
    person = _person_of(session, program_id, staff_id, wish.actor)
    password = draw_password()
    person.password_hash = hash_secret(password)
    revoke_sessions(session, person.id, wish.now)
    change = Change("staff.password", public_id("stf", person.id), person.name)
    note_change(session, program_id, change, wish, facts)
    return password


def draw_password() -> str:
    """`7KQ2M-9XW4T-…`: nothing in it can be misread."""
    groups = (
        "".join(secrets.choice(CROCKFORD) for _ in range(DRAWN_GROUP_LENGTH))
        for _ in range(DRAWN_GROUPS)
    )
    return "-".join(groups)


def _check(session: Session, program_id: int, said: PersonSaid, actor: Actor) -> None:
    if said.role not in ROLES:
        raise Refusal("role_unknown")
    if not may_look_after(actor, said.role):
        raise Refusal("forbidden")
    if not clean_name(said.name):
        raise Refusal("staff_name_missing")
    clean_email(said.email)
    if said.store_id is not None:
        store = store_with_id(session, program_id, said.store_id)
        if store is None or not store.is_open:
            raise Refusal("store_not_found")


def _person(session: Session, program_id: int, staff_id: int) -> Staff:
    person = staff_with_id(session, program_id, staff_id, lock=True)
    if person is None:
        raise Refusal("staff_not_found")
    return person


def _person_of(session: Session, program_id: int, staff_id: int, actor: Actor) -> Staff:
    person = _person(session, program_id, staff_id)
    if not may_look_after(actor, person.role):
        raise Refusal("forbidden")
    return person


def _check_not_last(session: Session, person: Staff) -> None:
    """The program's row is locked: two owners cannot shut each other out at the same time."""
    if person.role != "owner":
        return
    others = [
        other
        for other in staff_of(session, person.program_id)
        if other.role == "owner" and other.is_active and other.id != person.id
    ]
    if not others:
        raise Refusal("owner_is_last")


def _said(person: Staff) -> PersonSaid:
    return PersonSaid(person.name, person.email, person.role, person.store_id, person.locale)


def _facts(person: Staff) -> dict[str, Any]:
    return facts_of_person(_said(person), is_active=person.is_active)
