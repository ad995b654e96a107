"""Versions of a program's card design, and the pictures they use."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    UniqueConstraint,
    and_,
    case,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.tables.member import TRIAL, Member
from wallet.tables.wallet_pass import Registration, WalletPass


class CardDesign(Base):
    """One version of the design. `document` is a validated `passes.design.Design`.

    `status`: draft (version 0, one a program), staged (reaches `share_percent` of the cards beside the
    published one), published, retired, withdrawn (was staged and went back). `revision` counts the
    savings of a draft. `removed_before`: how often cards had been taken off phones when it was published,
    by provider; None for versions published before that was counted.
    """

    __tablename__ = "card_design"
    __table_args__ = (UniqueConstraint("program_id", "version"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    version: Mapped[int]
    status: Mapped[str]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    share_percent: Mapped[int] = mapped_column(default=100, server_default="100")
    note: Mapped[str] = mapped_column(default="", server_default="")
    removed_before: Mapped[dict[str, Any] | None]


class Image(Base):
    """A re-encoded PNG, named by the SHA-256 of its bytes."""

    __tablename__ = "image"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    sha256: Mapped[str] = mapped_column(unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]


DRAFT_VERSION = 0  # a program has one draft, and no published version has this number


def published_design(session: Session, program_id: int) -> CardDesign:
    """The design in force."""
    query = select(CardDesign).where(
        CardDesign.program_id == program_id, CardDesign.status == "published"
    )
    return session.scalars(query.order_by(CardDesign.version.desc()).limit(1)).one()


def staged_design(session: Session, program_id: int) -> CardDesign | None:
    """The version that reaches a share of the cards, if there is one."""
    query = select(CardDesign).where(
        CardDesign.program_id == program_id, CardDesign.status == "staged"
    )
    return session.scalars(query.order_by(CardDesign.version.desc()).limit(1)).first()


def draft_design(session: Session, program_id: int) -> CardDesign | None:
    """The draft, if somebody began one."""
    return design_numbered(session, program_id, DRAFT_VERSION)


def design_numbered(session: Session, program_id: int, version: int) -> CardDesign | None:
    """One version by its number."""
    query = select(CardDesign).where(
        CardDesign.program_id == program_id, CardDesign.version == version
    )
    return session.scalars(query).first()


def newest_designs(session: Session, program_id: int, limit: int) -> list[CardDesign]:
    """Every version that ever was on a card, the newest first."""
    query = select(CardDesign).where(
        CardDesign.program_id == program_id, CardDesign.version > DRAFT_VERSION
    )
    return list(session.scalars(query.order_by(CardDesign.version.desc()).limit(limit)))


def design_version(session: Session, design_id: int) -> CardDesign | None:
    """One version by its id."""
    return session.get(CardDesign, design_id)


def image_sizes(session: Session, digests: Collection[str]) -> dict[str, tuple[int, int]]:
    """(width, height) of stored pictures, by hash."""
    query = select(Image.sha256, Image.width, Image.height).where(Image.sha256.in_(digests))
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def image_with_hash(session: Session, sha256: str) -> Image | None:
    """A stored picture."""
    return session.scalar(select(Image).where(Image.sha256 == sha256))


def count_images(session: Session, program_id: int) -> int:
    """How many pictures a program has stored."""
    query = select(func.count()).select_from(Image).where(Image.program_id == program_id)
    return int(session.scalar(query) or 0)


def lowest_version(session: Session, program_id: int) -> int:
    """The lowest number that is taken; designs of test cards count downwards from the draft's."""
    query = select(func.min(CardDesign.version)).where(CardDesign.program_id == program_id)
    return min(int(session.scalar(query) or 0), DRAFT_VERSION)


def forget_test_designs(session: Session, program_id: int) -> None:
    """Delete the designs of test cards that are no more."""
    used = select(WalletPass.design_id).where(WalletPass.program_id == program_id)
    session.execute(
        delete(CardDesign)
        .where(
            CardDesign.program_id == program_id,
            CardDesign.status == "test",
            CardDesign.id.not_in(used),
        )
        .execution_options(synchronize_session=False)
    )


def count_by_design(session: Session, program_id: int) -> list[tuple[int, str, int, int, int]]:
    """(design id, provider, cards, of which on a phone, of which the phone knows the newest).

    Google's phones follow Google by themselves; an Apple card is on the phone once it was fetched.
    """
    on_phone = or_(
        WalletPass.saved_at.is_not(None),
        WalletPass.id.in_(select(Registration.wallet_pass_id)),
    )
    is_told = WalletPass.delivered_version >= WalletPass.wanted_version
    is_there = or_(WalletPass.provider != "apple", WalletPass.fetched_at >= WalletPass.changed_at)
    query = (
        select(
            WalletPass.design_id,
            WalletPass.provider,
            func.count(),
            func.sum(case((on_phone, 1), else_=0)),
            func.sum(case((and_(on_phone, is_told, is_there), 1), else_=0)),
        )
        .where(
            WalletPass.program_id == program_id,
            WalletPass.member_id.not_in(select(Member.id).where(Member.status == TRIAL)),
        )
        .group_by(WalletPass.design_id, WalletPass.provider)
    )
    return [
        (row[0], row[1], int(row[2]), int(row[3]), int(row[4])) for row in session.execute(query)
    ]
