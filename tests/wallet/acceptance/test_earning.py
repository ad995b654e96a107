"""Programs as merchants describe them: S1 to S9, S31, S36 to S40, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, Counter, new_program
from tests.wallet.rules.rulebook import TIERS, multiplier, rule, unit, words
from wallet.actions.create_program import NewProgram, NewReward, starter_design
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.quote_purchase import quote_purchase
from wallet.actions.record_purchase import PurchaseFacts, Recorded
from wallet.actions.standing import standing_of
from wallet.db import Database
from wallet.errors import Refusal
from wallet.rules.tiers import Standing
from wallet.tables.ledger import Award, Entry
from wallet.tables.relation import Membership

TILLS = 8  # at once
COFFEE = {"categories": ["coffee"]}


@pytest.fixture
def shops(database: Database) -> Iterator[list[Counter]]:
    """Shops opened by the test; whatever happened there, the ledger passes the audit."""
    opened: list[Counter] = []
    yield opened
    for shop in opened[:1]:
        assert shop.audit().findings == []


@pytest.fixture
def open_shop(database: Database, shops: list[Counter]) -> Any:
    """Open a shop with these rules: `open_shop(rule(...), tiers=...)`."""

    def _open(*earning: dict[str, Any], slug: str = "boutique", **more: Any) -> Counter:
        more.setdefault(
            "units", [unit("points"), unit("stamps", "stamps"), unit("credit", "credit")]
        )
        document = {"earning": list(earning), **more}
        new = NewProgram(
            slug=slug,
            name="Boutique Fictive",
            rules=document,
            design=starter_design("Boutique Fictive"),
            rewards=(NewReward(words("Un café"), "product", 30),),
        )
        shop = Counter(database, new_program(database, new, NOW - timedelta(days=1000)))
        shop.enrol("lou")
        shops.append(shop)
        return shop

    return _open


def item(sku: str, amount_minor: int, category: str = "", quantity: int = 1) -> dict[str, Any]:
    return {"sku": sku, "category": category, "quantity": quantity, "amount_minor": amount_minor}


def earned(recorded: Recorded) -> dict[str, int]:
    return {entry.unit: entry.quantity for entry in recorded.entries if entry.kind == "accrual"}


def tier_of(shop: Counter, who: str = "lou") -> str | None:
    """The tier as the member's row has it, which is also what asking anew says."""
    with shop.database.reading() as session:
        member = shop.member(session, who)
        stored, asked = (
            member.tier_key,
            standing_of(session, shop.program, member, shop.now).tier_key,
        )
    assert stored == asked
    return stored


def standing(shop: Counter, who: str = "lou") -> Standing:
    with shop.database.reading() as session:
        return standing_of(session, shop.program, shop.member(session, who), shop.now)


def by_rule(shop: Counter, who: str = "lou") -> dict[str, int]:
    """What each rule gave in all, what went back taken off."""
    with shop.database.reading() as session:
        query = select(Award.rule, func.sum(Award.quantity)).group_by(Award.rule)
        rows = session.execute(query.where(Award.member_id == shop.people[who])).all()
    return {name: int(quantity) for name, quantity in rows if quantity}


def publish(shop: Counter, **changes: Any) -> None:
    """New rules from now on."""

    def _work(session: Session) -> None:
        document = shop.program.ruleset.model_dump(mode="json") | changes
        publish_rules(session, shop.program.id, document, "staff:1", shop.now)
        shop.program = program_view(session, shop.program.id)

    shop.run(_work)


def test_s01_40_euros_give_40_points_and_a_30_point_reward_leaves_10(open_shop: Any) -> None:
    shop = open_shop(rule("base"))
    assert earned(shop.buy("lou", 4000)) == {"points": 40}
    shop.redeem("lou", 30)
    assert shop.balance("lou").available == 10
    with shop.database.reading() as session:
        query = select(func.sum(Entry.quantity)).where(Entry.member_id == shop.people["lou"])
        assert int(session.scalar(query) or 0) == 10


def test_s02_reaching_a_threshold_changes_the_tier_on_account_and_card_at_once(
    open_shop: Any,
) -> None:
    shop = open_shop(rule("base"), tiers=TIERS)
    assert tier_of(shop) == "bronze"
    shop.buy("lou", 25_000)
    assert tier_of(shop) == "silver"
    assert shop.view("lou").standing.tier_key == "silver"


