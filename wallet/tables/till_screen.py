"""Devices that show the shopper what a till shows: a tablet beside the counter, and what is on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.tables.till import Till


class TillScreen(Base):
    """A device of its own before the shopper. Only hashes of its code and of its cookie are kept.

    Waiting for its device while `token_hash` is empty; refused from `revoked_at` on, and with its till.
    """

    __tablename__ = "till_screen"
    __table_args__ = (Index(None, "till_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    till_id: Mapped[int] = mapped_column(ForeignKey("till.id"))
    pairing_hash: Mapped[str | None] = mapped_column(unique=True)
    pairing_ends_at: Mapped[datetime | None]
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    paired_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]


class TillFace(Base):
    """What a till shows its shopper now: one row a till, overwritten, good for seconds."""

    __tablename__ = "till_face"

    till_id: Mapped[int] = mapped_column(ForeignKey("till.id"), unique=True)
    version: Mapped[int]  # one more with each other face
    face: Mapped[dict[str, Any]]
    at: Mapped[datetime]


def screen_with_token(session: Session, token_hash: str) -> tuple[TillScreen, Till] | None:
    """The screen whose cookie has this hash, revoked or not, and its till."""
    query = select(TillScreen, Till).join(Till, Till.id == TillScreen.till_id)
    row = session.execute(query.where(TillScreen.token_hash == token_hash)).first()
    return (row[0], row[1]) if row else None


def screen_with_pairing(session: Session, pairing_hash: str) -> TillScreen | None:
    """The screen that waits for this code, locked: one device gets it."""
    query = select(TillScreen).where(TillScreen.pairing_hash == pairing_hash)
    return session.scalar(query.with_for_update())


def screen_with_id(session: Session, program_id: int, screen_id: int) -> TillScreen | None:
    """The screen, if it belongs to the program."""
    screen = session.get(TillScreen, screen_id)
    return screen if screen and screen.program_id == program_id else None


def screens_of_program(session: Session, program_id: int) -> list[TillScreen]:
    """Every screen that was not revoked, the oldest first."""
    query = select(TillScreen).where(
        TillScreen.program_id == program_id, TillScreen.revoked_at.is_(None)
    )
    return list(session.scalars(query.order_by(TillScreen.id)))


def waiting_screen(session: Session, till_id: int) -> TillScreen | None:
    """The screen of a till that no device has become yet."""
    query = select(TillScreen).where(
        TillScreen.till_id == till_id,
        TillScreen.token_hash.is_(None),
        TillScreen.revoked_at.is_(None),
    )
    return session.scalars(query.order_by(TillScreen.id).limit(1)).first()


def count_paired_screens(session: Session, till_id: int) -> int:
    """How many devices show what this till shows."""
    query = select(func.count()).where(
        TillScreen.till_id == till_id,
        TillScreen.token_hash.is_not(None),
        TillScreen.revoked_at.is_(None),
    )
    return int(session.scalar(query) or 0)


def face_of_till(session: Session, till_id: int, *, lock: bool = False) -> TillFace | None:
    """What the till shows; locked where it is about to change."""
    query = select(TillFace).where(TillFace.till_id == till_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)
