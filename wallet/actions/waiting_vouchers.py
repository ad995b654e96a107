"""Vouchers that wait to be used, as cards and tills show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.rules.redemption import SECRETS, moment_of
from wallet.tables.member import Member
from wallet.tables.reward import reward_with_id, waiting_vouchers


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
    for voucher in waiting_vouchers(session, member.id, now):
        reward = reward_with_id(session, program.id, voucher.reward_id)
        assert reward is not None
        value = {name: said for name, said in reward.value.items() if name not in SECRETS}
        opens_at = moment_of(reward.value, "opens_at")
        found.append(
            VoucherView(
                voucher.code,
                reward.name,
                reward.kind,
                value,
                opens_at,
                voucher.expires_at,
                is_ending=voucher.told_at is not None and voucher.expires_at is not None,
            )
        )
    return tuple(found)
