"""Ask the shopper, and where the program wants it a manager, before value is taken from a card.

The till asks under the request id that the spending itself will have; the answers are bound to that
spending: this member, this much of this unit, this reward. They are good for one use and some minutes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import REASON_LENGTH_MAX, check_text
from wallet.actions.program_view import ProgramView
from wallet.actions.redeem_often import is_often
from wallet.actions.shown_card import Shown
from wallet.actions.staff_access import verify_secret
from wallet.actions.tills.member_pin import count_pin_try, has_pin, settle_pin_try
from wallet.actions.tills.own_card import refuse_own_card
from wallet.actions.tills.pin import APPROVERS, Spot, prove_pin
from wallet.actions.voucher_state import voucher_state
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.rules.spell import spell_quantity
from wallet.rules.spending import How, Proof
from wallet.tables.confirmation import (
    Confirmation,
    confirmation_for,
    confirmation_with_id,
    waiting_at_till,
    waiting_for_member,
)
from wallet.tables.member import Member, member_with_id, surviving
from wallet.tables.reward import redemption_with_id
from wallet.tables.staff import staff_with_id

ANSWER_WITHIN = timedelta(minutes=2)  # the shopper stands there, the phone in their hand
LIFE = timedelta(minutes=5)  # with the manager who has to come over from the other end of the shop

State = Literal["open", "yes", "no", "over", "used"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken: so much of a unit, for a thing that has a name, by the caller's id."""

    request_id: str
    unit: str
    quantity: int
    thing: str  # what the id of the reward or voucher is; empty for store credit
    name: Mapping[str, str]
    redemption_id: int | None = None  # of a voucher


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as tills, screens and cards show it. `needs` is what is still missing."""

    id: str
    state: State
    how: How
    needs: Proof | None
    member_name: str
    name: Mapping[str, str]
    unit: str
    quantity: int
    store_id: int | None
    seconds_left: int
    has_pin: bool
    screen_may: bool
    approved_by: str


def voucher_wanted(
    session: Session, program: ProgramView, request_id: str, code: str, now: datetime
) -> Wanted:
    """A voucher from the list: it asks for what taking its reward would ask."""
    state, _member = voucher_state(session, program, code, now)
    redemption = redemption_with_id(session, program.id, state.redemption_id)
    assert redemption is not None
    return Wanted(
        request_id,
        redemption.unit,
        redemption.cost,
        str(redemption.id),
        state.reward.name,
        redemption.id,
    )


def ask_shopper(
    session: Session,
    program: ProgramView,
    member: Member,
    wanted: Wanted,
    shown: Shown | None,
    actor: Actor,
    now: datetime,
) -> Asked:
    """The question, made once for each request id. `own_card`; `request_id_reused` for another
    spending under the same id."""
    refuse_own_card(session, member, actor)
    known = confirmation_for(session, program.id, wanted.request_id, lock=True)
    digest = _digest(member, wanted)
    if known is not None:
        if known.facts_hash != digest:
            raise Refusal("request_id_reused")
        return _asked(session, program, known, now)
    assert actor.staff_id is not None
    is_fresh = shown is not None and shown.kind == "fresh"
    # A reward of which a manager has to allow one more, whatever it costs.
    often = bool(wanted.thing) and is_often(
        session, program, member.id, actor, now, but=wanted.redemption_id
    )
    row = Confirmation(
        id=new_id(),
        program_id=program.id,
        request_id=wanted.request_id,
        member_id=member.id,
        till_id=actor.till_id,
        store_id=actor.store_id,
        staff_id=actor.staff_id,
        facts_hash=digest,
        unit=wanted.unit,
        quantity=wanted.quantity,
        what={"name": dict(wanted.name), "is_fresh": is_fresh, "is_often": often},
        created_at=now,
        ends_at=now + LIFE,
        answer="",
        how="",
        reason="",
    )
    session.add(row)
    session.flush()
    return _asked(session, program, row, now)


def confirmation_asked(
    session: Session, program: ProgramView, confirmation_id: int, now: datetime
) -> Asked:
    """How a question stands, or `confirmation_not_found`."""
    return _asked(session, program, _row(session, program, confirmation_id), now)


def open_at_till(
    session: Session, program: ProgramView, till_id: int, now: datetime
) -> Asked | None:
    """What the shopper before this till is asked now."""
    row = waiting_at_till(session, till_id, now)
    asked = _asked(session, program, row, now) if row else None
    return asked if asked and asked.state == "open" else None


def open_for_member(
    session: Session, program: ProgramView, member_id: int, now: datetime
) -> Asked | None:
    """What this member is asked now, for the page of their card."""
    row = waiting_for_member(session, member_id, now)
    asked = _asked(session, program, row, now) if row else None
    return asked if asked and asked.state == "open" else None


def answer_on_card(
    session: Session,
    program: ProgramView,
    member: Member,
    confirmation_id: int,
    *,
    is_yes: bool,
    now: datetime,
) -> Asked:
    """The shopper's word on their own phone: only about their own card."""
    row = _open_row(session, program, confirmation_id, now)
    holder = member_with_id(session, program.id, row.member_id)
    if holder is None or surviving(session, holder).id != member.id:
        raise Refusal("confirmation_not_found")
    return _settle(session, program, row, is_yes=is_yes, how="card", now=now)


