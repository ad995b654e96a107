"""The catalogue and taking a reward over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from tests.scanner.treats import hold_for, with_holds
from tests.wallet.web.api.conftest import Shop, code_of
from wallet.ids import public_id


def reward_of(cast: Cast, cost: int) -> str:
    """The public id of the reward of this cost."""
    return public_id("rwd", cast.reward_id(cost))


def test_the_catalogue_is_in_the_readers_language(shop: Shop, cast: Cast) -> None:
    answer = shop.get("/rewards").get_json()
    assert answer["next_cursor"] is None
    costs = [reward["cost"] for reward in answer["data"]]
    assert costs == [reward.cost for reward in cast.program.rewards] == sorted(costs)
    assert answer["data"][0] == {
        "id": reward_of(cast, 30), "name": "A free coffee", "kind": "product", "value": {},
        "description": "Espresso, long or macchiato", "unit": "points", "cost": 30,
    }  # fmt: skip
    (five_off,) = (each for each in answer["data"] if each["value"] == {"amount_minor": 500})
    assert five_off["cost"] == 100
    french = shop.get("/rewards", accept_language="fr").get_json()
    assert french["data"][0]["name"] == "Un café offert"
    # Nobody said a language: the program's.
    assert shop.get("/rewards", accept_language=None).get_json() == french


def test_it_works(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    body = {"member": {"email": "ada@exemple.test"}, "reward_id": reward_of(cast, 100)}
    answer = shop.post("/redemptions", body)
    result = answer.get_json()
    assert answer.status_code == 201
    assert set(result) == {"redemption", "entries", "balances", "repeated"}
    assert result["redemption"]["member_id"] == ids["ada"]
    assert result["redemption"]["reward_id"] == body["reward_id"]
    assert (result["redemption"]["status"], result["redemption"]["cost"]) == ("used", 100)
    (entry,) = result["entries"]
    assert (entry["kind"], entry["quantity"], entry["balance_after"]) == ("redemption", -100, 500)
    assert entry["why"][0]["text"] == "€5 off"
    assert result["balances"] == {"points": {"available": 500, "pending": 0}}
    assert result["repeated"] is False
    assert cast.balance("ada").available == 500


def test_what_a_till_holds_is_not_spent_by_a_shop(shop: Shop, cast: Cast) -> None:
    hold_for(with_holds(cast), "ada")
    member = {"email": "ada@exemple.test"}
    balances = shop.get("/members?email=ada@exemple.test").get_json()["data"][0]["balances"]
    assert balances == {"points": {"available": 200, "pending": 0, "held": 400}}
    answer = shop.post("/redemptions", {"member": member, "reward_id": reward_of(cast, 400)})
    assert code_of(answer) == (409, "units_held")


def test_not_enough_points_changes_nothing(shop: Shop, cast: Cast) -> None:
    body = {"member": {"email": "bruno@exemple.test"}, "reward_id": reward_of(cast, 30)}
    answer = shop.post("/redemptions", body, idempotency_key="too-early")
    assert code_of(answer) == (409, "insufficient_balance")
    assert (answer.get_json()["available"], answer.get_json()["cost"]) == (0, 30)
    cast.buy("bruno", 4000)
    # A refusal is not kept: the same key may try again.
    assert shop.post("/redemptions", body, idempotency_key="too-early").status_code == 201
    assert cast.balance("bruno").available == 10


def test_unknown_and_foreign_rewards_are_not_found(shop: Shop, cast: Cast) -> None:
    foreign = public_id("rwd", cast.other.program.rewards[0].id)
    for reward_id in (foreign, "rwd_0000000000000", "x", reward_of(cast, 30).lower()):
        body = {"member": {"email": "ada@exemple.test"}, "reward_id": reward_id}
        assert code_of(shop.post("/redemptions", body)) == (404, "reward_not_found")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"member": {"email": "fatou@exemple.test"}}, (404, "member_not_found")),
        ({"member": {}}, (422, "member_reference_invalid")),
        ({"member": {"email": "chloe@exemple.test"}}, (409, "member_closed")),
        ({"reward_id": 30}, (422, "body_invalid")),
        ({"quantity": 2}, (422, "body_invalid")),
    ],
)
def test_a_redemption_that_cannot_be_is_refused(
    shop: Shop, cast: Cast, said: dict[str, Any], expected: tuple[int, str]
) -> None:
    body = {"member": {"email": "ada@exemple.test"}, "reward_id": reward_of(cast, 30), **said}
    assert code_of(shop.post("/redemptions", body)) == expected
    assert cast.balance("ada").available == 600
