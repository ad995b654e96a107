"""The member as the till's page shows it: who, how much, what can be used now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wallet.actions.member_view import MemberView, VoucherView
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.take_reward import becomes_voucher
from wallet.actions.tills.hold import NOTHING_HELD, Holds, HoldView
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.ruleset import ActivityRule


def hub(
    program: ProgramView, view: MemberView, language: str, holds: Holds = NOTHING_HELD
) -> dict[str, Any]:
    """What one code opens, in the language of the cashier. What this till holds of it is there for
    this till; what others hold is not."""
    tier = view.standing.tier
    own = holds.own
    following = view.next_reward
    return {
        "id": view.public_id,
        "name": view.name,
        "number": grouped(view.number),
        "tier": {"key": tier.key, "name": program.text(tier.name, language)} if tier else None,
        "balances": {
            unit: {
                "available": balance.available
                + (own.quantity if own is not None and own.unit == unit else 0),
                "pending": balance.pending,
            }
            for unit, balance in view.balances.items()
        },
        "hold": _hold(own) if own else None,
        "held_elsewhere": [
            {"unit": one.unit, "quantity": one.quantity, "until": one.until.isoformat()}
            for one in holds.elsewhere
        ],
        "unit_label": program.text(program.ruleset.main_unit.name, language),
        "next_reward": (
            {"name": program.text(following.name, language), "missing": view.reward_missing}
            if following
            else None
        ),
        "rewards": [
            {
                **reward_line(program, reward, language),
                "affordable": view.can_afford(reward, own.of(reward.unit) if own else 0),
                "at_once": not becomes_voucher(reward),
            }
            for reward in best_first(view)
        ],
        "vouchers": [voucher_line(program, voucher, language) for voucher in view.vouchers],
        "credit": _credit(program, view),
        "stamp_cards": _stamp_cards(program, view, language),
        "activities": _activities(program, language),
        "last_visit_at": view.last_visit_at.isoformat() if view.last_visit_at else None,
    }


def _hold(own: HoldView) -> dict[str, Any]:
    """What this till holds, and which rewards it pays one of."""
    return {
        "id": own.id,
        "unit": own.unit,
        "quantity": own.quantity,
        "seconds_left": own.seconds_left,
        "rewards": [public_id("rwd", reward_id) for reward_id in own.reward_ids],
    }


def voucher_line(program: ProgramView, voucher: VoucherView, language: str) -> dict[str, Any]:
    """A voucher that waits: what it gives and until when; `opens_at` where it is not open yet."""
    return {
        "code": voucher.code,
        "name": program.text(voucher.name, language),
        "kind": voucher.kind,
        "expires_at": voucher.expires_at.isoformat() if voucher.expires_at else None,
        "opens_at": voucher.opens_at.isoformat() if voucher.opens_at else None,
    }


def credit_rules(program: ProgramView) -> tuple[str, int] | None:
    """(unit, percent of a bill) of what tills may take as payment; None where there is no credit."""
    rules = program.ruleset.credit
    if rules is not None:
        return rules.unit, rules.share_max_percent
    units = [unit.key for unit in program.ruleset.units if unit.kind == "credit"]
    return (units[0], 100) if len(units) == 1 else None


def _credit(program: ProgramView, view: MemberView) -> dict[str, Any] | None:
    """Store credit that the member can pay with now."""
    rules = credit_rules(program)
    if rules is None or view.status != "active" or view.balances[rules[0]].available <= 0:
        return None
    return {
        "unit": rules[0],
        "available_minor": view.balances[rules[0]].available,
        "share_max_percent": rules[1],
    }


def _stamp_cards(program: ProgramView, view: MemberView, language: str) -> list[dict[str, Any]]:
    """How far each stamp card is, where stamps are not what the head of the page counts."""
    return [
        {
            "unit": unit.key,
            "name": program.text(unit.name, language),
            "have": max(view.balances[unit.key].available, 0),
            "target": unit.target,
        }
        for unit in program.ruleset.units
        if unit.kind == "stamps" and unit.target
    ]


def _activities(program: ProgramView, language: str) -> list[dict[str, Any]]:
    """What a cashier may note with one tap, and what it gives."""
    return [
        {
            "kind": rule.activity,
            "name": program.text(rule.name, language),
            "quantity": rule.quantity,
            "unit": rule.unit,
        }
        for rule in program.ruleset.earning
        if isinstance(rule, ActivityRule) and rule.at_till
    ]


def activity_at_till(program: ProgramView, kind: str) -> ActivityRule:
    """The rule behind a button, or `activity_unknown`: a till notes nothing else."""
    for rule in program.ruleset.earning:
        if isinstance(rule, ActivityRule) and rule.at_till and rule.activity == kind:
            return rule
    raise Refusal("activity_unknown")


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
