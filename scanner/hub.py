"""The member as the till's page shows it: who, how much, what can be used now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wallet.actions.member_view import MemberView
from wallet.actions.program_view import ProgramView, RewardView
from wallet.ids import public_id


def hub(program: ProgramView, view: MemberView, language: str) -> dict[str, Any]:
    """What one code opens, in the language of the cashier."""
    tier = view.standing.tier
    following = view.next_reward
    return {
        "id": view.public_id,
        "name": view.name,
        "number": grouped(view.number),
        "tier": {"key": tier.key, "name": program.text(tier.name, language)} if tier else None,
        "balances": {
            unit: {"available": balance.available, "pending": balance.pending}
            for unit, balance in view.balances.items()
        },
        "unit_label": program.text(program.ruleset.main_unit.name, language),
        "next_reward": (
            {"name": program.text(following.name, language), "missing": view.reward_missing}
            if following
            else None
        ),
        "rewards": [
            {**reward_line(program, reward, language), "affordable": view.can_afford(reward)}
            for reward in best_first(view)
        ],
        "last_visit_at": view.last_visit_at.isoformat() if view.last_visit_at else None,
    }


def best_first(view: MemberView) -> list[RewardView]:
    """The catalogue by what it is worth: who can have the workshop is not offered a coffee first."""
    return sorted(view.rewards, key=lambda reward: -reward.cost)


def reward_line(program: ProgramView, reward: RewardView, language: str) -> dict[str, Any]:
    """A reward by name and price."""
    return {
        "id": public_id("rwd", reward.id),
        "name": program.text(reward.name, language),
        "cost": reward.cost,
        "unit": reward.unit,
    }


def grouped(number: str) -> str:
    """123 456 789: as people read numbers aloud."""
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))


def changes(movements: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """What an act gave and took, from (unit, quantity) pairs: one line a unit, in their order."""
    sums: dict[str, int] = {}
    for unit, quantity in movements:
        sums[unit] = sums.get(unit, 0) + quantity
    return [{"unit": unit, "quantity": quantity} for unit, quantity in sums.items() if quantity]
