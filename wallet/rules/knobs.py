"""The few numbers of a rule set that a merchant turns: everything else of it stays as it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wallet.rules.rule_parts import PerAmount
from wallet.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class TierKnob:
    """One status: `need` is minor units, or units where points make the status."""

    need: int
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class Knobs:
    """`quantity` of the unit in front for `per_minor`; None where no plain rule gives it by amount.
    `expiry_months` is None for never, and not turned where the unit has an expiry of its own."""

    quantity: int | None
    per_minor: int | None
    welcome: int
    expiry_months: int | None
    pending_days: int
    rounding: str
    tiers: Mapping[str, TierKnob]


def knobs_of(rules: Ruleset) -> Knobs:
    """How they stand."""
    at = _rate_at(rules)
    rate = rules.earning[at] if at is not None else None
    assert rate is None or isinstance(rate, PerAmount)
    welcome = rules.welcome
    return Knobs(
        quantity=rate.quantity if rate else None,
        per_minor=rate.per_minor if rate else None,
        welcome=welcome.quantity if welcome else 0,
        expiry_months=rules.expiry_months,
        pending_days=rules.pending_days,
        rounding=rules.rounding,
        tiers={tier.key: TierKnob(rules.threshold(tier), tier.multiplier) for tier in rules.tiers},
    )


def turned(rules: Ruleset, knobs: Knobs) -> dict[str, Any]:
    """The rule set as a document, with these numbers; it is not checked yet."""
    document = rules.model_dump(mode="json")
    at = _rate_at(rules)
    if at is not None:
        document["earning"][at] |= {"quantity": knobs.quantity, "per_minor": knobs.per_minor}
    unit = rules.welcome.unit if rules.welcome else rules.main_unit.key
    document["welcome"] = {"unit": unit, "quantity": knobs.welcome} if knobs.welcome else None
    document["expiry_months"] = knobs.expiry_months
    document["pending_days"] = knobs.pending_days
    document["rounding"] = knobs.rounding
    threshold = "threshold_points" if rules.tier_unit else "threshold_minor"
    for tier in document["tiers"]:
        knob = knobs.tiers[tier["key"]]
        tier |= {threshold: knob.need, "multiplier": str(knob.multiplier)}
    return document


def has_own_expiry(rules: Ruleset) -> bool:
    """Whether the unit in front does not follow `expiry_months`."""
    return rules.main_unit.expiry is not None


def _rate_at(rules: Ruleset) -> int | None:
    """Where the plain rule stands: so much of the unit in front for an amount, for everybody."""
    for at, rule in enumerate(rules.earning):
        plain = isinstance(rule, PerAmount) and rule.match is None and rule.when is None
        if plain and rule.unit == rules.main_unit.key:
            return at
    return None
