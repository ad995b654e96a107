"""Hand over what a reward holds back: a partner's code, the address of exclusive content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView, RewardView, reward_view
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.redemption import moment_of
from wallet.tables.member import Member
from wallet.tables.reward import reward_with_id, takings_of


def hand_over(
    session: Session, program: ProgramView, member: Member | None, reward_id: str, now: datetime
) -> Mapping[str, Any]:
    """The secret of a reward that this member took and did not give back; `reward_not_taken` for
    everybody else, members of nothing included. `voucher_not_yet` and `reward_over` outside the
    time in which it is open."""
    number = private_id("rwd", reward_id)
    row = reward_with_id(session, program.id, number) if number is not None else None
    if row is None:
        raise Refusal("reward_not_found")
    reward = reward_view(row)
    is_active = member is not None and member.status == "active"
    if member is None or not is_active or not takings_of(session, member.id, [reward.id]):
        raise Refusal("reward_not_taken")
    opens_at, closes_at = moment_of(reward.value, "opens_at"), moment_of(reward.value, "closes_at")
    if opens_at is not None and now < opens_at:
        raise Refusal("voucher_not_yet", opens_at=opens_at)
    if closes_at is not None and now >= closes_at:
        raise Refusal("reward_over")
    return reward.secret


def handed_over(session: Session, program: ProgramView, member: Member) -> list[RewardView]:
    """Rewards that hold something back and that this member took: what there is to open."""
    holding = {reward.id: reward for reward in program.rewards if reward.secret}
    taken = (
        {number for number, _ in takings_of(session, member.id, list(holding))} if holding else ()
    )
    return [reward for number, reward in holding.items() if number in taken]