def test_s03_100_euros_give_100_125_or_150_points_by_tier(open_shop: Any) -> None:
    shop = open_shop(rule("base"), tiers=TIERS)
    given = []
    for _ in range(6):
        given.append(earned(shop.buy("lou", 10_000))["points"])
        shop.later(days=1)
    assert given == [100, 100, 100, 125, 125, 150]


@pytest.mark.parametrize("rounding", ["down", "half_up", "up"])
def test_s03_the_rounding_rule_is_fixed_and_shown(open_shop: Any, rounding: str) -> None:
    shop = open_shop(rule("base"), tiers=TIERS, rounding=rounding)
    shop.buy("lou", 25_000)
    shop.later(days=1)
    (entry,) = shop.buy("lou", 1240).entries  # 12.4 × 1.25 = 15.5
    assert entry.quantity == {"down": 15, "half_up": 16, "up": 16}[rounding]
    assert entry.why[-1]["rule"] == f"rounding_{rounding}"
    assert entry.why[-1]["text"]["en"] == f"15.5 rounded to {entry.quantity}"


def test_s04_yearly_thresholds_are_reached_by_the_cent_and_lost_by_a_refund(open_shop: Any) -> None:
    shop = open_shop(rule("base"), tiers=TIERS, tier_policy={"window": "calendar_year"})
    shop.buy("lou", 24_999)
    assert tier_of(shop) == "bronze"
    assert standing(shop).missing_minor == 1
    shop.later(minutes=5)
    cent = shop.buy("lou", 1)
    assert tier_of(shop) == "silver"
    shop.later(minutes=5)
    half = shop.buy("lou", 25_000)
    assert tier_of(shop) == "gold"
    shop.refund(half)
    assert tier_of(shop) == "silver"
    shop.refund(cent)
    assert tier_of(shop) == "bronze"


def test_s04_the_year_begins_anew_where_the_program_lives(open_shop: Any) -> None:
    shop = open_shop(rule("base"), tiers=TIERS, tier_policy={"window": "calendar_year"})
    shop.now = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)  # a minute before New Year in Paris
    shop.buy("lou", 50_000)
    assert standing(shop).tier_key == "gold"
    shop.later(minutes=1)
    assert standing(shop).tier_key == "bronze"


def test_s04_grace_keeps_the_tier_of_last_year_but_not_of_refunded_sales(open_shop: Any) -> None:
    policy = {"window": "calendar_year", "grace_days": 90, "downgrade": "one_level"}
    shop = open_shop(rule("base"), tiers=TIERS, tier_policy=policy)
    shop.enrol("max")
    shop.now = datetime(2026, 6, 1, 10, tzinfo=UTC)
    kept = shop.buy("lou", 60_000)
    lost = shop.buy("max", 60_000)
    shop.now = datetime(2027, 1, 15, 10, tzinfo=UTC)
    assert earned(shop.buy("lou", 1000)) == {"points": 15}
    assert tier_of(shop) == "gold"
    assert standing(shop).held.kept_until == datetime(2027, 3, 31, 22, tzinfo=UTC)
    shop.refund(lost)
    assert tier_of(shop, "max") == "bronze"
    shop.now = datetime(2027, 4, 1, 10, tzinfo=UTC)
    assert standing(shop).tier_key == "silver"
    shop.now = datetime(2027, 7, 1, 10, tzinfo=UTC)
    assert standing(shop).tier_key == "bronze"
    assert kept.purchase.tier_key == "bronze"


def test_s06_status_points_come_without_points_to_spend(open_shop: Any) -> None:
    shop = open_shop(
        rule("base"),
        rule("visit", "per_visit", unit="status", quantity=100),
        units=[unit("points"), unit("status")],
        tiers=[
            {"key": "seed", "name": words("Graine")},
            {"key": "tree", "name": words("Arbre"), "threshold_points": 200},
        ],
        tier_policy={"basis": "points", "unit": "status"},
    )
    shop.buy("lou", 500)
    assert (tier_of(shop), standing(shop).missing_points) == ("seed", 100)
    shop.later(minutes=5)
    again = shop.buy("lou", 500)
    assert tier_of(shop) == "tree"
    assert shop.balance("lou").available == 10
    shop.refund(again)
    assert tier_of(shop) == "seed"


