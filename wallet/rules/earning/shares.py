"""What each rule gives of a sale, exactly: bases, the multiplier that wins, caps, one rounding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from wallet.rules.earning.basis import eligible_minor, line_amounts, matches
from wallet.rules.earning.caps import cut, tightest
from wallet.rules.earning.conditions import holds
from wallet.rules.earning.rounding import round_once, split, whole
from wallet.rules.facts import Line, MemberFacts, Number, Sale
from wallet.rules.ruleset import (
    QUANTITY_PER_SALE_MAX,
    PerAmount,
    PerItem,
    Ruleset,
    SaleRule,
    VisitGoal,
)
from wallet.rules.scales import Option, UnitScale
from wallet.rules.terms import Cap
from wallet.values import value_class

Portion = tuple[Number, Line | None]  # minor units, articles or visits, and the line they are of


@dataclass(slots=True)
class Win:
    """A multiplier that counted: for how much of the rule, and which one it was better than."""

    option: Option
    counted: Number
    beaten: Option | None


@dataclass(slots=True)
class Share:
    """What one rule gives: `exact` in parts of the unit's scale, caps included.

    `counted` is what it counted: minor units, articles, visits. `cap` is the one that cut it.
    """

    rule: SaleRule
    counted: Number
    exact: Number
    wins: dict[str, Win] = field(default_factory=dict)
    cap: Cap | None = None


@value_class
class Given:
    """What a sale gives of one unit, before anybody explains it."""

    scale: UnitScale
    shares: Sequence[Share]
    exact: Number  # before rounding, in parts of the scale
    total: int
    program_cap: Cap | None

    @property
    def by_rule(self) -> dict[str, int]:
        """The total, split among the rules."""
        if len(self.shares) == 1:
            return {self.shares[0].rule.key: self.total}
        exacts = [share.exact for share in self.shares]
        parts = split(self.total, exacts, self.scale.scale)
        return {
            share.rule.key: part for share, part in zip(self.shares, parts, strict=True) if part
        }


class Occasion:
    """A sale and the member before it, with what several rules ask for worked out once."""

    __slots__ = ("_amounts", "basis", "eligible", "ruleset", "sale", "view")

    def __init__(self, ruleset: Ruleset, sale: Sale, view: MemberFacts) -> None:
        self.ruleset, self.sale, self.view = ruleset, sale, view
        self.basis = ruleset.basis
        self.eligible = eligible_minor(ruleset.basis, sale)
        self._amounts: list[Number] | None = None

    @property
    def amounts(self) -> list[Number]:
        """What of each line earns."""
        if self._amounts is None:
            self._amounts = line_amounts(self.basis, self.sale)
        return self._amounts

    def counts(self, rule: SaleRule) -> bool:
        """Whether the rule's conditions hold."""
        channel = self.sale.channel
        if rule.channels is not None and channel not in rule.channels:
            return False
        return rule.when is None or holds(rule.when, channel, self.view, self.eligible)

    def live(self, options: Iterable[Option]) -> list[Option]:
        """The multipliers whose conditions hold."""
        channel = self.sale.channel
        return [
            option
            for option in options
            if option.when is None or holds(option.when, channel, self.view, self.eligible)
        ]


def compute(ruleset: Ruleset, sale: Sale, view: MemberFacts) -> list[Given]:
    """What the sale gives of each unit, those of which it gives nothing left out."""
    occasion = Occasion(ruleset, sale, view)
    found = []
    for scale in ruleset.scales:
        rules = [rule for rule in scale.rules if occasion.counts(rule)]
        if rules:
            given = _unit(occasion, scale, rules)
            if given.total > 0:
                found.append(given)
    return found


def _unit(occasion: Occasion, scale: UnitScale, rules: list[SaleRule]) -> Given:
    ruleset, view = occasion.ruleset, occasion.view
    options = occasion.live(scale.options)
    tier = scale.tiers.get(view.tier_key) if view.tier_key else None
    if tier is not None:
        options.insert(0, tier)
    stackable = occasion.live(scale.stackable)
    shares = []
    for rule in rules:
        share = _share(occasion, scale, rule, options, stackable, _replaced(rule, rules))
        if share.exact > 0 and rule.caps:
            limit = tightest(rule.caps, rule.key, view.used)
            share.exact, share.cap = cut(share.exact, scale.scale, limit)
        if share.exact > 0:
            shares.append(share)
    cap = _cap_program(ruleset, scale, shares, view) if ruleset.caps else None
    exact = sum((share.exact for share in shares), start=0)
    total = min(round_once(ruleset.rounding, exact, scale.scale), QUANTITY_PER_SALE_MAX)
    return Given(scale, shares, exact, total, cap)


