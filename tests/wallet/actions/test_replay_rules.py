"""The time machine on a real past: with the same rules it finds exactly what happened."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from click.testing import CliRunner

from tests.factories import NOW, SECRET_KEY, Cast, Counter, new_program
from tests.wallet.rules.rulebook import TIERS, multiplier, rule, unit, words
from wallet.actions.create_program import NewProgram, NewReward, starter_design
from wallet.actions.replay_report import days_between, minor_value, report_json, report_lines
from wallet.actions.replay_rules import Period, ReplayReport, replay_rules, value_of_unit
from wallet.cli import main
from wallet.db import Database
from wallet.rules.ruleset import Ruleset

UNITS = [unit("points"), unit("stamps", "stamps"), unit("credit", "credit")]
RULES: dict[str, Any] = {
    "units": UNITS,
    "earning": [
        rule("base", caps=[{"per": "day", "quantity": 200}]),
        rule("coffee", quantity=2, match={"categories": ["coffee"]}, replaces=["base"]),
        rule("cups", "per_item", unit="stamps", match={"categories": ["coffee"]}),
        rule("back", unit="credit", quantity=1),
        rule("regular", "visits", quantity=7, visits=2, within="week"),
    ],
    "tiers": TIERS,
    "tier_policy": {"window": "calendar_year"},
    "multipliers": [
        multiplier("vegan", "1.1", stackable=True, when={"tags": ["vegan"]}),
        multiplier("morning", "2", when={"from_time": "06:00", "to_time": "11:00"}),
    ],
}
SHOP = NewProgram(
    slug="relecture",
    name="Boutique Relue",
    rules=RULES,
    design=starter_design("Boutique Relue"),
    rewards=(
        NewReward(words("5 €"), "amount", 100, value={"amount_minor": 500}),
        NewReward(words("20 €"), "amount", 300, value={"amount_minor": 2000}),
        NewReward(words("Un café"), "product", 30),
    ),
)
YEAR = Period(NOW - timedelta(days=400), NOW + timedelta(days=400))


@pytest.fixture
def shop(database: Database) -> Counter:
    """Two members and a year of sales, some of them given back."""
    counter = Counter(database, new_program(database, SHOP, NOW - timedelta(days=900)))
    counter.now = NOW - timedelta(days=300)
    counter.enrol("ada")
    counter.enrol("bob")
    counter.run(lambda session: setattr(counter.member(session, "ada"), "tags", ["vegan"]))
    for step in range(24):
        who = ("ada", "bob")[step % 3 == 0]
        items = [
            {"sku": "latte", "category": "coffee", "quantity": 1 + step % 3, "amount_minor": 900},
            {"sku": "mug", "category": "china", "quantity": 1, "amount_minor": 600 + 100 * step},
        ]
        amount = 1500 + 100 * step
        if step == 12:
            amount, items = 60_000, []
        sold = counter.buy(who, amount, items=items, channel=("store", "online")[step % 2])
        if step % 7 == 3:
            counter.refund(sold, items=[{"sku": "latte", "quantity": 1}])
        if step % 9 == 4:
            counter.refund(sold, 300)
        if step == 20:
            counter.refund(sold)
        counter.later(days=(3, 20)[step % 5 == 0], minutes=40 * step)
    return counter


def replay(counter: Counter, period: Period = YEAR, **changes: Any) -> ReplayReport:
    """With the program's own rules, changed so."""
    document = counter.program.ruleset.model_dump(mode="json") | changes
    draft = Ruleset.model_validate(document)
    with counter.database.reading() as session:
        return replay_rules(session, counter.program, draft, period)


def test_the_same_rules_change_nothing(shop: Counter) -> None:
    report = replay(shop)
    assert (report.sales, report.members) == (24, 2)
    for found in report.units:
        assert found.before == found.after > 0, found.unit
        assert (found.winners, found.losers, found.unchanged) == (0, 0, 2)
    assert (report.winners, report.losers) == ([], [])
    assert all(before == after for before, after in report.tiers.values())
    assert set(report.by_rule) == {"base", "coffee", "cups", "back", "regular"}


def test_twice_the_cashback_costs_exactly_as_much_again(shop: Counter) -> None:
    before = replay(shop)
    earning = [dict(part) for part in RULES["earning"]]
    earning[3]["quantity"] = 2
    found = {part.unit: part for part in replay(shop, earning=earning).units}
    credit = next(part for part in before.units if part.unit == "credit")
    assert found["credit"].before == credit.before
    assert found["credit"].after >= 2 * credit.before
    assert found["credit"].cost_after_minor == found["credit"].after
    assert found["credit"].winners == 2
    assert found["points"].before == found["points"].after


def test_the_report_names_winners_and_losers_and_the_cost(shop: Counter) -> None:
    report = replay(shop, multipliers=[], tiers=[])
    (points,) = [part for part in report.units if part.unit == "points"]
    assert points.unit_value == Fraction(5), "of two money rewards the cheaper one"
    assert points.cost_before_minor == 5 * points.before
    assert points.before > points.after
    assert [change.name for change in report.losers] == ["Ada", "Bob"]
    assert report.winners == []
    lost = [change.before - change.after for change in report.losers]
    assert sum(lost) == points.before - points.after
    assert lost == sorted(lost, reverse=True)


def test_only_sales_of_the_period_count_but_tiers_remember_what_came_before(shop: Counter) -> None:
    first = replay(shop, Period(YEAR.since, NOW - timedelta(days=150)))
    second = replay(shop, Period(NOW - timedelta(days=150), YEAR.until))
    whole = replay(shop)
    assert first.sales + second.sales == whole.sales
    assert min(first.sales, second.sales) > 0
    for part, one, two in zip(whole.units, first.units, second.units, strict=True):
        assert one.before + two.before == part.before
        assert one.before == one.after
        assert two.before == two.after


