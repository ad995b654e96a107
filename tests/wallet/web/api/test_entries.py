"""Movements over the API: reading them, undoing one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.ids import public_id


def test_movements_are_newest_first_and_come_in_pages(shop: Shop, ids: dict[str, str]) -> None:
    for number in range(5):
        shop.post("/purchases", sale(external_id=f"o-{number}", amount_minor=100 * (number + 1)))
    path = f"/members/{ids['bruno']}/entries"
    everything = shop.get(path).get_json()
    assert [entry["quantity"] for entry in everything["data"]] == [5, 4, 3, 2, 1]
    assert everything["next_cursor"] is None
    first = shop.get(f"{path}?limit=3").get_json()
    second = shop.get(f"{path}?limit=3&cursor={first['next_cursor']}").get_json()
    assert first["data"] + second["data"] == everything["data"]
    assert second["next_cursor"] is None


def test_a_new_movement_does_not_shift_the_pages(shop: Shop, ids: dict[str, str]) -> None:
    for number in range(4):
        shop.post("/purchases", sale(external_id=f"o-{number}"))
    path = f"/members/{ids['bruno']}/entries?limit=2"
    first = shop.get(path).get_json()
    shop.post("/purchases", sale(external_id="late"))
    second = shop.get(f"{path}&cursor={first['next_cursor']}").get_json()
    seen = [entry["balance_after"] for entry in first["data"] + second["data"]]
    assert seen == [160, 120, 80, 40]


def test_a_cursor_belongs_to_its_list(shop: Shop, ids: dict[str, str]) -> None:
    cursor = shop.get("/members?limit=1").get_json()["next_cursor"]
    answer = shop.get(f"/members/{ids['bruno']}/entries?cursor={cursor}")
    assert code_of(answer) == (400, "cursor_invalid")


def test_reasons_are_in_the_readers_language(shop: Shop, ids: dict[str, str]) -> None:
    path = f"/members/{ids['ada']}/entries"
    said = shop.get(path, accept_language="fr").get_json()["data"][0]["why"][0]["text"]
    assert said.replace("\u00a0", " ").replace("\u202f", " ") == "600 €, 1 point par 1 €"


def test_undoing_a_sale(shop: Shop, cast: Cast) -> None:
    done = shop.post("/purchases", sale()).get_json()
    entry_id = done["entries"][0]["id"]
    answer = shop.post(f"/entries/{entry_id}/reversal", {"reason": "Entered twice"})
    result = answer.get_json()
    assert answer.status_code == 201
    (entry,) = result["entries"]
    assert (entry["kind"], entry["quantity"], entry["balance_after"]) == ("reversal", -40, 0)
    assert entry["reverses"] == entry_id
    assert entry["why"][0]["text"] == "Undone: Entered twice"
    assert result["purchase"]["id"] == done["purchase"]["id"]
    assert result["purchase"]["refunded_minor"] == 4000
    assert result["redemption"] is None
    assert result["balances"]["points"]["available"] == 0
    assert result["repeated"] is False


def test_undoing_a_redemption_gives_the_points_back(shop: Shop, cast: Cast) -> None:
    body = {
        "member": {"email": "ada@exemple.test"},
        "reward_id": public_id("rwd", cast.reward_id(100)),
    }
    done = shop.post("/redemptions", body).get_json()
    path = f"/entries/{done['entries'][0]['id']}/reversal"
    result = shop.post(path, {"reason": "Wrong reward"}).get_json()
    assert result["redemption"]["id"] == done["redemption"]["id"]
    assert result["redemption"]["status"] == "reversed"
    assert result["purchase"] is None
    assert result["balances"]["points"]["available"] == 600


def test_a_movement_is_undone_once(shop: Shop) -> None:
    entry_id = shop.post("/purchases", sale()).get_json()["entries"][0]["id"]
    path = f"/entries/{entry_id}/reversal"
    undone = shop.post(path, {"reason": "Mistake"}).get_json()
    assert code_of(shop.post(path, {"reason": "Mistake"})) == (409, "already_reversed")
    again = f"/entries/{undone['entries'][0]['id']}/reversal"
    assert code_of(shop.post(again, {"reason": "Mistake"})) == (409, "not_reversible")


def test_used_points_are_not_undone(shop: Shop, cast: Cast) -> None:
    entry_id = shop.post("/purchases", sale()).get_json()["entries"][0]["id"]
    cast.redeem("bruno", 30)
    answer = shop.post(f"/entries/{entry_id}/reversal", {"reason": "Mistake"})
    assert code_of(answer) == (409, "undo_spent")
    assert cast.balance("bruno").available == 10


def test_unknown_and_foreign_movements_are_not_found(
    shop: Shop, other_shop: Shop, cast: Cast
) -> None:
    entry_id = shop.post("/purchases", sale()).get_json()["entries"][0]["id"]
    foreign = other_shop.post(f"/entries/{entry_id}/reversal", {"reason": "Mischief"})
    assert code_of(foreign) == (404, "entry_not_found")
    for unknown in ("ent_0000000000000", "x", entry_id.replace("ent", "pur")):
        answer = shop.post(f"/entries/{unknown}/reversal", {"reason": "Mischief"})
        assert code_of(answer) == (404, "entry_not_found")
    assert cast.balance("bruno").available == 40


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": None}])
def test_undoing_needs_a_reason(shop: Shop, body: dict[str, Any]) -> None:
    entry_id = shop.post("/purchases", sale()).get_json()["entries"][0]["id"]
    answer = shop.post(f"/entries/{entry_id}/reversal", body)
    assert code_of(answer) == (422, "body_invalid")
    assert answer.get_json()["errors"][0]["field"] == "reason"
