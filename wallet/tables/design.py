"""Versions of a program's card design, and the pictures they use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base


class CardDesign(Base):
    """One version of the design. `document` is a validated `passes.design.Design`."""

    __tablename__ = "card_design"
    __table_args__ = (UniqueConstraint("program_id", "version"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    version: Mapped[int]
    status: Mapped[str]  # draft, published, retired
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]


class Image(Base):
    """A re-encoded PNG, named by the SHA-256 of its bytes."""

    __tablename__ = "image"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    sha256: Mapped[str] = mapped_column(unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]


def published_design(session: Session, program_id: int) -> CardDesign:
    """The design in force."""
    query = select(CardDesign).where(
        CardDesign.program_id == program_id, CardDesign.status == "published"
    )
    return session.scalars(query.order_by(CardDesign.version.desc()).limit(1)).one()


def design_version(session: Session, design_id: int) -> CardDesign | None:
    """One version by its id."""
    return session.get(CardDesign, design_id)


def image_with_hash(session: Session, sha256: str) -> Image | None:
    """A stored picture."""
    return session.scalar(select(Image).where(Image.sha256 == sha256))