def test_units_that_the_draft_adds_or_drops_are_shown(shop: Counter) -> None:
    report = replay(
        shop,
        units=[unit("points"), unit("stars")],
        earning=[rule("base"), rule("star", "per_visit", unit="stars")],
        multipliers=[],
    )
    found = {part.unit: (part.before > 0, part.after > 0) for part in report.units}
    assert found == {
        "points": (True, True),
        "stars": (False, True),
        "stamps": (True, False),
        "credit": (True, False),
    }
    assert next(part for part in report.units if part.unit == "stars").cost_after_minor is None


def test_progress_ends_with_everything_done(shop: Counter) -> None:
    told: list[tuple[int, int]] = []
    with shop.database.reading() as session:
        replay_rules(
            session,
            shop.program,
            shop.program.ruleset,
            YEAR,
            progress=lambda done, all_: told.append((done, all_)),
        )
    assert told[-1] == (24, 24)


def test_nothing_of_another_program_is_replayed(cast: Cast) -> None:
    with cast.database.reading() as session:
        report = replay_rules(session, cast.program, cast.program.ruleset, YEAR)
    assert (report.sales, report.members) == (1, 1)
    assert report.units[0].before == 600


def test_the_value_of_a_unit(shop: Counter) -> None:
    assert value_of_unit(shop.program, "credit") == 1
    assert value_of_unit(shop.program, "stamps") is None
    assert minor_value(0.05, "EUR") == 5
    assert minor_value(1.5, "JPY") == Fraction(3, 2)
    assert minor_value(None, "EUR") is None
    for wrong in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="sum of money"):
            minor_value(wrong, "EUR")


def test_days_are_those_of_the_place_both_included() -> None:
    period = days_between(date(2026, 3, 29), date(2026, 3, 29), "Europe/Paris", NOW)
    assert period.since == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert period.until - period.since == timedelta(hours=23)
    year = days_between(None, None, "Europe/Paris", NOW)
    assert year.since == datetime(2025, 3, 13, 23, tzinfo=UTC)
    assert year.until == datetime(2026, 3, 14, 23, tzinfo=UTC)
    with pytest.raises(ValueError, match="first day is after"):
        days_between(date(2026, 3, 30), date(2026, 3, 29), "Europe/Paris", NOW)


def test_the_report_is_told_in_lines_and_in_json(shop: Counter) -> None:
    report = replay(shop, multipliers=[])
    lines = "\n".join(report_lines(shop.program, shop.program.ruleset, report))
    assert "24 purchases of 2 members" in lines
    assert "liability €" in lines
    document = json.loads(json.dumps(report_json(report)))
    points = document["units"]["points"]
    assert points["difference"] == points["draft"] - points["actual"] < 0
    assert points["value_minor"] == 5.0
    assert [change["difference"] < 0 for change in document["losers"]] == [True, True]


# the command


@pytest.fixture
def comptoir(
    shop: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """Run `comptoir …` on the shop's database; a dict is handed over as a JSON file."""
    folder = tmp_path_factory.mktemp("comptoir")
    monkeypatch.setenv("COMPTOIR_DATABASE_URL", shop.database.url)
    monkeypatch.setenv("COMPTOIR_DATA_DIR", str(folder))
    monkeypatch.setenv("COMPTOIR_SECRET_KEY", SECRET_KEY)
    monkeypatch.setattr("wallet.clock.now", lambda: NOW)

    def _run(*words_: Any) -> Any:
        path = folder / "draft.json"
        for document in [word for word in words_ if isinstance(word, dict)]:
            path.write_text(json.dumps(document), encoding="utf-8")
        said = [str(path) if isinstance(word, dict) else word for word in words_]
        return CliRunner().invoke(main, said)

    return _run


def test_the_command_shows_replays_and_publishes(shop: Counter, comptoir: Any) -> None:
    shown = comptoir("rules", "show", "--program", "relecture")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    replayed = comptoir(
        "replay", "--program", "relecture", "--rules", document, "--from", "2025-01-01", "--json"
    )
    assert replayed.exit_code == 0, replayed.output
    report = json.loads(replayed.stdout)
    assert report["purchases"] > 0
    assert report["units"]["points"]["difference"] == 0
    document["earning"][0]["quantity"] = 3
    published = comptoir("rules", "publish", document, "--program", "relecture", "--after", "1")
    assert published.stdout == "Version 2 is in force.\n"
    again = comptoir("rules", "publish", document, "--program", "relecture", "--after", "1")
    assert again.exit_code == 1
    assert "Other rules were published" in again.output


def test_the_command_says_what_is_wrong_in_one_line_each(shop: Counter, comptoir: Any) -> None:
    wrong = {**RULES, "earning": [rule("base", quantity=0), rule("two", per_minor=0)]}
    refused = comptoir("rules", "publish", wrong, "--program", "relecture")
    assert refused.exit_code == 1
    assert "earning.0.per_amount.quantity" in refused.output
    assert "earning.1.per_amount.per_minor" in refused.output
    replayed = comptoir("replay", "--program", "relecture", "--rules", wrong)
    assert replayed.exit_code == 1
    assert "earning.0.per_amount.quantity" in replayed.output
    late = comptoir(
        "replay",
        "--program",
        "relecture",
        "--rules",
        RULES,
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-01",
    )
    assert late.exit_code == 1
    assert "the first day is after the last one" in late.output
    valued = comptoir("replay", "--program", "relecture", "--rules", RULES, "--point-value", "0.10")
    assert valued.exit_code == 0, valued.output
    assert "liability" in valued.output