def answer_on_screen(
    session: Session,
    program: ProgramView,
    confirmation_id: int,
    *,
    is_yes: bool,
    now: datetime,
) -> Asked:
    """A tap on the shop's screen. A no always counts; a yes only where the program lets it and the
    code was fresh (`confirmation_not_here`)."""
    row = _open_row(session, program, confirmation_id, now)
    if is_yes and not _screen_may(program, row):
        raise Refusal("confirmation_not_here")
    return _settle(session, program, row, is_yes=is_yes, how="screen", now=now)


def answer_by_pin(
    database: Database, program: ProgramView, confirmation_id: int, pin: str, now: datetime
) -> Asked:
    """A yes by the PIN that the shopper chose: `pin_wrong`, `pin_locked`, `too_many_attempts`. The
    slow hash runs outside any transaction."""

    def _count(session: Session) -> tuple[int, str]:
        row = _open_row(session, program, confirmation_id, now)
        return row.member_id, count_pin_try(session, row.member_id, now)

    member_id, known = database.run(_count)
    if not verify_secret(known, pin):
        raise Refusal("pin_wrong")

    def _yes(session: Session) -> Asked:
        settle_pin_try(session, member_id)
        row = _open_row(session, program, confirmation_id, now)
        return _settle(session, program, row, is_yes=True, how="pin", now=now)

    return database.run(_yes)


def approve(
    database: Database,
    program: ProgramView,
    confirmation_id: int,
    manager: tuple[Spot, int, str],
    reason: str,
    now: datetime,
) -> Asked:
    """A manager's word: (where, who, PIN), and why. Refusals as `prove_pin`; `approval_not_theirs`,
    `reason_missing`, `own_card`."""
    check_text(reason, "reason", REASON_LENGTH_MAX)
    if not reason.strip():
        raise Refusal("reason_missing")
    person = prove_pin(database, *manager, now)
    if person.role not in APPROVERS:
        raise Refusal("approval_not_theirs")

    def _approve(session: Session) -> Asked:
        row = _row(session, program, confirmation_id, lock=True)
        if row.ends_at <= now or row.used_at is not None or row.answer == "no":
            raise Refusal("confirmation_over")
        member = member_with_id(session, program.id, row.member_id)
        assert member is not None
        refuse_own_card(session, member, Actor("", person.role, "store", staff_id=person.id))
        row.approved_by, row.approved_at, row.reason = person.id, now, reason.strip()
        session.flush()
        return _asked(session, program, row, now)

    return database.run(_approve)


