"""Earning: what a sale gives, and why. A pure function, so that a quote, the sale itself, a refund
and a replay of last year's sales under new rules all compute the same."""

from __future__ import annotations

from wallet.rules.earning.award import Award, Reason, Text
from wallet.rules.earning.caps import tightest
from wallet.rules.earning.conditions import holds
from wallet.rules.earning.explain import activity_reason, cap_reason, reasons, welcome_reason
from wallet.rules.earning.shares import compute
from wallet.rules.facts import Line, MemberFacts, Sale, sale_lines
from wallet.rules.ruleset import ActivityRule, Ruleset

__all__ = [
    "Award",
    "Line",
    "MemberFacts",
    "Reason",
    "Sale",
    "Text",
    "compute",
    "earn",
    "earn_activity",
    "earn_welcome",
    "sale_lines",
]


def earn(ruleset: Ruleset, sale: Sale, view: MemberFacts) -> list[Award]:
    """The awards of a sale, one a unit, none of them zero.

    Rounding happens once, at the end, for the whole sale (`ruleset.rounding`), never per line or
    rule: exact fractions until then. Decimals will not do: a third of a point, three times, is one.
    Of the multipliers that hold the best one wins; those marked stackable count on top of it.
    """
    return [
        Award(given.scale.unit.key, given.total, reasons(ruleset, sale, given), given.by_rule)
        for given in compute(ruleset, sale, view)
    ]


def earn_activity(
    ruleset: Ruleset, activity: str, channel: str, view: MemberFacts, currency: str
) -> list[Award]:
    """What an activity of this kind gives, one award a unit; tiers do not multiply it unless its
    rule says so."""
    awards: dict[str, Award] = {}
    for rule in ruleset.earning:
        if not isinstance(rule, ActivityRule) or rule.activity != activity:
            continue
        if rule.channels is not None and channel not in rule.channels:
            continue
        if not holds(rule.when, channel, view, 0):
            continue
        award = _of_activity(ruleset, rule, view, currency, awards.get(rule.unit))
        if award.quantity:
            awards[award.unit] = award
    return list(awards.values())


def earn_welcome(ruleset: Ruleset, currency: str) -> list[Award]:
    """What joining gives."""
    welcome = ruleset.welcome
    if welcome is None:
        return []
    reason = welcome_reason(ruleset.unit(welcome.unit), welcome.quantity, currency)
    return [Award(welcome.unit, welcome.quantity, (reason,), {"welcome": welcome.quantity})]


def _of_activity(
    ruleset: Ruleset, rule: ActivityRule, view: MemberFacts, currency: str, before: Award | None
) -> Award:
    """What one rule gives, together with what others gave of the same unit `before`."""
    unit = ruleset.unit(rule.unit)
    why = [activity_reason(unit, rule, currency)]
    quantity, given = rule.quantity, before.quantity if before else 0
    program_caps = [cap for cap in ruleset.caps if (cap.unit or ruleset.main_unit.key) == unit.key]
    for key, limit, so_far in (
        (rule.key, tightest(rule.caps, rule.key, view.used), 0),
        ("cap", tightest(program_caps, f"unit:{unit.key}", view.used), given),
    ):
        if limit is not None and limit[0] - so_far < quantity:
            quantity = max(limit[0] - so_far, 0)
            why.append(cap_reason(key, unit, limit[1], currency))
    if not quantity:
        return before or Award(unit.key, 0, ())
    rules = {**(before.rules if before else {}), rule.key: quantity}
    return Award(unit.key, given + quantity, (*(before.why if before else ()), *why), rules)