def test_d20_spending_points_does_not_lower_the_tier(open_shop: Any) -> None:
    shop = open_shop(
        rule("base"),
        tiers=[
            {"key": "seed", "name": words("Graine")},
            {"key": "tree", "name": words("Arbre"), "threshold_points": 30},
        ],
        tier_policy={"basis": "points", "window": "lifetime"},
    )
    shop.buy("lou", 3000)
    shop.redeem("lou", 30)
    assert shop.balance("lou").available == 0
    assert tier_of(shop) == "tree"


def test_s07_cashback_is_money_in_a_wallet_of_its_own(open_shop: Any) -> None:
    shop = open_shop(rule("base"), rule("back", unit="credit", quantity=5))
    assert earned(shop.buy("lou", 6000)) == {"points": 60, "credit": 300}
    assert shop.balance("lou", "credit").available == 300
    assert shop.balance("lou").available == 60


def test_s09_stamps_for_articles_carry_over_the_tenth(open_shop: Any) -> None:
    shop = open_shop(rule("cups", "per_item", unit="stamps", match=COFFEE))
    sold = [item("espresso", 250, "coffee", 8), item("cake", 400, "cake", 3)]
    assert earned(shop.buy("lou", 3200, items=sold)) == {"stamps": 8}
    shop.later(days=1)
    more = shop.buy("lou", 1000, items=[item("latte", 1000, "coffee", 4)])
    assert shop.balance("lou", "stamps").available == 12
    shop.refund(more, items=[{"sku": "latte", "quantity": 3}])
    assert shop.balance("lou", "stamps").available == 9
    shop.refund(more)
    assert shop.balance("lou", "stamps").available == 8


def test_s10_a_paid_plan_lends_its_tier_at_once_and_until_it_ends(open_shop: Any) -> None:
    plans = [{"key": "vip", "name": words("Club"), "tier": "gold", "months": 1}]
    shop = open_shop(rule("base"), tiers=TIERS, plans=plans)

    def _pay(session: Session) -> None:
        session.add(
            Membership(
                program_id=shop.program.id,
                member_id=shop.people["lou"],
                plan="vip",
                starts_at=shop.now,
                ends_at=shop.now + timedelta(days=31),
                cancelled_at=None,
                source="shop",
                external_id="m-1",
                actor="key:1",
                created_at=shop.now,
            )
        )

    shop.run(_pay)
    assert earned(shop.buy("lou", 10_000)) == {"points": 150}
    assert tier_of(shop) == "gold"
    shop.later(days=31)
    assert earned(shop.buy("lou", 10_000)) == {"points": 100}
    assert tier_of(shop) == "bronze"


def test_s31_the_till_previews_exactly_what_the_sale_then_gives(open_shop: Any) -> None:
    shop = open_shop(
        rule("base", caps=[{"per": "day", "quantity": 50}]),
        rule("cups", "per_item", unit="stamps", match=COFFEE),
        tiers=TIERS,
        multipliers=[multiplier("coffee", "2", match=COFFEE)],
    )
    facts = PurchaseFacts(
        "till", "s-1", "store", 3000, "EUR", items=[item("beans", 1200, "coffee", 2)], tax_minor=500
    )
    shop.buy("lou", 1500)
    with shop.database.reading() as session:
        member = shop.member(session, "lou")
        quoted = quote_purchase(session, shop.program, member, facts, shop.now)
    recorded = shop.buy(
        "lou", 3000, external_id="s-1", items=list(facts.items), tax_minor=facts.tax_minor
    )
    assert [(entry.unit, entry.quantity, entry.why) for entry in quoted.outcome.entries] == [
        (entry.unit, entry.quantity, entry.why) for entry in recorded.entries
    ]
    assert earned(recorded) == {"points": 35, "stamps": 2}


def goal(**more: Any) -> dict[str, Any]:
    return rule("regular", "visits", quantity=20, visits=3, within="month", **more)


def test_s36_the_third_visit_of_the_month_unlocks_and_a_refund_locks_again(open_shop: Any) -> None:
    shop = open_shop(goal())
    first, second, third = (_visit(shop) for _ in range(3))
    assert (earned(first), earned(second), earned(third)) == ({}, {}, {"points": 20})
    assert earned(_visit(shop)) == {}
    shop.refund(second)
    assert shop.balance("lou").available == 20, "the fourth visit still makes three"
    shop.refund(first)
    assert shop.balance("lou").available == 0
    assert by_rule(shop) == {}
    assert earned(_visit(shop)) == {"points": 20}


