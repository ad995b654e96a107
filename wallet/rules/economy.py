"""What rewards are worth and cost as a share of the sales that earn them. Pure and exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from wallet.rules.rule_parts import PerAmount
from wallet.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Offer:
    """One reward of the catalogue; `value_minor` is what it is worth and `own_cost_minor` what it costs
    the merchant, where that is known."""

    name: str
    kind: str
    unit: str
    cost: int
    value_minor: int | None = None
    tier_keys: tuple[str, ...] = ()
    own_cost_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Economy:
    """One reward: the sales that earn it, in minor units, and what comes back of them and what that
    costs, 0 to 1."""

    sales_minor: Fraction
    worth_share: Fraction | None
    cost_share: Fraction | None


def minor_per_unit(rules: Ruleset) -> Fraction | None:
    """What has to be spent, in minor units, for one of the unit in front; None where amounts do not
    earn it. Of several rules the one that everybody gets counts: no match, no condition."""
    rates = [
        Fraction(rule.per_minor, rule.quantity)
        for rule in rules.earning
        if isinstance(rule, PerAmount)
        and rule.unit == rules.main_unit.key
        and rule.match is None
        and rule.when is None
    ]
    return min(rates, default=None)


def economy_of(rules: Ruleset, offer: Offer) -> Economy | None:
    """None where amounts do not earn what the reward costs."""
    rate = minor_per_unit(rules)
    if rate is None or not offer.cost or offer.unit != rules.main_unit.key:
        return None
    sales = offer.cost * rate
    worth, cost = (
        None if minor is None else minor / sales
        for minor in (offer.value_minor, offer.own_cost_minor)
    )
    return Economy(sales, worth, cost)


def share_worth(rules: Ruleset, offers: Sequence[Offer]) -> Fraction | None:
    """The share of a sale that comes back as rewards, by the best of those whose worth is known;
    without multipliers. None where nothing says what a unit is worth."""
    rate = minor_per_unit(rules)
    found = [economy_of(rules, offer) for offer in offers]
    shares = [one.worth_share for one in found if one and one.worth_share]
    if rate is not None and rules.main_unit.kind == "credit":
        shares.append(1 / rate)
    return max(shares, default=None)


def share_cost(rules: Ruleset, offers: Sequence[Offer]) -> Fraction | None:
    """The share of a sale that rewards cost the merchant, by the dearest of those whose cost is
    known: everybody might take that one."""
    found = [economy_of(rules, offer) for offer in offers]
    return max(
        (one.cost_share for one in found if one and one.cost_share is not None), default=None
    )


def margin_left(margin_percent: Decimal | None, cost: Fraction | None) -> Fraction | None:
    """What is left of a sale once rewards are paid, 0 to 1 (below 0: nothing)."""
    if margin_percent is None or cost is None:
        return None
    return Fraction(margin_percent) / 100 - cost
