"""A program's rules as plain data, read from the JSON of a rule version and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from wallet.rules.terms import (
    MULTIPLIER_DECIMALS,
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
    ProgramCap,
    Quantity,
    Strict,
    When,
    Words,
)

__all__ = [
    "MULTIPLIER_MAX",
    "QUANTITY_PER_SALE_MAX",
    "ActivityRule",
    "EarnRule",
    "Multiplier",
    "PerAmount",
    "PerItem",
    "PerVisit",
    "Plan",
    "Ruleset",
    "RulesetError",
    "Tier",
    "TierPolicy",
    "Unit",
    "VisitGoal",
    "read_ruleset",
]

QUANTITY_PER_SALE_MAX = 1_000_000  # the cap of one entry; also keeps every balance below 2^53
PENDING_DAYS_MAX = 365  # longer than any right of return
RULES_MAX = 200  # of each kind; a rule set that long is nobody's to understand
NEVER = Expiry(kind="never")


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
    """What every way of earning has.

    `multiplied` says whether tiers and multipliers count for it; None is what people expect: sales
    yes, activities no, stamps for visits and articles only by a multiplier that names the unit.
    """

    key: Key
    unit: Key
    quantity: Quantity
    name: Words
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] | None = None
    when: When | None = None
    caps: tuple[Cap, ...] = ()
    multiplied: bool | None = None


class PerAmount(_Rule):
    """`quantity` units for every whole-or-part `per_minor` of the sale, before multipliers.

    With a `match`, of the matching lines only; those no longer count for the rules in `replaces`.
    A cashback of 5 % is 5 for every 100 in a unit of kind credit.
    """

    kind: Literal["per_amount"]
    per_minor: Minor
    match: Match | None = None
    replaces: Annotated[tuple[Key, ...], Field(max_length=RULES_MAX)] = ()


class PerVisit(_Rule):
    """`quantity` units for each sale."""

    kind: Literal["per_visit"]


class PerItem(_Rule):
    """`quantity` units for each article sold, or for each that matches."""

    kind: Literal["per_item"]
    match: Match | None = None


class VisitGoal(_Rule):
    """`quantity` units for the n-th sale within a period: "3 visits this month"."""

    kind: Literal["visits"]
    visits: Annotated[int, Field(strict=True, ge=2, le=1_000)]
    within: Literal["day", "week", "month", "year", "lifetime"]
    repeats: bool = False  # again at twice, three times … as many


class ActivityRule(_Rule):
    """`quantity` units for something else than a sale: a review, a birthday, an eco action …"""

    kind: Literal["activity"]
    activity: Key


SaleRule = PerAmount | PerVisit | PerItem | VisitGoal
EarnRule = SaleRule | ActivityRule


class Multiplier(Strict):
    """Several times as much: happy hours, segments, categories, seniority.

    The best multiplier wins, the tier's among them; those marked `stackable` count on top. `units`
    None means every unit but stamps. With a `match` only for the matching lines.
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


class DonationRules(Strict):
    """What the program gives to the member's charity with each sale, in percent."""

    percent: Annotated[Decimal, Field(gt=0, le=100)]


class CreditRules(Strict):
    """Paying with store credit: which unit, and for how much of a bill in percent."""

    unit: Key
    share_max_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 100


class Ruleset(Strict):
    """Everything that decides what a member gets. The unit in front is the one cards show.

    Documents of the first version (no `basis`, `multipliers`, `tier_policy` …) keep their meaning:
    without a `tier_policy` tiers follow the spend of the last `tier_window_days` at once.
    """

    units: tuple[Unit, ...] = Field(min_length=1, max_length=RULES_MAX)
    basis: Basis = Basis()
    earning: Annotated[
        tuple[Annotated[EarnRule, Field(discriminator="kind")], ...], Field(max_length=RULES_MAX)
    ]
    multipliers: Annotated[tuple[Multiplier, ...], Field(max_length=RULES_MAX)] = ()
    caps: Annotated[tuple[ProgramCap, ...], Field(max_length=RULES_MAX)] = ()
    tiers: Annotated[tuple[Tier, ...], Field(max_length=RULES_MAX)] = ()
    tier_policy: TierPolicy | None = None
    tier_window_days: Annotated[int, Field(gt=0)] = 365
    plans: Annotated[tuple[Plan, ...], Field(max_length=RULES_MAX)] = ()
    referral: ReferralRules | None = None
    welcome: Welcome | None = None
    donation: DonationRules | None = None
    credit: CreditRules | None = None
    pending_days: Annotated[int, Field(ge=0, le=PENDING_DAYS_MAX)] = 0
    expiry_months: Annotated[int, Field(ge=1, le=120)] | None = None
    clawback: Literal["owed", "negative", "forgive"] = "owed"
    rounding: Literal["down", "half_up", "up"] = "down"

    @model_validator(mode="after")
    def _consistent(self) -> Ruleset:
        problem = next(_problems(self), None)
        if problem:
            raise ValueError(problem)
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

    def plan(self, key: str) -> Plan | None:
        """The plan with this key."""
        return next((plan for plan in self.plans if plan.key == key), None)

    def expiry_of(self, unit_key: str) -> Expiry:
        """When what is earned of this unit is gone."""
        own = self.unit(unit_key).expiry
        if own is not None:
            return own
        return Expiry(kind="months", months=self.expiry_months) if self.expiry_months else NEVER

    def pending_days_of(self, unit_key: str) -> int:
        """How long what is earned of this unit cannot be spent yet."""
        own = self.unit(unit_key).pending_days
        return self.pending_days if own is None else own

    @cached_property
    def sale_rules(self) -> tuple[SaleRule, ...]:
        """The rules that sales count for, in their order."""
        return tuple(rule for rule in self.earning if not isinstance(rule, ActivityRule))

    @cached_property
    def visit_goals(self) -> tuple[VisitGoal, ...]:
        """The rules that need to know how often the member came."""
        return tuple(rule for rule in self.earning if isinstance(rule, VisitGoal))

    @cached_property
    def counted_caps(self) -> tuple[tuple[str, str], ...]:
        """(rule or `unit:…`, period) of every cap that needs to know what was given before."""
        pairs = {(rule.key, cap.per): None for rule in self.earning for cap in rule.caps}
        pairs |= {(f"unit:{cap.unit or self.main_unit.key}", cap.per): None for cap in self.caps}
        return tuple(pair for pair in pairs if pair[1] != "sale")

    @cached_property
    def tier_unit(self) -> str | None:
        """The unit whose earnings make the tier; None where spend does."""
        policy = self.tier_policy
        if policy is None or policy.basis == "spend":
            return None
        return policy.unit or self.main_unit.key

    def threshold(self, tier: Tier) -> int:
        """What has to be reached for the tier: minor units, or units of `tier_unit`."""
        return tier.threshold_points if self.tier_unit else tier.threshold_minor


