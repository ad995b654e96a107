"""Deliveries counted: how far changes came, how long it took, who is waiting and who fell silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wallet.tables.delivery import Delivery
from wallet.tables.member import Member
from wallet.tables.wallet_pass import Device, Registration, WalletPass


def stages(session: Session, since: datetime, program_id: int | None = None) -> list[Any]:
    """Rows of (provider, wanted, pushed, notified, listed, fetched) of deliveries announced since."""
    query = select(
        Delivery.provider,
        func.count(),
        func.count(Delivery.pushed_at),
        func.count(Delivery.notified_at),
        func.count(Delivery.listed_at),
        func.count(Delivery.fetched_at),
    ).where(Delivery.announced_at >= since)
    if program_id is not None:
        query = query.where(Delivery.program_id == program_id)
    return list(session.execute(query.group_by(Delivery.provider)))


def newest_times(
    session: Session, provider: str, since: datetime, limit: int, program_id: int | None = None
) -> list[Any]:
    """Rows of (wanted, pushed, fetched) of the newest deliveries of scans: a refresh is meant to wait."""
    query = select(Delivery.wanted_at, Delivery.pushed_at, Delivery.fetched_at).where(
        Delivery.provider == provider,
        Delivery.announced_at >= since,
        Delivery.is_urgent.is_(True),
    )
    if program_id is not None:
        query = query.where(Delivery.program_id == program_id)
    return list(session.execute(query.order_by(Delivery.announced_at.desc()).limit(limit)))


def waiting(session: Session, program_id: int | None = None) -> list[Any]:
    """Rows of (provider, is urgent, passes, those with an error, waiting since at the earliest)."""
    query = select(
        WalletPass.provider,
        WalletPass.is_urgent,
        func.count(),
        func.count(func.nullif(WalletPass.last_error, "")),
        func.min(WalletPass.waiting_since),
    ).where(WalletPass.wanted_version > WalletPass.delivered_version)
    if program_id is not None:
        query = query.where(WalletPass.program_id == program_id)
    return list(session.execute(query.group_by(WalletPass.provider, WalletPass.is_urgent)))


def count_silent(session: Session, before: datetime, program_id: int | None = None) -> int:
    """Phones that did not come after a push of that long ago."""
    query = select(func.count(func.distinct(Device.id))).where(Device.silent_since < before)
    if program_id is not None:
        query = (
            query.join(Registration, Registration.device_id == Device.id)
            .join(WalletPass, WalletPass.id == Registration.wallet_pass_id)
            .where(WalletPass.program_id == program_id)
        )
    return int(session.scalar(query) or 0)


def silent_members(
    session: Session, program_id: int, before: datetime, limit: int
) -> list[tuple[Member, datetime]]:
    """Members whose phone is silent, with since when, longest first."""
    query = (
        select(Member, Device.silent_since)
        .join(WalletPass, WalletPass.member_id == Member.id)
        .join(Registration, Registration.wallet_pass_id == WalletPass.id)
        .join(Device, Device.id == Registration.device_id)
        .where(Device.silent_since < before, WalletPass.program_id == program_id)
        .order_by(Device.silent_since)
        .limit(limit)
    )
    return [(member, since) for member, since in session.execute(query) if since is not None]


def newest_of(session: Session, pass_ids: Sequence[int], limit: int) -> list[Delivery]:
    """The newest deliveries of these passes."""
    query = select(Delivery).where(Delivery.wallet_pass_id.in_(pass_ids))
    return list(session.scalars(query.order_by(Delivery.announced_at.desc()).limit(limit)))
