"""What a till does besides points: vouchers, store credit, stamp cards, activities."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import Cast
from tests.scanner.conftest import Till, told
from tests.scanner.test_till import refused, turning
from tests.scanner.treats import voucher_for, with_treats
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules


@pytest.fixture
def cafe(cast: Cast) -> Cast:
    """The café with treats; Ada has 100 euros of purchases online behind her."""
    with_treats(cast)
    cast.buy("ada", 10_000, channel="online", source="shop")
    return cast


def use(till: Till, code: str, **more: object) -> TestResponse:
    return till.post("vouchers", **{"request_id": str(uuid4()), "code": code, **more})


def test_the_hub_shows_what_waits_and_what_can_be_noted(till: Till, cafe: Cast) -> None:
    code = voucher_for(cafe, "ada")
    hub = till.hub("ada")
    (voucher,) = hub["vouchers"]
    assert (voucher["code"], voucher["name"], voucher["kind"]) == (code, "Ten percent", "percent")
    assert hub["credit"] == {"unit": "credit", "available_minor": 1500, "share_max_percent": 50}
    assert hub["stamp_cards"] == [
        {"unit": "stamps", "name": "Coffee card", "have": 1, "target": 10}
    ]
    assert hub["activities"] == [
        {"kind": "own_cup", "name": "Own cup", "quantity": 5, "unit": "points"}
    ]
    assert till.hub("bruno")["credit"] is None


def test_a_shown_voucher_opens_its_members_hub_and_is_used_once(till: Till, cafe: Cast) -> None:
    code = voucher_for(cafe, "ada")
    found = told(till.post("lookup", query=f" {code[:5].lower()}-{code[5:]} ", source="camera"))
    assert (found["voucher"], found["member"]["name"]) == (code, "Ada")
    body = {"request_id": str(uuid4()), "code": code, "bill_minor": 2500}
    answer = till.post("vouchers", **body)
    said = told(answer)
    assert (answer.status_code, said["worth_minor"], said["reward"]["name"]) == (
        201,
        250,
        "Ten percent",
    )
    assert said["member"]["vouchers"] == []
    again = told(till.post("vouchers", **body))
    assert (again["repeated"], again["worth_minor"]) == (True, 250)
    refused(use(till, code), 409, "voucher_used")
    refused(till.post("lookup", query=code), 409, "voucher_used")
    assert cafe.audit().findings == []


def test_a_voucher_from_the_list_asks_for_the_card_as_its_reward_does(
    till: Till, cafe: Cast
) -> None:
    code, others = voucher_for(cafe, "ada"), voucher_for(cafe, "ada")
    with cafe.database.reading() as session:
        rules = program_view(session, cafe.program.id).ruleset.model_dump(mode="json")
    rules["spending"] = {"bands": [{"needs": "anything", "up_to": 10}, {"needs": "fresh_code"}]}
    cafe.run(lambda session: publish_rules(session, cafe.program.id, rules, "staff:1", cafe.now))
    # A name was typed: the list shows the voucher, but nobody showed anything.
    refused(use(till, code), 403, "code_needed")
    static = told(till.post("lookup", query=cafe.view("ada").code))["shown"]["note"]
    refused(use(till, code, shown=static), 403, "code_must_be_fresh")
    # Its own code was shown: who has that may use it, this voucher and no other.
    seen = told(till.post("lookup", query=others))["shown"]
    assert seen["code"] == "voucher"
    refused(use(till, code, shown=seen["note"]), 403, "code_needed")
    refused(till.redeem("ada", 100, shown=seen["note"]), 403, "code_needed")
    assert use(till, others, shown=seen["note"]).status_code == 201
    # The card was shown, and once.
    fresh = told(till.post("lookup", query=turning(cafe)))["shown"]["note"]
    assert use(till, code, shown=fresh).status_code == 201
    refused(till.redeem("ada", 100, shown=fresh), 409, "code_used")


def test_a_voucher_used_by_mistake_comes_back(till: Till, cafe: Cast) -> None:
    code = voucher_for(cafe, "ada")
    undo = told(use(till, code))["undo"]
    said = told(till.undo(undo))
    assert [voucher["code"] for voucher in said["member"]["vouchers"]] == [code]
    refused(till.undo(undo), 409, "already_reversed")
    assert told(use(till, code))["repeated"] is False
    cafe.later(minutes=11)
    refused(till.undo(undo), 409, "undo_too_late")


def test_a_colleagues_use_is_not_undone(
    till: Till, open_till: Callable[[], Till], cafe: Cast
) -> None:
    code = voucher_for(cafe, "ada")
    undo = told(use(till, code))["undo"]
    colleague = open_till()
    colleague.sign_in("marc")
    refused(colleague.undo(undo), 403, "forbidden")


@pytest.mark.parametrize("query", ["CHR1STE77E", "A000000000"])
def test_what_looks_like_a_voucher_and_is_none_is_refused(
    till: Till, cafe: Cast, query: str
) -> None:
    answer = till.post("lookup", query=query)
    assert answer.status_code == 404 or told(answer)["choices"] == []
    refused(use(till, query), 404, "voucher_unknown")


def test_credit_pays_part_of_a_bill_and_the_rest_earns(till: Till, cafe: Cast) -> None:
    before = till.hub("ada")["balances"]["points"]["available"]
    answer = till.sell("ada", 1200, credit_minor=600)
    said = told(answer)
    assert answer.status_code == 201
    moves = {change["unit"]: change["quantity"] for change in said["changes"]}
    assert moves["points"] == 9  # gold, for what was not paid with credit
    assert said["member"]["credit"]["available_minor"] == 900
    back = told(till.undo(said["undo"]))
    assert back["member"]["credit"]["available_minor"] == 1500
    assert back["member"]["balances"]["points"]["available"] == before
    assert cafe.audit().findings == []


@pytest.mark.parametrize(
    ("bill", "credit", "status", "code"),
    [
        (1200, 601, 409, "credit_share_exceeded"),
        (9000, 1501, 409, "insufficient_balance"),
        (1200, 0, 422, "body_invalid"),
        (1200, True, 422, "body_invalid"),
    ],
)
def test_too_much_credit_is_refused_and_nothing_is_recorded(
    till: Till, cafe: Cast, bill: int, credit: int, status: int, code: str
) -> None:
    before = till.hub("ada")
    refused(till.sell("ada", bill, credit_minor=credit), status, code)
    assert till.hub("ada") == before


def test_an_own_cup_is_noted_as_often_as_the_rules_say(till: Till, cafe: Cast) -> None:
    body = {"member_id": till.id_of("bruno"), "kind": "own_cup"}
    first = told(till.post("activities", request_id=str(uuid4()), **body))
    assert first["changes"] == [{"unit": "points", "quantity": 5}]
    again = told(till.post("activities", request_id=str(uuid4()), **body))
    assert again["changes"] == first["changes"]
    second = told(till.post("activities", request_id=str(uuid4()), **body))
    assert (second["changes"], second["undo"]) == ([], None)
    back = told(till.undo(first["undo"]))
    assert back["member"]["balances"]["points"]["available"] == 5


@pytest.mark.parametrize("kind", ["review", "birthday", "x", "nothing"])
def test_what_tills_do_not_note_is_refused(till: Till, cafe: Cast, kind: str) -> None:
    body = {"request_id": str(uuid4()), "member_id": till.id_of("bruno"), "kind": kind}
    refused(till.post("activities", **body), 404, "activity_unknown")
