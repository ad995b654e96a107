"""Programs to start from: rules and a small catalogue that make sense for a kind of shop.

Points are worth about 5 % of what is spent; the first reward comes within five usual visits, and one
reward is an experience: what people tell others about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wallet.actions.create_program import starter_rules
from wallet.actions.create_reward import NewReward

EXPIRY_MONTHS = 24
WELCOME_POINTS = 10


@dataclass(frozen=True, slots=True)
class StarterKit:
    """`basket_minor` is a usual sale, by which the catalogue was made; `rewards` are cheapest first."""

    basket_minor: int
    rewards: tuple[NewReward, ...]


def kit_rules() -> dict[str, Any]:
    """One point for each unit of the currency, a gift for joining, two years to use them."""
    welcome = {"unit": "points", "quantity": WELCOME_POINTS}
    return {**starter_rules(), "welcome": welcome, "expiry_months": EXPIRY_MONTHS}


def _product(cost: int, french: str, english: str) -> NewReward:
    return NewReward({"fr": french, "en": english}, "product", cost)


def _euros(cost: int, amount: int) -> NewReward:
    words = {"fr": f"{amount} € de réduction", "en": f"€{amount} off"}
    return NewReward(words, "amount", cost, value={"amount_minor": amount * 100})


def _experience(cost: int, french: str, english: str) -> NewReward:
    return NewReward({"fr": french, "en": english}, "experience", cost)


# The keys are those of `passes.starters.STARTERS`.
KITS: Mapping[str, StarterKit] = {
    "cafe": StarterKit(
        800,
        (
            _product(40, "Un café offert", "A free coffee"),
            _product(80, "Une pâtisserie", "A pastry"),
            _experience(300, "Une dégustation pour deux", "A tasting for two"),
        ),
    ),
    "boutique": StarterKit(
        5_500,
        (
            _euros(200, 10),
            _euros(500, 25),
            _experience(900, "Une séance de conseil", "A styling session"),
        ),
    ),
    "salon": StarterKit(
        4_500,
        (
            _product(150, "Un soin offert", "A free treatment"),
            _euros(300, 15),
            _experience(600, "Un moment pour deux", "A moment for two"),
        ),
    ),
    "grocer": StarterKit(
        3_000,
        (
            _product(100, "Le produit de la saison", "The season’s product"),
            _euros(200, 10),
            _experience(500, "Une visite chez un producteur", "A visit to a farm"),
        ),
    ),
    "sports": StarterKit(
        6_000,
        (
            _euros(200, 10),
            _product(400, "Une révision de matériel", "A gear check-up"),
            _experience(800, "Une sortie encadrée", "A guided outing"),
        ),
    ),
}
