"""A program's rules as plain data, read from the JSON of a rule version and checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Words = dict[str, Annotated[str, StringConstraints(min_length=1, max_length=200)]]

MULTIPLIER_MAX = Decimal(100)  # a slip of the keyboard, not a promotion
QUANTITY_PER_SALE_MAX = 1_000_000  # the cap of one entry; also keeps every balance below 2^53


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Unit(_Strict):
    """What is counted: `name` is its label ("Points"), `one` and `many` its word after a number."""

    key: Key
    kind: Literal["points", "stamps", "credit"]
    name: Words
    one: Words
    many: Words


class EarnRule(_Strict):
    """`quantity` units for every whole-or-part `per_minor` of the sale, before multipliers."""

    key: Key
    kind: Literal["per_amount"]
    unit: Key
    quantity: Annotated[int, Field(gt=0, le=100_000)]
    per_minor: Annotated[int, Field(gt=0)]
    name: Words
    channels: tuple[Literal["store", "online", "phone"], ...] | None = None


class Tier(_Strict):
    """A status reached at `threshold_minor` of spend in the window."""

    key: Key
    name: Words
    threshold_minor: Annotated[int, Field(ge=0)]
    multiplier: Decimal = Field(default=Decimal(1), ge=1, le=MULTIPLIER_MAX)
    perks: dict[str, list[str]] = Field(default_factory=dict)


class Ruleset(_Strict):
    """Everything that decides what a member gets. The unit in front is the one cards show."""

    units: tuple[Unit, ...] = Field(min_length=1)
    earning: tuple[EarnRule, ...]
    tiers: tuple[Tier, ...] = ()
    tier_window_days: Annotated[int, Field(gt=0)] = 365
    pending_days: Annotated[int, Field(ge=0, le=365)] = 0
    expiry_months: Annotated[int, Field(ge=1, le=120)] | None = None
    clawback: Literal["owed", "negative", "forgive"] = "owed"
    rounding: Literal["down", "half_up", "up"] = "down"

    @model_validator(mode="after")
    def _consistent(self) -> Ruleset:
        units = [unit.key for unit in self.units]
        if len(set(units)) != len(units):
            raise ValueError("two units have the same key")
        keys = [rule.key for rule in self.earning]
        if len(set(keys)) != len(keys):
            raise ValueError("two earning rules have the same key")
        for rule in self.earning:
            if rule.unit not in units:
                raise ValueError(f"rule {rule.key} earns an unknown unit {rule.unit}")
        thresholds = [tier.threshold_minor for tier in self.tiers]
        if thresholds != sorted(set(thresholds)) or (thresholds and thresholds[0] != 0):
            raise ValueError("tiers must start at 0 and rise")
        return self

    @property
    def main_unit(self) -> Unit:
        """The unit that cards and tills show first."""
        return self.units[0]

    def unit(self, key: str) -> Unit:
        """The unit with this key."""
        return next(unit for unit in self.units if unit.key == key)

    def tier(self, key: str | None) -> Tier | None:
        """The tier with this key."""
        return next((tier for tier in self.tiers if tier.key == key), None)
