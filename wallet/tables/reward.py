"""What points buy, and what was bought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Reward(Base):
    """One line of the catalogue. `name` and `description` are in every language of the program."""

    __tablename__ = "reward"
    __table_args__ = (
        Index(None, "program_id"),
        Index("uq_reward_program_id_key", "program_id", "key", unique=True),
        CheckConstraint("cost > 0", "cost"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[dict[str, Any]]
    description: Mapped[dict[str, Any]]
    kind: Mapped[str]  # percent, amount, product, shipping, gift, experience …
    value: Mapped[
        dict[str, Any]
    ]  # what the cashier has to do: {"amount_minor": 500}, {"percent": 10}
    unit: Mapped[str]
    cost: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    mode: Mapped[str] = mapped_column(default="instant")  # instant, voucher
    stock: Mapped[int | None]  # what is left; None is endless
    per_member: Mapped[int | None]  # how often one member may take it …
    per_member_days: Mapped[int | None]  # … in so many days; None: ever
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    tier_keys: Mapped[list[Any]] = mapped_column(default=list)  # empty: every tier
    tags: Mapped[list[Any]] = mapped_column(default=list)  # empty: every member
    voucher_days: Mapped[int | None]  # how long a voucher is good for
    key: Mapped[str | None]  # by which the rules name it: what a full stamp card gives


class Charity(Base):
    """Somebody to whom members may give."""

    __tablename__ = "charity"
    __table_args__ = (Index(None, "program_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[dict[str, Any]]
    is_active: Mapped[bool] = mapped_column(default=True)


class Donation(Base):
    """Money promised to a charity, in minor units: its own ledger. Append-only; corrected by a
    negative row that names what it corrects."""

    __tablename__ = "donation"
    __table_args__ = (
        Index(None, "program_id", "charity_id"),
        Index(None, "purchase_id"),
        Index(None, "redemption_id"),
        Index("uq_donation_reverses", "reverses_id", unique=True),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    charity_id: Mapped[int] = mapped_column(ForeignKey("charity.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("redemption.id"))
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"))
    occurred_at: Mapped[datetime]


class Voucher(Base):
    """A redeemed reward waiting to be used: once, in any channel."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("program_id", "code"),
        Index(None, "member_id", "status"),
        Index(None, "purchase_id"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    redemption_id: Mapped[int] = mapped_column(ForeignKey("redemption.id"), unique=True)
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id"))
    code: Mapped[str]
    status: Mapped[str] = mapped_column(default="issued")  # issued, used, void, expired
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_channel: Mapped[str | None]
    used_store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    used_by: Mapped[str | None]
    used_request: Mapped[str | None]  # the id its user made: the same one again is no second use
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))


class Redemption(Base):
    """A reward taken by a member."""

    __tablename__ = "redemption"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "purchase_id"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id"))
    status: Mapped[str] = mapped_column(default="used")  # issued (as a voucher), used, reversed
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))  # the sale it went with
    charity_id: Mapped[int | None] = mapped_column(ForeignKey("charity.id"))
    channel: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    actor: Mapped[str]
    cost: Mapped[int]
    unit: Mapped[str]
    occurred_at: Mapped[datetime]


def rewards_of(session: Session, program_id: int) -> list[Reward]:
    """Active rewards, cheapest first."""
    query = select(Reward).where(Reward.program_id == program_id, Reward.is_active)
    return list(
        session.scalars(query.order_by(Reward.unit, Reward.cost, Reward.position, Reward.id))
    )


def reward_with_id(session: Session, program_id: int, reward_id: int) -> Reward | None:
    """The reward, if it belongs to the program."""
    reward = session.get(Reward, reward_id)
    return reward if reward and reward.program_id == program_id else None


def redemption_with_id(session: Session, program_id: int, redemption_id: int) -> Redemption | None:
    """The redemption, if it belongs to the program."""
    redemption = session.get(Redemption, redemption_id)
    return redemption if redemption and redemption.program_id == program_id else None
