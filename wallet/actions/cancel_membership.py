"""A paid period ends before its time: the payment was given back or failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.db import StaleRead
from wallet.errors import Refusal
from wallet.tables.member import lock_holder, member_with_id
from wallet.tables.relation import Membership, membership_from


def cancel_membership(
    session: Session, program: ProgramView, payment: tuple[str, str], now: datetime
) -> Membership:
    """The period of this payment (source, external id) ends now; one that has not begun never does.

    Ending a subscription is no cancelling: what was paid for runs out by itself. Cancelling again,
    or what is over, changes nothing. `membership_not_found`.
    """
    seen = membership_from(session, program.id, *payment, locked=False)
    if seen is None:
        raise Refusal("membership_not_found")
    member = member_with_id(session, program.id, seen.member_id)
    assert member is not None
    lock_holder(session, member)
    membership = membership_from(session, program.id, *payment)
    assert membership is not None
    if membership.member_id != member.id:
        raise StaleRead  # it changed hands while the lock was waited for
    if membership.cancelled_at is not None or membership.ends_at <= now:
        return membership
    membership.cancelled_at = now
    membership.ends_at = max(now, membership.starts_at)
    session.flush()
    refresh_card(session, program, member, now)
    return membership
