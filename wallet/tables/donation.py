"""What is given to charities: who they are, and a ledger of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, func, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from wallet.db import Base


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


def charities_of(session: Session, program_id: int) -> list[Charity]:
    """Charities to choose from, the first one is the program's own choice."""
    query = select(Charity).where(Charity.program_id == program_id, Charity.is_active)
    return list(session.scalars(query.order_by(Charity.id)))


def every_charity(session: Session, program_id: int) -> list[Charity]:
    """Those that are no longer offered too."""
    query = select(Charity).where(Charity.program_id == program_id)
    return list(session.scalars(query.order_by(Charity.id)))


def charity_with_id(session: Session, program_id: int, charity_id: int) -> Charity | None:
    """The charity, if it belongs to the program; retired ones too, for what was given before."""
    charity = session.get(Charity, charity_id)
    return charity if charity and charity.program_id == program_id else None


def donation_of_redemption(session: Session, redemption_id: int) -> Donation | None:
    """What this redemption gave and nobody took back."""
    return session.scalar(_standing().where(Donation.redemption_id == redemption_id))


def donation_of_purchase(session: Session, purchase_id: int) -> Donation | None:
    """What this sale gives, as it stands after every correction."""
    return session.scalar(_standing().where(Donation.purchase_id == purchase_id))


def first_donation_of_purchase(session: Session, purchase_id: int) -> Donation | None:
    """What the whole sale gave when it was recorded."""
    query = select(Donation).where(Donation.purchase_id == purchase_id).order_by(Donation.id)
    return session.scalar(query.limit(1))


def donated_by_charity(
    session: Session, program_id: int, since: datetime | None, until: datetime | None
) -> dict[int, int]:
    """Charity → minor units promised in the span [since, until), corrections taken off."""
    query = select(Donation.charity_id, func.sum(Donation.amount_minor)).where(
        Donation.program_id == program_id
    )
    if since is not None:
        query = query.where(Donation.occurred_at >= since)
    if until is not None:
        query = query.where(Donation.occurred_at < until)
    rows = session.execute(query.group_by(Donation.charity_id))
    return {charity_id: int(total) for charity_id, total in rows}


def _standing() -> Select[Donation]:
    """Rows that are no correction and were not corrected."""
    correction = aliased(Donation)
    corrected = select(correction.id).where(correction.reverses_id == Donation.id).exists()
    return select(Donation).where(Donation.reverses_id.is_(None), ~corrected)
