"""A paid period of membership begins, or follows the one that runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import check_external_id
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.membership import period_end
from wallet.tables.member import Member, lock_member
from wallet.tables.relation import Membership, membership_from, memberships_of


@dataclass(frozen=True, slots=True)
class Started:
    """The period; `repeated` when it was known already."""

    membership: Membership
    repeated: bool


def start_membership(
    session: Session,
    program: ProgramView,
    member: Member,
    plan_key: str,
    payment: tuple[str, str],
    actor: Actor,
    now: datetime,
) -> Started:
    """One period for one payment (source, external id), however often it is told.

    Its perks count at once, to the end of its last day where the program lives. While a period of
    the same plan runs, the new one begins where that ends. `plan_unknown`, `membership_exists` for
    the same payment with other facts.
    """
    source, external_id = payment
    check_external_id(source, external_id)
    # Two payments at once must not both begin where the same period ends.
    lock_member(session, member)
    known = membership_from(session, program.id, source, external_id)
    if known is not None:
        if (known.member_id, known.plan) != (member.id, plan_key):
            raise Refusal("membership_exists")
        return Started(known, repeated=True)
    plan = program.ruleset.plan(plan_key)
    if plan is None:
        raise Refusal("plan_unknown")
    if member.status != "active":
        raise Refusal("member_closed")
    paid_from, starts_at = _place(session, member.id, plan_key, now)
    membership = Membership(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        plan=plan_key,
        starts_at=starts_at,
        ends_at=period_end(plan, starts_at, paid_from, program.time_zone),
        cancelled_at=None,
        source=source,
        external_id=external_id,
        actor=actor.label,
        created_at=now,
        lapsed_at=None,
    )
    session.add(membership)
    session.flush()
    refresh_card(session, program, member, now)
    return Started(membership, repeated=False)


def _place(
    session: Session, member_id: int, plan_key: str, now: datetime
) -> tuple[datetime, datetime]:
    """(begin of the unbroken row of periods, begin of the next one); both `now` when none runs."""
    row = [
        period
        for period in memberships_of(session, member_id)
        if period.plan == plan_key and period.ends_at > period.starts_at
    ]
    last = max(row, key=lambda period: period.ends_at, default=None)
    if last is None or last.ends_at <= now:
        return now, now
    first = last
    by_end = {period.ends_at: period for period in row}
    while first.starts_at in by_end:
        first = by_end[first.starts_at]
    return first.starts_at, last.ends_at
