"""Referrals over the API."""

from __future__ import annotations

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of


def test_a_friend_who_joins_with_the_code_is_listed(
    shop: Shop, club: Cast, ids: dict[str, str]
) -> None:
    path = f"/members/{ids['ada']}/referral"
    before = shop.get(path).get_json()
    assert before["url"].endswith(f"/p/demo/join?ref={before['code']}")
    assert before["friends"] == []
    assert shop.get(path).get_json() == before
    body = {"email": "filou@exemple.test", "referral_code": before["code"]}
    friend = shop.post("/members", body).get_json()
    (listed,) = shop.get(path).get_json()["friends"]
    assert (listed["member_id"], listed["status"], listed["reason"]) == (
        friend["id"], "joined", None,
    )  # fmt: skip
    assert friend["referral_url"].startswith("http")


def test_a_mistyped_code_keeps_nobody_out(shop: Shop, club: Cast) -> None:
    body = {"email": "filou@exemple.test", "referral_code": "OUPS"}
    assert shop.post("/members", body).status_code == 201


def test_without_referrals_there_is_no_code(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    answer = shop.get(f"/members/{ids['ada']}/referral").get_json()
    assert answer == {"code": None, "url": None, "friends": []}
    assert shop.get(f"/members/{ids['ada']}").get_json()["referral_url"] is None
    assert code_of(shop.get("/members/x/referral")) == (404, "member_not_found")
