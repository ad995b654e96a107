"""How far each change of a pass has come, and what keeps a provider from taking any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.apple.probe import PROBE_TOKEN_PREFIX
from wallet.db import Base
from wallet.tables.wallet_pass import Device, Registration, WalletPass

PRUNED_AT_ONCE = 2_000  # rows in one transaction: a few milliseconds of the writer's time


class Delivery(Base):
    """One announced change of one pass on its way: wanted → pushed → listed → fetched.

    Several changes that were made before the worker came are one delivery; `wanted_at` is when the
    first of them was made. `pushes` counts phones that the provider took the message for, out of
    `phones`; `push_id` is the provider's own id of the first (Apple: apns-id). At Google, where
    phones ask Google and not us, `pushed_at` says that Google has the new object.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("wallet_pass_id", "version"),
        Index(None, "program_id", "announced_at"),
        Index(None, "announced_at"),  # for pruning
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    wallet_pass_id: Mapped[int] = mapped_column(ForeignKey("wallet_pass.id"))
    provider: Mapped[str]
    version: Mapped[int]
    is_urgent: Mapped[bool]
    phones: Mapped[int]
    pushes: Mapped[int] = mapped_column(default=0)
    push_id: Mapped[str] = mapped_column(default="")
    wanted_at: Mapped[datetime]
    announced_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]  # Google showed a message with it
    listed_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]


class ProviderAlarm(Base):
    """Why a provider takes nothing from us at all: something that a person has to mend."""

    __tablename__ = "provider_alarm"

    provider: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    since: Mapped[datetime]
    seen_at: Mapped[datetime]


_pass = WalletPass.__table__.c
_LEASED = (
    _pass.id,
    _pass.program_id,
    _pass.wanted_version,
    _pass.announced_version,
    _pass.attempts,
    _pass.is_urgent,
    _pass.changed_at,
    _pass.waiting_since,
)
_CONTENT = (_pass.member_id, _pass.serial, _pass.design_id, _pass.card, _pass.tier_key)


def _due(provider: str, now: datetime) -> Any:
    return and_(
        _pass.provider == provider,
        _pass.wanted_version > _pass.delivered_version,
        _pass.next_attempt_at <= now,
        or_(_pass.lease_until.is_(None), _pass.lease_until <= now),
    )


def has_due(session: Session, provider: str, now: datetime, *, only_urgent: bool) -> bool:
    """Whether a claim would find anything; costs no writer's lock."""
    query = select(_pass.id).where(_due(provider, now))
    if only_urgent:
        query = query.where(_pass.is_urgent.is_(True))
    return session.execute(query.limit(1)).first() is not None


