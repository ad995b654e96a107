"""Earning: what a sale gives, and why. A pure function, so that a quote, the sale itself, a refund
and a replay of last year's sales under new rules all compute the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from wallet.rules.money import spell_money
from wallet.rules.ruleset import QUANTITY_PER_SALE_MAX, EarnRule, Ruleset

_ROUNDING: Mapping[str, Callable[[Fraction], int]] = {
    "down": math.floor,
    "half_up": lambda exact: math.floor(exact + Fraction(1, 2)),
    "up": math.ceil,
}

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sale:
    """The facts of a sale that earning looks at."""

    amount_minor: int
    currency: str
    channel: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of an explanation: which rule said so, in every language we speak."""

    rule: str
    text: Text


@dataclass(frozen=True, slots=True)
class Award:
    """How much of a unit a sale gives, and why."""

    unit: str
    quantity: int
    why: tuple[Reason, ...]


def earn(ruleset: Ruleset, sale: Sale, tier_key: str | None) -> list[Award]:
    """The awards of a sale, one a unit, none of them zero.

    Rounding happens once, at the end, for the whole sale (`ruleset.rounding`), never per line or
    rule: exact fractions until then. Decimals will not do: a third of a point, three times, is one.
    """
    awards = []
    for unit in ruleset.units:
        rules = [rule for rule in ruleset.earning if rule.unit == unit.key and _applies(rule, sale)]
        award = _award(ruleset, sale, rules, tier_key) if rules else None
        if award and award.quantity > 0:
            awards.append(award)
    return awards


def _applies(rule: EarnRule, sale: Sale) -> bool:
    return rule.channels is None or sale.channel in rule.channels


def _award(ruleset: Ruleset, sale: Sale, rules: list[EarnRule], tier_key: str | None) -> Award:
    base = sum(
        (Fraction(sale.amount_minor * rule.quantity, rule.per_minor) for rule in rules), Fraction(0)
    )
    tier = ruleset.tier(tier_key)
    multiplier = Fraction(tier.multiplier) if tier else Fraction(1)
    exact = base * multiplier
    quantity = _ROUNDING[ruleset.rounding](exact)
    reasons = [_base_reason(ruleset, rule, sale) for rule in rules]
    if tier and multiplier != 1:
        reasons.append(
            Reason(
                f"tier_{tier.key}",
                {
                    language: f"{tier.name.get(language, tier.key)} × {_number(multiplier, language)}"
                    for language in ("fr", "en")
                },
            )
        )
    if quantity != exact:
        reasons.append(_rounding_reason(ruleset.rounding, exact, quantity))
    if quantity > QUANTITY_PER_SALE_MAX:
        quantity = QUANTITY_PER_SALE_MAX
        reasons.append(
            Reason("cap", {"fr": "Plafond par achat atteint", "en": "Limit per purchase reached"})
        )
    return Award(rules[0].unit, quantity, tuple(reasons))


def _base_reason(ruleset: Ruleset, rule: EarnRule, sale: Sale) -> Reason:
    unit = ruleset.unit(rule.unit)
    texts = {}
    for language in ("fr", "en"):
        words = unit.one if rule.quantity == 1 else unit.many
        word = words.get(language) or next(iter(words.values()))
        each = spell_money(rule.per_minor, sale.currency, language)
        total = spell_money(sale.amount_minor, sale.currency, language)
        texts[language] = (
            f"{total}, {rule.quantity} {word} par {each}"
            if language == "fr"
            else f"{total} at {rule.quantity} {word} per {each}"
        )
    return Reason(rule.key, texts)


def _rounding_reason(rounding: str, exact: Fraction, quantity: int) -> Reason:
    return Reason(
        f"rounding_{rounding}",
        {
            "fr": f"{_number(exact, 'fr')} arrondi à {quantity}",
            "en": f"{_number(exact, 'en')} rounded to {quantity}",
        },
    )


def _number(value: Fraction, language: str) -> str:
    """Two decimals at most, the rest cut off."""
    whole, hundredths = divmod(math.floor(value * 100), 100)
    text = f"{whole}.{hundredths:02}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if language == "fr" else text
