"""What is weak in a program before anybody has joined it: a first reward out of reach, a status without value,
points that expire too fast. Pure; each finding has a code, a sentence and a way out in French and English.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from wallet.rules.earning.explain import spell_fraction
from wallet.rules.economy import Offer, margin_left, minor_per_unit, share_cost, share_worth
from wallet.rules.money import spell_money
from wallet.rules.redemption import lacks_emotion
from wallet.rules.ruleset import Ruleset
from wallet.rules.spell import spell_quantity

FIRST_REWARD_VISITS_MAX = (
    8  # average visits until the first reward; later most have forgotten the card
)
EXPIRY_MONTHS_MIN = 12  # a year: whoever comes once a season keeps what they have
RULES_TOLD_MAX = 8  # ways of earning and multipliers that a cashier can still explain
MARGIN_SHARE_MAX = Fraction(
    1, 3
)  # of the margin that rewards may cost; the rest pays for everything else
GIVEN_BACK_PERCENT_MAX = 15  # of what a sale brings; more than most shops earn on it

Severity = Literal["warn", "hint"]


@dataclass(frozen=True, slots=True)
class Advice:
    """One weakness. `sentence` and `remedy` map a language to words."""

    code: str
    severity: Severity
    sentence: Mapping[str, str]
    remedy: Mapping[str, str]


def advise(
    rules: Ruleset,
    offers: Sequence[Offer],
    currency: str,
    basket_minor: int | None,
    margin_percent: Decimal | None = None,
) -> tuple[Advice, ...]:
    """What a merchant should think about again. `basket_minor` is the average sale; None while there
    were too few to say. `margin_percent` is what is left of a sale before rewards, where it is known."""
    return (
        *_first_reward(rules, offers, currency, basket_minor),
        *_emotion(offers),
        *_entry_tier(rules),
        *_expiry(rules),
        *_complexity(rules),
        *_generosity(rules, offers),
        *_margin(rules, offers, margin_percent),
    )


def _first_reward(
    rules: Ruleset, offers: Sequence[Offer], currency: str, basket_minor: int | None
) -> Iterator[Advice]:
    entry = rules.tiers[0].key if rules.tiers else None
    open_to_all = [
        offer
        for offer in offers
        if offer.unit == rules.main_unit.key and (not offer.tier_keys or entry in offer.tier_keys)
    ]
    first = min(open_to_all, key=lambda offer: offer.cost, default=None)
    if first is None:
        yield Advice(
            "no_first_reward",
            "warn",
            {
                "fr": "Un nouveau membre n’a rien à gagner : aucune récompense ne lui est ouverte.",
                "en": "A new member has nothing to look forward to: no reward is open to them.",
            },
            {
                "fr": "Ajoutez une petite récompense ouverte à tous.",
                "en": "Add a small reward that is open to everybody.",
            },
        )
        return
    rate = minor_per_unit(rules)
    if rate is None or not basket_minor:
        return
    welcome = rules.welcome
    given = welcome.quantity if welcome and welcome.unit == rules.main_unit.key else 0
    needed = max(first.cost - given, 0) * rate
    visits = math.ceil(needed / basket_minor)
    if visits <= FIRST_REWARD_VISITS_MAX:
        return
    reach = math.floor(FIRST_REWARD_VISITS_MAX * Fraction(basket_minor) / rate) + given
    words = {
        language: {
            "basket": spell_money(basket_minor, currency, language),
            "spent": spell_money(math.ceil(needed), currency, language),
            "reach": spell_quantity(rules.main_unit, reach, currency, language),
        }
        for language in ("fr", "en")
    }
    yield Advice(
        "first_reward_far",
        "warn",
        {
            "fr": f"La première récompense, « {first.name} », demande {words['fr']['spent']} d’achats, soit "
            f"{visits} visites à {words['fr']['basket']} en moyenne.",
            "en": f"The first reward, “{first.name}”, takes {words['en']['spent']} of sales: {visits} visits "
            f"at {words['en']['basket']} on average.",
        },
        {
            "fr": f"Proposez une récompense à {words['fr']['reach']} au plus, ou offrez des points de bienvenue.",
            "en": f"Offer a reward at {words['en']['reach']} at most, or give points for joining.",
        },
    )


def _emotion(offers: Sequence[Offer]) -> Iterator[Advice]:
    if lacks_emotion([offer.kind for offer in offers]):
        yield Advice(
            "no_emotional_reward",
            "hint",
            {
                "fr": "Le catalogue ne contient que des remises et des produits : rien qui se raconte.",
                "en": "The catalogue holds only discounts and products: nothing that people tell others about.",
            },
            {
                "fr": "Ajoutez une expérience, une avant-première, un cadeau ou un don.",
                "en": "Add an experience, early access, a gift or a donation.",
            },
        )


def _entry_tier(rules: Ruleset) -> Iterator[Advice]:
    if not rules.tiers:
        return
    entry = rules.tiers[0]
    if entry.perks or entry.multiplier != 1 or rules.welcome:
        return
    name = {language: entry.name.get(language, entry.key) for language in ("fr", "en")}
    yield Advice(
        "entry_tier_bare",
        "warn",
        {
            "fr": f"Le statut d’entrée « {name['fr']} » n’apporte rien de plus.",
            "en": f"The entry status “{name['en']}” brings nothing of its own.",
        },
        {
            "fr": "Donnez-lui un avantage, ou un cadeau de bienvenue.",
            "en": "Give it a perk, or a welcome gift.",
        },
    )


def _expiry(rules: Ruleset) -> Iterator[Advice]:
    for unit in rules.units:
        expiry = rules.expiry_of(unit.key)
        short = expiry.kind in ("months", "inactivity") and (expiry.months or 0) < EXPIRY_MONTHS_MIN
        if not short and not (expiry.kind == "end_of_year" and not expiry.years):
            continue
        many = {language: unit.many.get(language, unit.key) for language in ("fr", "en")}
        yield Advice(
            "expiry_short",
            "warn",
            {
                "fr": f"Les {many['fr']} peuvent expirer moins de {EXPIRY_MONTHS_MIN} mois après le gain.",
                "en": f"Some {many['en']} expire less than {EXPIRY_MONTHS_MIN} months after they were earned.",
            },
            {
                "fr": f"Laissez au moins {EXPIRY_MONTHS_MIN} mois, ou comptez depuis le dernier achat.",
                "en": f"Leave {EXPIRY_MONTHS_MIN} months at least, or count from the last purchase.",
            },
        )


def _complexity(rules: Ruleset) -> Iterator[Advice]:
    told = len(rules.earning) + len(rules.multipliers)
    if told > RULES_TOLD_MAX:
        yield Advice(
            "too_many_rules",
            "hint",
            {
                "fr": f"{told} règles de gain : plus personne ne les explique en caisse.",
                "en": f"{told} ways of earning: nobody explains them at the till any more.",
            },
            {
                "fr": f"Gardez-en {RULES_TOLD_MAX} au plus.",
                "en": f"Keep {RULES_TOLD_MAX} at most.",
            },
        )


def _generosity(rules: Ruleset, offers: Sequence[Offer]) -> Iterator[Advice]:
    share = share_worth(rules, offers)
    if share is None or share * 100 <= GIVEN_BACK_PERCENT_MAX:
        return
    percent = {language: spell_fraction(share * 100, language) for language in ("fr", "en")}
    yield Advice(
        "gives_too_much",
        "warn",
        {
            "fr": f"{percent['fr']}\u202f% de chaque vente reviennent en récompenses, avant tout multiplicateur.",
            "en": f"{percent['en']}% of each sale comes back as rewards, before any multiplier.",
        },
        {
            "fr": "Vérifiez votre marge, ou demandez plus de points pour la récompense la plus avantageuse.",
            "en": "Check your margin, or ask more points for the best reward.",
        },
    )


def _margin(
    rules: Ruleset, offers: Sequence[Offer], margin_percent: Decimal | None
) -> Iterator[Advice]:
    cost = share_cost(rules, offers)
    left = margin_left(margin_percent, cost)
    if cost is None or left is None or margin_percent is None:
        return
    if cost * 100 <= Fraction(margin_percent) * MARGIN_SHARE_MAX:
        return
    spelt = {
        language: (
            spell_fraction(round(cost * 100, 1), language),
            spell_fraction(Fraction(margin_percent), language),
        )
        for language in ("fr", "en")
    }
    yield Advice(
        "margin_eaten",
        "warn",
        {
            "fr": f"Les récompenses peuvent coûter {spelt['fr'][0]}\u202f% d’une vente, sur une marge de "
            f"{spelt['fr'][1]}\u202f%.",
            "en": f"Rewards may cost {spelt['en'][0]}% of a sale, out of a margin of {spelt['en'][1]}%.",
        },
        {
            "fr": "Demandez plus de points pour la récompense la plus chère, ou remplacez-la.",
            "en": "Ask more points for the dearest reward, or put another in its place.",
        },
    )
