"""How sure a till must be that the card itself is there before it takes value from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from wallet.rules.terms import Key, Quantity, Strict

BANDS_MAX = 20  # of one rule set

Proof = Literal["anything", "code", "fresh_code", "confirmation", "approval"]
# In this order each proves more than the one before.
STRENGTH: dict[Proof, int] = {
    "anything": 0,
    "code": 1,
    "fresh_code": 2,
    "confirmation": 3,
    "approval": 4,
}
# Where the shopper said yes: on their own card's page, by their own PIN, on the shop's screen.
How = Literal["", "card", "pin", "screen"]


@dataclass(frozen=True, slots=True)
class Proven:
    """What speaks for a spending: a genuine code of the card, a fresh one, the shopper's yes, a
    manager's word."""

    has_code: bool = False
    is_fresh: bool = False
    confirmed: How = ""
    is_approved: bool = False


def lacking(needed: Proof, proven: Proven) -> Proof | None:
    """What is still missing, or None.

    A yes on the shopper's own phone or by their PIN stands for the code too, and so does a manager's
    word: nobody is turned away because a phone is flat. A tap on the shop's own screen proves only
    that somebody stands there, so it counts beside a fresh code alone.
    """
    own_yes = proven.confirmed in ("card", "pin") or (
        proven.confirmed == "screen" and proven.is_fresh
    )
    if needed == "approval":
        return "confirmation" if not own_yes else None if proven.is_approved else "approval"
    if own_yes or proven.is_approved or needed == "anything":
        return None
    if needed == "confirmation":
        return "confirmation"
    if proven.is_fresh or (needed == "code" and proven.has_code):
        return None
    return "fresh_code" if proven.has_code else "code"


class SpendingBand(Strict):
    """What taking at most `up_to` of a unit at one time needs; without `up_to` whatever is more.

    `anything` that names the member (a number, a name, an old picture of the card), a genuine
    `code` of the card, or a `fresh_code`: one that changes, seen just now. Above that the shopper's
    `confirmation`, and above that the `approval` of a manager besides.
    """

    needs: Proof
    up_to: Quantity | None = None
    unit: Key | None = None  # None: the unit in front


class SpendingRules(Strict):
    """Bands by value, and how the cards of the program guard their code.

    `rotating`: Google's and the web's cards change their code every half minute. `static_code`:
    phones that cannot do that show the unchanging code, which adds points but is not fresh.
    `screenshots`: false asks Android to refuse them. `screen_confirms`: false leaves confirming to
    the shopper's own phone and PIN, not to the shop's screen.
    """

    bands: Annotated[tuple[SpendingBand, ...], Field(max_length=BANDS_MAX)] = ()
    rotating: bool = True
    static_code: bool = True
    screenshots: bool = True
    screen_confirms: bool = True

    @model_validator(mode="after")
    def _possible(self) -> SpendingRules:
        if not self.rotating and any(band.needs == "fresh_code" for band in self.bands):
            raise ValueError("a fresh_code needs cards with a rotating code")
        if not self.rotating and not self.static_code:
            raise ValueError("a card without a rotating code keeps its static one")
        return self

    @property
    def asks_for_fresh(self) -> bool:
        """Whether anything needs a code that was not shown before."""
        return any(STRENGTH[band.needs] >= STRENGTH["fresh_code"] for band in self.bands)

    @property
    def asks_shoppers(self) -> bool:
        """Whether anything needs the shopper's own yes."""
        return any(STRENGTH[band.needs] >= STRENGTH["confirmation"] for band in self.bands)

    def needed(self, unit: str, quantity: int, main_unit: str) -> Proof:
        """What taking so much of a unit needs."""
        for band in self.bands:
            same = (band.unit or main_unit) == unit
            if same and (band.up_to is None or quantity <= band.up_to):
                return band.needs
        return "anything"


def spending_problems(rules: SpendingRules, units: set[str], main_unit: str) -> Iterator[str]:
    """What is wrong with the bands as a whole: each unit's must rise and have an open end."""
    by_unit: dict[str, list[SpendingBand]] = {}
    for band in rules.bands:
        by_unit.setdefault(band.unit or main_unit, []).append(band)
    for unit, bands in by_unit.items():
        if unit not in units:
            yield f"spending names an unknown unit {unit}"
        limits = [band.up_to for band in bands]
        closed = [limit for limit in limits if limit is not None]
        if limits[-1] is not None or len(closed) != len(limits) - 1:
            yield f"the last spending band of {unit}, and only that, has no up_to"
        if closed != sorted(set(closed)):
            yield f"the spending bands of {unit} must rise"
        strengths = [STRENGTH[band.needs] for band in bands]
        if strengths != sorted(strengths):
            yield f"a larger spending of {unit} cannot need less than a smaller one"
