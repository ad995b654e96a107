"""What earning answers: awards and the sentences that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from wallet.values import value_class

Text = Mapping[str, str]
LANGUAGES = ("fr", "en")


@value_class
class Reason:
    """One sentence of an explanation: which rule said so, in every language we speak."""

    rule: str
    text: Text


@value_class
class Award:
    """How much of a unit is given, why, and how much of it each rule gave (they sum to it)."""

    unit: str
    quantity: int
    why: tuple[Reason, ...]
    rules: Mapping[str, int] = field(default_factory=dict)
