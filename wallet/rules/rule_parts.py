"""The parts of a rule set: units, ways of earning, multipliers, tiers, plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from wallet.rules.terms import (
    MULTIPLIER_MAX,
    Cap,
    Channel,
    Days,
    Expiry,
    Factor,
    Key,
    Keys,
    Match,
    Minor,
    Months,
    Quantity,
    Strict,
    When,
    Words,
)

PENDING_DAYS_MAX = 365  # longer than any right of return
RULES_MAX = 200  # of each kind; a rule set that long is nobody's to understand


class Unit(Strict):
    """What is counted: `name` is its label ("Points"), `one` and `many` its word after a number.

    `expiry` and `pending_days` override those of the rule set. A stamp card has a `target` and the
    key of the reward that so many stamps give.
    """

    key: Key
    kind: Literal["points", "stamps", "credit"]
    name: Words
    one: Words
    many: Words
    expiry: Expiry | None = None
    pending_days: Annotated[int, Field(strict=True, ge=0, le=PENDING_DAYS_MAX)] | None = None
    target: Annotated[int, Field(strict=True, ge=2, le=1_000)] | None = None
    reward_key: Key | None = None

    @model_validator(mode="after")
    def _stamp_card(self) -> Unit:
        if self.kind != "stamps" and (self.target or self.reward_key):
            raise ValueError("target and reward_key belong to stamps")
        if self.reward_key and not self.target:
            raise ValueError("a stamp card with a reward has a target")
        return self


class _Rule(Strict):
    """What every way of earning has."""

    key: Key
    unit: Key
    quantity: Quantity
    name: Words
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] | None = None
    when: When | None = None
    caps: Annotated[tuple[Cap, ...], Field(max_length=RULES_MAX)] = ()


class _SaleRule(_Rule):
    """What every way of earning by sales has.

    `multiplied` says whether tiers and multipliers count for it. None is what people expect: yes,
    but for stamps of visits and articles only where a multiplier names the unit.
    """

    multiplied: bool | None = None


class PerAmount(_SaleRule):
    """`quantity` units for every whole-or-part `per_minor` of the sale, before multipliers.

    With a `match`, of the matching lines only; those no longer count for the rules in `replaces`.
    A cashback of 5 % is 5 for every 100 in a unit of kind credit.
    """

    kind: Literal["per_amount"]
    per_minor: Minor
    match: Match | None = None
    replaces: Annotated[tuple[Key, ...], Field(max_length=RULES_MAX)] = ()


class PerVisit(_SaleRule):
    """`quantity` units for each sale."""

    kind: Literal["per_visit"]


class PerItem(_SaleRule):
    """`quantity` units for each article sold, or for each that matches."""

    kind: Literal["per_item"]
    match: Match | None = None


class VisitGoal(_SaleRule):
    """`quantity` units for the n-th sale within a period: "3 visits this month"."""

    kind: Literal["visits"]
    visits: Annotated[int, Field(strict=True, ge=2, le=1_000)]
    within: Literal["day", "week", "month", "year", "lifetime"]
    repeats: bool = False  # again at twice, three times … as many


class ActivityRule(_Rule):
    """`quantity` units for something else than a sale: a review, a birthday, an eco action.

    Tiers and multipliers are for sales: an activity gives what its rule says. `at_till`: cashiers
    see it happen, so tills have a button for it.
    """

    kind: Literal["activity"]
    activity: Key
    at_till: bool = False


SaleRule = PerAmount | PerVisit | PerItem | VisitGoal
EarnRule = SaleRule | ActivityRule


class Multiplier(Strict):
    """Several times as much: happy hours, segments, categories, seniority.

    The best multiplier wins, the tier's among them; those marked `stackable` count on top. `units`
    None means every unit; stamps for visits and articles are only multiplied where `units` names
    them. With a `match` only for the matching lines.
    """

    key: Key
    name: Words
    factor: Factor
    units: Keys | None = None
    match: Match | None = None
    when: When | None = None
    stackable: bool = False


class Tier(Strict):
    """A status, reached at `threshold_minor` of spend or `threshold_points` earned in the window."""

    key: Key
    name: Words
    threshold_minor: Annotated[int, Field(ge=0)] = 0
    threshold_points: Annotated[int, Field(strict=True, ge=0)] = 0
    multiplier: Decimal = Field(default=Decimal(1), ge=1, le=MULTIPLIER_MAX)
    perks: dict[str, list[str]] = Field(default_factory=dict)


class TierPolicy(Strict):
    """How tiers are reached and lost.

    `unit` is what counts with basis points (None: the unit in front). `grace_days` pass between
    falling below a threshold and losing the tier; `one_level` loses one at a time, the next one not
    before another grace (or, without one, another window).
    """

    basis: Literal["spend", "points"] = "spend"
    unit: Key | None = None
    window: Literal["rolling_months", "calendar_year", "lifetime"] = "rolling_months"
    months: Months = 12
    grace_days: Annotated[int, Field(strict=True, ge=0, le=1_100)] = 0
    downgrade: Literal["immediate", "one_level", "never"] = "immediate"


class Basis(Strict):
    """Which parts of a sale's amount earn."""

    tax: bool = True
    shipping: bool = False
    gift_cards: bool = False
    paid_with_credit: bool = False


class Plan(Strict):
    """A paid membership with the perks of a tier. One period is so many days or months."""

    key: Key
    name: Words
    tier: Key | None = None
    days: Days | None = None
    months: Months | None = None
    perks: dict[str, list[str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _period(self) -> Plan:
        if (self.days is None) == (self.months is None):
            raise ValueError("a plan has days or months")
        return self


class ReferralRules(Strict):
    """What both sides get when a friend's first paid order has outlived the hold."""

    unit: Key
    referrer_quantity: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    friend_quantity: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    hold_days: Annotated[int, Field(strict=True, ge=0, le=PENDING_DAYS_MAX)] = 0
    per_year_max: Annotated[int, Field(strict=True, ge=1)] | None = None
    purchase_min_minor: Annotated[int, Field(strict=True, ge=0)] = 0

    @model_validator(mode="after")
    def _somebody(self) -> ReferralRules:
        if not (self.referrer_quantity or self.friend_quantity):
            raise ValueError("a referral gives something to at least one side")
        return self


class Welcome(Strict):
    """What joining gives."""

    unit: Key
    quantity: Quantity


class VoucherRules(Strict):
    """What becomes of a voucher that nobody used in its time, and how many days before that its
    holder is told (0: not at all)."""

    when_expired: Literal["forfeit", "return"] = "forfeit"
    notice_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 7


class DonationRules(Strict):
    """What the program gives to the member's charity with each sale, in percent."""

    percent: Annotated[Decimal, Field(gt=0, le=100)]


class CreditRules(Strict):
    """Paying with store credit: which unit, and for how much of a bill in percent."""

    unit: Key
    share_max_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 100
