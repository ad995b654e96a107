"""Change a reward, retire it, or count its stock anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.create_reward import NewReward, check_reward
from wallet.errors import Refusal
from wallet.rules.ruleset import read_ruleset
from wallet.tables.program import newest_rules, program_with_id
from wallet.tables.reward import Reward, catalogue, reward_for_update

_FIELDS = tuple(NewReward.__dataclass_fields__)


def edit_reward(
    session: Session, program_id: int, reward_id: int, changes: Mapping[str, Any]
) -> Reward:
    """The reward with other words and conditions; what was taken before stays as it was.

    `changes` maps names of NewReward, or `is_active`, to new values. `stock` is what is left from now
    on: the row is locked, so that nothing taken meanwhile is lost. `reward_not_found`,
    `reward_invalid`, `reward_exists`.
    """
    program = program_with_id(session, program_id)
    reward = reward_for_update(session, program_id, reward_id)
    if program is None or reward is None:
        raise Refusal("reward_not_found")
    unknown = [name for name in changes if name not in (*_FIELDS, "is_active")]
    if unknown:
        raise Refusal("reward_invalid", fields=unknown)
    said = {name: changes[name] for name in changes if name != "is_active"}
    wanted = replace(as_new(reward), **said)
    check_reward(read_ruleset(newest_rules(session, program_id).rules), program.locale, wanted)
    if wanted.key not in (None, reward.key) and _is_taken(session, program_id, wanted.key):
        raise Refusal("reward_exists")
    for name in said:
        value = getattr(wanted, name)
        setattr(reward, name, _plain(value))
    reward.is_active = bool(changes.get("is_active", reward.is_active))
    program.revision += 1
    session.flush()
    return reward


def _is_taken(session: Session, program_id: int, key: str | None) -> bool:
    return any(other.key == key for other in catalogue(session, program_id))


def as_new(reward: Reward) -> NewReward:
    """What was said of the reward, as if it were new."""
    return NewReward(**{name: getattr(reward, name) for name in _FIELDS})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple | list) else value
