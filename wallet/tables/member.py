"""People enrolled in a program, what identifies them, and what they agreed to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base, BigId, StaleRead
from wallet.prepared import Loader, Prepared, Question, is_remote

TRIAL = "trial"  # nobody: a card of the set-up test, in no list and no figure
HOLDS_CARD = ("active", TRIAL)


class Member(Base):
    """A person enrolled. Personal data lives here only, never in the ledger."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("program_id", "number"),
        Index(None, "program_id", "id"),
        # Who else is this member now: asked with every change of a card.
        Index(
            "ix_member_merged",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    number: Mapped[str]  # short, for reading aloud; unique in the program
    code: Mapped[str]  # the payload of the QR code
    link_generation: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(default="")
    locale: Mapped[str]
    birthday: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="active")  # active, merged, closed, trial
    tier_key: Mapped[str | None]  # the one that counts: the better of earned and paid for
    tier_since: Mapped[datetime | None]  # when the earned one was reached
    joined_at: Mapped[datetime]
    joined_channel: Mapped[str]  # store, online, phone, import
    joined_store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    joined_by: Mapped[str]  # the actor, as in `entry.actor`
    tags: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'")
    )  # segments that rules and rewards name
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    charity_id: Mapped[int | None] = mapped_column(ForeignKey("charity.id"))  # where donations go
    tier_kept_until: Mapped[datetime | None]  # grace: the tier stays although the spend is gone
    earned_tier_key: Mapped[str | None]  # the status by sales alone, without paid plans


class Identifier(Base):
    """One thing by which a member is found: code, number, email, phone, external, referral.

    `claimed` is what somebody typed on joining although another member has it: nobody is found by it.
    `source` is the shop that made an external id, says who claims, and is empty for all others. Values are normalised:
    e-mail lower-case, phone E.164, number and code without spaces.
    """

    __tablename__ = "identifier"
    __table_args__ = (
        UniqueConstraint("program_id", "kind", "source", "value"),
        Index(None, "member_id"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    value: Mapped[str]
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]


class Consent(Base):
    """What a member agreed to or withdrew, in which words, when and where. Append-only."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "member_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    purpose: Mapped[str]  # email, sms
    granted: Mapped[bool]
    wording: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]


class MagicLink(Base):
    """A one-time link to a member's card. Only its hash is kept.

    `way` is how it reached the member: by `mail`, which proves the address, or shown at a `till`,
    which proves nothing but that somebody stood there.
    """

    __tablename__ = "magic_link"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    way: Mapped[str] = mapped_column(default="mail", server_default="mail")


_MEMBERS = Loader(Member)
_member = _MEMBERS.table
_identifier = cast(Table, Identifier.__table__)
_WITH_ID = Prepared(select(_member).where(_member.c.id == bindparam("member")))
_LOCKED = Prepared(
    select(_member).where(_member.c.id == bindparam("member_id")).with_for_update(key_share=True)
)
_IDENTIFIED_BY = Prepared(
    select(_member)
    .join(_identifier, _identifier.c.member_id == _member.c.id)
    .where(
        _identifier.c.program_id == bindparam("program"),
        _identifier.c.kind == bindparam("of_kind"),
        _identifier.c.source == bindparam("of_source"),
        _identifier.c.value == bindparam("its_value"),
    )
)


def member_identified_by(
    session: Session, program_id: int, kind: str, value: str, source: str = ""
) -> Member | None:
    """The member with this identifier."""
    row = _IDENTIFIED_BY.first(session, identified_asked(program_id, kind, value, source)[1])
    return cast("Member | None", row and _MEMBERS.adopt(session, row))


def identified_asked(program_id: int, kind: str, value: str, source: str = "") -> Question:
    """What `member_identified_by` asks."""
    values = {"program": program_id, "of_kind": kind, "of_source": source, "its_value": value}
    return _IDENTIFIED_BY, values


def member_asked(member_id: int) -> Question:
    """What `member_with_id` asks."""
    return _WITH_ID, {"member": member_id}


def member_with_id(session: Session, program_id: int, member_id: int) -> Member | None:
    """The member with this id, if it belongs to the program."""
    member = _MEMBERS.known(session, member_id)
    if member is None:
        row = _WITH_ID.first(session, member_asked(member_id)[1])
        member = row and _MEMBERS.adopt(session, row)
    return cast("Member | None", member if member and member.program_id == program_id else None)


def with_merged(member_id: Any) -> Any:
    """The ids of a member and of all who were merged into it, for `IN`. As two conditions with OR between them
    PostgreSQL would look at every row."""
    merged = select(Member.id).where(Member.merged_into_id == member_id)
    return union_all(select(type_coerce(member_id, BigId)), merged)


def surviving(session: Session, member: Member) -> Member:
    """Who this member is now: the one into whom it was merged, else itself."""
    if member.merged_into_id is None:
        return member
    return session.get_one(Member, member.merged_into_id)


def lock_member(session: Session, member: Member) -> None:
    """Wait until nobody else is changing what this member holds; then all that is read is newest.

    Members come before everything else that is locked, several of them in the order of ids, so that
    nobody waits in a circle. PostgreSQL only: SQLite's writer already holds all. The lock lets
    foreign keys point here. `StaleRead` for a member who was merged (or parted) since it was read:
    whoever asked finds the right one the second time.
    """
    held: set[int] = session.info.setdefault("members_locked", set())
    if member.id in held or not is_remote(session):
        return
    merged_into_id = member.merged_into_id
    row = _LOCKED.first(session, lock_asked(member.id)[1])
    if row is not None:
        _MEMBERS.adopt(session, row, anew=True)
    if member.merged_into_id != merged_into_id:
        raise StaleRead
    held.add(member.id)


def lock_holder(session: Session, member: Member) -> Member:
    """Who has now what this member had, locked: the one it was merged into, else itself."""
    holder = surviving(session, member)
    lock_member(session, holder)
    if holder is not member:
        session.refresh(member)  # parted while the lock was waited for?
        if member.merged_into_id != holder.id:
            raise StaleRead
    return holder


_IDENTIFIERS_OF = (
    select(Identifier).where(Identifier.member_id == bindparam("member")).order_by(Identifier.id)
)


def identifiers_of(session: Session, member_id: int) -> list[Identifier]:
    """Everything by which this member is found, oldest first."""
    return list(session.scalars(_IDENTIFIERS_OF, {"member": member_id}))


def lock_asked(member_id: int) -> Question:
    """What `lock_member` asks."""
    return _LOCKED, {"member_id": member_id}


_CONTACTS_OF = Prepared(
    select(_identifier.c.kind, _identifier.c.value)
    .where(_identifier.c.member_id == bindparam("member"))
    .order_by(_identifier.c.id.desc())
)


def contacts_of(session: Session, member_id: int) -> dict[str, str]:
    """The oldest identifier of each kind."""
    return dict(_CONTACTS_OF.rows(session, contacts_asked(member_id)[1]))


def contacts_asked(member_id: int) -> Question:
    """What `contacts_of` asks."""
    return _CONTACTS_OF, {"member": member_id}


def link_with_hash(session: Session, token_hash: str, *, to_use: bool) -> MagicLink | None:
    """The one-time link with this hash; locked to be used, so that only one of two taps does."""
    query = select(MagicLink).where(MagicLink.token_hash == token_hash)
    if to_use:
        query = query.with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def consents_of(session: Session, member_id: int) -> list[Consent]:
    """What a member agreed to and took back, newest first."""
    query = select(Consent).where(Consent.member_id == member_id)
    return list(session.scalars(query.order_by(Consent.id.desc())))
