"""The rules in the console: told, changed part by part, tried on the past, published, and never over somebody
else's."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.publish_rules import publish_rules
from wallet.rules.ruleset import ActivityRule, PerAmount, VisitGoal

TAG = re.compile(r"<(input|select|textarea)\b([^>]*)>(.*?)(?=<)", re.DOTALL)
RULES = "/console/rules"


def plain(text: str) -> str:
    """Without tags and with ordinary spaces."""
    bare = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(bare.replace("\u202f", " ").replace("\u00a0", " ").split())


def form_of(page: str, action: str) -> dict[str, str | list[str]]:
    """The form with this action as a browser would send it untouched."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert found, f"no form for {action}"
    typed: dict[str, str | list[str]] = {}
    for kind, attributes, inside in TAG.findall(found[1] + "<"):
        said = dict(re.findall(r'([a-z-]+)="([^"]*)"', attributes))
        name = said.get("name")
        if not name or name in ("csrf_token", "act"):
            continue
        if said.get("type") == "checkbox":
            if " checked" in attributes:
                typed.setdefault(name, []).append(html.unescape(said["value"]))  # type: ignore[union-attr]
        elif kind == "input" and (said.get("type") != "radio" or " checked" in attributes):
            typed[name] = html.unescape(said.get("value", ""))
        elif kind == "textarea":
            typed[name] = html.unescape(inside)
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', found[1], re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(
            r'value="([^"]*)"', options
        )
        assert chosen
        typed[name] = html.unescape(chosen[1])
    return typed


def change(browser: Browser, part: str, key: str = "all", **said: object) -> tuple[int, str]:
    """Send a part's form with these fields otherwise; (status, page)."""
    path = f"{RULES}/{part}/{key}"
    shown = browser.get(path)
    assert shown.status_code == 200, shown.text
    answer = browser.send(path, {**form_of(shown.text, path), **said}, page=path)  # type: ignore[dict-item]
    return answer.status_code, answer.text


def publish(browser: Browser) -> int:
    """Look at the trial, then press the button that it has."""
    page = browser.get(f"{RULES}/trial").text
    path = f"{RULES}/publish"
    return browser.send(path, form_of(page, path), page=f"{RULES}/trial").status_code  # type: ignore[arg-type]


@pytest.fixture
def marketer(browser: Browser) -> Browser:
    """Emil, at the console."""
    browser.sign_in("emil")
    return browser


def test_a_number_is_turned_tried_and_published(marketer: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 4_000)
    web_cast.now += timedelta(minutes=1)
    page = marketer.get(RULES).text
    assert "1 point par euro." in plain(page)
    assert "Publier pour tous" not in page
    form = {**form_of(page, f"{RULES}/try"), "quantity": "3"}
    sent = marketer.send(f"{RULES}/try", form, page=RULES)  # type: ignore[arg-type]
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{RULES}/trial")
    said = plain(marketer.get(f"{RULES}/trial").text)
    assert "Retiré : 1 point par euro. Nouveau : 3 points par euro." in said
    assert "640 points 1 920 points +64 €" in said
    assert program_of(web_cast).rule_version == 1, "trying changes nothing"
    assert "Bruno" not in said, "a marketer sees no single member"
    assert publish(marketer) == 303
    rule = program_of(web_cast).ruleset.earning[0]
    assert rule.quantity == 3
    shown = plain(marketer.get(RULES).text)
    assert "La version 2 des règles est en vigueur." in shown
    assert "Emil" in shown
    assert "Votre brouillon" not in shown, "the draft has become the rules"


def test_a_rule_of_the_brief_is_made_in_a_form(marketer: Browser, web_cast: Cast) -> None:
    """`Double on Tuesdays for Gold`, word for word, and in force for the next sale."""
    status, _page = change(
        marketer,
        "multipliers",
        "new",
        name_fr="Mardi doré",
        name_en="Golden Tuesday",
        factor="2",
        tiers=["gold"],
        weekdays=["tue"],
    )
    assert status == 303
    page = plain(marketer.get(RULES).text)
    assert "Nouveau : Mardi doré : × 2, pour Or, le mardi." in page
    assert publish(marketer) == 303
    made = program_of(web_cast).ruleset.multipliers[0]
    assert (made.key, str(made.factor)) == ("mardi_dore", "2")
    assert made.when
    assert (made.when.tiers, made.when.weekdays) == (("gold",), ("tue",))


