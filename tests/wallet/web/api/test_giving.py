"""Charities and donations over the API."""

from __future__ import annotations

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of
from tests.wallet.web.api.test_rewards import reward_of

ADA = {"email": "ada@exemple.test"}


def test_charities_are_listed_in_the_readers_language(shop: Shop, other_shop: Shop) -> None:
    names = [each["name"] for each in shop.get("/charities").get_json()["data"]]
    assert names == ["The Model Trees", "The Sample Soup"]
    french = shop.get("/charities", accept_language="fr").get_json()["data"]
    assert french[0]["name"] == "Les Arbres du Modèle"
    assert other_shop.get("/charities").get_json()["data"] == []


def test_a_member_chooses_and_gives(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    trees, soup = shop.get("/charities").get_json()["data"]
    path = f"/members/{ids['ada']}"
    assert shop.get(path).get_json()["charity"] == trees
    assert shop.put(f"{path}/charity", {"charity_id": soup["id"]}).get_json()["charity"] == soup
    body = {"member": ADA, "reward_id": reward_of(cast, 200)}
    assert shop.post("/redemptions", body).status_code == 201
    named = {**body, "charity_id": trees["id"]}
    assert shop.post("/redemptions", named).status_code == 201
    totals = shop.get("/donations/totals").get_json()
    assert (totals["currency"], totals["total_minor"]) == ("EUR", 600)
    assert {each["charity_id"]: each["amount_minor"] for each in totals["charities"]} == {
        trees["id"]: 300, soup["id"]: 300,
    }  # fmt: skip
    assert shop.put(f"{path}/charity", {"charity_id": None}).get_json()["charity"] == trees


def test_totals_of_a_span(shop: Shop, cast: Cast) -> None:
    shop.post("/redemptions", {"member": ADA, "reward_id": reward_of(cast, 200)})

    def total(query: str) -> int:
        return int(shop.get(f"/donations/totals?{query}").get_json()["total_minor"])

    assert total("since=2026-03-14T00:00:00Z") == 300
    assert total("until=2026-03-14T00:00:00Z") == 0
    assert total("since=2026-03-15T00:00:00Z") == 0
    assert code_of(shop.get("/donations/totals?since=yesterday")) == (422, "body_invalid")


def test_unknown_and_foreign_charities_are_not_found(shop: Shop, ids: dict[str, str]) -> None:
    for charity_id in ("chy_0000000000000", "x"):
        answer = shop.put(f"/members/{ids['ada']}/charity", {"charity_id": charity_id})
        assert code_of(answer) == (404, "charity_not_found")
    closed = shop.put(f"/members/{ids['chloe']}/charity", {"charity_id": None})
    assert code_of(closed) == (409, "member_closed")
    assert code_of(shop.put(f"/members/{ids['ada']}/charity", {})) == (422, "body_invalid")