class RulesetError(ValueError):
    """The document is not a rule set; `problems` says each thing that is wrong, and where."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_ruleset(document: Mapping[str, Any]) -> Ruleset:
    """The checked rules, or RulesetError with one line a problem: `earning.0.per_minor: …`."""
    try:
        return Ruleset.model_validate(document)
    except ValidationError as error:
        raise RulesetError([_line(dict(part)) for part in error.errors()]) from error


def _line(part: Mapping[str, Any]) -> str:
    where = ".".join(str(step) for step in part["loc"])
    said = str(part["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _problems(rules: Ruleset) -> Iterator[str]:
    yield from _key_problems(rules)
    yield from _unit_problems(rules)
    yield from _tier_problems(rules)
    yield from _when_problems(rules)
    for factor in rules.multipliers:
        exponent = factor.factor.as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > MULTIPLIER_DECIMALS:
            yield f"multiplier {factor.key} has more than {MULTIPLIER_DECIMALS} decimals"


def _key_problems(rules: Ruleset) -> Iterator[str]:
    for what, keys in (
        ("units", [unit.key for unit in rules.units]),
        ("earning rules", [rule.key for rule in rules.earning]),
        ("multipliers", [each.key for each in rules.multipliers]),
        ("tiers", [tier.key for tier in rules.tiers]),
        ("plans", [plan.key for plan in rules.plans]),
    ):
        if len(set(keys)) != len(keys):
            yield f"two {what} have the same key"
    rule_keys = {rule.key for rule in rules.earning}
    for each in rules.multipliers:
        if each.key in rule_keys:
            yield f"multiplier {each.key} has the key of an earning rule"
    amounts = {rule.key for rule in rules.earning if isinstance(rule, PerAmount)}
    for rule in rules.earning:
        for replaced in rule.replaces if isinstance(rule, PerAmount) else ():
            if replaced not in amounts or replaced == rule.key:
                yield f"rule {rule.key} replaces an unknown rule {replaced}"
        if isinstance(rule, PerAmount) and rule.replaces and not rule.match:
            yield f"rule {rule.key} replaces others without a match"


def _unit_problems(rules: Ruleset) -> Iterator[str]:
    units = {unit.key for unit in rules.units}
    named = [(f"rule {rule.key} earns", rule.unit) for rule in rules.earning]
    named += [
        (f"multiplier {each.key} names", key)
        for each in rules.multipliers
        for key in each.units or ()
    ]
    named += [("a cap names", cap.unit) for cap in rules.caps if cap.unit]
    if rules.tier_policy and rules.tier_policy.unit:
        named.append(("the tier policy counts", rules.tier_policy.unit))
    for what, part in (
        ("referral", rules.referral),
        ("welcome", rules.welcome),
        ("credit", rules.credit),
    ):
        if part is not None:
            named.append((f"{what} names", part.unit))
    for what, key in named:
        if key not in units:
            yield f"{what} an unknown unit {key}"
    if (
        rules.credit
        and rules.credit.unit in units
        and rules.unit(rules.credit.unit).kind != "credit"
    ):
        yield f"credit names {rules.credit.unit}, which is not a unit of kind credit"


def _tier_problems(rules: Ruleset) -> Iterator[str]:
    thresholds = [rules.threshold(tier) for tier in rules.tiers]
    if thresholds != sorted(set(thresholds)) or (thresholds and thresholds[0] != 0):
        yield "tiers must start at 0 and rise"
    keys = {tier.key for tier in rules.tiers}
    for plan in rules.plans:
        if plan.tier is not None and plan.tier not in keys:
            yield f"plan {plan.key} has the perks of an unknown tier {plan.tier}"


def _when_problems(rules: Ruleset) -> Iterator[str]:
    tiers = {tier.key for tier in rules.tiers}
    plans = {plan.key for plan in rules.plans}
    for part in (*rules.earning, *rules.multipliers):
        if part.when is None:
            continue
        for key in part.when.tiers or ():
            if key not in tiers:
                yield f"{part.key} is for an unknown tier {key}"
        for key in part.when.plans or ():
            if key not in plans:
                yield f"{part.key} is for an unknown plan {key}"