def test_s36_what_was_used_already_is_owed_by_policy(open_shop: Any) -> None:
    shop = open_shop(rule("base"), rule("regular", "visits", quantity=30, visits=2, within="week"))
    first = _visit(shop, 100)
    _visit(shop, 100)
    shop.redeem("lou", 30)
    shop.refund(first)
    assert (shop.balance("lou").available, shop.balance("lou").owed) == (0, 29)


def test_s36_a_part_refund_of_the_sale_that_reached_the_goal_keeps_the_goal(open_shop: Any) -> None:
    shop = open_shop(rule("base"), goal())
    _visit(shop)
    _visit(shop)
    third = _visit(shop, 1000)
    shop.refund(third, 500)
    assert by_rule(shop) == {"base": 5 + 5 + 5, "regular": 20}
    shop.refund(third, 500)
    assert by_rule(shop) == {"base": 10}


def test_s36_visits_of_another_month_do_not_count(open_shop: Any) -> None:
    shop = open_shop(goal())
    shop.now = datetime(2026, 3, 31, 20, tzinfo=UTC)
    _visit(shop)
    _visit(shop)
    shop.now = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # April in Paris
    assert earned(_visit(shop)) == {}


def _visit(shop: Counter, amount_minor: int = 500) -> Recorded:
    recorded = shop.buy("lou", amount_minor)
    shop.later(minutes=10)
    return recorded


def test_s37_the_basis_says_what_of_the_amount_earns(open_shop: Any) -> None:
    shop = open_shop(rule("base"), basis={"tax": False})
    recorded = shop.buy("lou", 6000, tax_minor=1000, shipping_minor=500, gift_card_minor=700)
    assert earned(recorded) == {"points": 38}
    shop.refund(recorded, 3000)
    assert shop.balance("lou").available == 19


@pytest.mark.parametrize(
    "parts",
    [{"tax_minor": -1}, {"shipping_minor": 4001}, {"gift_card_minor": 5000}, {"credit_minor": -5}],
)
def test_s37_parts_that_do_not_fit_the_amount_are_refused(
    open_shop: Any, parts: dict[str, int]
) -> None:
    shop = open_shop(rule("base"))
    with pytest.raises(Refusal) as caught:
        shop.buy("lou", 4000, **parts)
    assert caught.value.code == "parts_invalid"


def test_s38_a_rate_of_an_article_replaces_the_base_rate(open_shop: Any) -> None:
    beans = rule("beans", quantity=3, match={"skus": ["beans"]}, replaces=["base"])
    shop = open_shop(rule("base"), beans)
    sold = [item("beans", 2000, "coffee", 2), item("mug", 3000)]
    recorded = shop.buy("lou", 5000, items=sold)
    assert earned(recorded) == {"points": 90}
    assert by_rule(shop) == {"base": 30, "beans": 60}
    shop.refund(recorded, items=[{"sku": "beans", "quantity": 1}])
    assert by_rule(shop) == {"base": 30, "beans": 30}
    shop.refund(recorded, items=[{"sku": "mug"}])
    assert by_rule(shop) == {"beans": 30}


def test_s39_years_of_membership_multiply(open_shop: Any) -> None:
    shop = open_shop(
        rule("base"),
        multipliers=[
            multiplier("one", "1.1", when={"seniority_years_min": 1}),
            multiplier("two", "1.2", when={"seniority_years_min": 2}),
        ],
    )
    assert earned(shop.buy("lou", 10_000)) == {"points": 100}
    shop.now = NOW.replace(year=2027)
    assert earned(shop.buy("lou", 10_000)) == {"points": 110}
    shop.now = NOW.replace(year=2028)
    assert earned(shop.buy("lou", 10_000)) == {"points": 120}


def test_s40_double_points_for_the_segment_on_its_article_in_the_window_only(
    open_shop: Any,
) -> None:
    window = {"starts_at": "2026-03-14T00:00:00", "ends_at": "2026-03-16T00:00:00"}
    double = multiplier(
        "beans", "2", match={"skus": ["beans"]}, when={"tags": ["roaster"], **window}
    )
    shop = open_shop(rule("base"), multipliers=[double])
    shop.enrol("max")
    shop.run(lambda session: setattr(shop.member(session, "lou"), "tags", ["roaster"]))
    sold = [item("beans", 2000), item("mug", 3000)]
    assert earned(shop.buy("lou", 5000, items=sold)) == {"points": 70}
    assert earned(shop.buy("max", 5000, items=sold)) == {"points": 50}
    shop.later(minutes=5)
    assert earned(shop.buy("lou", 3000, items=[item("mug", 3000)])) == {"points": 30}
    shop.later(days=2)
    assert earned(shop.buy("lou", 5000, items=sold)) == {"points": 50}


