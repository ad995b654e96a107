"""Merging members over the API, and undoing it."""

from __future__ import annotations

import pytest

from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.ids import public_id


def test_it_works(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    shop.post("/purchases", sale())
    bruno = shop.get(f"/members/{ids['bruno']}").get_json()
    answer = shop.post(f"/members/{ids['bruno']}/merge", {"into": ids["ada"]})
    survivor = answer.get_json()
    assert answer.status_code == 200
    assert survivor["id"] == ids["ada"]
    assert survivor["status"] == "active"
    assert survivor["balances"] == {"points": {"available": 640, "pending": 0}}
    assert (survivor["merge"]["merged_id"], survivor["merge"]["survivor_id"]) == (
        ids["bruno"], ids["ada"],
    )  # fmt: skip
    # Whatever named the merged member names the survivor.
    assert shop.get(f"/members/{ids['bruno']}").get_json()["id"] == ids["ada"]
    for query in (f"code={bruno['code']}", f"number={bruno['number']}", "email=bruno@exemple.test"):
        (found,) = shop.get(f"/members?{query}").get_json()["data"]
        assert found["id"] == ids["ada"]
    # And what moved before is still to be read, by either name and page by page.
    for name in ("ada", "bruno"):
        path, moved = f"/members/{ids[name]}/entries?limit=2", []
        cursor: str | None = ""
        while cursor is not None:
            page = shop.get(f"{path}&cursor={cursor}").get_json()
            moved += [(entry["kind"], entry["quantity"]) for entry in page["data"]]
            cursor = page["next_cursor"]
        transfers, before = moved[:2], moved[2:]
        assert sorted(transfers) == [("transfer", -40), ("transfer", 40)]
        assert before == [("accrual", 40), ("accrual", 600)]
    assert cast.balance("ada").available == 640


def test_a_write_with_a_merged_id_acts_on_the_survivor(shop: Shop, ids: dict[str, str]) -> None:
    shop.post(f"/members/{ids['bruno']}/merge", {"into": ids["ada"]})
    result = shop.post("/purchases", sale(member={"id": ids["bruno"]})).get_json()
    assert result["purchase"]["member_id"] == ids["ada"]
    assert result["balances"]["points"]["available"] == 600 + 60  # gold: ×1.5
    change = shop.patch(f"/members/{ids['bruno']}", {"name": "Ada B."})
    assert change.get_json()["id"] == ids["ada"]


def test_merging_again_changes_nothing(shop: Shop, ids: dict[str, str]) -> None:
    path, body = f"/members/{ids['bruno']}/merge", {"into": ids["ada"]}
    first = shop.post(path, body, idempotency_key=None).get_json()
    again = shop.post(path, body, idempotency_key=None).get_json()
    assert again == first
    kept = shop.post(path, body, idempotency_key="m-1").get_json()
    assert shop.post(path, body, idempotency_key="m-1").get_json() == {**kept, "repeated": True}
    other = shop.post(path, {"into": ids["chloe"]}, idempotency_key="m-1")
    assert code_of(other) == (422, "idempotency_key_reused")


def test_a_merge_is_undone_by_its_id(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    shop.post("/purchases", sale())
    merged = shop.post(f"/members/{ids['bruno']}/merge", {"into": ids["ada"]}).get_json()
    (listed,) = shop.get(f"/members/{ids['ada']}/merges").get_json()["data"]
    assert listed == merged["merge"]
    path = f"/merges/{listed['id']}/undo"
    alone = shop.post(path, None).get_json()
    assert (alone["id"], alone["status"]) == (ids["bruno"], "active")
    assert alone["balances"]["points"]["available"] == 40
    assert shop.get(f"/members/{ids['ada']}").get_json()["balances"]["points"]["available"] == 600
    assert shop.get(f"/members/{ids['bruno']}").get_json()["id"] == ids["bruno"]
    own = shop.get(f"/members/{ids['bruno']}/entries").get_json()["data"]
    assert [entry["quantity"] for entry in own] == [40, -40, 40]
    assert code_of(shop.post(path, None)) == (409, "not_merged")
    (listed,) = shop.get(f"/members/{ids['ada']}/merges").get_json()["data"]
    assert listed["undone_at"] is not None


def test_what_cannot_be_merged_is_refused(
    shop: Shop, other_shop: Shop, cast: Cast, ids: dict[str, str]
) -> None:
    bruno, ada = ids["bruno"], ids["ada"]

    def merge(who: str, into: object, by: Shop = shop) -> tuple[int, str]:
        return code_of(by.post(f"/members/{who}/merge", {"into": into}))

    assert merge(ada, ada) == (409, "merge_same")
    assert merge(ids["chloe"], ada) == (409, "member_closed")
    assert merge(bruno, ids["chloe"]) == (409, "member_closed")
    assert merge(bruno, ids["fatou"]) == (404, "member_not_found")
    assert merge("mbr_0000000000000", ada) == (404, "member_not_found")
    assert merge(bruno, 7) == (422, "body_invalid")
    assert merge(bruno, ada, by=other_shop) == (404, "member_not_found")
    cast.enrol("emma")
    shop.post(f"/members/{bruno}/merge", {"into": ada})
    assert merge(bruno, public_id("mbr", cast.people["emma"])) == (409, "member_merged")


@pytest.mark.parametrize("merge_id", ["mrg_0000000000000", "x", "mbr_0000000000000"])
def test_an_unknown_merge_is_not_found(shop: Shop, merge_id: str) -> None:
    assert code_of(shop.post(f"/merges/{merge_id}/undo", None)) == (404, "merge_not_found")


def test_another_programs_merge_is_not_found(
    shop: Shop, other_shop: Shop, ids: dict[str, str]
) -> None:
    merged = shop.post(f"/members/{ids['bruno']}/merge", {"into": ids["ada"]}).get_json()
    answer = other_shop.post(f"/merges/{merged['merge']['id']}/undo", None)
    assert code_of(answer) == (404, "merge_not_found")


def test_a_chain_is_undone_from_its_end(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    emma = public_id("mbr", cast.enrol("emma").id)
    first = shop.post(f"/members/{emma}/merge", {"into": ids["bruno"]}).get_json()["merge"]
    last = shop.post(f"/members/{ids['bruno']}/merge", {"into": ids["ada"]}).get_json()["merge"]
    assert shop.get(f"/members/{emma}").get_json()["id"] == ids["ada"]
    assert code_of(shop.post(f"/merges/{first['id']}/undo", None)) == (409, "merge_not_last")
    shop.post(f"/merges/{last['id']}/undo", None)
    assert shop.get(f"/members/{emma}").get_json()["id"] == ids["bruno"]
    assert shop.post(f"/merges/{first['id']}/undo", None).get_json()["id"] == emma


def test_duplicates_are_suggested_page_by_page(shop: Shop, cast: Cast) -> None:
    cast.enrol("bruno2", email="b.runo+news@gmail.com", phone="+33611111111")
    cast.enrol("bruno3", email="bruno@gmail.com")
    cast.enrol("bruno4", email="bru.no@gmail.com")
    first = shop.get("/members/duplicates?limit=1", accept_language="en").get_json()
    (pair,) = first["data"]
    assert pair["score"] >= 80
    assert {"key": "email", "text": "Same e-mail address"} in pair["reasons"]
    rest = shop.get(f"/members/duplicates?cursor={first['next_cursor']}").get_json()
    pairs = [(each["older"]["id"], each["newer"]["id"]) for each in [*first["data"], *rest["data"]]]
    assert len(set(pairs)) == len(pairs) == 3
    assert rest["next_cursor"] is None
    assert code_of(shop.get("/members/duplicates?cursor=x")) == (400, "cursor_invalid")