def _replaced(rule: SaleRule, rules: list[SaleRule]) -> list[PerAmount]:
    """The rules that take their lines away from this one."""
    return [other for other in rules if isinstance(other, PerAmount) and rule.key in other.replaces]


def _share(
    occasion: Occasion,
    scale: UnitScale,
    rule: SaleRule,
    options: list[Option],
    stackable: list[Option],
    replaced: list[PerAmount],
) -> Share:
    if rule.multiplied is False:
        options = stackable = []
    elif rule.multiplied is None and scale.unit.kind == "stamps" and rule.kind != "per_amount":
        options = [option for option in options if option.names_unit]
        stackable = [option for option in stackable if option.names_unit]
    by_line = bool(replaced) or any(option.match for option in (*options, *stackable))
    share = Share(rule, 0, 0)
    rate = scale.rates[rule.key]
    for counted, line in _portions(occasion, rule, replaced, by_line=by_line):
        share.counted += counted
        share.exact += counted * rate * _factor(scale, share, counted, line, options, stackable)
    return share


def _factor(
    scale: UnitScale,
    share: Share,
    counted: Number,
    line: Line | None,
    options: list[Option],
    stackable: list[Option],
) -> int:
    """The factor of a portion over both scales; notes in `share` which multipliers made it."""
    best: Option | None = None
    beaten: Option | None = None
    for option in options:
        if not _touches(option, line):
            continue
        if best is None or option.number > best.number:
            best, beaten = option, best
        elif beaten is None or option.number > beaten.number:
            beaten = option
    number = scale.factor_scale
    if best is not None:
        number = best.number
        _note(share, best, counted, beaten)
    for option in scale.stackable:
        if option in stackable and _touches(option, line):
            number *= option.number
            _note(share, option, counted, None)
        else:
            number *= option.stack_scale
    return number


def _touches(option: Option, line: Line | None) -> bool:
    """A multiplier of some articles does not count for the rest of the sale."""
    return option.match is None or (line is not None and matches(option.match, line))


def _note(share: Share, option: Option, counted: Number, beaten: Option | None) -> None:
    if option.factor == 1:
        return
    win = share.wins.get(option.key)
    if win is None:
        share.wins[option.key] = Win(option, counted, beaten)
    else:
        win.counted += counted


def _portions(
    occasion: Occasion, rule: SaleRule, replaced: list[PerAmount], *, by_line: bool
) -> Iterator[Portion]:
    """What the rule counts, line by line only where it matters. No portion is zero."""
    if isinstance(rule, PerAmount):
        yield from _amount_portions(occasion, rule, replaced, by_line=by_line)
    elif isinstance(rule, PerItem):
        for line in occasion.sale.lines:
            if line.quantity and matches(rule.match, line):
                yield whole(line.quantity), line
    elif occasion.sale.amount_minor > 0 or occasion.sale.is_visit:
        times = _goal(rule, occasion.view) if isinstance(rule, VisitGoal) else 1
        if times:
            yield times, None


def _amount_portions(
    occasion: Occasion, rule: PerAmount, replaced: list[PerAmount], *, by_line: bool
) -> Iterator[Portion]:
    if rule.match is None and not by_line:
        if occasion.eligible:
            yield occasion.eligible, None
        return
    rest: Number = occasion.eligible
    for line, amount in zip(occasion.sale.lines, occasion.amounts, strict=True):
        rest -= amount
        gone = any(matches(other.match, line) for other in replaced)
        if amount and not gone and matches(rule.match, line):
            yield amount, line
    if rule.match is None and rest > 0:
        yield rest, None


def _goal(rule: VisitGoal, view: MemberFacts) -> int:
    """How often the goal is reached with this sale and was not given yet."""
    seen, given = view.visits.get(rule.key, (0, 0))
    reached = (seen + 1) // rule.visits
    return max((reached if rule.repeats else min(reached, 1)) - given, 0)


def _cap_program(
    ruleset: Ruleset, scale: UnitScale, shares: list[Share], view: MemberFacts
) -> Cap | None:
    """Cut the shares, the last ones first, to what the program's own caps leave."""
    unit = scale.unit.key
    caps = [cap for cap in ruleset.caps if (cap.unit or ruleset.main_unit.key) == unit]
    limit = tightest(caps, f"unit:{unit}", view.used)
    if limit is None:
        return None
    left: Number = limit[0] * scale.scale
    cut_by = None
    for share in shares:
        if share.exact > left:
            share.exact, cut_by = left, limit[1]
        left -= share.exact
    return cut_by