def lease_due(
    session: Session,
    provider: str,
    now: datetime,
    lease: tuple[str, datetime],
    *,
    is_urgent: bool,
    limit: int,
    with_content: bool,
) -> list[Any]:
    """Take passes whose phones do not know yet, in one statement; `lease` is (key, until).

    Rows of (id, program_id, wanted_version, announced_version, attempts, is_urgent, changed_at,
    waiting_since), and with content also (member_id, serial, design_id, card, tier_key).
    """
    picked = (
        select(_pass.id)
        .where(_due(provider, now), _pass.is_urgent.is_(is_urgent))
        .order_by(_pass.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    key, until = lease
    taken = (
        update(WalletPass.__table__)  # type: ignore[arg-type]
        .where(_pass.id.in_(picked.scalar_subquery()))
        .values(lease_key=key, lease_until=until, attempts=_pass.attempts + 1)
        .returning(*_LEASED, *(_CONTENT if with_content else ()))
    )
    return list(session.execute(taken))


def number_changes(session: Session, pass_ids: Sequence[int], tag: int) -> None:
    """Give the changes of these passes that have no update tag yet this one."""
    session.execute(
        update(WalletPass.__table__)  # type: ignore[arg-type]
        .where(_pass.id.in_(pass_ids), _pass.announced_version < _pass.wanted_version)
        .values(update_tag=tag, announced_version=_pass.wanted_version)
    )


def announcing_passes(session: Session, pass_ids: Sequence[int]) -> set[int]:
    """Those whose card names a change to announce."""
    named = WalletPass.card["announced"].as_string()
    return set(
        session.scalars(
            select(WalletPass.id).where(WalletPass.id.in_(pass_ids), named.is_not(None))
        )
    )


def untold_phones(session: Session, pass_ids: Sequence[int]) -> list[Any]:
    """(registration id, pass id, device id, push token, version) of phones that hold the passes and
    were not told of what is wanted now."""
    query = (
        select(
            Registration.id,
            Registration.wallet_pass_id,
            Registration.device_id,
            Device.push_token,
            WalletPass.wanted_version,
        )
        .join(Device, Device.id == Registration.device_id)
        .join(WalletPass, WalletPass.id == Registration.wallet_pass_id)
        .where(
            Registration.wallet_pass_id.in_(pass_ids),
            Registration.pushed_version < WalletPass.wanted_version,
            Device.push_token.not_like(f"{PROBE_TOKEN_PREFIX}%"),
        )
    )
    return list(session.execute(query))


def note_announced(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Begin the deliveries of these changes."""
    if rows:
        session.execute(insert(Delivery), rows)


def note_pushed(
    session: Session, told: Sequence[Mapping[str, Any]], device_ids: Sequence[int], now: datetime
) -> None:
    """The provider took messages. `told` holds a `registration`, its pass as `holder`, the `to_version`
    and the `push` id of each."""
    if not told:
        return
    connection = session.connection()
    registration, row = Registration.__table__, Delivery.__table__
    connection.execute(
        update(registration)  # type: ignore[arg-type]
        .where(
            registration.c.id == bindparam("registration"),
            registration.c.pushed_version < bindparam("to_version"),
        )
        .values(pushed_version=bindparam("to_version")),
        list(told),
    )
    connection.execute(
        update(row)  # type: ignore[arg-type]
        .where(
            row.c.wallet_pass_id == bindparam("holder"), row.c.version == bindparam("to_version")
        )
        .values(
            pushes=row.c.pushes + 1,
            pushed_at=func.coalesce(
                row.c.pushed_at, bindparam("at", now, type_=row.c.pushed_at.type)
            ),
            push_id=case((row.c.push_id == "", bindparam("push")), else_=row.c.push_id),
        ),
        list(told),
    )
    session.execute(
        update(Device)
        .where(Device.id.in_(device_ids), Device.silent_since.is_(None))
        .values(silent_since=now)
        .execution_options(synchronize_session=False)
    )


def settle_delivered(
    session: Session, lease_key: str, versions: Mapping[int, int], now: datetime
) -> None:
    """These passes were delivered as far as this version. A change that came meanwhile stays due."""
    if not versions:
        return
    newer = _pass.wanted_version > bindparam("to_version")
    session.connection().execute(
        update(WalletPass.__table__)  # type: ignore[arg-type]
        .where(_pass.id == bindparam("holder"), _pass.lease_key == lease_key)
        .values(
            delivered_version=case(
                (_pass.delivered_version < bindparam("to_version"), bindparam("to_version")),
                else_=_pass.delivered_version,
            ),
            delivered_at=now,
            attempts=0,
            last_error="",
            lease_key=None,
            lease_until=None,
            is_urgent=case((newer, _pass.is_urgent), else_=False),
            waiting_since=case((newer, _pass.changed_at), else_=None),
        ),
        [{"holder": pass_id, "to_version": version} for pass_id, version in versions.items()],
    )


def settle_failed(session: Session, lease_key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """These go back: `holder`, `said`, when to try `again` and the number of `tries` so far. What was
    changed meanwhile is tried at once."""
    if not rows:
        return
    kind = _pass.next_attempt_at.type
    newer = _pass.wanted_version > bindparam("to_version")
    session.connection().execute(
        update(WalletPass.__table__)  # type: ignore[arg-type]
        .where(_pass.id == bindparam("holder"), _pass.lease_key == lease_key)
        .values(
            last_error=bindparam("said"),
            attempts=case((newer, 0), else_=bindparam("tries")),
            next_attempt_at=case(
                (newer, _pass.next_attempt_at), else_=bindparam("again", type_=kind)
            ),
            lease_key=None,
            lease_until=None,
        ),
        list(rows),
    )


def note_came(session: Session, seen: Mapping[str, datetime]) -> None:
    """Phones asked what changed; `seen` is when, by library id."""
    row = Device.__table__
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(row.c.library_id == bindparam("library"))
        .values(seen_at=bindparam("at", type_=row.c.seen_at.type), silent_since=None),
        [{"library": library, "at": at} for library, at in seen.items()],
    )


def note_listed(session: Session, listed: Mapping[str, datetime]) -> None:
    """Phones were told that these passes changed; `listed` is when, by serial number."""
    row = Delivery.__table__
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(
            row.c.wallet_pass_id == _with_serial(),
            row.c.announced_at <= bindparam("at", type_=row.c.announced_at.type),
            row.c.listed_at.is_(None),
        )
        .values(listed_at=bindparam("at", type_=row.c.listed_at.type)),
        [{"serial_number": serial, "at": at} for serial, at in listed.items()],
    )


def note_fetched(session: Session, fetched: Mapping[str, tuple[int, datetime]]) -> None:
    """Phones have this version of these passes; (version, when) by serial number."""
    row, holder = Delivery.__table__, WalletPass.__table__
    values = [
        {"serial_number": serial, "to_version": version, "at": at}
        for serial, (version, at) in fetched.items()
    ]
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(
            row.c.wallet_pass_id == _with_serial(),
            row.c.version <= bindparam("to_version"),
            row.c.fetched_at.is_(None),
        )
        .values(fetched_at=bindparam("at", type_=row.c.fetched_at.type)),
        values,
    )
    session.connection().execute(
        update(holder)  # type: ignore[arg-type]
        .where(holder.c.serial == bindparam("serial_number"))
        .values(
            fetched_at=bindparam("at", type_=holder.c.fetched_at.type),
            taken_version=case(
                (holder.c.taken_version < bindparam("to_version"), bindparam("to_version")),
                else_=holder.c.taken_version,
            ),
        ),
        values,
    )


def _with_serial() -> Any:
    return select(_pass.id).where(_pass.serial == bindparam("serial_number")).scalar_subquery()


def raise_alarm(session: Session, provider: str, reason: str, now: datetime) -> None:
    """Keep why the provider refuses everything; the first time of the same reason stays."""
    found = session.scalar(select(ProviderAlarm).where(ProviderAlarm.provider == provider))
    if found is None:
        session.add(ProviderAlarm(provider=provider, reason=reason, since=now, seen_at=now))
        return
    if found.reason != reason:
        found.reason, found.since = reason, now
    found.seen_at = now


def clear_alarm(session: Session, provider: str) -> None:
    """The provider takes our messages again."""
    session.execute(delete(ProviderAlarm).where(ProviderAlarm.provider == provider))


def alarms(session: Session) -> list[ProviderAlarm]:
    """What a person has to mend."""
    return list(session.scalars(select(ProviderAlarm).order_by(ProviderAlarm.provider)))


def prune_deliveries(session: Session, before: datetime) -> int:
    """Forget some deliveries older than that; how many."""
    old = select(Delivery.id).where(Delivery.announced_at < before).limit(PRUNED_AT_ONCE)
    found = list(session.scalars(old))
    if found:
        session.execute(delete(Delivery).where(Delivery.id.in_(found)))
    return len(found)
