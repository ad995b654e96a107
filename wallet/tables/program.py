"""A brand's loyalty program, its stores, its rule versions and its keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.prepared import Loader, Prepared, Question


class Program(Base):
    """One brand. Everything else hangs on a program: it is the wall between tenants.

    `revision` moves with every change that cards, tills or rules depend on, so that processes may
    keep what they read.
    """

    __tablename__ = "program"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]  # ISO 4217
    locale: Mapped[str]  # the program's own language, in which wallets fall back
    locales: Mapped[list[Any]]
    time_zone: Mapped[str]  # IANA
    country: Mapped[str]  # ISO 3166, the region of phone numbers without a prefix
    details: Mapped[dict[str, Any]]  # what cards and pages tell: tagline, terms, links
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class RuleVersion(Base):
    """One published set of earning, tier and redemption rules. Never edited; the newest rules."""

    __tablename__ = "rule_version"
    __table_args__ = (UniqueConstraint("program_id", "version"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    version: Mapped[int]
    rules: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class ProgramKey(Base):
    """The key that signs a program's member codes and card links, sealed with the secret key."""

    __tablename__ = "program_key"
    __table_args__ = (UniqueConstraint("program_id", "version"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class Store(Base):
    """A place with tills. Coordinates in degrees WGS 84."""

    __tablename__ = "store"
    __table_args__ = (Index(None, "program_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[str]
    address: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    is_open: Mapped[bool] = mapped_column(default=True)


_PROGRAMS = Loader(Program)
_program = _PROGRAMS.table
_REVISION = Prepared(select(_program.c.revision).where(_program.c.id == bindparam("program")))


def program_with_slug(session: Session, slug: str) -> Program | None:
    """The program with this address word."""
    return session.scalar(select(Program).where(Program.slug == slug))


def program_with_id(session: Session, program_id: int) -> Program | None:
    """The program with this id."""
    return session.get(Program, program_id)


def revision_of(session: Session, program_id: int) -> int | None:
    """How often the program was changed, by this transaction too; None where there is none."""
    held = _PROGRAMS.known(session, program_id)
    if held is not None:
        return cast(int, held.revision)
    row = _REVISION.first(session, revision_asked(program_id)[1])
    return row[0] if row else None


def revision_asked(program_id: int) -> Question:
    """What `revision_of` asks."""
    return _REVISION, {"program": program_id}


def program_for_update(session: Session, program_id: int) -> Program | None:
    """The same, locked: versions are numbered one after the other."""
    query = select(Program).where(Program.id == program_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def programs(session: Session) -> list[Program]:
    """Every program of the installation."""
    return list(session.scalars(select(Program).order_by(Program.id)))


def newest_rules(session: Session, program_id: int) -> RuleVersion:
    """The rules in force."""
    query = select(RuleVersion).where(RuleVersion.program_id == program_id)
    return session.scalars(query.order_by(RuleVersion.version.desc()).limit(1)).one()


def rules_of_version(session: Session, program_id: int, version: int) -> RuleVersion | None:
    """The rules that were published as this version."""
    query = select(RuleVersion).where(
        RuleVersion.program_id == program_id, RuleVersion.version == version
    )
    return session.scalar(query)


def newest_versions(session: Session, program_id: int, count: int) -> list[RuleVersion]:
    """The last versions of the rules, the one in force first."""
    query = select(RuleVersion).where(RuleVersion.program_id == program_id)
    return list(session.scalars(query.order_by(RuleVersion.version.desc()).limit(count)))


def program_keys(session: Session, program_id: int) -> list[ProgramKey]:
    """Every key, oldest first; the last one signs."""
    query = select(ProgramKey).where(ProgramKey.program_id == program_id)
    return list(session.scalars(query.order_by(ProgramKey.version)))


def stores_of(session: Session, program_id: int) -> list[Store]:
    """Open stores in the order in which they were made."""
    query = select(Store).where(Store.program_id == program_id, Store.is_open)
    return list(session.scalars(query.order_by(Store.id)))


def all_stores_of(session: Session, program_id: int) -> list[Store]:
    """Closed ones too, in the order in which they were made."""
    query = select(Store).where(Store.program_id == program_id)
    return list(session.scalars(query.order_by(Store.id)))


def store_with_id(session: Session, program_id: int, store_id: int) -> Store | None:
    """The store, if it belongs to the program."""
    store = session.get(Store, store_id)
    return store if store and store.program_id == program_id else None
