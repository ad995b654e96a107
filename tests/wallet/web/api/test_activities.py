"""Activities over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of


def review(**said: Any) -> dict[str, Any]:
    """Bruno wrote a review."""
    member = {"email": "bruno@exemple.test"}
    return {"member": member, "kind": "review", "external_id": "r-1", **said}


def test_it_works(shop: Shop, club: Cast, ids: dict[str, str]) -> None:
    answer = shop.post("/activities", review())
    result = answer.get_json()
    assert answer.status_code == 201
    assert set(result) == {"activity", "entries", "balances", "tier", "repeated"}
    assert (result["activity"]["kind"], result["activity"]["member_id"]) == ("review", ids["bruno"])
    (entry,) = result["entries"]
    assert (entry["kind"], entry["quantity"], entry["purchase_id"]) == ("accrual", 20, None)
    assert "review" in entry["why"][0]["text"].lower()
    assert entry["why"][0]["rule"] == "review"
    assert result["balances"]["points"] == {"available": 20, "pending": 0}
    assert result["tier"] == {"key": "bronze", "name": "Bronze"}
    assert result["repeated"] is False


def test_the_same_activity_counts_once_whatever_the_key(shop: Shop, club: Cast) -> None:
    first = shop.post("/activities", review()).get_json()
    again = shop.post("/activities", review()).get_json()
    assert again == {**first, "repeated": True}
    other = shop.post("/activities", review(channel="store"))
    assert code_of(other) == (409, "activity_exists")
    assert code_of(shop.post("/activities", review(), idempotency_key=None)) == (
        400, "idempotency_key_missing",
    )  # fmt: skip
    assert club.balance("bruno").available == 20


def test_caps_of_the_rules_hold(shop: Shop, club: Cast) -> None:
    given = [
        len(shop.post("/activities", review(external_id=f"r-{number}")).get_json()["entries"])
        for number in range(3)
    ]
    assert given[:2] == [1, 1]
    assert club.balance("bruno").available == 40


def test_a_kind_without_a_rule_earns_nothing(shop: Shop, club: Cast) -> None:
    result = shop.post("/activities", review(kind="podcast")).get_json()
    assert result["entries"] == []
    assert result["activity"]["kind"] == "podcast"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"member": {"email": "nobody@exemple.test"}}, (404, "member_not_found")),
        ({"member": {"email": "chloe@exemple.test"}}, (409, "member_closed")),
        ({"kind": "A Review!"}, (422, "body_invalid")),
        ({"external_id": ""}, (422, "body_invalid")),
        ({"quantity": 5000}, (422, "body_invalid")),
    ],
)
def test_an_activity_that_cannot_be_is_refused(
    shop: Shop, club: Cast, said: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code_of(shop.post("/activities", review(**said))) == expected


def test_tomorrow_has_not_happened(shop: Shop, club: Cast) -> None:
    at = (club.now + timedelta(days=1)).isoformat()
    answer = shop.post("/activities", review(occurred_at=at))
    assert code_of(answer) == (422, "activity_in_future")
