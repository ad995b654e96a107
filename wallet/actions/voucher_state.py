"""A voucher as doors tell of it: what it gives, whose it is, and whether it can be used now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.use_voucher import look_at_voucher
from wallet.rules.redemption import moment_of
from wallet.tables.member import Member
from wallet.tables.reward import Voucher


@dataclass(frozen=True, slots=True)
class VoucherState:
    """`obstacle` is the code of the refusal that using it now would meet; None: it can be used.

    `status` is `issued`, `used`, `expired` or `void`, whatever the clock has made of it since.
    """

    code: str
    member_id: int
    redemption_id: int
    reward: RewardView
    status: str
    obstacle: str | None
    issued_at: datetime
    opens_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    used_channel: str | None


def voucher_state(
    session: Session, program: ProgramView, code: str, now: datetime
) -> tuple[VoucherState, Member]:
    """The voucher of this code and whose it is; `voucher_unknown` when nobody has it."""
    voucher, reward, member, obstacle = look_at_voucher(session, program, code, now)
    return state_of(voucher, reward, obstacle), member


def state_of(voucher: Voucher, reward: RewardView, obstacle: str | None = None) -> VoucherState:
    """A row as a plain object."""
    return VoucherState(
        code=voucher.code,
        member_id=voucher.member_id,
        redemption_id=voucher.redemption_id,
        reward=reward,
        status="expired" if obstacle == "voucher_expired" else voucher.status,
        obstacle=obstacle,
        issued_at=voucher.issued_at,
        opens_at=moment_of(reward.value, "opens_at"),
        expires_at=voucher.expires_at,
        used_at=voucher.used_at,
        used_channel=voucher.used_channel,
    )
