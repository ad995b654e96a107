"""Vouchers that wait to be used, as cards and tills show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.rules.redemption import SECRETS, moment_of
from wallet.tables.member import Member
from wallet.tables.reward import shown_vouchers


@dataclass(frozen=True, slots=True)
class VoucherView:
    """A voucher to be used: its code, what it gives, from when and until when."""

    code: str
    name: Mapping[str, str]
    kind: str
    value: Mapping[str, object]
    opens_at: datetime | None
    expires_at: datetime | None
    is_ending: bool = False  # its holder was told that it ends soon


def waiting_for(
    session: Session, program: ProgramView, member: Member, now: datetime
) -> tuple[VoucherView, ...]:
    """What the member may still use, the one that ends first in front."""
    found = []
    for code, expires_at, told_at, name, kind, said in shown_vouchers(session, member.id, now):
        value = {key: part for key, part in said.items() if key not in SECRETS}
        is_ending = told_at is not None and expires_at is not None
        found.append(
            VoucherView(
                code,
                name,
                kind,
                value,
                moment_of(said, "opens_at"),
                expires_at,
                is_ending=is_ending,
            )
        )
    return tuple(found)
