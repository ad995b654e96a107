"""What members paid with their store credit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class CreditPayment(Base):
    """Part of a bill paid with store credit, in minor units. One for each sale (source, external id);
    without them it stands alone. `refunded_minor` is all that ever changes, besides the sale it
    turns out to belong to."""

    __tablename__ = "credit_payment"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        UniqueConstraint("program_id", "source", "external_id"),
        Index(None, "purchase_id"),
        Index(None, "member_id"),  # a merge hands over what was paid
        CheckConstraint("amount_minor > 0", "amount"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", "refunded"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    unit: Mapped[str]
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    bill_minor: Mapped[int | None]
    source: Mapped[str | None]
    external_id: Mapped[str | None]
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))
    occurred_at: Mapped[datetime]


def payment_for_sale(
    session: Session, program_id: int, source: str, external_id: str
) -> CreditPayment | None:
    """What was paid with credit for the sale that a shop knows by this id."""
    query = select(CreditPayment).where(
        CreditPayment.program_id == program_id,
        CreditPayment.source == source,
        CreditPayment.external_id == external_id,
    )
    return session.scalar(query)


def payment_with_id(session: Session, program_id: int, payment_id: int) -> CreditPayment | None:
    """The payment, if it belongs to the program."""
    payment = session.get(CreditPayment, payment_id)
    return payment if payment and payment.program_id == program_id else None


def payment_of_entry(session: Session, entry_id: int) -> CreditPayment | None:
    """The payment that this movement made."""
    return session.scalar(select(CreditPayment).where(CreditPayment.entry_id == entry_id))


def payment_of_purchase(session: Session, purchase_id: int) -> CreditPayment | None:
    """What was paid with credit of this sale."""
    return session.scalar(select(CreditPayment).where(CreditPayment.purchase_id == purchase_id))
