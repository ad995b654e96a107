"""Sales in any channel, and their refunds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base, OwnJson
from wallet.prepared import Loader, Prepared, Question, prepared_insert


class Purchase(Base):
    """One sale. Unique by (source, external id): whatever is sent again counts once."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("program_id", "source", "external_id"),
        Index(None, "member_id", "occurred_at"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", "refunded"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    source: Mapped[str]
    external_id: Mapped[str]
    channel: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    actor: Mapped[str]
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    # Parts of the amount, of which the rules say whether they earn.
    tax_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    shipping_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    gift_card_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    credit_minor: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # paid with the member's store credit
    items: Mapped[list[Any]]
    facts_hash: Mapped[str]  # SHA-256 of what was sent: the same id with other facts is refused
    rule_version: Mapped[int]
    view: Mapped[dict[str, Any]] = mapped_column(
        OwnJson(), default=dict, server_default=text("'{}'")
    )  # what earning knew of the member
    tier_key: Mapped[str | None]  # the tier that the member had: refunds are computed with it
    # What the cashier wrote beside it (the number of the receipt), and how the member was found.
    receipt: Mapped[str] = mapped_column(default="", server_default="")
    found_by: Mapped[str] = mapped_column(default="", server_default="")
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Activity(Base):
    """Anything else that may earn: birthday, review, newsletter … Unique by (kind, source, external id)."""

    __tablename__ = "activity"
    __table_args__ = (
        UniqueConstraint("program_id", "kind", "source", "external_id"),
        Index(None, "member_id", "kind", "occurred_at"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    source: Mapped[str]
    external_id: Mapped[str]
    channel: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    actor: Mapped[str]
    facts_hash: Mapped[str]
    rule_version: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class Refund(Base):
    """One refund of a purchase. Unique by (purchase, external id)."""

    __tablename__ = "refund"
    __table_args__ = (UniqueConstraint("purchase_id", "external_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"))
    external_id: Mapped[str]
    amount_minor: Mapped[int]
    items: Mapped[list[Any]]
    reason: Mapped[str]
    actor: Mapped[str]
    recorded_at: Mapped[datetime]


def known_purchase(session: Session, program_id: int, purchase_id: int) -> Purchase | None:
    """The purchase, if it belongs to the program; to be looked at, not locked."""
    purchase = session.get(Purchase, purchase_id)
    return purchase if purchase and purchase.program_id == program_id else None


def purchase_with_id(session: Session, program_id: int, purchase_id: int) -> Purchase | None:
    """The purchase, if it belongs to the program; locked for the refund that follows. Its member's
    lock comes first: `lock_sale` has both."""
    query = select(Purchase).where(Purchase.id == purchase_id, Purchase.program_id == program_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def receipts_of(session: Session, purchase_ids: Collection[int]) -> dict[int, str]:
    """Purchase → what was written beside it, for those that have something."""
    query = select(Purchase.id, Purchase.receipt).where(
        Purchase.id.in_(purchase_ids), Purchase.receipt != ""
    )
    return {row.id: row.receipt for row in session.execute(query)}


def refunds_of(session: Session, purchase_id: int) -> list[Refund]:
    """Refunds of a purchase, oldest first."""
    return list(
        session.scalars(select(Refund).where(Refund.purchase_id == purchase_id).order_by(Refund.id))
    )


_PURCHASES = Loader(Purchase)
_purchase = _PURCHASES.table
_INSERT = prepared_insert(_purchase)
_FROM = Prepared(
    select(_purchase).where(
        _purchase.c.program_id == bindparam("program"),
        _purchase.c.source == bindparam("of_source"),
        _purchase.c.external_id == bindparam("its_id"),
    )
)


def write_purchase(session: Session, values: dict[str, Any], *, to_change: bool) -> Purchase:
    """Write a sale down; a value for every column. What is not going to change is only looked at: the
    session need not watch it."""
    _INSERT.write(session, values)
    if not to_change:
        return cast(Purchase, _PURCHASES.plain(values))
    row = [values[column.name] for column in _PURCHASES.columns]
    return cast(Purchase, _PURCHASES.adopt(session, row))


def purchase_from(
    session: Session, program_id: int, source: str, external_id: str
) -> Purchase | None:
    """The purchase that a shop knows by this id."""
    row = _FROM.first(session, {"program": program_id, "of_source": source, "its_id": external_id})
    return cast("Purchase | None", row and _PURCHASES.adopt(session, row))


_LAST_VISIT = Prepared(
    select(_purchase.c.occurred_at, _purchase.c.store_id)
    .where(_purchase.c.member_id == bindparam("member"))
    .order_by(_purchase.c.occurred_at.desc(), _purchase.c.id.desc())
    .limit(1)
)


def last_visit(session: Session, member_id: int) -> tuple[datetime | None, int | None]:
    """When the member came or ordered last, and in which store."""
    row = _LAST_VISIT.first(session, last_visit_asked(member_id)[1])
    return (row[0], row[1]) if row else (None, None)


def last_visit_asked(member_id: int) -> Question:
    """What `last_visit` asks."""
    return _LAST_VISIT, {"member": member_id}


def newest_purchase(session: Session, member_id: int) -> Purchase | None:
    """The member's last visit or order."""
    query = select(Purchase).where(Purchase.member_id == member_id)
    return session.scalar(query.order_by(Purchase.occurred_at.desc(), Purchase.id.desc()).limit(1))


def same_amount_since(
    session: Session, member_id: int, amount_minor: int, since: datetime
) -> Purchase | None:
    """A purchase of exactly this amount recorded since then and not refunded."""
    query = select(Purchase).where(
        Purchase.member_id == member_id,
        Purchase.occurred_at > since,
        Purchase.recorded_at > since,
        Purchase.amount_minor == amount_minor,
        Purchase.refunded_minor == 0,
    )
    return session.scalar(query.order_by(Purchase.id.desc()).limit(1))
