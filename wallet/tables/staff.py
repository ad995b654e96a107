"""People who work for the merchant, their sessions, the keys of shops, and counted attempts."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import (
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base, Database
from wallet.prepared import Prepared, Question


class Staff(Base):
    """One person with a role: owner, manager, marketer or cashier."""

    __tablename__ = "staff"
    __table_args__ = (Index(None, "program_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    locale: Mapped[str]
    password_hash: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    # For paired tills only; worthless anywhere else. `pin_misses` are those in a row.
    pin_hash: Mapped[str] = mapped_column(default="", server_default="")
    pin_misses: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    phone: Mapped[str] = mapped_column(default="", server_default="")  # E.164: tells an own card
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))  # their own card


class StaffSession(Base):
    """A signed-in browser. Only the hash of its cookie is kept; revoking it takes effect at once."""

    __tablename__ = "staff_session"
    __table_args__ = (Index(None, "staff_id"),)

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))  # opened there by PIN


class ApiKey(Base):
    """A shop's key. `secret_hash` is SHA-256: the secret has 256 random bits and needs no stretching."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("program_id", "name"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[str]
    role: Mapped[str]  # shop
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Attempts(Base):
    """Failures counted in a window, shared by all processes and kept over restarts."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(unique=True)
    count: Mapped[int]
    window_ends_at: Mapped[datetime]


def staff_with_email(session: Session, email: str) -> Staff | None:
    """The person with this e-mail."""
    return session.scalar(select(Staff).where(Staff.email == email))


def staff_with_id(
    session: Session, program_id: int, staff_id: int, *, lock: bool = False
) -> Staff | None:
    """The person, if they work for the program; locked where something about them changes."""
    query = select(Staff).where(Staff.id == staff_id, Staff.program_id == program_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def session_with_hash(session: Session, token_hash: str) -> tuple[StaffSession, Staff] | None:
    """A browser's session and its person."""
    query = select(StaffSession, Staff).join(Staff, Staff.id == StaffSession.staff_id)
    row = session.execute(query.where(StaffSession.token_hash == token_hash)).first()
    return (row[0], row[1]) if row else None


def revoke_sessions(
    session: Session, staff_id: int, now: datetime, *, only_tills: bool = False
) -> None:
    """Sign a person out everywhere, or only from tills."""
    change = update(StaffSession).where(
        StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None)
    )
    if only_tills:
        change = change.where(StaffSession.till_id.is_not(None))
    session.execute(change.values(revoked_at=now))


def leave_store(session: Session, program_id: int, store_id: int) -> None:
    """Nobody works in this store any more: its people in every store, its sessions in none."""
    session.execute(
        update(Staff)
        .where(Staff.program_id == program_id, Staff.store_id == store_id)
        .values(store_id=None)
    )
    session.execute(
        update(StaffSession).where(StaffSession.store_id == store_id).values(store_id=None)
    )


def key_with_hash(session: Session, secret_hash: str) -> ApiKey | None:
    """The key with this hash."""
    return session.scalar(select(ApiKey).where(ApiKey.secret_hash == secret_hash))


def keys_of(session: Session, program_id: int) -> list[ApiKey]:
    """The keys of a program, the oldest first."""
    return list(
        session.scalars(select(ApiKey).where(ApiKey.program_id == program_id).order_by(ApiKey.id))
    )


def key_called(session: Session, program_id: int, name: str) -> ApiKey | None:
    """The program's key of this name, locked."""
    query = select(ApiKey).where(ApiKey.program_id == program_id, ApiKey.name == name)
    return session.scalar(query.with_for_update())


_key = cast(Table, ApiKey.__table__)
_VALID_KEY = Prepared(
    select(_key.c.id, _key.c.program_id, _key.c.role, _key.c.name, _key.c.used_at).where(
        _key.c.secret_hash == bindparam("its_hash"), _key.c.revoked_at.is_(None)
    )
)


def valid_key(
    database: Database, secret_hash: str
) -> tuple[int, int, str, str, datetime | None] | None:
    """(id, program, role, name, used at) of the key with this hash, unless it was revoked; asked with every
    call of the API, outside of any transaction."""
    rows = _VALID_KEY.alone(database.engine, {"its_hash": secret_hash})
    return cast("tuple[int, int, str, str, datetime | None]", rows[0]) if rows else None


def key_asked(secret_hash: str) -> Question:
    """What `valid_key_id` asks."""
    return _VALID_KEY, {"its_hash": secret_hash}


def valid_key_id(session: Session, secret_hash: str) -> int | None:
    """The id of the key with this hash, unless it was revoked, as this transaction sees it."""
    row = _VALID_KEY.first(session, key_asked(secret_hash)[1])
    return None if row is None else int(row[0])


def attempts_for(session: Session, key: str) -> Attempts | None:
    """The counter, locked."""
    query = select(Attempts).where(Attempts.key == key)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def attempts_so_far(session: Session, key: str) -> Attempts | None:
    """The counter as it stands, for a reader."""
    return session.scalar(select(Attempts).where(Attempts.key == key))


def staff_of(session: Session, program_id: int) -> list[Staff]:
    """Everybody who works in a program."""
    return list(
        session.scalars(select(Staff).where(Staff.program_id == program_id).order_by(Staff.id))
    )


def name_behind(session: Session, label: str) -> str:
    """The name of the person whom an entry's `staff:12` means; empty for keys and the system."""
    kind, _, number = label.partition(":")
    staff = session.get(Staff, int(number)) if kind == "staff" and number.isdigit() else None
    return staff.name if staff else ""
