"""What members did besides buying, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallet.tables.ledger import Entry
from wallet.tables.member import with_merged
from wallet.tables.purchase import Activity


def activity_from(
    session: Session, program_id: int, kind: str, source: str, external_id: str
) -> Activity | None:
    """The activity that somebody knows by this id."""
    query = select(Activity).where(
        Activity.program_id == program_id,
        Activity.kind == kind,
        Activity.source == source,
        Activity.external_id == external_id,
    )
    return session.scalar(query)


def activities_between(
    session: Session, member_id: int, kind: str, start: datetime, end: datetime
) -> list[Activity]:
    """What a member did of this kind from `start` to before `end`, oldest first."""
    query = select(Activity).where(
        Activity.member_id == member_id,
        Activity.kind == kind,
        Activity.occurred_at >= start,
        Activity.occurred_at < end,
    )
    return list(session.scalars(query.order_by(Activity.occurred_at)))


def entries_of_activity(session: Session, activity: Activity) -> list[Entry]:
    """What it gave, oldest first; on the account of somebody merged since, too."""
    holders = with_merged(activity.member_id)
    query = select(Entry).where(
        Entry.member_id.in_(holders), Entry.activity_id == activity.id, Entry.kind == "accrual"
    )
    return list(session.scalars(query.order_by(Entry.id)))
