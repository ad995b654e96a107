"""Sales, quotes and refunds over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale


def test_it_works(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    item = {"sku": "B", "name": "Beans", "category": "coffee", "quantity": 2, "amount_minor": 4000}
    answer = shop.post("/purchases", sale(items=[item], occurred_at="2026-03-14T10:00:00+01:00"))
    result = answer.get_json()
    assert answer.status_code == 201
    assert set(result) == {"purchase", "entries", "balances", "tier", "repeated"}
    assert result["purchase"]["member_id"] == ids["bruno"]
    assert result["purchase"]["items"] == [item]
    assert result["purchase"]["occurred_at"] == "2026-03-14T09:00:00Z"
    (entry,) = result["entries"]
    assert set(entry) == {
        "id", "unit", "kind", "quantity", "balance_after", "occurred_at", "recorded_at", "channel",
        "purchase_id", "reverses", "why",
    }  # fmt: skip
    assert (entry["kind"], entry["unit"], entry["quantity"], entry["balance_after"]) == (
        "accrual", "points", 40, 40,
    )  # fmt: skip
    assert entry["purchase_id"] == result["purchase"]["id"]
    assert entry["why"] == [{"text": "€40 at 1 point per €1", "rule": "base", "rule_version": 1}]
    assert result["balances"] == {"points": {"available": 40, "pending": 0}}
    assert result["tier"] == {"key": "bronze", "name": "Bronze"}
    assert result["repeated"] is False
    assert cast.balance("bruno").available == 40


def test_every_kind_of_reference_means_the_same_account(shop: Shop, ids: dict[str, str]) -> None:
    ada = shop.get(f"/members/{ids['ada']}").get_json()
    references: list[dict[str, Any]] = [
        {"id": ada["id"]},
        {"code": ada["code"]},
        {"code": ada["code"].lower()},
        {"number": ada["number"]},
        {"email": "ADA@exemple.test"},
        {"phone": "06 12 34 56 78"},
        {"external_id": {"source": "shop", "id": "C-ADA"}},
    ]
    for number, reference in enumerate(references):
        answer = shop.post("/purchases", sale(member=reference, external_id=f"o-{number}"))
        assert answer.status_code == 201
    after = shop.get(f"/members/{ids['ada']}").get_json()["balances"]["points"]["available"]
    assert after == 600 + len(references) * 60  # gold counts half as much again


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"id": "mbr_0000000000000"}, (404, "member_not_found")),
        ({"number": "1"}, (404, "member_not_found")),
        ({"email": "no@exemple.test"}, (404, "member_not_found")),
        ({"external_id": {"source": "shop", "id": "C-FATOU"}}, (404, "member_not_found")),
        ({"code": "https://example.com/menu"}, (404, "code_not_ours")),
        ({"code": "M1" + "0" * 24}, (404, "code_not_ours")),
        ({"email": "nobody"}, (422, "email_invalid")),
        ({"phone": "12"}, (422, "phone_invalid")),
        ({}, (422, "member_reference_invalid")),
        ({"email": "ada@exemple.test", "number": "1"}, (422, "member_reference_invalid")),
        ({"email": None}, (422, "member_reference_invalid")),
        ("ada@exemple.test", (422, "member_reference_invalid")),
        ({"name": "Ada"}, (422, "body_invalid")),
        ({"id": 5}, (422, "body_invalid")),
        ({"id": ""}, (422, "body_invalid")),
        ({"external_id": "C-ADA"}, (422, "body_invalid")),
        ({"external_id": {"id": "C-ADA"}}, (422, "body_invalid")),
    ],
)
def test_a_reference_that_names_nobody_is_refused(
    shop: Shop, reference: Any, expected: tuple[int, str]
) -> None:
    for path in ("/purchases", "/purchases/quote"):
        assert code_of(shop.post(path, sale(member=reference))) == expected


def test_a_code_of_the_other_brand_is_not_ours(shop: Shop, cast: Cast) -> None:
    code = cast.other.view("fatou").code
    assert code_of(shop.post("/purchases", sale(member={"code": code}))) == (404, "code_not_ours")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"amount_minor": 0}, (422, "amount_invalid")),
        ({"amount_minor": -4000}, (422, "amount_invalid")),
        ({"amount_minor": 100_000_001}, (422, "amount_too_large")),
        ({"amount_minor": 2**63}, (422, "amount_too_large")),
        ({"amount_minor": 10**4000}, (422, "amount_too_large")),
        ({"currency": "USD"}, (422, "currency_mismatch")),
        ({"occurred_at": "2026-03-14T09:40:00Z"}, (422, "purchase_in_future")),
        ({"member": {"email": "chloe@exemple.test"}}, (409, "member_closed")),
    ],
)
def test_a_sale_that_cannot_be_is_refused(
    shop: Shop, cast: Cast, said: dict[str, Any], expected: tuple[int, str]
) -> None:
    for path in ("/purchases", "/purchases/quote"):
        assert code_of(shop.post(path, sale(**said))) == expected
    assert cast.balance("bruno").available == 0


@pytest.mark.parametrize(
    "occurred_at",
    [
        "2026-03-14T09:00:00",  # nobody knows where that was
        "2026-03-14",
        "2026-03-14 09:00:00Z",
        "2026-02-30T09:00:00Z",
        "1999-12-31T09:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-03-14T09:00:00+99:99",
        1773478800,
        "",
        "٢٠٢٦-03-14T09:00:00Z",
    ],
)
def test_a_time_without_its_zone_or_sense_is_refused(shop: Shop, occurred_at: Any) -> None:
    answer = shop.post("/purchases", sale(occurred_at=occurred_at))
    assert code_of(answer) == (422, "body_invalid")
    assert [error["field"] for error in answer.get_json()["errors"]] == ["occurred_at"]


def test_every_wrong_field_is_named_in_the_readers_language(shop: Shop) -> None:
    body = sale(
        amount_minor=True,
        items=[{"quantity": "12"}, {"amount_minor": 1.5}],
        surprise=1,
        currency="eur",
    )
    del body["external_id"]
    problem = shop.post("/purchases", body).get_json()
    assert problem["code"] == "body_invalid"
    assert {error["field"]: error["message"] for error in problem["errors"]} == {
        "external_id": "This field is missing.",
        "amount_minor": "This must be a whole number.",
        "currency": "This does not have the right form.",
        "items.0.quantity": "This must be a whole number.",
        "items.1.amount_minor": "This must be a whole number.",
        "surprise": "This field does not exist.",
    }


def test_the_same_sale_counts_once_whatever_the_key(shop: Shop, cast: Cast) -> None:
    first = shop.post("/purchases", sale()).get_json()
    shop.post("/purchases", sale(external_id="10043", amount_minor=1000))
    again = shop.post("/purchases", sale())
    # As it was answered first: with the balance of that moment.
    assert (again.status_code, again.get_json()) == (201, {**first, "repeated": True})
    assert cast.balance("bruno").available == 50


def test_a_sale_known_from_elsewhere_is_answered_too(shop: Shop, cast: Cast) -> None:
    cast.buy("bruno", 4000, source="shop", external_id="10042", channel="online")
    answer = shop.post("/purchases", sale()).get_json()
    assert answer["repeated"] is True
    assert [entry["quantity"] for entry in answer["entries"]] == [40]
    assert cast.balance("bruno").available == 40


def test_the_same_sale_with_other_facts_is_refused(shop: Shop) -> None:
    shop.post("/purchases", sale())
    for said in (
        {"amount_minor": 4001},
        {"channel": "store"},
        {"member": {"email": "ada@exemple.test"}},
        {"items": [{"sku": "B"}]},
        {"occurred_at": "2026-03-14T09:00:00Z"},
    ):
        assert code_of(shop.post("/purchases", sale(**said))) == (409, "purchase_exists")


def test_two_shops_may_number_alike(shop: Shop, other_shop: Shop, cast: Cast) -> None:
    cast.other.enrol("bruno")
    assert shop.post("/purchases", sale()).get_json()["repeated"] is False
    assert other_shop.post("/purchases", sale()).get_json()["repeated"] is False
    assert shop.post("/purchases", sale(source="market")).get_json()["repeated"] is False


def test_a_sale_may_lift_the_tier(shop: Shop) -> None:
    answer = shop.post("/purchases", sale(amount_minor=50_000))
    assert answer.get_json()["tier"] == {"key": "gold", "name": "Gold"}


def test_a_quote_is_what_the_sale_will_do(shop: Shop, cast: Cast) -> None:
    for who, amount in (("bruno", 4000), ("ada", 1234), ("bruno", 60_000), ("bruno", 40)):
        body = sale(member={"email": f"{who}@exemple.test"}, amount_minor=amount)
        body["external_id"] = f"{who}-{amount}"
        quoted = shop.post("/purchases/quote", body)
        done = shop.post("/purchases", body).get_json()
        assert quoted.status_code == 200
        assert _without_ids(quoted.get_json()) == _without_ids(done)


def test_a_quote_writes_nothing_and_needs_no_key(shop: Shop, cast: Cast) -> None:
    body = sale()
    del body["external_id"]
    for _ in range(2):
        answer = shop.post("/purchases/quote", body, idempotency_key=None)
        assert (answer.status_code, answer.get_json()["repeated"]) == (200, False)
        assert answer.get_json()["purchase"]["id"] is None
    assert cast.balance("bruno").available == 0
    assert shop.post("/purchases", sale()).get_json()["repeated"] is False


def test_a_quote_knows_what_is_owed(shop: Shop, cast: Cast) -> None:
    bought = cast.buy("bruno", 6000)
    cast.redeem("bruno", 60)
    cast.refund(bought)  # 60 points that were used already
    quoted = shop.post("/purchases/quote", sale(amount_minor=10_000)).get_json()
    assert quoted["balances"]["points"] == {"available": 40, "pending": 0}
    done = shop.post("/purchases", sale(amount_minor=10_000)).get_json()
    assert done["balances"] == quoted["balances"]


def test_a_refund_takes_points_back(shop: Shop) -> None:
    purchase_id = shop.post("/purchases", sale()).get_json()["purchase"]["id"]
    answer = shop.post(f"/purchases/{purchase_id}/refunds", {"amount_minor": 1000})
    result = answer.get_json()
    assert answer.status_code == 201
    assert result["purchase"]["refunded_minor"] == 1000
    assert [(entry["kind"], entry["quantity"]) for entry in result["entries"]] == [("refund", -10)]
    assert result["entries"][0]["why"][0]["text"] == "Refund of €10"
    assert result["balances"]["points"]["available"] == 30
    rest = shop.post(f"/purchases/{purchase_id}/refunds", {"amount_minor": 3000}).get_json()
    assert rest["balances"]["points"]["available"] == 0
    more = shop.post(f"/purchases/{purchase_id}/refunds", {"amount_minor": 1})
    assert code_of(more) == (409, "refund_too_large")


def test_a_refund_by_items_takes_their_price(shop: Shop) -> None:
    items: list[dict[str, Any]] = [
        {"sku": "A", "quantity": 3, "amount_minor": 3000},
        {"sku": "B", "amount_minor": 1000},
        {"sku": "C"},
    ]
    purchase_id = shop.post("/purchases", sale(items=items)).get_json()["purchase"]["id"]
    path = f"/purchases/{purchase_id}/refunds"
    assert code_of(shop.post(path, {"items": [items[2]]})) == (
        422,
        "items_mismatch",
    )  # for how much?
    one = shop.post(path, {"items": [{"sku": "A", "quantity": 1}]}).get_json()
    assert one["purchase"]["refunded_minor"] == 1000
    own = shop.post(path, {"items": [{"sku": "C", "amount_minor": 500}]}).get_json()
    assert own["purchase"]["refunded_minor"] == 1500
    for item in ({"sku": "X"}, {"sku": "B", "quantity": 2}):
        assert code_of(shop.post(path, {"items": [item]})) == (422, "items_mismatch")
    assert code_of(shop.post(path, {"items": [items[2]]})) == (409, "items_returned")
    line = {**items[1], "name": "Mug", "category": "home", "quantity": 1}  # just as it was sold
    assert shop.post(path, {"items": [line]}).get_json()["purchase"]["refunded_minor"] == 2500


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "body_invalid")),
        ({"amount_minor": 1, "items": [{"sku": "A"}]}, (422, "body_invalid")),
        ({"items": []}, (422, "body_invalid")),
        ({"items": [{"quantity": 1}]}, (422, "body_invalid")),
        ({"amount_minor": 0}, (422, "amount_invalid")),
        ({"amount_minor": -1}, (422, "amount_invalid")),
        ({"amount_minor": 4001}, (409, "refund_too_large")),
        ({"amount_minor": 2**64}, (409, "refund_too_large")),
        ({"amount_minor": 1, "reason": "x" * 201}, (422, "body_invalid")),
    ],
)
def test_a_refund_that_cannot_be_is_refused(
    shop: Shop, cast: Cast, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    purchase_id = shop.post("/purchases", sale()).get_json()["purchase"]["id"]
    assert code_of(shop.post(f"/purchases/{purchase_id}/refunds", body)) == expected
    assert cast.balance("bruno").available == 40


def test_a_shops_refund_number_counts_once(shop: Shop, cast: Cast) -> None:
    purchase_id = shop.post("/purchases", sale()).get_json()["purchase"]["id"]
    path = f"/purchases/{purchase_id}/refunds"
    body = {"amount_minor": 1000, "external_id": "R-1"}
    assert shop.post(path, body).get_json()["repeated"] is False
    assert shop.post(path, body).get_json()["repeated"] is True
    other = shop.post(path, {**body, "amount_minor": 2000})
    assert code_of(other) == (409, "request_id_reused")
    assert cast.balance("bruno").available == 30


def test_unknown_and_foreign_purchases_are_not_found(
    shop: Shop, other_shop: Shop, cast: Cast
) -> None:
    purchase_id = shop.post("/purchases", sale()).get_json()["purchase"]["id"]
    body = {"amount_minor": 1}
    foreign = other_shop.post(f"/purchases/{purchase_id}/refunds", body)
    assert code_of(foreign) == (404, "purchase_not_found")
    for unknown in ("pur_0000000000000", "x", purchase_id.replace("pur", "ent")):
        answer = shop.post(f"/purchases/{unknown}/refunds", body)
        assert code_of(answer) == (404, "purchase_not_found")
    assert cast.balance("bruno").available == 40


def test_a_late_sale_keeps_its_own_time(shop: Shop, cast: Cast) -> None:
    earlier = (cast.now - timedelta(days=3)).isoformat()
    result = shop.post("/purchases", sale(occurred_at=earlier)).get_json()
    assert result["entries"][0]["occurred_at"] == "2026-03-11T09:26:53.589793Z"
    assert result["entries"][0]["recorded_at"] == "2026-03-14T09:26:53.589793Z"


def _without_ids(result: dict[str, Any]) -> dict[str, Any]:
    """What a quote and the sale have in common."""
    return {
        **result,
        "purchase": {**result["purchase"], "id": None},
        "entries": [{**entry, "id": None, "purchase_id": None} for entry in result["entries"]],
    }
