"""Which rewards a member may take now: the conditions against what is known of the member."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import RewardView
from wallet.rules.redemption import Taker, limit_since, obstacle
from wallet.tables.member import Member
from wallet.tables.reward import stocks_of, takings_of

PICK = "pick:"  # a tag of this and a reward's id: the member chose this perk


def obstacles(
    session: Session,
    member: Member,
    tier_key: str | None,
    rewards: Sequence[RewardView],
    now: datetime,
) -> dict[int, str | None]:
    """Reward → the code that says why the member may not take it now, or None. Points aside."""
    found: dict[int, str | None] = dict.fromkeys([reward.id for reward in rewards])
    choosy = [reward for reward in rewards if not reward.is_for_all]
    if not choosy:
        return found
    stocks = _stocks(session, choosy)
    taken = _taken(session, member.id, choosy, now)
    tags = member.tags
    anybody = Taker(tier_key, tags)
    for reward in choosy:
        found[reward.id] = obstacle(
            reward.conditions(stocks.get(reward.id)),
            Taker(tier_key, tags, has_picked(reward, tags), taken[reward.id])
            if reward.choice or reward.per_member is not None
            else anybody,
            now,
        )
    return found


def has_picked(reward: RewardView, tags: Collection[str]) -> bool:
    """Whether the member chose this perk."""
    return f"{PICK}{reward.id}" in tags


def _stocks(session: Session, rewards: Sequence[RewardView]) -> dict[int, int | None]:
    limited = [reward.id for reward in rewards if reward.is_limited]
    return stocks_of(session, limited) if limited else {}


def _taken(
    session: Session, member_id: int, rewards: Sequence[RewardView], now: datetime
) -> Counter[int]:
    since = {
        reward.id: limit_since(reward.per_member_days, now)
        for reward in rewards
        if reward.per_member is not None
    }
    counted: Counter[int] = Counter()
    for reward_id, at in takings_of(session, member_id, list(since)) if since else ():
        start = since[reward_id]
        counted[reward_id] += start is None or at > start
    return counted