def test_s46_a_phone_order_earns_as_in_the_shop_and_once(open_shop: Any) -> None:
    shop = open_shop(rule("base"))
    first = shop.buy("lou", 4000, external_id="o-1", source="shop", channel="phone")
    again = shop.buy("lou", 4000, external_id="o-1", source="shop", channel="phone")
    assert earned(first) == {"points": 40}
    assert again.repeated
    assert shop.balance("lou").available == 40


# caps over time


def test_a_daily_cap_begins_anew_at_midnight_of_the_place(open_shop: Any) -> None:
    shop = open_shop(rule("base", caps=[{"per": "day", "quantity": 50}]))
    shop.now = datetime(2026, 3, 14, 22, 30, tzinfo=UTC)
    assert earned(shop.buy("lou", 4000)) == {"points": 40}
    assert earned(shop.buy("lou", 4100)) == {"points": 10}
    assert earned(shop.buy("lou", 4200)) == {}
    shop.later(minutes=30)
    assert earned(shop.buy("lou", 4000)) == {"points": 40}


def test_a_refund_gives_the_cap_back_to_the_day_of_the_sale(open_shop: Any) -> None:
    shop = open_shop(rule("base", caps=[{"per": "day", "quantity": 50}]))
    first = shop.buy("lou", 4000)
    shop.later(hours=1)
    shop.refund(first)
    assert earned(shop.buy("lou", 9000)) == {"points": 50}
    shop.later(days=1)
    assert earned(shop.buy("lou", 9000)) == {"points": 50}


def test_a_late_sale_counts_for_the_day_on_which_it_happened(open_shop: Any) -> None:
    shop = open_shop(rule("base", caps=[{"per": "day", "quantity": 50}]))
    monday = shop.now
    shop.buy("lou", 4000)
    shop.later(days=1)
    assert earned(shop.buy("lou", 4000)) == {"points": 40}
    assert earned(shop.buy("lou", 4100, occurred_at=monday + timedelta(minutes=1))) == {
        "points": 10
    }


def test_caps_by_times_count_sales_and_forget_undone_ones(open_shop: Any) -> None:
    visit = rule("visit", "per_visit", quantity=5, caps=[{"per": "week", "times": 2}])
    shop = open_shop(visit, caps=[{"per": "year", "quantity": 12}])
    first = _visit(shop)
    assert earned(first) == {"points": 5}
    assert earned(_visit(shop)) == {"points": 5}
    assert earned(_visit(shop)) == {}
    shop.actor = replace(shop.actor, role="manager")
    shop.reverse(first.entries[0])
    assert earned(_visit(shop)) == {"points": 5}
    shop.later(days=7)
    assert earned(_visit(shop)) == {"points": 2}


# rule versions


def test_a_refund_is_computed_with_the_rules_that_made_the_sale(open_shop: Any) -> None:
    shop = open_shop(rule("base"), tiers=TIERS)
    recorded = shop.buy("lou", 4000)
    publish(shop, earning=[rule("base", quantity=10)])
    assert shop.program.rule_version == 2
    shop.refund(recorded, 1000)
    assert shop.balance("lou").available == 30
    shop.later(minutes=5)
    (entry,) = shop.buy("lou", 4000).entries
    assert (entry.quantity, entry.rule_version) == (400, 2)


def test_a_refund_knows_the_member_as_it_was(open_shop: Any) -> None:
    happy = multiplier("happy", "2", when={"tags": ["vip"], "weekdays": ["sat"]})
    shop = open_shop(rule("base"), tiers=TIERS, multipliers=[happy])
    shop.run(lambda session: setattr(shop.member(session, "lou"), "tags", ["vip"]))
    recorded = shop.buy("lou", 4000)
    assert earned(recorded) == {"points": 80}
    shop.later(days=3)
    shop.run(lambda session: setattr(shop.member(session, "lou"), "tags", []))
    shop.refund(recorded, 1000)
    assert shop.balance("lou").available == 60
    assert recorded.purchase.view["at"].startswith("2026-03-14T10:26:53")


