"""Paid memberships over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale

BRUNO = {"email": "bruno@exemple.test"}


def paid(**said: Any) -> dict[str, Any]:
    """Bruno paid for a year of VIP."""
    return {"member": BRUNO, "plan": "vip", "source": "billing", "external_id": "in-1", **said}


def test_it_works(shop: Shop, club: Cast, ids: dict[str, str]) -> None:
    answer = shop.post("/memberships", paid(), idempotency_key=None)
    result = answer.get_json()
    assert answer.status_code == 201
    assert result["membership"]["status"] == "active"
    assert (result["membership"]["last_day"], result["membership"]["ends_at"]) == (
        "2027-03-14", "2027-03-14T23:00:00Z",
    )  # fmt: skip
    assert result["tier"] == {"key": "gold", "name": "Gold"}
    member = shop.get(f"/members/{ids['bruno']}").get_json()
    assert member["tier"]["key"] == "gold"
    assert member["memberships"] == [{"plan": "vip", "name": "VIP", "last_day": "2027-03-14"}]
    entries = shop.post("/purchases", sale()).get_json()["entries"]
    assert entries[0]["quantity"] == 60  # as gold: ×1.5


def test_the_same_payment_counts_once(shop: Shop, club: Cast) -> None:
    first = shop.post("/memberships", paid()).get_json()
    assert shop.post("/memberships", paid()).get_json() == {**first, "repeated": True}
    other = shop.post("/memberships", paid(member={"email": "ada@exemple.test"}))
    assert code_of(other) == (409, "membership_exists")


def test_a_renewal_follows(shop: Shop, club: Cast) -> None:
    first = shop.post("/memberships", paid()).get_json()["membership"]
    second = shop.post("/memberships", paid(external_id="in-2")).get_json()["membership"]
    assert (second["status"], second["starts_at"]) == ("coming", first["ends_at"])


def test_cancelling_ends_it_now(shop: Shop, club: Cast, ids: dict[str, str]) -> None:
    period = shop.post("/memberships", paid()).get_json()["membership"]
    path = f"/memberships/{period['id']}/cancel"
    result = shop.post(path, None).get_json()
    assert result["membership"]["status"] == "cancelled"
    assert result["tier"]["key"] == "bronze"
    assert shop.get(f"/members/{ids['bruno']}").get_json()["memberships"] == []
    assert shop.post(path, None).get_json()["membership"] == result["membership"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"plan": "platinum"}, (422, "plan_unknown")),
        ({"plan": "V I P"}, (422, "body_invalid")),
        ({"member": {"email": "chloe@exemple.test"}}, (409, "member_closed")),
        ({"external_id": ""}, (422, "body_invalid")),
    ],
)
def test_a_period_that_cannot_be_is_refused(
    shop: Shop, club: Cast, said: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code_of(shop.post("/memberships", paid(**said))) == expected


def test_unknown_and_foreign_periods_are_not_found(
    shop: Shop, other_shop: Shop, club: Cast
) -> None:
    period = shop.post("/memberships", paid()).get_json()["membership"]
    for by, number in ((shop, "msh_0000000000000"), (shop, "x"), (other_shop, period["id"])):
        answer = by.post(f"/memberships/{number}/cancel", None)
        assert code_of(answer) == (404, "membership_not_found")
