"""From the web shop's order to both phones: the same account as at the till."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.flows.passes import member_code
from tests.service import Held, Service


@pytest.fixture
def shop(service: Service) -> httpx2.Client:
    """The program's web shop, with its key."""
    return service.shop()


@pytest.fixture
def contact(service: Service) -> str:
    """The e-mail address that the shopper uses everywhere."""
    return service.new_contact()


@pytest.fixture
def card_url(service: Service, contact: str) -> str:
    """Where the shopper's card is."""
    return service.visitor().join("demo", contact, "Bruno")


@pytest.fixture
def held(service: Service, card_url: str) -> Held:
    """The card on both phones."""
    return service.phones.add(card_url)


def _order(contact: str, amount_minor: int = 4000) -> dict[str, Any]:
    return {
        "member": {"email": contact},
        "source": "shop",
        "external_id": f"order-{uuid4()}",
        "channel": "online",
        "amount_minor": amount_minor,
        "currency": "EUR",
    }


def _post(shop: httpx2.Client, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return shop.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": key or str(uuid4())})


def test_an_order_earns_on_the_account_of_the_till_and_reaches_both_phones(
    service: Service, shop: httpx2.Client, contact: str, card_url: str, held: Held
) -> None:
    bought = _post(shop, "/purchases", _order(contact))
    assert bought.status_code == 201, bought.text
    assert bought.json()["balances"] == {"points": {"available": 40, "pending": 0}}
    service.phones.follow(held, 40)

    cashier = service.visitor()
    cashier.sign_in("cashier")
    code = member_code(service, card_url)
    seen = cashier.till("lookup", query=code, source="camera").json()["member"]
    assert seen["balances"] == bought.json()["balances"]
    sale = {"request_id": str(uuid4()), "member_id": seen["id"], "amount_minor": 500}
    assert cashier.till("purchases", **sale).status_code == 201
    member = shop.get(f"/api/v1/members/{bought.json()['purchase']['member_id']}").json()
    assert member["balances"]["points"]["available"] == 45
    service.phones.follow(held, 45)


def test_an_order_sent_again_gets_the_first_answer_and_earns_nothing(
    service: Service, shop: httpx2.Client, contact: str, held: Held
) -> None:
    order, key = _order(contact), str(uuid4())
    first, second = (_post(shop, "/purchases", order, key) for _ in range(2))
    # A shop that lost its key sends a new one: the order's own number tells that it is the same.
    third = _post(shop, "/purchases", order)
    assert not first.json()["repeated"]
    for again in (second, third):
        assert again.status_code in (200, 201)
        assert again.json() == {**first.json(), "repeated": True}
    service.phones.follow(held, 40)

    other_amount = _post(shop, "/purchases", {**order, "amount_minor": 9000}, key)
    assert (other_amount.status_code, other_amount.json()["code"]) == (
        422,
        "idempotency_key_reused",
    )
    other_key = _post(shop, "/purchases", {**order, "amount_minor": 9000})
    assert (other_key.status_code, other_key.json()["code"]) == (409, "purchase_exists")
    service.phones.follow(held, 40)


def test_a_refund_takes_the_points_back_from_both_phones(
    service: Service, shop: httpx2.Client, contact: str, held: Held
) -> None:
    bought = _post(shop, "/purchases", _order(contact)).json()
    service.phones.follow(held, 40)
    address = f"/purchases/{bought['purchase']['id']}/refunds"

    part = _post(shop, address, {"amount_minor": 1000})
    assert part.status_code == 201, part.text
    assert part.json()["balances"]["points"]["available"] == 30
    service.phones.follow(held, 30)

    rest = _post(shop, address, {"amount_minor": 3000})
    assert rest.json()["balances"]["points"]["available"] == 0
    service.phones.follow(held, 0)
    too_much = _post(shop, address, {"amount_minor": 1})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")


def test_the_other_brands_shop_cannot_reach_the_member(
    service: Service, shop: httpx2.Client, contact: str, held: Held
) -> None:
    theirs = service.shop("sillage")
    answer = _post(theirs, "/purchases", _order(contact))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
    member = shop.get("/api/v1/members", params={"email": contact}).json()["data"][0]
    assert theirs.get(f"/api/v1/members/{member['id']}").status_code == 404
    assert service.phones.balances(held) == ("0", "0")