def test_publishing_refuses_to_leave_anybody_behind(open_shop: Any) -> None:
    shop = open_shop(rule("base"), rule("back", unit="credit", quantity=5))
    shop.buy("lou", 4000)
    for changes, problem in (
        (
            {"units": [unit("points")], "earning": [rule("base")]},
            "unit credit is held by 1 members",
        ),
        ({"units": [unit("stars")], "earning": []}, "a reward costs points"),
        ({"units": [unit("points", "stamps"), unit("credit", "credit")]}, "cannot become stamps"),
        ({"earning": [rule("base", quantity=0)]}, "earning.0.per_amount.quantity"),
        (
            {
                "units": [
                    unit("points"),
                    unit("credit", "credit"),
                    unit("stamps", "stamps", target=9, reward_key="x"),
                ]
            },
            "unknown reward x",
        ),
    ):
        with pytest.raises(Refusal) as caught:
            publish(shop, **changes)
        assert caught.value.code == "rules_invalid"
        assert any(problem in said for said in caught.value.facts["problems"]), problem


def test_publishing_after_somebody_else_is_refused(database: Database) -> None:
    shop = Counter(database, new_program(database, PROGRAM))

    def _publish(after: int) -> int:
        document = shop.program.ruleset.model_dump(mode="json")
        return shop.run(
            lambda session: publish_rules(
                session, shop.program.id, document, "staff:1", NOW, after_version=after
            )
        )

    assert _publish(1) == 2
    with pytest.raises(Refusal) as caught:
        _publish(1)
    assert (caught.value.code, caught.value.facts) == ("rules_changed", {"version": 2})
    assert _publish(2) == 3


def test_a_birthday_is_part_of_what_earning_knew(open_shop: Any) -> None:
    shop = open_shop(rule("base"), multipliers=[multiplier("day", "3", when={"birthday": "day"})])

    shop.run(lambda session: setattr(shop.member(session, "lou"), "birthday", date(1990, 3, 14)))
    assert earned(shop.buy("lou", 1000)) == {"points": 30}


# races and orders


def test_two_tills_never_give_more_than_a_cap_together(open_shop: Any) -> None:
    shop = open_shop(
        rule("base", caps=[{"per": "day", "quantity": 50}]),
        rule("visit", "per_visit", unit="stamps", caps=[{"per": "day", "times": 3}]),
    )
    shop.buy("lou", 100, occurred_at=shop.now - timedelta(days=3))  # the account is there already
    start = Barrier(TILLS)

    def _buy(till: int) -> None:
        start.wait()
        shop.buy("lou", 1000 + till, external_id=f"race-{till}")

    with ThreadPoolExecutor(TILLS) as tills:
        list(tills.map(_buy, range(TILLS)))
    assert shop.balance("lou").available == 1 + 50
    assert shop.balance("lou", "stamps").available == 1 + 3


REFUNDS: tuple[dict[str, Any], ...] = (
    {"external_id": "r-1", "items": [{"sku": "beans", "quantity": 1}]},
    {"external_id": "r-2", "items": [{"sku": "mug"}]},
    {"external_id": "r-3", "amount_minor": 700},
)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_refunds_in_any_order_and_twice_end_in_one_state(
    open_shop: Any, order: tuple[int, ...]
) -> None:
    shop = open_shop(
        rule("base"),
        rule("beans", quantity=3, match={"skus": ["beans"]}, replaces=["base"]),
        rule("cups", "per_item", unit="stamps", match=COFFEE),
        tiers=TIERS,
    )
    shop.buy("lou", 30_000)
    shop.later(days=1)
    sold = [item("beans", 6000, "coffee", 3), item("mug", 3000), item("tea", 1000, "tea")]
    recorded = shop.buy("lou", 10_000, items=sold)
    assert earned(recorded) == {"points": 275, "stamps": 3}
    for place in order:
        for _ in range(2):
            shop.later(minutes=1)
            said = dict(REFUNDS[place])
            shop.refund(recorded, said.pop("amount_minor", None), **said)
    # 50 € of goods are left for 43 €: beans 34.40 × 3 × 1.25, tea 8.60 × 1.25, together 139.75.
    rest = {"beans": 129, "base": 300 + 10, "cups": 2}
    assert by_rule(shop) == rest
    assert shop.balance("lou").available == rest["beans"] + rest["base"]