def test_every_kind_of_rule_comes_back_as_it_was_typed(marketer: Browser, web_cast: Cast) -> None:
    common = {"name_fr": "Une règle", "name_en": "A rule", "quantity": "5"}
    kinds: dict[str, dict[str, object]] = {
        "per_amount": {"per": "2,50", "categories": "thé\ncafé", "cap_quantity_1": "50"},
        "per_visit": {"channels": ["store"], "from_time": "15:00", "to_time": "17:00"},
        "per_item": {"skus": "MUG-1, MUG-2", "multiplied": "yes"},
        "visits": {"visits": "3", "within": "month", "repeats": "yes"},
        "activity": {"activity": "review", "at_till": "yes", "cap_times_1": "2"},
    }
    for kind, said in kinds.items():
        status, page = change(marketer, "earning", "new", kind=kind, **common, **said)
        assert status == 303, plain(page)
    assert publish(marketer) == 303
    rules = program_of(web_cast).ruleset
    found = {rule.kind: rule for rule in rules.earning if rule.key.startswith("une_regle")}
    assert list(found) == list(kinds)
    amount, goal, activity = found["per_amount"], found["visits"], found["activity"]
    assert isinstance(amount, PerAmount)
    assert amount.per_minor == 250
    assert amount.match
    assert amount.match.categories == ("thé", "café")
    assert isinstance(goal, VisitGoal)
    assert (goal.visits, goal.within, goal.repeats) == (3, "month", True)
    assert isinstance(activity, ActivityRule)
    assert (activity.activity, activity.at_till, activity.caps[0].times) == ("review", True, 2)
    for rule in found.values():  # sent again untouched, nothing moves
        assert change(marketer, "earning", rule.key)[0] == 303
    assert "Aucune phrase ne change" in plain(marketer.get(RULES).text)
    assert publish(marketer) == 303
    assert program_of(web_cast).ruleset == rules


def test_each_other_part_is_kept_as_it_was_typed(marketer: Browser, web_cast: Cast) -> None:
    parts: list[tuple[str, str, dict[str, object]]] = [
        ("tiers", "new", {"name_fr": "Platine", "need": "900", "perks_fr": "Un salon\nUn thé"}),
        ("tiers", "gold", {"multiplier": "1,75"}),
        ("statuses", "all", {"downgrade": "one_level", "grace_days": "30", "months": "6"}),
        ("plans", "new", {"name_fr": "Club", "tier": "gold", "length": "1", "measure": "months"}),
        (
            "units",
            "new",
            {"name_fr": "Tampons", "one_fr": "tampon", "many_fr": "tampons", "target": "9"},
        ),
        ("units", "points", {"expiry": "inactivity", "months": "18"}),
        ("gifts", "all", {"welcome": "20", "referrer": "50", "friend": "25", "donation": "1,5"}),
        ("counting", "all", {"clawback": "forgive", "cap_points_day": "500", "rounding": "up"}),
        ("spending", "all", {"up_to_code": "100", "beyond": "approval", "rotating": "yes"}),
    ]
    for part, key, said in parts:
        status, page = change(marketer, part, key, **said)
        assert status == 303, (part, plain(page))
    assert publish(marketer) == 303
    rules = program_of(web_cast).ruleset
    assert [tier.key for tier in rules.tiers] == ["bronze", "silver", "gold", "platine"]
    assert rules.tiers[3].perks == {"fr": ["Un salon", "Un thé"]}
    assert str(rules.tiers[2].multiplier) == "1.75"
    assert rules.tier_policy
    assert (rules.tier_policy.downgrade, rules.tier_policy.grace_days) == ("one_level", 30)
    assert (rules.plans[0].key, rules.plans[0].tier, rules.plans[0].months) == ("club", "gold", 1)
    assert (rules.unit("tampons").kind, rules.unit("tampons").target) == ("stamps", 9)
    assert rules.expiry_of("points").months == 18
    assert rules.welcome
    assert rules.welcome.quantity == 20
    assert rules.referral
    assert (rules.referral.referrer_quantity, rules.referral.friend_quantity) == (50, 25)
    assert rules.donation
    assert str(rules.donation.percent) == "1.5"
    assert (rules.clawback, rules.rounding, rules.caps[0].quantity) == ("forgive", "up", 500)
    assert rules.proof_for("points", 100) == "code"
    assert rules.proof_for("points", 101) == "approval"
    page = plain(marketer.get(RULES).text)
    for sentence in (
        "Club : 1 mois par paiement, avantages Or",
        "9 tampons remplissent la carte",
        "1,5 % de chaque achat vont à l’association",
        "Jusqu’à 100 points : il faut le code de la carte.",
        "Au plus 500 points par jour.",
    ):
        assert sentence in page


def test_limits_of_rewards_are_kept_and_what_is_empty_is_as_usual(
    marketer: Browser, web_cast: Cast
) -> None:
    said = {"card_times": "5", "staff_times": "0", "till_minutes": ""}
    assert change(marketer, "spending", "all", **said)[0] == 303
    assert publish(marketer) == 303
    limits = program_of(web_cast).ruleset.redemption_limits
    assert (limits.card_times, limits.staff_times, limits.till_minutes) == (5, 0, 60)
    page = plain(marketer.get(RULES).text)
    assert "En caisse, une carte sert à 5 récompenses au plus en 24 heures" in page