def with_word(
    session: Session,
    program: ProgramView,
    member: Member,
    wanted: Wanted,
    shown: Shown | None,
    now: datetime,
) -> Shown | None:
    """What was shown, and beside it the yes and the manager's word that belong to this very
    spending; they are used up by it. `confirmation_refused` where the shopper said no."""
    row = confirmation_for(session, program.id, wanted.request_id, lock=True)
    is_ours = row is not None and row.facts_hash == _digest(member, wanted)
    if row is None or not is_ours or row.used_at is not None or row.ends_at <= now:
        return shown
    if row.answer == "no":
        raise Refusal("confirmation_refused")
    row.used_at = now
    session.flush()
    how = cast(How, row.how if row.answer == "yes" else "")
    known = shown or Shown("none")
    return Shown(known.kind, known.step, how, row.approved_by is not None)


def word_behind(
    session: Session, program: ProgramView, request_id: str
) -> tuple[str, int | None, str]:
    """(how the shopper said yes, the manager, why) of a spending that was done."""
    row = confirmation_for(session, program.id, request_id)
    if row is None or row.used_at is None:
        return "", None, ""
    return row.how, row.approved_by, row.reason


def spell_wanted(program: ProgramView, asked: Asked, language: str) -> str:
    """`12,50 €` or `250 points`: what is to be taken."""
    unit = program.ruleset.unit(asked.unit)
    return spell_quantity(unit, asked.quantity, program.currency, language)


def _digest(member: Member, wanted: Wanted) -> str:
    said = [member.id, wanted.unit, wanted.quantity, wanted.thing]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _row(
    session: Session, program: ProgramView, confirmation_id: int, *, lock: bool = False
) -> Confirmation:
    row = confirmation_with_id(session, program.id, confirmation_id, lock=lock)
    if row is None:
        raise Refusal("confirmation_not_found")
    return row


def _open_row(
    session: Session, program: ProgramView, confirmation_id: int, now: datetime
) -> Confirmation:
    row = _row(session, program, confirmation_id, lock=True)
    if _state(row, now) != "open":
        raise Refusal("confirmation_over")
    return row


def _settle(
    session: Session,
    program: ProgramView,
    row: Confirmation,
    *,
    is_yes: bool,
    how: How,
    now: datetime,
) -> Asked:
    row.answer, row.how, row.answered_at = "yes" if is_yes else "no", how, now
    session.flush()
    return _asked(session, program, row, now)


def _state(row: Confirmation, now: datetime) -> State:
    if row.used_at is not None:
        return "used"
    if row.ends_at <= now:
        return "over"
    if row.answer:
        return cast(State, row.answer)
    return "open" if now - row.created_at < ANSWER_WITHIN else "over"


def _screen_may(program: ProgramView, row: Confirmation) -> bool:
    return program.ruleset.spending.screen_confirms and bool(row.what.get("is_fresh"))


def _asked(session: Session, program: ProgramView, row: Confirmation, now: datetime) -> Asked:
    member = member_with_id(session, program.id, row.member_id)
    manager = staff_with_id(session, program.id, row.approved_by) if row.approved_by else None
    state = _state(row, now)
    ends_at = row.ends_at if row.answer else row.created_at + ANSWER_WITHIN
    what: dict[str, Any] = row.what
    return Asked(
        public_id("cnf", row.id),
        state,
        cast(How, row.how),
        _needs(program, row),
        member.name or member.number if member else "",
        what.get("name", {}),
        row.unit,
        row.quantity,
        row.store_id,
        max(int((ends_at - now).total_seconds()), 0),
        has_pin(session, row.member_id),
        _screen_may(program, row),
        manager.name if manager else "",
    )


def _needs(program: ProgramView, row: Confirmation) -> Proof | None:
    needed = program.ruleset.proof_for(row.unit, row.quantity)
    if row.what.get("is_often") and not row.approved_by:
        return "approval"  # whatever the customer says
    if needed == "approval":
        return "confirmation" if row.answer != "yes" else None if row.approved_by else "approval"
    return None if row.answer == "yes" or row.approved_by else "confirmation"
