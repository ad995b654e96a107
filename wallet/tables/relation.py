"""How members relate: merged duplicates, friends who brought friends, paid memberships."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Merge(Base):
    """Two memberships of one person made one; `moved` says what to give back when it is undone."""

    __tablename__ = "member_merge"
    __table_args__ = (Index(None, "survivor_id"), Index(None, "merged_id"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    survivor_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    actor: Mapped[str]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    moved: Mapped[dict[str, Any]]


class Referral(Base):
    """One friend brought by one member. A friend is brought once, whatever links were followed."""

    __tablename__ = "referral"
    __table_args__ = (
        UniqueConstraint("friend_id"),
        Index(None, "referrer_id", "status"),
        Index(
            "ix_referral_due",
            "due_at",
            sqlite_where=text("status = 'holding'"),
            postgresql_where=text("status = 'holding'"),
        ),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    referrer_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    friend_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    status: Mapped[str]  # joined, holding, rewarded, refused
    reason: Mapped[str] = mapped_column(default="")  # why it was refused
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # when the hold ends
    rewarded_at: Mapped[datetime | None]


class Membership(Base):
    """A paid period with tier-like perks. A renewal is a new row; cancelling ends one early."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("program_id", "source", "external_id"),
        Index(None, "member_id", "ends_at"),
        Index(
            "ix_membership_lapsing",
            "ends_at",
            sqlite_where=text("lapsed_at IS NULL"),
            postgresql_where=text("lapsed_at IS NULL"),
        ),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    plan: Mapped[str]  # the key of the plan in the rules
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]  # the first instant after the last day
    cancelled_at: Mapped[datetime | None]
    source: Mapped[str]
    external_id: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[datetime]
    lapsed_at: Mapped[datetime | None]  # when the card was told of the end


def memberships_of(session: Session, member_id: int) -> list[Membership]:
    """Every paid period of a member, oldest first."""
    query = select(Membership).where(Membership.member_id == member_id)
    return list(session.scalars(query.order_by(Membership.starts_at, Membership.id)))


def membership_from(
    session: Session, program_id: int, source: str, external_id: str, *, locked: bool = True
) -> Membership | None:
    """The period that a shop knows by this id, locked unless it is only looked at."""
    query = select(Membership).where(
        Membership.program_id == program_id,
        Membership.source == source,
        Membership.external_id == external_id,
    )
    if locked:
        query = query.with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def membership_with_id(session: Session, program_id: int, membership_id: int) -> Membership | None:
    """The period, if it belongs to the program."""
    row = session.get(Membership, membership_id)
    return row if row and row.program_id == program_id else None


def lapsed_memberships(session: Session, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(period, member) of what ended and of which the card does not know yet, earliest first."""
    query = (
        select(Membership.id, Membership.member_id)
        .where(Membership.lapsed_at.is_(None), Membership.ends_at <= now)
        .order_by(Membership.ends_at, Membership.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def referral_of_friend(session: Session, friend_id: int, *, locked: bool = True) -> Referral | None:
    """By whom this member was brought."""
    query = select(Referral).where(Referral.friend_id == friend_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def referrals_by(session: Session, referrer_id: int, limit: int) -> list[Referral]:
    """The friends whom a member brought, newest first."""
    query = select(Referral).where(Referral.referrer_id == referrer_id)
    return list(session.scalars(query.order_by(Referral.id.desc()).limit(limit)))


def referral_people(session: Session, referral_id: int) -> tuple[int, int]:
    """(referrer, friend) of a referral, by the newest that is written."""
    query = select(Referral.referrer_id, Referral.friend_id).where(Referral.id == referral_id)
    row = session.execute(query).one()
    return row[0], row[1]


def due_referrals(session: Session, now: datetime, limit: int) -> list[int]:
    """Referrals whose hold is over, earliest first."""
    query = select(Referral.id).where(Referral.status == "holding", Referral.due_at <= now)
    return list(session.scalars(query.order_by(Referral.due_at, Referral.id).limit(limit)))


def holding_referral(session: Session, referral_id: int) -> Referral | None:
    """The referral if it still waits and nobody else settles it right now; locked."""
    query = (
        select(Referral)
        .where(Referral.id == referral_id, Referral.status == "holding")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def rewarded_between(session: Session, referrer_id: int, start: datetime, end: datetime) -> int:
    """For how many friends this member was rewarded from `start` to before `end`."""
    query = select(func.count()).where(
        Referral.referrer_id == referrer_id,
        Referral.status == "rewarded",
        Referral.reason == "",
        Referral.rewarded_at >= start,
        Referral.rewarded_at < end,
    )
    return int(session.scalar(query) or 0)
