"""Vouchers over the API: got at one place, used once at another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from tests.wallet.web.api.test_rewards import reward_of
from wallet.rules.voucher_code import spoken_voucher

ADA = {"email": "ada@exemple.test"}


def taken(shop: Shop, cast: Cast) -> dict[str, Any]:
    """Ada takes the bag of beans, which is kept as a voucher."""
    body = {"member": ADA, "reward_id": reward_of(cast, 160)}
    answer = shop.post("/redemptions", body)
    assert answer.status_code == 201
    result: dict[str, Any] = answer.get_json()
    return result


def test_a_redemption_answers_the_voucher_that_it_issued(
    shop: Shop, cast: Cast, ids: dict[str, str]
) -> None:
    result = taken(shop, cast)
    assert set(result) == {"redemption", "voucher", "entries", "balances", "repeated"}
    assert result["redemption"]["status"] == "issued"
    voucher = result["voucher"]
    assert (voucher["status"], voucher["obstacle"], voucher["used_at"]) == ("issued", None, None)
    assert voucher["member_id"] == ids["ada"]
    assert voucher["redemption_id"] == result["redemption"]["id"]
    assert voucher["reward"]["name"] == "A bag of beans"
    (line,) = shop.get(f"/members/{ids['ada']}").get_json()["vouchers"]
    assert (line["code"], line["name"]) == (voucher["code"], "A bag of beans")


@pytest.mark.parametrize("written", [str, str.lower, spoken_voucher, lambda code: f" {code} "])
def test_a_voucher_is_found_however_it_is_written(shop: Shop, cast: Cast, written: Any) -> None:
    voucher = taken(shop, cast)["voucher"]
    answer = shop.send("GET", "/vouchers", query_string={"code": written(voucher["code"])})
    assert answer.get_json() == {"data": [voucher], "next_cursor": None}


def test_nobodys_code_is_an_empty_list(shop: Shop, other_shop: Shop, cast: Cast) -> None:
    code = taken(shop, cast)["voucher"]["code"]
    assert shop.get("/vouchers?code=NONSENSE").get_json()["data"] == []
    assert other_shop.get(f"/vouchers?code={code}").get_json()["data"] == []
    assert code_of(shop.get("/vouchers")) == (422, "body_invalid")


def test_a_voucher_is_used_once(shop: Shop, cast: Cast) -> None:
    code = taken(shop, cast)["voucher"]["code"]
    answer = shop.post("/vouchers/use", {"code": code}, idempotency_key="use-1")
    used = answer.get_json()
    assert answer.status_code == 201
    assert set(used) == {"voucher", "worth_minor", "handover", "repeated"}
    assert (used["voucher"]["status"], used["voucher"]["used_channel"]) == ("used", "online")
    again = shop.post("/vouchers/use", {"code": code}, idempotency_key="use-1").get_json()
    assert again == {**used, "repeated": True}
    second = shop.post("/vouchers/use", {"code": code}, idempotency_key="use-2")
    assert code_of(second) == (409, "voucher_used")
    assert second.get_json()["channel"] == "online"
    (state,) = shop.get(f"/vouchers?code={code}").get_json()["data"]
    assert (state["status"], state["obstacle"]) == ("used", "voucher_used")


def test_a_voucher_past_its_days_says_so(shop: Shop, cast: Cast) -> None:
    code = taken(shop, cast)["voucher"]["code"]
    cast.later(days=400)
    answer = shop.post("/vouchers/use", {"code": code})
    assert code_of(answer) == (409, "voucher_expired")
    (state,) = shop.get(f"/vouchers?code={code}").get_json()["data"]
    assert (state["status"], state["obstacle"]) == ("expired", "voucher_expired")


def test_a_taken_back_voucher_is_void(shop: Shop, cast: Cast) -> None:
    result = taken(shop, cast)
    entry_id = result["entries"][0]["id"]
    back = shop.post(f"/entries/{entry_id}/reversal", {"reason": "Changed her mind"})
    assert back.get_json()["redemption"]["status"] == "reversed"
    answer = shop.post("/vouchers/use", {"code": result["voucher"]["code"]})
    assert code_of(answer) == (409, "voucher_void")
    assert cast.balance("ada").available == 600


def test_a_used_voucher_cannot_be_taken_back(shop: Shop, cast: Cast) -> None:
    result = taken(shop, cast)
    shop.post("/vouchers/use", {"code": result["voucher"]["code"]})
    path = f"/entries/{result['entries'][0]['id']}/reversal"
    assert code_of(shop.post(path, {"reason": "x"})) == (409, "voucher_used")


def test_a_whole_refund_makes_the_voucher_whole(shop: Shop, cast: Cast) -> None:
    code = taken(shop, cast)["voucher"]["code"]
    reference = {"source": "shop", "external_id": "10042"}
    shop.post("/vouchers/use", {"code": code, "sale": reference})  # before the sale arrives
    sold = shop.post("/purchases", sale(member=ADA)).get_json()["purchase"]
    shop.post(f"/purchases/{sold['id']}/refunds", {"amount_minor": 4000})
    (state,) = shop.get(f"/vouchers?code={code}").get_json()["data"]
    assert state["status"] in ("issued", "void")
    assert state["status"] == "issued" or cast.balance("ada").available == 600


def test_unknown_codes_and_refunded_sales_are_refused(shop: Shop, cast: Cast) -> None:
    assert code_of(shop.post("/vouchers/use", {"code": "NONSENSE"})) == (404, "voucher_unknown")
    assert code_of(shop.post("/vouchers/use", {"code": ""})) == (422, "body_invalid")
    code = taken(shop, cast)["voucher"]["code"]
    sold = shop.post("/purchases", sale(member=ADA)).get_json()["purchase"]
    shop.post(f"/purchases/{sold['id']}/refunds", {"amount_minor": 4000})
    body = {"code": code, "sale": {"source": "shop", "external_id": "10042"}}
    assert code_of(shop.post("/vouchers/use", body)) == (409, "purchase_refunded")
