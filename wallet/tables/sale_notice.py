"""What was said of a sale before the sale itself arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, ForeignKey, Table, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.prepared import Prepared, Question
from wallet.tables.purchase import Purchase


class SaleNotice(Base):
    """One thing said of a sale to come: a refund, a reward or voucher used in it. Kept once each."""

    __tablename__ = "sale_notice"
    __table_args__ = (UniqueConstraint("program_id", "source", "external_id", "kind", "reference"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    source: Mapped[str]
    external_id: Mapped[str]
    kind: Mapped[str]  # refund, redemption, voucher
    reference: Mapped[str]  # which refund, redemption or voucher
    said: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


_notice = cast(Table, SaleNotice.__table__)
_purchase = cast(Table, Purchase.__table__)


def _of_sale(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Rows of the sale that is asked for, by who rang it up and how they call it."""
    return (
        table.c.program_id == bindparam("program"),
        table.c.source == bindparam("of_source"),
        table.c.external_id == bindparam("its_id"),
    )


_waiting = select(_notice.c.id).where(*_of_sale(_notice), _notice.c.settled_at.is_(None))
_WAITING = Prepared(_waiting.order_by(_notice.c.id))
_HEARD = Prepared(
    select(
        select(_purchase.c.id).where(*_of_sale(_purchase)).scalar_subquery(),
        _waiting.limit(1).scalar_subquery(),
    )
)


def heard_of(session: Session, program_id: int, source: str, external_id: str) -> tuple[bool, bool]:
    """Whether this sale was written before, and whether something said of it waits for it: neither, of nearly
    every sale, which one question finds out."""
    purchase_id, notice_id = _HEARD.rows(session, _sale(program_id, source, external_id))[0]
    return purchase_id is not None, notice_id is not None


def heard_asked(program_id: int, source: str, external_id: str) -> Question:
    """What `heard_of` asks."""
    return _HEARD, _sale(program_id, source, external_id)


def _sale(program_id: int, source: str, external_id: str) -> dict[str, Any]:
    return {"program": program_id, "of_source": source, "its_id": external_id}


def waiting_notices(
    session: Session, program_id: int, source: str, external_id: str
) -> list[SaleNotice]:
    """What was said of this sale and is not settled yet, in the order in which it was said."""
    ids = _WAITING.rows(session, _sale(program_id, source, external_id))
    return [session.get_one(SaleNotice, number) for (number,) in ids]


def notice_about(
    session: Session, program_id: int, sale: tuple[str, str], kind: str, reference: str
) -> SaleNotice | None:
    """The notice of this kind and reference about a sale (source, external id)."""
    source, external_id = sale
    query = select(SaleNotice).where(
        SaleNotice.program_id == program_id,
        SaleNotice.source == source,
        SaleNotice.external_id == external_id,
        SaleNotice.kind == kind,
        SaleNotice.reference == reference,
    )
    return session.scalar(query)
