"""What phones complained of, and whose cards and phones the lines name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wallet.tables.wallet_pass import Device, PhoneLog, Registration, WalletPass

_IN_MAX = 500  # values of one IN; databases refuse tens of thousands


def newest_complaints(session: Session, since: datetime, limit: int) -> list[PhoneLog]:
    """What phones complained of since then, newest first."""
    query = select(PhoneLog).where(PhoneLog.at >= since).order_by(PhoneLog.id.desc()).limit(limit)
    return list(session.scalars(query))


def count_complaints(session: Session, since: datetime) -> int:
    """How many lines there are since then."""
    query = select(func.count()).select_from(PhoneLog).where(PhoneLog.at >= since)
    return int(session.scalar(query) or 0)


def programs_of_serials(session: Session, serials: Collection[str]) -> dict[str, set[int]]:
    """Serial number → program, of those that are passes here."""
    found: dict[str, set[int]] = {}
    for some in _in_parts(serials):
        query = select(WalletPass.serial, WalletPass.program_id).where(WalletPass.serial.in_(some))
        for serial, program_id in session.execute(query):
            found.setdefault(serial, set()).add(program_id)
    return found


def programs_of_devices(session: Session, library_ids: Collection[str]) -> dict[str, set[int]]:
    """Phone → programs whose passes it holds."""
    found: dict[str, set[int]] = {}
    for some in _in_parts(library_ids):
        query = (
            select(Device.library_id, WalletPass.program_id)
            .join(Registration, Registration.device_id == Device.id)
            .join(WalletPass, WalletPass.id == Registration.wallet_pass_id)
            .where(Device.library_id.in_(some))
        )
        for library_id, program_id in session.execute(query):
            found.setdefault(library_id, set()).add(program_id)
    return found


def _in_parts(values: Collection[str]) -> Iterator[list[str]]:
    """As many as fit into one statement of every database."""
    listed = sorted(values)
    for start in range(0, len(listed), _IN_MAX):
        yield listed[start : start + _IN_MAX]
