"""The time machine, pure: it gives what the till would have given, sale after sale."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.rulebook import TIERS, multiplier, rule, rules, words
from wallet.rules.earning import MemberFacts, Sale, earn, sale_lines
from wallet.rules.kept_sale import kept_sale
from wallet.rules.periods import local_time, period_of
from wallet.rules.replay import (
    Comparison,
    Outcome,
    PastMember,
    PastSale,
    Replayer,
    cost_minor,
    looks_at,
    start_of_day,
)
from wallet.rules.ruleset import Ruleset
from wallet.rules.tiers import Held, settle, standing, window_start

PARIS = "Europe/Paris"
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
ANN = PastMember(
    7,
    tags=("vegan",),
    joined_on=date(2023, 5, 5),
    birthday=date(1990, 6, 1),
    plans=[("vip", datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC))],
)
PLANS = [{"key": "vip", "name": words("Club"), "tier": "gold", "months": 1}]

DRAFTS: dict[str, Ruleset] = {
    "plain": rules(rule("base"), tiers=TIERS),
    "plans": rules(rule("base"), tiers=TIERS, plans=PLANS),
    "happy hour": rules(
        rule("base"),
        tiers=TIERS,
        tier_policy={"window": "calendar_year", "grace_days": 20},
        multipliers=[
            multiplier(
                "happy", "2", when={"weekdays": ["tue"], "from_time": "08:00", "to_time": "20:00"}
            ),
            multiplier("vegan", "1.1", stackable=True, when={"tags": ["vegan"]}),
            multiplier("birthday", "3", when={"birthday": "month", "purchase_min_minor": 2000}),
        ],
    ),
    "lines": rules(
        rule("base"),
        rule("coffee", quantity=3, match={"categories": ["coffee"]}, replaces=["base"]),
        rule("cups", "per_item", unit="stamps", match={"categories": ["coffee"]}),
        tiers=TIERS,
        multipliers=[multiplier("twice", "2", match={"skus": ["mug"]})],
    ),
    "caps": rules(
        rule("base", caps=[{"per": "day", "quantity": 60}, {"per": "month", "quantity": 200}]),
        rule("visit", "per_visit", quantity=5, caps=[{"per": "week", "times": 1}]),
        rule("regular", "visits", quantity=20, visits=3, within="month", repeats=True),
        caps=[{"per": "year", "quantity": 700}],
        tiers=TIERS,
    ),
    "by points": rules(
        rule("base"),
        tiers=[
            {"key": "bronze", "name": words("Bronze")},
            {
                "key": "silver",
                "name": words("Argent"),
                "threshold_points": 150,
                "multiplier": "1.5",
            },
        ],
        tier_policy={"basis": "points", "window": "rolling_months", "months": 3},
    ),
}

basket = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["beans", "mug", "tea"]),
            "category": st.sampled_from(["coffee", "china"]),
            "quantity": st.integers(1, 3),
            "amount_minor": st.integers(0, 2000),
        }
    ),
    max_size=3,
)
steps = st.lists(
    st.tuples(
        st.integers(1, 20 * 24 * 60),
        st.integers(1, 12_000),
        st.integers(0, 100),
        st.sampled_from(["store", "online"]),
        basket,
    ),
    max_size=14,
)


Earned = list[tuple[datetime, dict[str, int], dict[str, int], int, str]]


def used_in(earned: Earned, scope: str, per: str, at: datetime) -> tuple[int, int]:
    """(quantity, times) that a rule or a unit gave in the period of `at`."""
    begin, end = period_of(per, local_time(at, PARIS))
    found = [
        units.get(scope[5:], 0) if scope.startswith("unit:") else by_rule.get(scope, 0)
        for time, units, by_rule, _, _ in earned
        if begin <= time < end
    ]
    return sum(found), sum(1 for quantity in found if quantity)


def by_the_till(draft: Ruleset, sales: list[PastSale]) -> Counter[str]:
    """The same, the slow way: every sale asks as the till does."""
    zone = ZoneInfo(PARIS)
    held = Held()
    earned: Earned = []
    totals: Counter[str] = Counter()

    def _figure(at: datetime) -> int:
        start = window_start(draft, at, PARIS)
        unit = draft.tier_unit
        return sum(
            units.get(unit, 0) if unit else kept
            for time, units, _, kept, _ in earned
            if start <= time <= at
        )

    for past in sales:
        plans = tuple(
            plan for plan, start, end in ANN.plans if draft.plans and start <= past.at < end
        )
        held = settle(draft, held, _figure(past.at), past.at, PARIS)
        view = MemberFacts(
            at=past.at.astimezone(zone),
            tier_key=standing(draft, 0, held, plans).tier_key,
            tags=ANN.tags,
            joined_on=ANN.joined_on,
            birthday=ANN.birthday,
            plans=plans,
            used={
                (scope, per): used_in(earned, scope, per, past.at)
                for scope, per, _ in draft.counted
            },
            visits={
                goal.key: (
                    sum(
                        1
                        for time, _, _, kept, _ in earned
                        if kept > 0
                        and period_of(goal.within, local_time(past.at, PARIS))[0] <= time
                    ),
                    used_in(earned, goal.key, goal.within, past.at)[1],
                )
                for goal in draft.visit_goals
            },
        )
        whole = Sale(past.amount_minor, "EUR", past.channel, *past.parts, sale_lines(past.items))
        awards = earn(draft, kept_sale(whole, past.refunded_minor, past.returned), view)
        units = {award.unit: award.quantity for award in awards}
        by_rule: Counter[str] = Counter()
        for award in awards:
            by_rule.update(award.rules)
        kept = past.amount_minor - past.refunded_minor
        earned.append((past.at, units, by_rule, kept, past.channel))
        if kept or draft.tier_unit:
            held = settle(draft, held, _figure(past.at), past.at, PARIS)
        if past.at >= SINCE:
            totals.update(units)
    return totals


@pytest.mark.parametrize("name", DRAFTS)
@given(steps)
def test_a_replay_gives_what_the_till_would_have_given(name: str, said: list[Any]) -> None:
    draft, at, sales = DRAFTS[name], SINCE - timedelta(days=40), []
    for minutes, amount, percent, channel, items in said:
        at += timedelta(minutes=minutes)
        refunded = amount * percent // 100 if percent > 60 else 0
        sales.append(PastSale(at, amount, refunded, channel, "bronze", (0, 0, 0, 0), items))
    replayer = Replayer(draft, "EUR", PARIS, SINCE)
    outcome = replayer.member(ANN, sales)
    assert outcome.units == by_the_till(draft, sales)
    assert outcome.sales == sum(1 for sale in sales if sale.at >= SINCE)
    assert sum(outcome.rules.values()) == sum(outcome.units.values())
    # A second member of the same replayer meets remembered answers, not somebody else's state.
    assert replayer.member(ANN, sales).units == outcome.units


def test_only_what_the_rules_look_at_is_read() -> None:
    assert looks_at(DRAFTS["plain"]) == frozenset()
    assert looks_at(DRAFTS["happy hour"]) == {"time", "person"}
    assert looks_at(DRAFTS["lines"]) == {"lines"}
    assert looks_at(DRAFTS["caps"]) == {"counts"}


def test_sales_before_the_period_are_needed_as_far_as_tiers_and_caps_reach() -> None:
    def _from(draft: Ruleset) -> datetime:
        return Replayer(draft, "EUR", PARIS, SINCE).warm_up_from()

    assert _from(rules(rule("base"))) == SINCE
    assert _from(DRAFTS["plain"]) == SINCE - timedelta(days=365) + timedelta(microseconds=1)
    assert _from(rules(rule("base", caps=[{"per": "month", "quantity": 9}]))) == start_of_day(
        date(2025, 1, 1), PARIS
    )
    assert _from(rules(rule("base", caps=[{"per": "lifetime", "times": 1}]))).year == 1970


def test_the_comparison_counts_and_names_winners_and_losers() -> None:
    found = Comparison(DRAFTS["plain"], ["points"], shown=2)
    for member_id, before, after in ((1, 10, 15), (2, 10, 30), (3, 10, 11), (4, 9, 2), (5, 4, 4)):
        outcome = Outcome(1, Counter(points=after), Counter(base=after), "silver", "bronze")
        found.add(member_id, {"points": before}, outcome)
    found.add(6, {}, Outcome())  # bought before the period only
    result = found.units["points"]
    assert (result.before, result.after) == (43, 62)
    assert (result.winners, result.losers, result.unchanged) == (3, 1, 1)
    assert [change.member_id for change in found.winners] == [2, 1]
    assert [(change.member_id, change.difference) for change in found.losers] == [(4, -7)]
    assert (found.members, found.sales) == (5, 5)
    assert (found.tiers_before, found.tiers_after) == ({"bronze": 5}, {"silver": 5})
    assert found.by_rule == {"base": 62}


def test_what_units_cost_is_rounded_to_the_minor_unit() -> None:
    assert cost_minor(3, Fraction(5, 2)) == 8
    assert cost_minor(-3, Fraction(5, 2)) == -7
    assert cost_minor(100, Fraction(5)) == 500
    assert cost_minor(100, None) is None
