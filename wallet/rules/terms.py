"""The small words of which rules are made: keys, texts, conditions, matches, caps, expiry."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

MULTIPLIER_MAX = Decimal(100)  # a slip of the keyboard, not a promotion
MULTIPLIER_DECIMALS = 4  # ×1.0625 is a promotion, more decimals are noise
RULE_QUANTITY_MAX = 100_000  # units given by one rule at one time, before multipliers
NAMES_MAX = 500  # articles, categories, tags of one condition: longer lists are segments
DAYS_MAX = 3_660  # ten years
MONTHS_MAX = 120  # ten years
SENIORITY_YEARS_MAX = 100

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Words = dict[str, Annotated[str, StringConstraints(min_length=1, max_length=200)]]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=NAMES_MAX)]
Keys = Annotated[tuple[Key, ...], Field(min_length=1, max_length=NAMES_MAX)]
Channel = Literal["store", "online", "phone"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Period = Literal["sale", "day", "week", "month", "year", "lifetime"]
Quantity = Annotated[int, Field(strict=True, gt=0, le=RULE_QUANTITY_MAX)]
Minor = Annotated[int, Field(strict=True, gt=0, le=10**12)]
Days = Annotated[int, Field(strict=True, ge=1, le=DAYS_MAX)]
Months = Annotated[int, Field(strict=True, ge=1, le=MONTHS_MAX)]
Factor = Annotated[Decimal, Field(ge=1, le=MULTIPLIER_MAX)]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Strict(BaseModel):
    """Nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _clock_time(value: object) -> object:
    """`17:00`, as the clock on the wall shows it; seconds would only be a slip."""
    if isinstance(value, str):
        parts = value.split(":")
        if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
            raise ValueError("a time of day looks like 17:00")
    return value


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class Match(Strict):
    """Lines of a sale by article number or category; a line matches when either list names it."""

    skus: Names | None = None
    categories: Names | None = None

    @model_validator(mode="after")
    def _something(self) -> Match:
        if not (self.skus or self.categories):
            raise ValueError("a match names skus or categories")
        return self


class When(Strict):
    """When a rule or a multiplier counts: every part that is given must hold.

    Times, weekdays and dates are those of the program's time zone. `from_time` to `to_time` is half
    open and may pass midnight: then it belongs to the day on which it began. `starts_at` and
    `ends_at` are half open too; without an offset they are the program's own clock.
    """

    tiers: Keys | None = None
    plans: Keys | None = None
    tags: Names | None = None
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] | None = None
    from_time: ClockTime | None = None
    to_time: ClockTime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    seniority_years_min: Annotated[int, Field(strict=True, ge=1, le=SENIORITY_YEARS_MAX)] | None = (
        None
    )
    birthday: Literal["day", "month"] | None = None
    purchase_min_minor: Minor | None = None

    @model_validator(mode="after")
    def _windows(self) -> When:
        if (self.from_time is None) != (self.to_time is None):
            raise ValueError("from_time and to_time go together")
        if self.from_time is not None and self.from_time == self.to_time:
            raise ValueError("from_time and to_time are the same")
        start, end = self.starts_at, self.ends_at
        if start and end:
            if (start.tzinfo is None) != (end.tzinfo is None):
                raise ValueError("starts_at and ends_at need both an offset or both none")
            if start >= end:
                raise ValueError("ends_at must be after starts_at")
        return self


class Cap(Strict):
    """At most so many units, or so many times, in a period of the program's calendar."""

    per: Period
    quantity: Annotated[int, Field(strict=True, gt=0)] | None = None
    times: Annotated[int, Field(strict=True, gt=0)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Cap:
        if self.quantity is None and self.times is None:
            raise ValueError("a cap has a quantity or times")
        if self.per == "sale" and self.times is not None:
            raise ValueError("a rule counts once a sale anyway: cap the quantity")
        return self


class ProgramCap(Cap):
    """A cap on everything that is earned of one unit, whichever rules gave it."""

    unit: Key | None = None  # None: the unit in front

    @model_validator(mode="after")
    def _quantity_only(self) -> ProgramCap:
        if self.times is not None:
            raise ValueError("a cap of the whole program has a quantity, not times")
        return self


class Expiry(Strict):
    """When what was earned is gone.

    `months` after it was earned; `inactivity`: `months` after the member's last activity;
    `end_of_year`: with the year in which it was earned, or `years` full years later.
    """

    kind: Literal["never", "months", "inactivity", "end_of_year"]
    months: Months | None = None
    years: Annotated[int, Field(strict=True, ge=0, le=10)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Expiry:
        if (self.kind in ("months", "inactivity")) != (self.months is not None):
            raise ValueError("months belong to the kinds months and inactivity")
        if self.years is not None and self.kind != "end_of_year":
            raise ValueError("years belong to the kind end_of_year")
        return self
