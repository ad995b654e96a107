"""A program's rules as plain data, read from the JSON of a rule version and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from wallet.rules.offline_redemption import OfflineRedemption
from wallet.rules.redemption_limits import RedemptionLimits
from wallet.rules.rule_parts import (
    PENDING_DAYS_MAX,
    RULES_MAX,
    ActivityRule,
    Basis,
    CreditRules,
    DonationRules,
    EarnRule,
    Multiplier,
    PerAmount,
    PerItem,
    PerVisit,
    Plan,
    ReferralRules,
    SaleRule,
    Tier,
    TierPolicy,
    Unit,
    VisitGoal,
    VoucherRules,
    Welcome,
)
from wallet.rules.scales import UnitScale, unit_scale
from wallet.rules.spending import Proof, SpendingRules, spending_problems
from wallet.rules.terms import MULTIPLIER_DECIMALS, MULTIPLIER_MAX, Expiry, ProgramCap, Strict

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
    "SaleRule",
    "Tier",
    "TierPolicy",
    "Unit",
    "VisitGoal",
    "read_ruleset",
]

QUANTITY_PER_SALE_MAX = 1_000_000  # the cap of one entry; also keeps every balance below 2^53
NEVER = Expiry(kind="never")


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
    vouchers: VoucherRules = VoucherRules()
    donation: DonationRules | None = None
    credit: CreditRules | None = None
    spending: SpendingRules = SpendingRules(rotating=False)
    redemption_limits: RedemptionLimits = RedemptionLimits()
    offline_redemption: OfflineRedemption | None = None
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

    def proof_for(self, unit_key: str, quantity: int) -> Proof:
        """How sure a till must be of the card to take so much at one time."""
        return self.spending.needed(unit_key, quantity, self.main_unit.key)

    def expiry_of(self, unit_key: str) -> Expiry:
        """When what is earned of this unit is gone."""
        return self.unit(unit_key).expiry or self._expiry

    @cached_property
    def _expiry(self) -> Expiry:
        """Of units that do not say it themselves."""
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
    def scales(self) -> tuple[UnitScale, ...]:
        """The numbers of every unit that sales earn, over one denominator each."""
        rules = self.sale_rules
        return tuple(
            unit_scale(
                unit,
                [rule for rule in rules if rule.unit == unit.key],
                self.tiers,
                self.multipliers,
            )
            for unit in self.units
            if any(rule.unit == unit.key for rule in rules)
        )

    @cached_property
    def visit_goals(self) -> tuple[VisitGoal, ...]:
        """The rules that need to know how often the member came."""
        return tuple(rule for rule in self.earning if isinstance(rule, VisitGoal))

    @cached_property
    def counted(self) -> tuple[tuple[str, str, bool], ...]:
        """(rule or `unit:…`, period, whether times count) of whatever needs to know what was given
        before: caps and visit goals."""
        found: dict[tuple[str, str], bool] = {}
        for rule in self.earning:
            for cap in rule.caps:
                pair = (rule.key, cap.per)
                found[pair] = found.get(pair, False) or cap.times is not None
        for goal in self.visit_goals:
            found[goal.key, goal.within] = True
        for cap in self.caps:
            found[f"unit:{cap.unit or self.main_unit.key}", cap.per] = False
        return tuple((*pair, times) for pair, times in found.items() if pair[1] != "sale")

    @cached_property
    def tier_unit(self) -> str | None:
        """The unit whose earnings make the tier; None where spend does."""
        policy = self.tier_policy
        if policy is None or policy.basis == "spend":
            return None
        return policy.unit or self.main_unit.key

    @cached_property
    def thresholds(self) -> tuple[int, ...]:
        """Of every tier, rising."""
        return tuple(map(self.threshold, self.tiers))

    @cached_property
    def ranks(self) -> Mapping[str | None, int]:
        """The place of every tier from the bottom, by key."""
        return {tier.key: rank for rank, tier in enumerate(self.tiers)}

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
    yield from _replacing_problems(rules)
    yield from _unit_problems(rules)
    yield from _tier_problems(rules)
    yield from _when_problems(rules)
    yield from _goal_problems(rules)
    units = {unit.key for unit in rules.units}
    yield from spending_problems(rules.spending, units, rules.main_unit.key)
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


def _replacing_problems(rules: Ruleset) -> Iterator[str]:
    amounts = {rule.key for rule in rules.earning if isinstance(rule, PerAmount)}
    for rule in rules.earning:
        if not isinstance(rule, PerAmount):
            continue
        for replaced in rule.replaces:
            if replaced not in amounts or replaced == rule.key:
                yield f"rule {rule.key} replaces an unknown rule {replaced}"
        if rule.replaces and not rule.match:
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


def _goal_problems(rules: Ruleset) -> Iterator[str]:
    for goal in rules.visit_goals:
        when = goal.when
        if when and (when.weekdays or when.from_time or when.birthday):
            yield f"{goal.key} counts visits: it cannot depend on weekdays, hours or birthdays"


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
