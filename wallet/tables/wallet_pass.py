"""Issued passes, the phones that hold them, and the state of their delivery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.apple.probe import PROBE_TOKEN_PREFIX
from wallet.db import Base, BigId, OwnJson, UtcDateTime, facts_text
from wallet.prepared import Loader, Prepared, Question
from wallet.tables.member import TRIAL, Member, with_merged
from wallet.values import value_class


class WalletPass(Base):
    """One pass at one provider: the truth of what its holder should see.

    `wanted_version > delivered_version` means work for the worker; `lease_until` says that one has
    taken it. `update_tag` is Apple's "changed since" number, given when the change is announced;
    `announced_version` is what it stands for. `waiting_since` is when the earliest change was made
    that phones were not told of; `taken_version` the newest that was handed to anybody.
    """

    __tablename__ = "wallet_pass"
    __table_args__ = (
        UniqueConstraint("member_id", "provider"),
        Index(
            "ix_wallet_pass_lane",
            "provider",
            "is_urgent",
            "next_attempt_at",
            sqlite_where=text("wanted_version > delivered_version"),
            postgresql_where=text("wanted_version > delivered_version"),
        ),
        Index(None, "update_tag"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    provider: Mapped[str]  # apple, google
    serial: Mapped[str] = mapped_column(unique=True)
    auth_token: Mapped[str]
    design_id: Mapped[int] = mapped_column(ForeignKey("card_design.id"))
    card: Mapped[dict[str, Any]] = mapped_column(OwnJson())
    card_hash: Mapped[str]
    tier_key: Mapped[str | None]
    is_urgent: Mapped[bool] = mapped_column(default=True)  # a scan waits; a bulk refresh does not
    wanted_version: Mapped[int] = mapped_column(default=1)
    announced_version: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered_version: Mapped[int] = mapped_column(default=0)
    taken_version: Mapped[int] = mapped_column(default=0, server_default="0")
    update_tag: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    modified_at: Mapped[datetime]  # whole seconds, strictly increasing: Last-Modified
    next_attempt_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_key: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    delivered_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    saved_at: Mapped[datetime | None]  # Google told us that it is on a phone
    created_at: Mapped[datetime]


class Device(Base):
    """A phone as Apple names it; push tokens rotate by registering again.

    `silent_since` is when Apple took the first push after which the phone did not come.
    """

    __tablename__ = "device"

    library_id: Mapped[str] = mapped_column(unique=True)
    push_token: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    silent_since: Mapped[datetime | None] = mapped_column(index=True)


class Registration(Base):
    """A device's wish to be told when a pass changes. `pushed_version` is what it was told of last."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("device_id", "wallet_pass_id"),
        Index(None, "wallet_pass_id"),
    )

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    wallet_pass_id: Mapped[int] = mapped_column(ForeignKey("wallet_pass.id"))
    created_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    pushed_version: Mapped[int] = mapped_column(default=0, server_default="0")


class Sequence_(Base):  # noqa: N801  `sequence` is SQLAlchemy's own word
    """Counters given under a row lock: what is numbered becomes visible in the order of numbers."""

    __tablename__ = "sequence"

    name: Mapped[str] = mapped_column(unique=True)
    value: Mapped[int]


class PhoneLog(Base):
    """What phones complained of through Apple's log endpoint."""

    __tablename__ = "phone_log"

    at: Mapped[datetime]
    message: Mapped[str]


# Row by row, by the member's own key: there may be a million of them.
_IS_REAL = ~exists().where(Member.id == WalletPass.member_id, Member.status == TRIAL)
_OF_MEMBER = (WalletPass.member_id.in_(with_merged(bindparam("member", type_=BigId))),)
_PASSES_OF = select(WalletPass).where(*_OF_MEMBER).execution_options(populate_existing=True)


def passes_of(session: Session, member_id: int) -> list[WalletPass]:
    """Passes at every provider that show this member's card: its own, and those that members merged
    into it still hold."""
    return list(session.scalars(_PASSES_OF, {"member": member_id}))


@value_class
class Shown:
    """What an issued pass shows now, and what its phones have taken of it."""

    id: int
    member_id: int
    provider: str
    card: str | bytes  # its JSON, at least the facts on its face
    card_hash: str
    tier_key: str | None
    design_id: int
    wanted_version: int
    delivered_version: int
    changed_at: datetime
    modified_at: datetime
    fetched_at: datetime | None

    @property
    def said(self) -> dict[str, Any]:
        """The card as plain data, at least the facts on its face."""
        said: dict[str, Any] = orjson.loads(self.card)
        return said