def test_rewards_without_a_connection_are_off_until_somebody_wants_them(
    marketer: Browser, web_cast: Cast
) -> None:
    assert program_of(web_cast).ruleset.offline_redemption is None
    assert change(marketer, "spending", "all", offline="yes", hold_minutes="14")[0] == 422
    said = {"offline": "yes", "hold_minutes": "45", "hold_below_zero": "yes"}
    assert change(marketer, "spending", "all", **said)[0] == 303
    assert publish(marketer) == 303
    rules = program_of(web_cast).ruleset.offline_redemption
    assert rules is not None
    assert (rules.minutes, rules.below_zero) == (45, True)
    page = plain(marketer.get(RULES).text)
    assert "une caisse remet une récompense sur ce qu’elle a réservé avant, pendant 45 min" in page
    assert "sous zéro" in page
    assert change(marketer, "spending", "all", offline=[])[0] == 303
    assert publish(marketer) == 303
    assert program_of(web_cast).ruleset.offline_redemption is None


@pytest.mark.parametrize(
    ("part", "key", "said", "field"),
    [
        ("earning", "new", {"name_fr": "A", "quantity": "0", "per": "1"}, "quantity"),
        ("earning", "new", {"name_fr": "", "quantity": "1", "per": "1"}, "name_fr"),
        ("earning", "base", {"per": "-1"}, "per"),
        ("earning", "base", {"kind": "nonsense"}, "kind"),
        ("earning", "base", {"from_time": "17:00"}, "to_time"),
        ("earning", "base", {"from_time": "25:00", "to_time": "26:00"}, "from_time"),
        ("earning", "base", {"starts_on": "2026-05-02", "ends_on": "2026-05-01"}, "ends_on"),
        ("earning", "base", {"ends_on": "9999-12-31"}, "ends_on"),
        ("earning", "base", {"tiers": ["nobody"]}, "tiers"),
        ("earning", "base", {"tags": "x" * 201}, "tags"),
        ("earning", "base", {"cap_times_1": "2", "cap_per_1": "sale"}, "cap_times_1"),
        ("multipliers", "new", {"name_fr": "M", "factor": "101"}, "factor"),
        ("multipliers", "new", {"name_fr": "M", "factor": "NaN"}, "factor"),
        ("multipliers", "new", {"name_fr": "\x00", "factor": "2"}, "name_fr"),
        ("tiers", "gold", {"need": "250"}, "need"),
        ("tiers", "bronze", {"need": "5"}, "need"),
        ("units", "points", {"expiry": "months", "months": ""}, "months"),
        ("spending", "all", {"up_to_code": "50", "beyond": "anything"}, "up_to_code"),
        ("spending", "all", {"card_hours": "0"}, "card_hours"),
        ("gifts", "all", {"donation": "1e400"}, "donation"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    marketer: Browser, web_cast: Cast, part: str, key: str, said: dict[str, object], field: str
) -> None:
    status, page = change(marketer, part, key, **said)
    assert status == 422
    assert f'id="{field}-error"' in page
    assert "Votre brouillon" not in plain(marketer.get(RULES).text), "nothing was kept"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("quantity", text) for text in ("0", "-1", "many", "1.5", "100001")),
        *(("per", text) for text in ("0", "x", "1.234", "-2", "9" * 30)),
        *(("expiry", text) for text in ("0", "121", "٣x")),
        ("pending", "366"),
        ("welcome", "<script>alert(1)</script>"),
    ],
)
def test_a_number_that_cannot_be_is_said_beside_its_field(
    marketer: Browser, name: str, typed: str
) -> None:
    form = {**form_of(marketer.get(RULES).text, f"{RULES}/try"), name: typed}
    answer = marketer.send(f"{RULES}/try", form, page=RULES)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text
    assert html.escape(typed) in answer.text, "what was typed stays"
    assert "<script>alert" not in answer.text


def test_two_people_do_not_overwrite_each_other(
    marketer: Browser, web_cast: Cast, open_browser: Callable[..., Browser]
) -> None:
    odile = open_browser()
    odile.sign_in("odile")
    form = form_of(marketer.get(RULES).text, f"{RULES}/try")
    assert change(odile, "tiers", "gold", multiplier="2")[0] == 303
    late = marketer.send(f"{RULES}/try", {**form, "welcome": "9"}, page=RULES)  # type: ignore[dict-item]
    assert late.status_code == 409
    assert "Quelqu’un d’autre a modifié ce brouillon" in plain(late.text)
    tried = marketer.get(f"{RULES}/trial").text
    button = form_of(tried, f"{RULES}/publish")
    assert change(odile, "tiers", "gold", multiplier="3")[0] == 303
    other = marketer.send(f"{RULES}/publish", button, page=f"{RULES}/trial")  # type: ignore[arg-type]
    assert other.status_code == 409, "what was tried is no longer what would be published"
    assert program_of(web_cast).rule_version == 1


