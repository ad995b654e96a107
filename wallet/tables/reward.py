"""What points buy, and what was bought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class Reward(Base):
    """One line of the catalogue. `name` and `description` are in every language of the program."""

    __tablename__ = "reward"
    __table_args__ = (Index(None, "program_id"), CheckConstraint("cost > 0", "cost"))

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


class Redemption(Base):
    """A reward taken by a member."""

    __tablename__ = "redemption"
    __table_args__ = (Index(None, "member_id", "id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id"))
    status: Mapped[str] = mapped_column(default="used")  # used, reversed
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