_PASSES = Loader(WalletPass)
_pass = _PASSES.table
_SHOWN_COLUMNS = [
    # As text: the driver would make objects of it, five times as slowly as `Shown.said` does where it is needed.
    facts_text(_pass.c.card).label(one.name) if one.name == "card" else _pass.c[one.name]
    for one in fields(Shown)
]
_absorbed = cast(Table, Member.__table__).alias("absorbed")
# The member's own and those of members merged into it: with `IN` SQLite would fill a table with the ids first.
_SHOWN = Prepared(
    union_all(
        select(*_SHOWN_COLUMNS).where(_pass.c.member_id == bindparam("member", type_=BigId)),
        select(*_SHOWN_COLUMNS)
        .join(_absorbed, _absorbed.c.id == _pass.c.member_id)
        .where(_absorbed.c.merged_into_id == bindparam("member", type_=BigId)),
    )
)
_CHANGE = Prepared(
    update(_pass)
    .where(_pass.c.id == bindparam("of_pass"))
    .values(
        card=bindparam("new_card", type_=_pass.c.card.type),
        card_hash=bindparam("new_hash"),
        tier_key=bindparam("new_tier"),
        design_id=bindparam("new_design"),
        # What a shopper waits for stays in front.
        is_urgent=or_(
            bindparam("urgent", type_=Boolean()),
            and_(_pass.c.is_urgent, _pass.c.wanted_version > _pass.c.delivered_version),
        ),
        wanted_version=_pass.c.wanted_version + 1,
        changed_at=bindparam("at", type_=UtcDateTime()),
        next_attempt_at=bindparam("at", type_=UtcDateTime()),
        waiting_since=func.coalesce(_pass.c.waiting_since, bindparam("at", type_=UtcDateTime())),
        modified_at=bindparam("modified", type_=UtcDateTime()),
        attempts=0,
    )
)


def shown_passes(session: Session, member_id: int) -> list[Shown]:
    """`passes_of` as plain values."""
    return [Shown(*row) for row in _SHOWN.rows(session, passes_asked(member_id)[1])]


def passes_asked(member_id: int) -> Question:
    """What `shown_passes` asks."""
    return _SHOWN, {"member": member_id}


def change_pass(session: Session, pass_id: int, values: dict[str, Any]) -> None:
    """The pass wants another card from now on: `new_card`, `new_hash`, `new_tier`, `new_design`,
    whether it is `urgent`, `at`, and the time in `modified` that phones are told."""
    _CHANGE.write(session, {"of_pass": pass_id, **values})
    held = _PASSES.known(session, pass_id)
    if held is not None:
        session.expire(held)


def pass_at(session: Session, member_id: int, provider: str) -> WalletPass | None:
    """The member's pass at one provider."""
    query = select(WalletPass).where(
        WalletPass.member_id == member_id, WalletPass.provider == provider
    )
    return session.scalar(query)


def newest_passes(session: Session, program_id: int, limit: int) -> list[WalletPass]:
    """The passes of a program that were issued last, at any provider."""
    query = select(WalletPass).where(WalletPass.program_id == program_id)
    return list(session.scalars(query.order_by(WalletPass.id.desc()).limit(limit)))


def pass_with_serial(session: Session, provider: str, serial: str) -> WalletPass | None:
    """The pass with this serial number."""
    query = select(WalletPass).where(WalletPass.serial == serial, WalletPass.provider == provider)
    return session.scalar(query)


def auth_token(session: Session, provider: str, serial: str) -> str | None:
    """The token of the pass with this serial number."""
    query = select(WalletPass.auth_token)
    return session.scalar(query.where(WalletPass.serial == serial, WalletPass.provider == provider))


def passes_of_other_designs(
    session: Session, program_id: int, design_id: int | None, after_id: int, limit: int
) -> list[Any]:
    """(id, member id, design id, modified at) of passes that show another design, or of all, in the
    order of ids; locked. Not of test cards, which keep the design that they try."""
    query = (
        select(WalletPass.id, WalletPass.member_id, WalletPass.design_id, WalletPass.modified_at)
        .where(WalletPass.program_id == program_id, WalletPass.id > after_id, _IS_REAL)
        .order_by(WalletPass.id)
        .limit(limit)
        .with_for_update()
    )
    if design_id is not None:
        query = query.where(WalletPass.design_id != design_id)
    return list(session.execute(query))


