"""What is weak in a program, by its rules, its catalogue and what its sales are like."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.rules.advice import Advice, Offer, advise, given_back
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
    return advise(rules, offers_of(program), program.currency, basket)


def offers_of(program: ProgramView) -> list[Offer]:
    """The catalogue as the advice looks at it."""
    return [
        Offer(
            name=program.text(reward.name),
            kind=reward.kind,
            unit=reward.unit,
            cost=reward.cost,
            value_minor=reward.value.get("amount_minor") if reward.kind == "amount" else None,
            tier_keys=reward.tier_keys,
        )
        for reward in program.rewards
    ]


def share_given_back(program: ProgramView, rules: Ruleset) -> float | None:
    """The share of a sale that comes back as rewards, 0 to 1; None where nothing says it."""
    share = given_back(rules, offers_of(program))
    return float(share) if share is not None else None
