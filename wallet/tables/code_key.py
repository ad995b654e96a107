"""The keys of rotating codes: one for each card of a member that changes its code by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    LargeBinary,
    UniqueConstraint,
    case,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.tables.member import with_merged
from wallet.tables.wallet_pass import WalletPass


class CodeKey(Base):
    """What one card of a member proves itself with.

    `holder` says which card: apple, google, web. `prefix` stands at the beginning of each of its codes;
    `sealed` is the secret under the installation's vault. `last_step` is the newest time step with
    which something was taken: it and all before are spent. The code of an Apple card turns with it.
    """

    __tablename__ = "code_key"
    __table_args__ = (UniqueConstraint("member_id", "holder"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    holder: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]


def code_key_of(session: Session, member_id: int, holder: str) -> CodeKey | None:
    """The key of one card: the member's own, else that of a card which came with a member merged
    into this one."""
    query = (
        select(CodeKey)
        .where(_cards_of(member_id), CodeKey.holder == holder)
        .order_by(case((CodeKey.member_id == member_id, 0), else_=1), CodeKey.id)
    )
    return session.scalars(query.limit(1)).first()


def code_key_with_prefix(session: Session, program_id: int, prefix: str) -> CodeKey | None:
    """The key whose codes begin so."""
    query = select(CodeKey).where(CodeKey.prefix == prefix, CodeKey.program_id == program_id)
    return session.scalar(query.execution_options(populate_existing=True))


def last_step(session: Session, member_id: int) -> int:
    """The newest step spent by any card of the member; 0 before the first."""
    query = select(func.max(CodeKey.last_step)).where(_cards_of(member_id))
    return session.scalar(query) or 0


def spend_step(session: Session, member_id: int, step: int) -> bool:
    """Take the step for the member, once for all its cards; false when it, or a later one, was taken.
    The caller holds the member's lock."""
    if last_step(session, member_id) >= step:
        return False
    session.execute(
        update(CodeKey)
        .where(_cards_of(member_id))
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return True


def google_holders_without_key(session: Session, program_id: int) -> list[int]:
    """Members with a Google card of before there were rotating codes."""
    keyed = select(CodeKey.member_id).where(CodeKey.holder == "google")
    query = select(WalletPass.member_id).where(
        WalletPass.program_id == program_id,
        WalletPass.provider == "google",
        WalletPass.member_id.not_in(keyed),
    )
    return list(session.scalars(query))


def _cards_of(member_id: int) -> Any:
    """Cards of members merged into this one are this one's now."""
    return CodeKey.member_id.in_(with_merged(member_id))
