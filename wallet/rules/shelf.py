"""What a till has to ask about a sale, read off the rules: which articles count, and whether an amount
does at all."""

from __future__ import annotations

from dataclasses import dataclass

from wallet.rules.rule_parts import Multiplier, PerAmount, PerItem, PerVisit, SaleRule, VisitGoal
from wallet.rules.ruleset import Ruleset
from wallet.rules.terms import Match

CHANNEL = "store"
SHELF_MAX = 12  # buttons that a cashier still finds at a glance


@dataclass(frozen=True, slots=True)
class Article:
    """A kind of article that earns in its own way. `by_amount`: what it costs counts, not how many."""

    category: str
    sku: str
    by_amount: bool


def shelf(rules: Ruleset) -> list[Article]:
    """The kinds of articles that change what a sale gives, in the order of the rules."""
    found: dict[tuple[str, str], bool] = {}
    for part in (*_store_rules(rules), *rules.multipliers):
        match = getattr(part, "match", None)
        if isinstance(part, PerItem) and match is None:
            found.setdefault(("", ""), False)
        if match is None:
            continue
        by_amount = isinstance(part, PerAmount | Multiplier)
        for key in _named(match):
            found[key] = found.get(key, False) or by_amount
    return [Article(*key, by_amount) for key, by_amount in list(found.items())[:SHELF_MAX]]


def earns_by_visit(rules: Ruleset) -> bool:
    """Whether coming is all that counts in a store: then a sale needs no amount. Goals of so many
    visits look at sales that have one."""
    kinds = [type(rule) for rule in _store_rules(rules)]
    return PerVisit in kinds and PerAmount not in kinds and VisitGoal not in kinds


def _store_rules(rules: Ruleset) -> list[SaleRule]:
    return [rule for rule in rules.sale_rules if rule.channels is None or CHANNEL in rule.channels]


def _named(match: Match) -> list[tuple[str, str]]:
    return [(category, "") for category in match.categories or ()] + [
        ("", sku) for sku in match.skus or ()
    ]