def test_a_draft_that_was_overtaken_is_carried_over_and_asks_where_both_changed(
    marketer: Browser, web_cast: Cast
) -> None:
    path = f"{RULES}/carry"
    form = {**form_of(marketer.get(RULES).text, f"{RULES}/try"), "quantity": "3", "pending": "4"}
    marketer.send(f"{RULES}/try", form, page=RULES)  # type: ignore[arg-type]
    published = program_of(web_cast).ruleset.model_dump(mode="json")
    published["earning"][0]["quantity"], published["rounding"] = 2, "up"
    key = published["earning"][0]["key"]

    def _publish(document: dict[str, Any]) -> None:
        by = f"staff:{web_cast.staff['odile']}"
        web_cast.run(lambda session: publish_rules(session, program, document, by, web_cast.now))

    program = web_cast.program.id
    _publish(published)
    page = marketer.get(RULES).text
    said = plain(page)
    assert "Odile a publié la version 2 des règles" in said
    assert "Ce que cette version a changé Retiré : 1 point par euro." in said
    assert "Nouveau : 2 points par euro." in said
    assert "1 point a été modifié des deux côtés." in said
    assert "Comme publié 2 points par euro. " in said
    assert "Comme dans votre brouillon 3 points par euro." in said

    late = form_of(page, path)
    undecided = marketer.send(path, late, page=RULES)  # type: ignore[arg-type]
    assert undecided.status_code == 422
    assert 'id="clash-1-error"' in undecided.text
    _publish({**published, "expiry_months": 7})  # and once more, while somebody looks at it
    decided = {**late, f"take:earning.{key}": "draft"}
    assert marketer.send(path, decided, page=RULES).status_code == 409  # type: ignore[arg-type]

    late = form_of(marketer.get(RULES).text, path)
    decided = {**late, f"take:earning.{key}": "draft"}
    assert marketer.send(path, decided, page=RULES).status_code == 303  # type: ignore[arg-type]
    shown = plain(marketer.get(RULES).text)
    assert "repose maintenant sur les règles en vigueur" in shown
    assert "Reporter le brouillon" not in shown
    assert marketer.send(path, decided, page=RULES).status_code == 409  # type: ignore[arg-type]
    assert publish(marketer) == 303
    rules = program_of(web_cast).ruleset
    assert (rules.earning[0].quantity, rules.pending_days) == (3, 4), "the draft's"
    assert (rules.rounding, rules.expiry_months) == ("up", 7), "the others'"


def test_pressed_twice_a_rule_is_there_once_and_published_once(
    marketer: Browser, web_cast: Cast
) -> None:
    path = f"{RULES}/tiers/new"
    form = {**form_of(marketer.get(path).text, path), "name_fr": "Platine", "need": "900"}
    for _time in range(2):
        assert marketer.send(path, form, page=path).status_code == 303  # type: ignore[arg-type]
    page = f"{RULES}/trial"
    button = form_of(marketer.get(page).text, f"{RULES}/publish")
    for _time in range(2):
        sent = marketer.send(f"{RULES}/publish", button, page=page)  # type: ignore[arg-type]
        assert sent.status_code == 303
    made = program_of(web_cast)
    assert (len(made.ruleset.tiers), made.rule_version) == (4, 2)


def test_what_is_in_use_is_not_taken_out(marketer: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 1_000)
    for part, key, why in (
        ("units", "points", "c’est ce que cartes et caisses montrent"),
        ("tiers", "bronze", "Tout le monde commence par celui-ci"),
    ):
        path = f"{RULES}/{part}/{key}"
        answer = marketer.send(path, {"act": "remove", "revision": "0"}, page=path)
        assert answer.status_code == 409
        assert why.lower() in plain(answer.text).lower()
    path = f"{RULES}/earning/own_cup"
    gone = marketer.send(path, {"act": "remove", "revision": "0"}, page=path)
    assert gone.status_code == 303
    assert "Retiré : Tasse apportée" in plain(marketer.get(RULES).text)
    sent = marketer.send(f"{RULES}/discard", {}, page=RULES)
    assert sent.status_code == 303
    assert "Retiré :" not in plain(marketer.get(RULES).text)


def test_what_is_weak_is_said_with_a_way_out(marketer: Browser) -> None:
    assert change(marketer, "counting", expiry_months="6")[0] == 303
    page = marketer.get(RULES).text
    assert 'data-code="expiry_short"' in page
    assert "Laissez au moins 12 mois" in plain(page)


def program_of(cast: Cast) -> ProgramView:
    """As it is now."""
    with cast.database.reading() as session:
        return program_view(session, cast.program.id)
