"""Rates and factors of a unit as whole numbers over one denominator.

Earning is exact: never decimals, and fractions are slow where a million sales are replayed. So all
rates and factors of a unit are put over their common denominator once, when the rules are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm, prod

from wallet.rules.rule_parts import Multiplier, PerAmount, SaleRule, Tier, Unit
from wallet.rules.terms import Match, When


@dataclass(frozen=True, slots=True)
class Option:
    """A multiplier, or a tier's, as it may count for one unit. `number` is the factor over the
    unit's `factor_scale` (of its own denominator where it is stackable)."""

    key: str
    name: Mapping[str, str]
    factor: Decimal
    number: int
    stack_scale: int  # the own denominator of a stackable one, else 1
    match: Match | None
    when: When | None
    names_unit: bool


@dataclass(frozen=True, slots=True)
class UnitScale:
    """A unit and what earns it: one unit is `scale` parts."""

    unit: Unit
    rules: tuple[SaleRule, ...]
    rates: Mapping[str, int]  # rule → parts for one minor unit, article or visit, before factors
    factor_scale: int
    stack_scale: int
    scale: int
    tiers: Mapping[str, Option]  # those that multiply
    options: tuple[Option, ...]  # the best one wins
    stackable: tuple[Option, ...]  # those that count on top


def unit_scale(
    unit: Unit, rules: Sequence[SaleRule], tiers: Sequence[Tier], multipliers: Sequence[Multiplier]
) -> UnitScale:
    """The numbers of one unit."""
    per = lcm(1, *(rule.per_minor for rule in rules if isinstance(rule, PerAmount)))
    counting = [each for each in multipliers if each.units is None or unit.key in each.units]
    best = [each for each in counting if not each.stackable]
    stacked = [each for each in counting if each.stackable]
    denominators = [Fraction(each.factor).denominator for each in best]
    denominators += [Fraction(tier.multiplier).denominator for tier in tiers]
    factor_scale = lcm(1, *denominators)
    stack_scale = prod(Fraction(each.factor).denominator for each in stacked)
    return UnitScale(
        unit=unit,
        rules=tuple(rules),
        rates={
            rule.key: rule.quantity
            * (per // rule.per_minor if isinstance(rule, PerAmount) else per)
            for rule in rules
        },
        factor_scale=factor_scale,
        stack_scale=stack_scale,
        scale=per * factor_scale * stack_scale,
        tiers={
            tier.key: Option(
                f"tier_{tier.key}",
                tier.name or {"en": tier.key},
                tier.multiplier,
                int(Fraction(tier.multiplier) * factor_scale),
                1,
                None,
                None,
                names_unit=False,
            )
            for tier in tiers
            if tier.multiplier != 1
        },
        options=tuple(_option(each, factor_scale, 1) for each in best),
        stackable=tuple(
            _option(each, Fraction(each.factor).denominator, Fraction(each.factor).denominator)
            for each in stacked
        ),
    )


def _option(each: Multiplier, scale: int, stack_scale: int) -> Option:
    return Option(
        each.key,
        each.name,
        each.factor,
        int(Fraction(each.factor) * scale),
        stack_scale,
        each.match,
        each.when,
        names_unit=each.units is not None,
    )
