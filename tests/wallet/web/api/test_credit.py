"""Paying with store credit over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale

BRUNO = {"email": "bruno@exemple.test"}
ORDER = {"source": "shop", "external_id": "10043"}


@pytest.fixture
def funded(club: Cast) -> Cast:
    """Bruno has 5 euros of credit, for a sale of 100 euros."""
    club.buy("bruno", 10_000)
    assert club.balance("bruno", "credit").available == 500
    return club


def pay(shop: Shop, **said: Any) -> Any:
    """Pay 2 euros of a bill of 20 with credit."""
    body = {"member": BRUNO, "amount_minor": 200, "bill_minor": 2000, "sale": ORDER, **said}
    return shop.post("/credit-payments", body)


def test_it_works(shop: Shop, funded: Cast, ids: dict[str, str]) -> None:
    answer = pay(shop)
    result = answer.get_json()
    assert answer.status_code == 201
    assert set(result) == {"payment", "entries", "balances", "repeated"}
    payment = result["payment"]
    assert (payment["member_id"], payment["unit"], payment["amount_minor"]) == (
        ids["bruno"], "credit", 200,
    )  # fmt: skip
    assert (payment["source"], payment["external_id"], payment["purchase_id"]) == (
        "shop", "10043", None,
    )  # fmt: skip
    (entry,) = result["entries"]
    assert (entry["kind"], entry["unit"], entry["quantity"]) == ("redemption", "credit", -200)
    assert result["balances"]["credit"] == {"available": 300, "pending": 0}


def test_the_sale_that_follows_earns_on_the_rest(shop: Shop, funded: Cast) -> None:
    pay(shop)
    result = shop.post("/purchases", sale(external_id="10043", amount_minor=2000)).get_json()
    assert result["purchase"]["credit_minor"] == 200
    assert {entry["unit"]: entry["quantity"] for entry in result["entries"]} == {
        "points": 18, "credit": 90,
    }  # fmt: skip


def test_once_for_each_sale(shop: Shop, funded: Cast) -> None:
    first = pay(shop).get_json()
    assert pay(shop).get_json() == {**first, "repeated": True}
    assert code_of(pay(shop, amount_minor=100)) == (409, "payment_exists")
    assert funded.balance("bruno", "credit").available == 300


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"amount_minor": 1500}, (409, "credit_share_exceeded")),
        ({"amount_minor": 900, "bill_minor": 4000}, (409, "insufficient_balance")),
        ({"bill_minor": None}, (422, "bill_missing")),
        ({"amount_minor": 0}, (422, "amount_invalid")),
        ({"amount_minor": 10**12}, (422, "amount_too_large")),
        ({"amount_minor": "200"}, (422, "body_invalid")),
        ({"sale": {"source": "shop"}}, (422, "body_invalid")),
        ({"member": {"email": "chloe@exemple.test"}}, (409, "member_closed")),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    shop: Shop, funded: Cast, said: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code_of(pay(shop, **said)) == expected
    assert funded.balance("bruno", "credit").available == 500


def test_a_program_without_credit_says_so(shop: Shop, cast: Cast) -> None:
    assert code_of(pay(shop)) == (409, "credit_not_offered")