def want_design(
    session: Session, design_id: int, times: Sequence[tuple[int, datetime]], now: datetime
) -> None:
    """These passes (id, new Last-Modified) want this design; they wait behind scans."""
    row = WalletPass.__table__
    waits = row.c.wanted_version > row.c.delivered_version
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(row.c.id == bindparam("holder"))
        .values(
            design_id=design_id,
            wanted_version=row.c.wanted_version + 1,
            is_urgent=case((waits, row.c.is_urgent), else_=False),
            waiting_since=func.coalesce(
                row.c.waiting_since, bindparam("since", now, UtcDateTime())
            ),
            changed_at=now,
            modified_at=bindparam("modified", type_=UtcDateTime()),
            next_attempt_at=now,
            attempts=0,
        ),
        [{"holder": pass_id, "modified": modified} for pass_id, modified in times],
    )


def cards_of(session: Session, pass_ids: Collection[int]) -> list[tuple[int, dict[str, Any]]]:
    """(pass id, its card as plain data), of those that have one."""
    if not pass_ids:
        return []
    query = select(WalletPass.id, WalletPass.card).where(WalletPass.id.in_(pass_ids))
    return [(row[0], row[1]) for row in session.execute(query) if row[1] is not None]


def say(session: Session, cards: Sequence[tuple[int, dict[str, Any], str]]) -> None:
    """These passes (id, card, its hash) say this; whoever asks for it also lets them be delivered."""
    if not cards:
        return
    row = WalletPass.__table__
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(row.c.id == bindparam("holder"))
        .values(card=bindparam("said", type_=row.c.card.type), card_hash=bindparam("digest")),
        [{"holder": holder, "said": said, "digest": digest} for holder, said, digest in cards],
    )


def next_in_sequence(session: Session, name: str) -> int:
    """The next number of a sequence; its row stays locked until the transaction ends."""
    taken = session.execute(
        update(Sequence_)
        .where(Sequence_.name == name)
        .values(value=Sequence_.value + 1)
        .returning(Sequence_.value)
    ).scalar_one_or_none()
    if taken is None:
        session.add(Sequence_(name=name, value=1))
        session.flush()
        return 1
    return taken


def last_in_sequence(session: Session, name: str) -> int:
    """The number given last; 0 before the first."""
    query = select(Sequence_.value).where(Sequence_.name == name)
    return session.scalar(query) or 0


def reach_in_sequence(session: Session, name: str, value: int) -> bool:
    """Let the sequence stand at `value`; true when it stood below. One that does not exist yet begins
    there, and nothing was missed."""
    risen = session.execute(
        update(Sequence_)
        .where(Sequence_.name == name, Sequence_.value < value)
        .values(value=value)
        .execution_options(synchronize_session=False)
    )
    if getattr(risen, "rowcount", 0):
        return True
    if session.scalar(select(Sequence_.id).where(Sequence_.name == name)) is None:
        session.add(Sequence_(name=name, value=value))
        session.flush()
    return False


def members_with_passes(session: Session, program_id: int, after_id: int, limit: int) -> list[int]:
    """Members of the program who have a card in a wallet, in the order of ids; nobody behind a test card."""
    query = select(WalletPass.member_id).where(
        WalletPass.program_id == program_id, WalletPass.member_id > after_id, _IS_REAL
    )
    return list(session.scalars(query.distinct().order_by(WalletPass.member_id).limit(limit)))


