"""The PIN that a member may choose on the page of their card, to say yes at a till without a phone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import REASON_LENGTH_MAX, check_text
from wallet.actions.program_view import ProgramView
from wallet.actions.staff_access import hash_secret, verify_secret
from wallet.actions.throttle import MEMBER_PIN, count_attempt, forget_attempts
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.own_card import refuse_own_card
from wallet.actions.tills.pin import MISSES_IN_A_ROW_MAX, checked
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.confirmation import MemberPin, pin_of
from wallet.tables.member import Member


def has_pin(session: Session, member_id: int) -> bool:
    """Whether the member chose a PIN that is not closed."""
    row = pin_of(session, member_id)
    return row is not None and row.misses < MISSES_IN_A_ROW_MAX


def choose_pin(database: Database, member_id: int, pin: str, before: str, now: datetime) -> None:
    """From now on this PIN. Who has one already types it first (`pin_wrong`, `pin_locked`)."""
    fresh = hash_secret(checked(pin))
    known = database.run(lambda session: _known(session, member_id, now))
    if known is not None and not verify_secret(known, before):
        raise Refusal("pin_wrong")

    def _keep(session: Session) -> None:
        row = pin_of(session, member_id, lock=True)
        if row is None:
            row = MemberPin(id=new_id(), member_id=member_id, pin_hash="", misses=0, set_at=now)
            session.add(row)
        row.pin_hash, row.misses, row.set_at = fresh, 0, now
        forget_attempts(session, MEMBER_PIN, str(member_id))
        session.flush()

    database.run(_keep)


def holds_pin(session: Session, member_id: int) -> bool:
    """Whether the member has a PIN, closed or not."""
    return pin_of(session, member_id) is not None


def forget_pin(
    session: Session,
    program: ProgramView,
    member: Member,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """A manager takes away a PIN that was forgotten, and says why; the journal keeps both.
    `reason_missing`, `own_card`, `member_pin_missing`."""
    check_text(reason, "reason", REASON_LENGTH_MAX)
    if not reason.strip():
        raise Refusal("reason_missing")
    refuse_own_card(session, member, actor)
    if not holds_pin(session, member.id):
        raise Refusal("member_pin_missing")
    drop_pin(session, member.id)
    act = Act(
        "member_pin",
        till_id=actor.till_id,
        store_id=actor.store_id,
        staff_id=actor.staff_id,
        member_id=member.id,
        reason=reason.strip(),
    )
    note_act(session, program.id, act, now)


def drop_pin(session: Session, member_id: int) -> None:
    """None any more; a new one can be chosen on the page of the card."""
    row = pin_of(session, member_id, lock=True)
    if row is not None:
        session.delete(row)
        forget_attempts(session, MEMBER_PIN, str(member_id))
        session.flush()


def count_pin_try(session: Session, member_id: int, now: datetime) -> str:
    """Count first, look later: the hash to compare with, empty where there is no PIN."""
    row = pin_of(session, member_id, lock=True)
    count_attempt(session, MEMBER_PIN, str(member_id), now)
    if row is None:
        return ""
    if row.misses >= MISSES_IN_A_ROW_MAX:
        raise Refusal("pin_locked")
    row.misses += 1
    session.flush()
    return row.pin_hash


def settle_pin_try(session: Session, member_id: int) -> None:
    """It was right."""
    row = pin_of(session, member_id, lock=True)
    if row is not None:
        row.misses = 0
        forget_attempts(session, MEMBER_PIN, str(member_id))
        session.flush()


def _known(session: Session, member_id: int, now: datetime) -> str | None:
    if pin_of(session, member_id) is None:
        return None
    return count_pin_try(session, member_id, now)
