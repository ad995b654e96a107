"""PINs of staff: who stands at a paired till, in two seconds.

A PIN is four to six digits and worth nothing away from a paired till. Each try is counted before it
is looked at, whatever process looks: five in a quarter of an hour for one person, ten misses in a
row close the PIN until a manager gives a new one, and a till has its own limit over everybody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.staff_access import SignedIn, hash_secret, open_session, verify_secret
from wallet.actions.throttle import (
    PIN_PER_PERSON,
    PIN_PER_TILL,
    count_attempt,
    forget_attempts,
    give_back_attempt,
)
from wallet.actions.tills.flags import raise_flag
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.pair import PairedTill
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.staff import Staff, revoke_sessions, staff_of, staff_with_id

PIN_LENGTH_MIN = 4
PIN_LENGTH_MAX = 6
GIVEN_LENGTH = 6  # of those that we make
MISSES_IN_A_ROW_MAX = 10
SHIFT = timedelta(hours=12)  # then the PIN is asked for, however busy the till was
AT_TILL = ("owner", "manager", "cashier")
APPROVERS = ("owner", "manager")
# Whose PIN somebody may set besides their own: nobody makes themselves a boss's word.
_SETS_FOR = {"owner": ("owner", "manager", "marketer", "cashier"), "manager": ("cashier",)}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a PIN is typed: a paired till, or a browser in which somebody signed in by e-mail.
    `key` is what its tries are counted under."""

    program_id: int
    key: str
    till_id: int | None = None
    store_id: int | None = None


def spot_of(till: PairedTill) -> Spot:
    """A paired till as such a place."""
    return Spot(till.program_id, str(till.id), till.id, till.store_id)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A name on the wall of a till."""

    id: int
    name: str
    role: str
    is_here: bool  # works in the store of the till


def people_at(session: Session, till: PairedTill) -> list[Colleague]:
    """Who can say at this till that it is they: those of its store first, then by name."""
    found = [
        Colleague(one.id, one.name, one.role, one.store_id in (None, till.store_id))
        for one in staff_of(session, till.program_id)
        if one.is_active and one.role in AT_TILL and one.pin_hash
    ]
    return sorted(found, key=lambda one: (not one.is_here, one.name.casefold()))


def approvers_of(session: Session, program_id: int) -> list[Colleague]:
    """Who can allow by their PIN what a cashier may not do alone."""
    return [
        Colleague(one.id, one.name, one.role, is_here=True)
        for one in staff_of(session, program_id)
        if one.is_active and one.role in APPROVERS and one.pin_hash
    ]


def set_pin(
    session: Session,
    program: ProgramView,
    staff_id: int,
    pin: str,
    actor: Actor,
    now: datetime,
) -> str:
    """Give a person this PIN, or one that we draw where it is empty; returns it. Opens a closed one.

    `forbidden` for whoever may not, `pin_invalid`, `pin_weak`, `staff_not_found`.
    """
    person = _person(session, program, staff_id, actor)
    pin = pin or draw_pin()
    person.pin_hash, person.pin_misses = hash_secret(checked(pin)), 0
    forget_attempts(session, PIN_PER_PERSON, str(person.id))
    note_act(session, program.id, Act("pin", staff_id=person.id, reason=actor.label), now)
    session.flush()
    return pin


def take_pin(
    session: Session, program: ProgramView, staff_id: int, actor: Actor, now: datetime
) -> None:
    """Without a PIN nobody is on the wall of a till; where they are, they leave it."""
    person = _person(session, program, staff_id, actor)
    person.pin_hash = ""
    revoke_sessions(session, person.id, now, only_tills=True)
    session.flush()


def may_set_for(actor: Actor, person: Staff) -> bool:
    """Whether somebody looks after this person's PIN and own card."""
    if actor.role == "system" or person.id == actor.staff_id:
        return True
    return person.role in _SETS_FOR.get(actor.role, ())


def checked(pin: str) -> str:
    """The PIN, or `pin_invalid`, or `pin_weak`: all the same, or counting up or down."""
    if not (PIN_LENGTH_MIN <= len(pin) <= PIN_LENGTH_MAX and pin.isascii() and pin.isdigit()):
        raise Refusal("pin_invalid")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise Refusal("pin_weak")
    return pin


def draw_pin() -> str:
    """A PIN that nobody would guess first."""
    while True:
        pin = f"{secrets.randbelow(10**GIVEN_LENGTH):0{GIVEN_LENGTH}}"
        if len(set(pin)) > GIVEN_LENGTH // 2:
            return pin


def switch_staff(
    database: Database, till: PairedTill, staff_id: int, pin: str, now: datetime
) -> tuple[str, SignedIn]:
    """The token of a session that is good at this till only. Refusals as `prove_pin`."""
    person = prove_pin(database, spot_of(till), staff_id, pin, now)

    def _open(session: Session) -> tuple[str, SignedIn]:
        place = Act("switch", till_id=till.id, store_id=till.store_id, staff_id=person.id)
        note_act(session, till.program_id, place, now)
        return open_session(session, person, now, now + SHIFT, (till.id, till.store_id))

    return database.run(_open)


def prove_pin(database: Database, spot: Spot, staff_id: int, pin: str, now: datetime) -> Staff:
    """The person whose PIN it is. `pin_wrong`, `pin_locked`, `too_many_attempts`.

    The slow hash runs outside any transaction: on SQLite it would hold up every till.
    """
    known = database.run(lambda session: _count_try(session, spot, staff_id, now))
    if known is None:
        raise Refusal("pin_locked")
    is_right = verify_secret(known, pin[: PIN_LENGTH_MAX + 1])
    person = database.run(lambda session: _settle_try(session, spot, staff_id, is_right))
    if person is None:
        raise Refusal("pin_wrong")
    return person


def _person(session: Session, program: ProgramView, staff_id: int, actor: Actor) -> Staff:
    person = staff_with_id(session, program.id, staff_id, lock=True)
    if person is None:
        raise Refusal("staff_not_found")
    if not may_set_for(actor, person):
        raise Refusal("forbidden")
    return person


def _count_try(session: Session, spot: Spot, staff_id: int, now: datetime) -> str | None:
    """Count first, look later. The hash to compare with; empty for somebody without a PIN; None
    where the PIN is closed."""
    count_attempt(session, PIN_PER_TILL, spot.key, now)
    person = staff_with_id(session, spot.program_id, staff_id, lock=True)
    if person is None or not person.is_active or person.role not in AT_TILL or not person.pin_hash:
        return ""
    if person.pin_misses >= MISSES_IN_A_ROW_MAX:
        return None
    count_attempt(session, PIN_PER_PERSON, str(person.id), now)
    person.pin_misses += 1
    if person.pin_misses == MISSES_IN_A_ROW_MAX:
        place = Act("lock_out", till_id=spot.till_id, store_id=spot.store_id, staff_id=person.id)
        note_act(session, spot.program_id, place, now)
        raise_flag(session, spot.program_id, "pin_locked", public_id("stf", person.id), now)
    session.flush()
    return person.pin_hash


def _settle_try(session: Session, spot: Spot, staff_id: int, is_right: bool) -> Staff | None:
    person = staff_with_id(session, spot.program_id, staff_id, lock=True)
    if not is_right or person is None or not person.is_active:
        return None
    person.pin_misses = 0
    forget_attempts(session, PIN_PER_PERSON, str(person.id))
    give_back_attempt(session, PIN_PER_TILL, spot.key)
    session.flush()
    return person
