"""What two memberships of one person would share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallet.tables.member import Identifier, Member
from wallet.tables.wallet_pass import Registration, WalletPass

ROWS_AT_ONCE = 2_000  # fetched together


def contacts(session: Session, program_id: int, kind: str) -> Iterator[tuple[int, str]]:
    """(member, value) of every contact of this kind of active members."""
    query = (
        select(Identifier.member_id, Identifier.value)
        .join(Member, Member.id == Identifier.member_id)
        .where(
            Identifier.program_id == program_id,
            Identifier.kind == kind,
            Member.status == "active",
        )
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    return ((row[0], row[1]) for row in session.execute(query))


def people(session: Session, program_id: int) -> Iterator[tuple[int, str, date]]:
    """(member, name, birthday) of active members of whom both are known."""
    query = (
        select(Member.id, Member.name, Member.birthday)
        .where(
            Member.program_id == program_id,
            Member.status == "active",
            Member.name != "",
            Member.birthday.is_not(None),
        )
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    return ((row[0], row[1], row[2]) for row in session.execute(query) if row[2] is not None)


def shared_phones(session: Session, program_id: int) -> list[set[int]]:
    """Members whose passes are on one and the same phone."""
    query = (
        select(Registration.device_id, WalletPass.member_id)
        .join(WalletPass, WalletPass.id == Registration.wallet_pass_id)
        .join(Member, Member.id == WalletPass.member_id)
        .where(WalletPass.program_id == program_id, Member.status == "active")
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    holders: dict[int, set[int]] = defaultdict(set)
    for device_id, member_id in session.execute(query):
        holders[device_id].add(member_id)
    return [members for members in holders.values() if len(members) > 1]
