"""The catalogue as those who look after it see it: paused rewards too, with how often each was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wallet.actions.create_reward import NewReward
from wallet.actions.edit_reward import as_new
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.tables.reward import Reward, catalogue, count_taken, reward_with_id


@dataclass(frozen=True, slots=True)
class ListedReward:
    """One line. `said` is everything that was said of it, secrets too."""

    id: int
    said: NewReward
    is_active: bool
    taken: int


def list_rewards(session: Session, program_id: int) -> Sequence[ListedReward]:
    """Offered ones first, then paused ones, each in the order of the catalogue."""
    rows = [_listed(session, row) for row in catalogue(session, program_id)]
    return sorted(rows, key=lambda row: not row.is_active)


def listed_reward(session: Session, program_id: int, reward_id: str) -> ListedReward:
    """The reward with this public id, paused or not; else `reward_not_found`."""
    number = private_id("rwd", reward_id)
    row = reward_with_id(session, program_id, number) if number is not None else None
    if row is None:
        raise Refusal("reward_not_found")
    return _listed(session, row)


def _listed(session: Session, row: Reward) -> ListedReward:
    return ListedReward(row.id, as_new(row), row.is_active, count_taken(session, row.id))
