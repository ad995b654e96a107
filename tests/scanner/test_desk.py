"""What a till asks besides an amount: articles, a receipt, a visit alone, somebody new."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import Cast
from tests.scanner.conftest import Till, told
from tests.scanner.test_sync import line, send
from tests.scanner.treats import refreshed, unit, words
from wallet.actions.publish_rules import publish_rules
from wallet.actions.throttle import ENROLMENTS_PER_STAFF
from wallet.ids import private_id, public_id
from wallet.tables.member import identifiers_of
from wallet.tables.purchase import newest_purchase

COFFEE = {"categories": ["coffee"]}


def publish(cast: Cast, **changes: Any) -> None:
    rules = cast.program.ruleset.model_dump(mode="json") | changes
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))
    refreshed(cast)


def rule(kind: str, which: str, **more: Any) -> dict[str, Any]:
    return {
        "key": f"{kind}_{which}",
        "kind": kind,
        "unit": which,
        "quantity": 1,
        "name": words(kind),
    } | more


def refused(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, told(answer)["code"]) == (status, code)


# --- Articles, receipts, visits --------------------------------------------------------------


def test_articles_earn_by_their_rules_and_the_receipt_is_kept(till: Till, cast: Cast) -> None:
    publish(
        cast,
        units=[*cast.program.ruleset.model_dump(mode="json")["units"], unit("cups", "stamps", "C")],
        earning=[
            rule("per_amount", "points", per_minor=100),
            rule("per_item", "cups", match=COFFEE),
        ],
    )
    items = [{"category": "coffee", "quantity": 3}]
    more = {"items": items, "receipt": "T-1042", "found_by": "typed"}
    answer = till.sell("bruno", 900, **more)
    assert told(answer)["changes"] == [
        {"unit": "points", "quantity": 9},
        {"unit": "cups", "quantity": 3},
    ]
    with cast.database.reading() as session:
        kept = newest_purchase(session, cast.people["bruno"])
    assert kept
    assert (kept.receipt, kept.found_by, kept.items) == ("T-1042", "typed", items)
    told(till.undo(told(answer)["undo"]))
    assert cast.balance("bruno", "cups").available == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": [{"category": "coffee", "quantity": 0}]},
        {"items": [{"category": "coffee", "amount_minor": -1}]},
        {"items": [{"category": "c"}] * 51},
        {"items": [{"name": "no such field"}]},
        {"receipt": "x" * 65},
        {"receipt": "a\u0000b"},
        {"found_by": "luck"},
    ],
)
def test_what_is_beside_the_amount_is_checked(
    till: Till, cast: Cast, wrong: dict[str, Any]
) -> None:
    refused(till.sell("bruno", 900, **wrong), 422, "body_invalid")
    assert cast.balance("bruno").available == 0


def test_where_coming_is_all_that_counts_no_amount_is_needed(till: Till, cast: Cast) -> None:
    refused(till.sell("bruno", 0), 422, "amount_invalid")
    publish(cast, earning=[rule("per_visit", "points", caps=[{"per": "day", "times": 2}])])
    first = till.sell("bruno", 0)
    assert told(first)["changes"] == [{"unit": "points", "quantity": 1}]
    refused(till.sell("bruno", 0), 409, "repeat_suspected")
    told(till.sell("bruno", 0, confirm_repeat=True))
    third = told(till.sell("bruno", 0, confirm_repeat=True))
    assert (third["changes"], third["undo"]) == ([], None)
    told(till.undo(told(first)["undo"]))
    assert cast.balance("bruno").available == 1
    refused(till.undo(told(first)["undo"]), 409, "already_reversed")
    assert cast.audit().findings == []


def test_articles_and_receipt_survive_a_sale_without_a_connection(till: Till, cast: Cast) -> None:
    publish(cast, earning=[rule("per_item", "points", match=COFFEE)])
    items = [{"category": "coffee", "quantity": 2}]
    dora = public_id("stf", cast.staff["dora"])
    saved = line(cast, "bruno", dora, items=items, receipt="T-8", found_by="camera")
    (fate,) = send(till, saved)
    assert (fate["state"], fate["changes"]) == ("accepted", [{"unit": "points", "quantity": 2}])
    assert send(till, saved) == [fate]
    assert send(till, {**saved, "receipt": "T-9"})[0]["reason"] == "request_id_reused"
    with cast.database.reading() as session:
        kept = newest_purchase(session, cast.people["bruno"])
    assert kept
    assert (kept.receipt, kept.found_by, kept.items) == ("T-8", "camera", items)


# --- Somebody new ----------------------------------------------------------------------------


def enrol(till: Till, contact: str, **more: Any) -> TestResponse:
    return till.post("members", **{"request_id": str(uuid4()), "contact": contact, **more})


def test_somebody_joins_and_takes_the_card_away_with_the_points_on_it(
    till: Till, cast: Cast
) -> None:
    request_id = str(uuid4())
    answer = enrol(till, "06 98 76 54 32", name="Zoé", request_id=request_id, consents=["sms"])
    assert answer.status_code == 201
    said = told(answer)
    assert (said["member"]["name"], said["card"]["svg"][:4]) == ("Zoé", "<svg")
    again = told(enrol(till, "06 98 76 54 32", name="Zoé", request_id=request_id, consents=["sms"]))
    assert (again["member"]["id"], again["repeated"]) == (said["member"]["id"], True)
    sale = {"request_id": str(uuid4()), "member_id": said["member"]["id"], "found_by": "new"}
    told(till.post("purchases", amount_minor=1200, **sale))
    path = said["card"]["address"].removeprefix("http://127.0.0.1:8000")
    shopper = till.client.application.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', shopper.get(path).text)
    assert found
    token = {"csrf_token": found[1]}
    card = shopper.post(path, data=token, follow_redirects=True)
    assert (card.status_code, "12" in card.text) == (200, True)
    assert shopper.post(path, data=token).status_code == 410
    with cast.database.reading() as session:
        member_id = private_id("mbr", said["member"]["id"])
        assert member_id
        (phone,) = [row for row in identifiers_of(session, member_id) if row.kind == "phone"]
    assert phone.verified_at is None  # a look at the till's screen proves no address


def test_who_has_the_address_is_found_but_their_card_is_not_handed_out(
    till: Till, cast: Cast
) -> None:
    answer = enrol(till, "ADA@exemple.test")
    assert answer.status_code == 200
    assert told(answer)["member"]["id"] == till.id_of("ada")
    assert told(answer)["card"] is None


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        ("", "phone_invalid"),
        ("12", "phone_invalid"),
        ("a@b", "email_invalid"),
        ("@", "email_invalid"),
    ],
)
def test_what_is_no_address_makes_no_member(till: Till, contact: str, code: str) -> None:
    refused(enrol(till, contact), 422, "identifier_missing" if not contact else code)


def test_nobody_enrols_a_telephone_book(
    till: Till, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(ENROLMENTS_PER_STAFF, count=2)
    monkeypatch.setattr("scanner.enrol.ENROLMENTS_PER_STAFF", few)
    assert [enrol(till, f"n{at}@exemple.test").status_code for at in range(2)] == [201, 201]
    refused(enrol(till, "n3@exemple.test"), 429, "too_many_attempts")
