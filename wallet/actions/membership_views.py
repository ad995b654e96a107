"""Paid periods as doors tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.lots import last_day
from wallet.tables.relation import Membership, membership_with_id


@dataclass(frozen=True, slots=True)
class MembershipView:
    """One paid period. `name` is the plan's; `last_day` is in the program's time zone.

    `status` is `coming`, `active`, `over` or `cancelled`.
    """

    id: int
    member_id: int
    plan: str
    name: Mapping[str, str]
    status: str
    source: str
    external_id: str
    starts_at: datetime
    ends_at: datetime
    last_day: date
    cancelled_at: datetime | None


def membership_view(program: ProgramView, row: Membership, now: datetime) -> MembershipView:
    """A row as a plain object."""
    plan = program.ruleset.plan(row.plan)
    return MembershipView(
        id=row.id,
        member_id=row.member_id,
        plan=row.plan,
        name=plan.name if plan else {"en": row.plan},
        status=_status(row, now),
        source=row.source,
        external_id=row.external_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        last_day=last_day(row.ends_at, program.time_zone),
        cancelled_at=row.cancelled_at,
    )


def payment_behind(session: Session, program: ProgramView, membership_id: str) -> tuple[str, str]:
    """(source, external id) by which the period with this public id is known;
    `membership_not_found`."""
    number = private_id("msh", membership_id)
    row = membership_with_id(session, program.id, number) if number is not None else None
    if row is None:
        raise Refusal("membership_not_found")
    return row.source, row.external_id


def _status(row: Membership, now: datetime) -> str:
    if row.cancelled_at is not None:
        return "cancelled"
    if now < row.starts_at:
        return "coming"
    return "active" if now < row.ends_at else "over"
