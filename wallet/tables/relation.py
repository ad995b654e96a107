"""How members relate: merged duplicates, friends who brought friends, paid memberships."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

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
    __table_args__ = (UniqueConstraint("friend_id"), Index(None, "referrer_id", "status"))

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
    """A paid period with tier-like perks. Periods are added, never edited: a renewal is a new row."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("program_id", "source", "external_id"),
        Index(None, "member_id", "ends_at"),
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
