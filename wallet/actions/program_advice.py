"""What is weak in a program, by its rules, its catalogue and what its sales are like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.create_reward import NewReward
from wallet.actions.program.frame import margin_of
from wallet.actions.program_view import ProgramView
from wallet.rules.advice import Advice, advise
from wallet.rules.economy import Economy, Offer, economy_of, margin_left, share_cost, share_worth
from wallet.rules.ruleset import Ruleset
from wallet.tables.reports import average_sale

BASKET_DAYS = 90  # a season
BASKET_SALES_MIN = 20  # fewer say nothing about an average


def program_advice(
    session: Session, program: ProgramView, rules: Ruleset, now: datetime
) -> tuple[Advice, ...]:
    """The weaknesses under these rules, which may be a draft."""
    since = now - timedelta(days=BASKET_DAYS)
    basket = average_sale(session, program.id, since, BASKET_SALES_MIN)
    return advise(rules, offers_of(program), program.currency, basket, margin_of(program))


@dataclass(frozen=True, slots=True)
class Shares:
    """Of each sale, 0 to 1: what comes back as rewards, what they cost at most, what is left of the
    margin then. None where nobody said enough."""

    worth: float | None
    cost: float | None
    left: float | None


def offers_of(program: ProgramView) -> list[Offer]:
    """The catalogue as the advice looks at it."""
    return [
        Offer(
            name=program.text(reward.name),
            kind=reward.kind,
            unit=reward.unit,
            cost=reward.cost,
            value_minor=_worth(reward.kind, reward.value, reward.worth_minor),
            tier_keys=reward.tier_keys,
            own_cost_minor=_own_cost(reward.kind, reward.value, reward.own_cost_minor),
        )
        for reward in program.rewards
    ]


def shares_of(program: ProgramView, rules: Ruleset) -> Shares:
    """What the catalogue does to a sale under these rules."""
    offers = offers_of(program)
    cost = share_cost(rules, offers)
    return Shares(
        *(
            None if share is None else float(share)
            for share in (
                share_worth(rules, offers),
                cost,
                margin_left(margin_of(program), cost),
            )
        )
    )


def economy_of_reward(program: ProgramView, said: NewReward) -> Economy | None:
    """What one reward is worth and costs beside the sales that earn it."""
    worth = _worth(said.kind, said.value, said.worth_minor)
    own = _own_cost(said.kind, said.value, said.own_cost_minor)
    offer = Offer("", said.kind, said.unit, said.cost, worth, (), own)
    return economy_of(program.ruleset, offer)


def _worth(kind: str, value: Mapping[str, Any], worth_minor: int | None) -> int | None:
    """What was said, else the sum of money that it is."""
    if worth_minor is not None:
        return worth_minor
    return value.get("amount_minor") if kind == "amount" else None


def _own_cost(kind: str, value: Mapping[str, Any], own_cost_minor: int | None) -> int | None:
    """What was said; money off and money given cost what they are."""
    if own_cost_minor is not None:
        return own_cost_minor
    return value.get("amount_minor") if kind in ("amount", "donation") else None