def push_tokens(session: Session, pass_ids: Sequence[int]) -> list[tuple[int, int, str, datetime]]:
    """(pass id, device id, push token, registered or renewed at) of every phone that holds the passes.

    Not of the set-up test's phone: Apple does not know it and would have it forgotten.
    """
    query = (
        select(Registration.wallet_pass_id, Device.id, Device.push_token, Registration.renewed_at)
        .join(Device, Device.id == Registration.device_id)
        .where(
            Registration.wallet_pass_id.in_(pass_ids),
            Device.push_token.not_like(f"{PROBE_TOKEN_PREFIX}%"),
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def silent_since(session: Session, pass_ids: Sequence[int]) -> dict[int, datetime]:
    """Since when phones that hold these passes did not come after a push, by pass."""
    query = (
        select(Registration.wallet_pass_id, func.min(Device.silent_since))
        .join(Device, Device.id == Registration.device_id)
        .where(Registration.wallet_pass_id.in_(pass_ids), Device.silent_since.is_not(None))
        .group_by(Registration.wallet_pass_id)
    )
    return {pass_id: since for pass_id, since in session.execute(query) if since is not None}


def device_with_library_id(session: Session, library_id: str) -> Device | None:
    """The device that Apple names so."""
    return session.scalar(select(Device).where(Device.library_id == library_id))


def registration_of(session: Session, device_id: int, pass_id: int) -> Registration | None:
    """One registration."""
    query = select(Registration).where(
        Registration.device_id == device_id, Registration.wallet_pass_id == pass_id
    )
    return session.scalar(query)


def forget_registration(session: Session, device_id: int, pass_id: int) -> bool:
    """The device no longer holds the pass; whether it did."""
    gone = session.execute(
        delete(Registration).where(
            Registration.device_id == device_id, Registration.wallet_pass_id == pass_id
        )
    )
    return bool(getattr(gone, "rowcount", 0))


def forget_device(session: Session, device_id: int, push_token: str, before: datetime) -> int:
    """The push service says that the app is gone at this token: drop what was registered before it
    said so. A phone that has a new token by now, or came again since, stays; returns how many
    registrations went."""
    same = select(Device.id).where(Device.id == device_id, Device.push_token == push_token)
    gone = session.execute(
        delete(Registration).where(
            Registration.device_id.in_(same), Registration.renewed_at <= before
        )
    )
    return int(getattr(gone, "rowcount", 0))


def shared_devices(session: Session, one_id: int, other_id: int) -> int:
    """How many phones hold passes of both members."""
    ones, others = (
        select(Registration.device_id)
        .join(WalletPass, WalletPass.id == Registration.wallet_pass_id)
        .where(WalletPass.member_id == member_id)
        for member_id in (one_id, other_id)
    )
    query = select(func.count()).where(Device.id.in_(ones), Device.id.in_(others))
    return int(session.scalar(query) or 0)


def prune_phone_log(session: Session, before: datetime, lines_max: int) -> int:
    """Forget complaints older than that, and the oldest beyond so many; how many went."""
    kept = select(PhoneLog.at).order_by(PhoneLog.at.desc()).offset(lines_max).limit(1)
    edge = session.scalar(kept)
    limit = max(before, edge) if edge else before
    gone = session.execute(delete(PhoneLog).where(PhoneLog.at <= limit))
    return int(getattr(gone, "rowcount", 0))


def changed_serials(session: Session, library_id: str, tag: int) -> tuple[int, list[str]]:
    """(newest tag, serials of the device's passes announced after `tag`)."""
    query = (
        select(WalletPass.serial, WalletPass.update_tag)
        .join(Registration, Registration.wallet_pass_id == WalletPass.id)
        .join(Device, Device.id == Registration.device_id)
        .where(Device.library_id == library_id, WalletPass.update_tag > tag)
        .order_by(WalletPass.update_tag)
    )
    rows = session.execute(query).all()
    return max([tag, *(row[1] for row in rows)]), [row[0] for row in rows]


def count_passes(session: Session, program_id: int) -> dict[str, int]:
    """Passes held by at least one phone, by provider."""
    held = select(Registration.wallet_pass_id)
    query = (
        select(WalletPass.provider, func.count())
        .where(
            WalletPass.program_id == program_id,
            WalletPass.member_id.not_in(select(Member.id).where(Member.status == TRIAL)),
            or_(WalletPass.id.in_(held), WalletPass.saved_at.is_not(None)),
        )
        .group_by(WalletPass.provider)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def want_again(session: Session, program_id: int, provider: str, now: datetime) -> None:
    """Deliver every pass of the program anew, behind whatever is urgent: something changed that no
    card says."""
    session.execute(
        update(WalletPass)
        .where(WalletPass.program_id == program_id, WalletPass.provider == provider)
        .values(
            wanted_version=WalletPass.wanted_version + 1,
            waiting_since=func.coalesce(WalletPass.waiting_since, now),
            changed_at=now,
            next_attempt_at=now,
            attempts=0,
        )
        .execution_options(synchronize_session=False)
    )
