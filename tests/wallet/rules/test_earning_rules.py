"""Ways of earning: bases, articles, visits, multipliers, caps. Each rule with a worked example."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.rulebook import (
    PARIS,
    SATURDAY,
    TIERS,
    award_of,
    awarded,
    line,
    member,
    multiplier,
    rule,
    rules,
    said,
    sale,
    unit,
    words,
)
from wallet.rules.earning import MemberFacts, Sale, compute, earn, earn_activity, earn_welcome
from wallet.rules.ruleset import Ruleset

BASKET = sale(5500, line("beans", 2200, "coffee", 2), line("mug", 3300, "china"))


# what of the amount earns


@pytest.mark.parametrize(
    ("basis", "points"),
    [
        ({}, 45),  # 60 € less 5 € delivery, 8 € gift cards, 2 € credit
        ({"shipping": True}, 50),
        ({"gift_cards": True}, 53),
        ({"paid_with_credit": True}, 47),
        ({"tax": False}, 35),
        ({"shipping": True, "gift_cards": True, "paid_with_credit": True}, 60),
    ],
)
def test_the_basis_says_which_parts_of_the_amount_earn(basis: dict[str, bool], points: int) -> None:
    found = sale(6000, shipping_minor=500, gift_card_minor=800, credit_minor=200, tax_minor=1000)
    assert awarded(rules(rule("base"), basis=basis), found) == {"points": points}


def test_what_does_not_earn_is_said() -> None:
    award = award_of(rules(rule("base")), sale(6000, shipping_minor=500))
    assert said(award) == ["55 € (hors livraison 5 €), 1 point par 1 €"]
    assert said(award, "en") == ["€55 (without delivery €5) at 1 point per €1"]


def test_a_sale_paid_with_credit_alone_earns_nothing_by_amount_but_is_a_visit() -> None:
    found = rules(rule("base"), rule("visit", "per_visit", unit="stamps"))
    assert awarded(found, sale(4000, credit_minor=4000)) == {"stamps": 1}


# articles and categories


def test_a_rule_for_articles_counts_their_lines_only() -> None:
    found = rules(rule("beans", quantity=3, match={"skus": ["beans"]}))
    assert awarded(found, BASKET) == {"points": 66}
    assert said(award_of(found, BASKET)) == ["beans : 22 €, 3 points par 1 €"]


def test_a_rule_for_articles_replaces_the_rate_of_others() -> None:
    found = rules(
        rule("base"), rule("beans", quantity=3, match={"skus": ["beans"]}, replaces=["base"])
    )
    assert awarded(found, BASKET) == {"points": 33 + 66}
    assert award_of(found, BASKET).rules == {"base": 33, "beans": 66}


def test_a_rule_that_does_not_hold_replaces_nothing() -> None:
    beans = rule(
        "beans",
        quantity=3,
        match={"skus": ["beans"]},
        replaces=["base"],
        when={"tags": ["roaster"]},
    )
    assert awarded(rules(rule("base"), beans), BASKET) == {"points": 55}


def test_lines_earn_their_share_where_the_basket_was_discounted() -> None:
    found = rules(rule("coffee", match={"categories": ["coffee"]}))
    discounted = sale(2750, *BASKET.lines)  # half price
    assert awarded(found, discounted) == {"points": 11}


def test_delivery_is_nobodys_line() -> None:
    found = rules(rule("coffee", match={"categories": ["coffee"]}))
    assert awarded(found, sale(6000, *BASKET.lines, shipping_minor=500)) == {"points": 22}


def test_lines_that_are_not_listed_earn_nothing_for_articles() -> None:
    found = rules(rule("base"), rule("coffee", match={"categories": ["coffee"]}))
    assert awarded(found, sale(10_000, line("beans", 2000, "coffee"))) == {"points": 100 + 20}
    assert awarded(found, sale(10_000)) == {"points": 100}


def test_stamps_for_articles_count_quantities() -> None:
    found = rules(
        rule("cups", "per_item", unit="stamps", match={"categories": ["coffee"]}), tiers=TIERS
    )
    assert awarded(found, BASKET, member("gold")) == {"stamps": 2}
    assert said(award_of(found, BASKET)) == ["cups : 2 articles × 1 tampon"]
    assert said(award_of(found, BASKET), "en") == ["cups: 2 items × 1 stamp"]


def test_cashback_is_a_percentage_in_minor_units() -> None:
    found = rules(rule("back", unit="credit", quantity=5))
    assert awarded(found, sale(6000)) == {"credit": 300}
    assert said(award_of(found, sale(6000))) == ["5 % de 60 €"]
    assert said(award_of(found, sale(6000)), "en") == ["5% of €60"]
    odd = rules(rule("back", unit="credit", quantity=25, per_minor=1000))
    assert said(award_of(odd, sale(4999)), "en") == ["2.5% of €49.99", "rounded to €1.24"]


# visits


def test_every_visit_gives_what_it_says_whatever_is_paid() -> None:
    found = rules(rule("visit", "per_visit", quantity=10))
    assert awarded(found, sale(1)) == awarded(found, sale(90_000)) == {"points": 10}
    assert awarded(found, sale(0)) == {}


def test_a_visit_counts_from_the_least_amount() -> None:
    found = rules(rule("visit", "per_visit", when={"purchase_min_minor": 500}))
    assert awarded(found, sale(499)) == {}
    assert awarded(found, sale(500)) == {"points": 1}
    assert awarded(found, sale(700, shipping_minor=300)) == {}  # what earns has to reach it


def goal(**more: Any) -> Ruleset:
    return rules(rule("regular", "visits", quantity=20, visits=3, within="month", **more))


@pytest.mark.parametrize(
    ("seen", "given", "repeats", "points"),
    [
        (0, 0, False, 0),
        (1, 0, False, 0),
        (2, 0, False, 20),
        (3, 1, False, 0),
        (5, 1, False, 0),
        (5, 1, True, 20),
        (4, 1, True, 0),
        (3, 0, False, 20),  # a refund took it back; another visit brings it again
    ],
)
def test_the_third_visit_of_the_month_reaches_the_goal(
    seen: int, given: int, repeats: bool, points: int
) -> None:
    who = member(visits={"regular": (seen, given)})
    assert awarded(goal(repeats=repeats), sale(100), who) == ({"points": points} if points else {})


def test_a_goal_is_explained() -> None:
    award = award_of(goal(), sale(100), member(visits={"regular": (2, 0)}))
    assert said(award) == ["regular : 20 points pour 3 visites ce mois-ci"]
    assert said(award, "en") == ["regular: 20 points for 3 visits this month"]


# multipliers


def test_the_best_multiplier_wins_and_the_explanation_says_over_which() -> None:
    found = rules(
        rule("base"),
        tiers=TIERS,
        multipliers=[multiplier("happy", "2", name=words("Heures douces", "Happy hour"))],
    )
    award = award_of(found, sale(1000), member("silver"))
    assert award.quantity == 20
    assert said(award)[1] == "Heures douces × 2 (plus avantageux qu’Argent × 1,25)"
    assert said(award, "en")[1] == "Happy hour × 2 (better than Silver × 1.25)"


def test_a_tier_that_is_better_wins() -> None:
    found = rules(rule("base"), tiers=TIERS, multipliers=[multiplier("small", "1.1")])
    award = award_of(found, sale(1000), member("gold"))
    assert award.quantity == 15
    assert said(award)[1] == "Or × 1,5 (plus avantageux que small × 1,1)"


def test_multipliers_marked_stackable_count_on_top() -> None:
    found = rules(
        rule("base"),
        tiers=TIERS,
        multipliers=[
            multiplier("happy", "2"),
            multiplier("club", "1.1", stackable=True),
            multiplier("app", "1.25", stackable=True),
        ],
    )
    award = award_of(found, sale(1000), member("gold"))
    assert award.quantity == math.floor(10 * 2 * Fraction("1.1") * Fraction("1.25"))
    assert [reason.rule for reason in award.why] == [
        "base",
        "happy",
        "club",
        "app",
        "rounding_down",
    ]


def test_a_multiplier_of_a_category_counts_for_its_lines_only() -> None:
    found = rules(
        rule("base"),
        tiers=TIERS,
        multipliers=[multiplier("double", "2", match={"categories": ["coffee"]})],
    )
    award = award_of(found, BASKET, member("gold"))
    assert award.quantity == 44 + math.floor(Fraction("49.5"))
    assert "double × 2 sur 22 € (plus avantageux qu’Or × 1,5)" in said(award)
    assert "Or × 1,5 sur 33 €" in said(award)
    assert awarded(found, sale(5500), member()) == {"points": 55}


def test_a_multiplier_counts_for_the_units_it_names() -> None:
    units = {"units": [unit("points"), unit("status")]}
    earning = (rule("base"), rule("status", unit="status"))
    found = rules(*earning, **units, multipliers=[multiplier("twice", "2", units=["status"])])
    assert awarded(found, sale(1000)) == {"points": 10, "status": 20}


def test_stamps_are_multiplied_only_where_they_are_named() -> None:
    visit = rule("visit", "per_visit", unit="stamps")
    everything = rules(visit, tiers=TIERS, multipliers=[multiplier("all", "3")])
    assert awarded(everything, sale(500), member("gold")) == {"stamps": 1}
    named = rules(visit, tiers=TIERS, multipliers=[multiplier("twice", "2", units=["stamps"])])
    assert awarded(named, sale(500), member("gold")) == {"stamps": 2}


def test_a_rule_may_stand_apart_from_multipliers() -> None:
    found = rules(
        rule("base"), rule("flat", "per_visit", quantity=5, multiplied=False), tiers=TIERS
    )
    assert awarded(found, sale(1000), member("gold")) == {"points": 15 + 5}


def test_several_rules_are_rounded_together_and_split_by_rule() -> None:
    thirds = [rule(f"r{place}", quantity=1, per_minor=300) for place in range(3)]
    award = award_of(rules(*thirds), sale(400))  # three times 1⅓
    assert award.quantity == 4
    assert sum(award.rules.values()) == 4
    assert sorted(award.rules.values()) == [1, 1, 2]


@given(
    amount=st.integers(1, 500_000),
    quantities=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 999)), min_size=1, max_size=5),
    factor=st.decimals(1, 5, places=4),
    extra=st.decimals(1, 3, places=4),
    tier=st.sampled_from(["bronze", "silver", "gold"]),
    rounding=st.sampled_from(["down", "half_up", "up"]),
)
def test_any_rules_and_multipliers_give_what_exact_fractions_say(
    amount: int,
    quantities: list[tuple[int, int]],
    factor: Any,
    extra: Any,
    tier: str,
    rounding: str,
) -> None:
    found = rules(
        *(
            rule(f"r{place}", quantity=quantity, per_minor=per_minor)
            for place, (quantity, per_minor) in enumerate(quantities)
        ),
        tiers=TIERS,
        multipliers=[
            multiplier("one", str(factor)),
            multiplier("two", str(extra), stackable=True),
        ],
        rounding=rounding,
    )
    base = sum((Fraction(amount * quantity, per) for quantity, per in quantities), Fraction(0))
    best = max(Fraction(factor), Fraction({"bronze": "1", "silver": "1.25", "gold": "1.5"}[tier]))
    exact = base * best * Fraction(extra)
    rounded = {
        "down": math.floor(exact),
        "half_up": math.floor(exact + Fraction(1, 2)),
        "up": math.ceil(exact),
    }[rounding]
    for award in earn(found, sale(amount), member(tier)):
        assert award.quantity == min(rounded, 1_000_000)
        assert sum(award.rules.values()) == award.quantity
        assert min(award.rules.values()) > 0
        break
    else:
        assert rounded == 0


# when


def when(**condition: Any) -> Ruleset:
    """Points only under this condition."""
    more: dict[str, Any] = {}
    if "plans" in condition:
        more["plans"] = [
            {"key": key, "name": words(key), "months": 1} for key in condition["plans"]
        ]
    return rules(rule("base", when=condition), tiers=TIERS, **more)


@pytest.mark.parametrize(
    ("condition", "who", "holds"),
    [
        ({"tiers": ["gold"]}, member("gold"), True),
        ({"tiers": ["gold"]}, member("silver"), False),
        ({"tags": ["vegan", "student"]}, member(tags=("student",)), True),
        ({"tags": ["vegan"]}, member(tags=("student",)), False),
        ({"plans": ["vip"]}, member(plans=("vip",)), True),
        ({"plans": ["vip"]}, member(), False),
        ({"channels": ["online"]}, member(), False),
        ({"channels": ["store", "online"]}, member(), True),
        ({"weekdays": ["sat", "sun"]}, member(), True),
        ({"weekdays": ["mon"]}, member(), False),
        ({"seniority_years_min": 2}, member(joined_on=date(2024, 3, 14)), True),
        ({"seniority_years_min": 2}, member(joined_on=date(2024, 3, 15)), False),
        ({"seniority_years_min": 1}, member(), False),
        ({"birthday": "day"}, member(birthday=date(1990, 3, 14)), True),
        ({"birthday": "day"}, member(birthday=date(1990, 3, 15)), False),
        ({"birthday": "month"}, member(birthday=date(1990, 3, 31)), True),
        ({"birthday": "month"}, member(), False),
        ({"starts_at": "2026-03-14T10:30:00"}, member(), True),
        ({"starts_at": "2026-03-14T10:30:01"}, member(), False),
        ({"ends_at": "2026-03-14T10:30:00"}, member(), False),
        ({"ends_at": "2026-03-14T09:30:01+00:00"}, member(), True),
        ({"tiers": ["gold"], "tags": ["vegan"]}, member("gold"), False),
    ],
)
def test_a_condition_holds_only_with_all_its_parts(
    condition: dict[str, Any], who: MemberFacts, holds: bool
) -> None:
    assert awarded(when(**condition), sale(100), who) == ({"points": 1} if holds else {})


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-03-14T16:59:59", False),
        ("2026-03-14T17:00:00", True),
        ("2026-03-14T18:59:59", True),
        ("2026-03-14T19:00:00", False),
    ],
)
def test_happy_hour_is_from_the_first_minute_to_before_the_last(at: str, holds: bool) -> None:
    found = when(from_time="17:00", to_time="19:00")
    who = member(at=datetime.fromisoformat(at).replace(tzinfo=PARIS))
    assert bool(awarded(found, sale(100), who)) is holds


def test_happy_hour_is_by_the_clock_on_the_wall_on_both_sides_of_summer_time() -> None:
    found = when(from_time="17:00", to_time="18:00")
    for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)):
        wall = datetime(day.year, day.month, day.day, 17, 30, tzinfo=PARIS)
        assert awarded(found, sale(100), member(at=wall)) == {"points": 1}
        hour_later = (wall.astimezone(tz=None) + timedelta(hours=1)).astimezone(PARIS)
        assert awarded(found, sale(100), member(at=hour_later)) == {}


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-03-13T21:59:00", False),
        ("2026-03-13T22:00:00", True),
        ("2026-03-14T01:59:00", True),  # Friday's night goes on
        ("2026-03-14T02:00:00", False),
        ("2026-03-14T23:00:00", False),  # Saturday's is another one
        ("2026-03-13T01:00:00", False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(at: str, holds: bool) -> None:
    found = when(weekdays=["fri"], from_time="22:00", to_time="02:00")
    who = member(at=datetime.fromisoformat(at).replace(tzinfo=PARIS))
    assert bool(awarded(found, sale(100), who)) is holds


def test_a_birthday_on_29_february_is_the_28th_in_common_years() -> None:
    found = when(birthday="day")
    born = date(2000, 2, 29)
    for day, holds in (
        ("2026-02-28", True),
        ("2026-03-01", False),
        ("2028-02-28", False),
        ("2028-02-29", True),
    ):
        at = datetime.fromisoformat(day).replace(tzinfo=PARIS)
        assert bool(awarded(found, sale(100), member(at=at, birthday=born))) is holds


# caps


@pytest.mark.parametrize(
    ("cap", "used", "points"),
    [
        ({"per": "sale", "quantity": 50}, (0, 0), 50),
        ({"per": "day", "quantity": 50}, (0, 0), 50),
        ({"per": "day", "quantity": 150}, (70, 2), 80),
        ({"per": "month", "quantity": 50}, (50, 1), 0),
        ({"per": "month", "quantity": 50}, (60, 1), 0),
        ({"per": "year", "times": 2}, (10, 1), 100),
        ({"per": "year", "times": 2}, (10, 2), 0),
        ({"per": "lifetime", "quantity": 500, "times": 1}, (0, 0), 100),
    ],
)
def test_a_cap_of_a_rule_leaves_what_the_period_has_left(
    cap: dict[str, Any], used: tuple[int, int], points: int
) -> None:
    found = rules(rule("base", caps=[cap]))
    who = member(used={("base", cap["per"]): used})
    assert awarded(found, sale(10_000), who) == ({"points": points} if points else {})


def test_a_cap_is_of_what_is_given_multipliers_included() -> None:
    found = rules(rule("base", caps=[{"per": "sale", "quantity": 120}]), tiers=TIERS)
    award = award_of(found, sale(10_000), member("gold"))
    assert award.quantity == 120
    assert said(award)[-1] == "Plafond atteint : 120 points par achat"
    assert said(award, "en")[-1] == "Limit reached: 120 points per purchase"


def test_a_cap_of_one_rule_leaves_the_others_alone() -> None:
    found = rules(
        rule("base"), rule("visit", "per_visit", quantity=10, caps=[{"per": "day", "times": 1}])
    )
    assert awarded(found, sale(1000), member()) == {"points": 20}
    assert awarded(found, sale(1000), member(used={("visit", "day"): (10, 1)})) == {"points": 10}


def test_a_cap_of_the_program_cuts_the_last_rules_first() -> None:
    found = rules(
        rule("base"),
        rule("visit", "per_visit", quantity=10),
        caps=[{"per": "day", "quantity": 45}],
    )
    award = award_of(found, sale(4000), member(used={("unit:points", "day"): (0, 0)}))
    assert award.rules == {"base": 40, "visit": 5}
    assert awarded(found, sale(4000), member(used={("unit:points", "day"): (20, 1)})) == {
        "points": 25
    }
    assert awarded(found, sale(4000), member(used={("unit:points", "day"): (45, 1)})) == {}


@given(
    amounts=st.lists(st.integers(1, 30_000), min_size=1, max_size=12),
    quantity=st.integers(1, 400),
    rounding=st.sampled_from(["down", "half_up", "up"]),
)
def test_a_day_never_gives_more_than_its_cap(
    amounts: list[int], quantity: int, rounding: str
) -> None:
    found = rules(
        rule("base", quantity=3, per_minor=70, caps=[{"per": "day", "quantity": quantity}]),
        rounding=rounding,
    )
    given_so_far, times = 0, 0
    for amount in amounts:
        who = member(used={("base", "day"): (given_so_far, times)})
        got = awarded(found, sale(amount), who).get("points", 0)
        given_so_far, times = given_so_far + got, times + bool(got)
    assert given_so_far <= quantity


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=6).map(sorted))
def test_more_spent_is_never_less_earned(amounts: list[int]) -> None:
    found = rules(
        rule("base", quantity=7, per_minor=300, caps=[{"per": "sale", "quantity": 150}]),
        rule("visit", "per_visit", when={"purchase_min_minor": 500}),
        tiers=TIERS,
    )
    totals = [awarded(found, sale(amount), member("silver")).get("points", 0) for amount in amounts]
    assert all(less <= more for less, more in pairwise(totals))


# activities and welcome


def test_an_activity_gives_what_its_rule_says_whatever_the_tier() -> None:
    found = rules(
        rule("review", "activity", activity="review", quantity=20, name=words("Avis", "Review")),
        rule("base"),
        tiers=TIERS,
    )
    (award,) = earn_activity(found, "review", "online", member("gold"), "EUR")
    assert (award.quantity, award.rules) == (20, {"review": 20})
    assert said(award) == ["Avis : 20 points"]
    assert earn_activity(found, "birthday", "online", member(), "EUR") == []


def test_an_activity_stops_at_its_caps_and_at_the_programs() -> None:
    found = rules(
        rule("eco", "activity", activity="eco", quantity=20, caps=[{"per": "day", "times": 2}]),
        rule("eco_more", "activity", activity="eco", quantity=5),
        caps=[{"per": "month", "quantity": 30}],
    )

    def _of(**used: tuple[int, int]) -> int:
        pairs = {
            ("eco", "day"): used.get("eco", (0, 0)),
            ("unit:points", "month"): used.get("month", (0, 0)),
        }
        return sum(
            award.quantity
            for award in earn_activity(found, "eco", "store", member(used=pairs), "EUR")
        )

    assert _of() == 25
    assert _of(eco=(40, 2)) == 5
    assert _of(month=(10, 1)) == 20
    assert _of(month=(30, 2)) == 0


def test_an_activity_obeys_channel_and_moment() -> None:
    found = rules(
        rule(
            "share",
            "activity",
            activity="share",
            channels=["online"],
            when={"ends_at": "2026-03-14T10:00:00"},
        )
    )
    before = SATURDAY - timedelta(hours=1)
    assert earn_activity(found, "share", "online", member(at=before), "EUR")
    assert not earn_activity(found, "share", "store", member(at=before), "EUR")
    assert not earn_activity(found, "share", "online", member(), "EUR")


def test_joining_gives_the_welcome() -> None:
    found = rules(rule("base"), welcome={"unit": "points", "quantity": 50})
    (award,) = earn_welcome(found, "EUR")
    assert (award.unit, award.quantity, award.rules) == ("points", 50, {"welcome": 50})
    assert said(award) == ["Bienvenue : 50 points"]
    assert earn_welcome(rules(rule("base")), "EUR") == []


# the view, kept for refunds


def test_what_earning_knew_is_kept_exactly() -> None:
    who = member(
        "gold",
        tags=("vegan",),
        joined_on=date(2024, 2, 29),
        birthday=date(1990, 5, 4),
        plans=("vip",),
        used={("base", "day"): (10, 1), ("unit:points", "month"): (70, 4)},
        visits={"regular": (2, 0)},
    )
    again = MemberFacts.from_json(who.to_json())
    assert again == who
    assert (again.at.time(), again.at.date()) == (who.at.time(), who.at.date())
    assert MemberFacts.from_json(member().to_json()) == member()


def test_a_sale_that_gives_nothing_of_a_unit_says_nothing_of_it() -> None:
    found = rules(rule("base"), rule("back", unit="credit", quantity=5))
    assert [
        given.scale.unit.key for given in compute(found, Sale(10, "EUR", "store"), member())
    ] == []
