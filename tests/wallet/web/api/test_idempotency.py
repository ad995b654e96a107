"""The Idempotency-Key header."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.databases import Postgres, Sqlite
from tests.factories import Cast, open_database
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.actions.api_access import KNOWN_FOR, KnownKeys, key_holder
from wallet.ids import public_id
from wallet.tables.staff import ApiKey


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Sqlite | Postgres:
    """Races end differently on each."""
    made: Sqlite | Postgres = request.getfixturevalue(request.param)
    return made


def writes(shop: Shop, cast: Cast) -> dict[str, dict[str, Any]]:
    """Every call that moves value, with a body that works."""
    bought = cast.buy("ada", 2000)
    other = cast.buy("ada", 1000)
    return {
        "/purchases": sale(),
        f"/purchases/{public_id('pur', bought.purchase.id)}/refunds": {"amount_minor": 500},
        "/redemptions": {
            "member": {"email": "ada@exemple.test"},
            "reward_id": public_id("rwd", cast.reward_id(30)),
        },
        f"/entries/{public_id('ent', other.entries[0].id)}/reversal": {"reason": "Mistake"},
    }


def test_every_write_that_moves_value_needs_a_key(shop: Shop, cast: Cast) -> None:
    for path, body in writes(shop, cast).items():
        answer = shop.post(path, body, idempotency_key=None)
        assert code_of(answer) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "x" * 256, "tab\tin", "\x7f"])
def test_a_key_is_visible_ascii(shop: Shop, key: str) -> None:
    answer = shop.post("/purchases", sale(), idempotency_key=key)
    assert code_of(answer) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize("key", ["!", "~" * 255])
def test_the_longest_and_the_shortest_key_work(shop: Shop, key: str) -> None:
    assert shop.post("/purchases", sale(), idempotency_key=key).status_code == 201


def test_the_same_key_and_body_get_the_first_answer_again(shop: Shop, cast: Cast) -> None:
    for path, body in writes(shop, cast).items():
        first = shop.post(path, body, idempotency_key="again").get_json()
        before = cast.view("ada").balances
        cast.later(days=2)
        repeated = shop.post(path, body, idempotency_key="again")
        assert repeated.status_code == 201
        assert (first["repeated"], repeated.get_json()) == (False, {**first, "repeated": True})
        assert cast.view("ada").balances == before


def test_the_order_of_fields_and_spaces_is_not_another_body(shop: Shop) -> None:
    body = sale()
    first = shop.post("/purchases", body, idempotency_key="again")
    turned = dict(reversed(body.items()))
    again = shop.post("/purchases", turned, idempotency_key="again")
    assert again.get_json() == {**first.get_json(), "repeated": True}


def test_the_same_key_with_another_body_is_refused(shop: Shop, cast: Cast) -> None:
    changed: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "purchases": lambda body: {**body, "external_id": "other"},
        "refunds": lambda body: {"amount_minor": 501},
        "redemptions": lambda body: {**body, "member": {"email": "bruno@exemple.test"}},
        "reversal": lambda body: {"reason": "Another"},
    }
    for path, body in writes(shop, cast).items():
        shop.post(path, body, idempotency_key="once")
        before = cast.view("ada").balances, cast.view("bruno").balances
        other = changed[path.rpartition("/")[2]](body)
        answer = shop.post(path, other, idempotency_key="once")
        assert code_of(answer) == (422, "idempotency_key_reused")
        assert before == (cast.view("ada").balances, cast.view("bruno").balances)


def test_a_key_belongs_to_a_shop_and_a_call(shop: Shop, other_shop: Shop, cast: Cast) -> None:
    cast.other.enrol("bruno")
    for path, body in writes(shop, cast).items():
        assert shop.post(path, body, idempotency_key="common").status_code == 201
    answer = other_shop.post("/purchases", sale(), idempotency_key="common")
    assert (answer.status_code, answer.get_json()["repeated"]) == (201, False)


def test_a_refusal_is_not_kept(shop: Shop, cast: Cast) -> None:
    body = sale(member={"email": "late@exemple.test"})
    answer = shop.post("/purchases", body, idempotency_key="early")
    assert code_of(answer) == (404, "member_not_found")
    cast.enrol("late")
    assert shop.post("/purchases", body, idempotency_key="early").status_code == 201


def at_once(works: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """Do all of them at the same moment."""
    start = Barrier(len(works))

    def run(work: Callable[[], TestResponse]) -> TestResponse:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.parametrize("call", ["purchases", "refunds", "redemptions", "reversal"])
def test_equal_requests_at_once_do_the_work_once(shop: Shop, cast: Cast, call: str) -> None:
    path, body = next(
        (path, body) for path, body in writes(shop, cast).items() if path.endswith(call)
    )
    answers = at_once([lambda: shop.post(path, body, idempotency_key="race")] * 4)
    bodies = [answer.get_json() for answer in answers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sorted(said.pop("repeated") for said in bodies) == [False, True, True, True]
    assert all(said == bodies[0] for said in bodies)


def test_who_waits_too_long_is_told_so_and_may_send_the_same_again(
    shop: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the account for longer than a cashier can wait."""
    cast.buy("ada", 4000)
    before = cast.balance("ada").available
    monkeypatch.setattr("wallet.db.TRIES_MAX", 1)
    event.listen(cast.database.engine, "checkout", _impatient)
    reward_id = public_id("rwd", cast.reward_id(30))
    body = {"member": {"email": "ada@exemple.test"}, "reward_id": reward_id}
    other = open_database(cast.database.url)
    with other.transaction() as session:
        # On SQLite whoever writes holds everything.
        lock = "" if other.is_sqlite else " FOR UPDATE"
        session.execute(text(f"SELECT id FROM member{lock}"))
        answer = shop.post("/redemptions", body, idempotency_key="patient")
        assert code_of(answer) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    other.dispose()
    for repeated in (False, True):
        again = shop.post("/redemptions", body, idempotency_key="patient")
        assert (again.status_code, again.get_json()["repeated"]) == (201, repeated)
    assert cast.balance("ada").available == before - 30


def _impatient(driver: Any, *_: object) -> None:
    is_sqlite = not hasattr(driver, "pgconn")
    driver.execute("PRAGMA busy_timeout=200" if is_sqlite else "SET lock_timeout = 200")
    driver.commit()


def test_equal_sales_under_different_keys_at_once_count_once(shop: Shop, cast: Cast) -> None:
    answers = at_once([lambda: shop.post("/purchases", sale())] * 4)
    bodies = [answer.get_json() for answer in answers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sorted(said.pop("repeated") for said in bodies) == [False, True, True, True]
    assert all(said == bodies[0] for said in bodies)
    assert cast.balance("bruno").available == 40


def test_two_who_join_at_once_are_one_member(shop: Shop) -> None:
    answers = at_once([lambda: shop.post("/members", {"email": "zoe@exemple.test"})] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_the_last_points_are_spent_once(shop: Shop, cast: Cast) -> None:
    cast.buy("bruno", 4000)
    body = {
        "member": {"email": "bruno@exemple.test"},
        "reward_id": public_id("rwd", cast.reward_id(30)),
    }
    answers = at_once([lambda: shop.post("/redemptions", body)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert cast.balance("bruno").available == 10


def test_a_key_that_was_valid_a_moment_ago_is_made_sure_of_where_the_sale_is_written(
    shop: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.post("/purchases", sale(), idempotency_key="first").status_code == 201

    def fail(*_: object) -> None:
        raise AssertionError("looked up in a round trip of its own")

    with monkeypatch.context() as patched:
        patched.setattr("wallet.web.security.key_holder", fail)
        assert shop.post("/purchases", sale(external_id="10043")).status_code == 201
    holder = key_holder(cast.database, shop.key, cast.now)
    assert holder is not None

    def revoke(session: Session) -> None:
        session.get_one(ApiKey, holder.key_id).revoked_at = cast.now

    before = cast.balance("bruno")
    cast.run(revoke)
    new = shop.post("/purchases", sale(external_id="10044"))
    again = shop.post("/purchases", sale(), idempotency_key="first")
    assert code_of(new) == code_of(again) == (401, "unauthorized")
    assert cast.balance("bruno") == before


def test_what_is_known_of_a_key_is_forgotten_after_a_while(cast: Cast, shop: Shop) -> None:
    known, holder = KnownKeys(), key_holder(cast.database, shop.key, cast.now)
    assert holder is not None
    assert known.holder(shop.key, cast.now) is None
    known.remember(holder, cast.now)
    assert known.holder(shop.key, cast.now) == replace(holder, is_stale=False)
    assert known.holder(shop.key, cast.now + KNOWN_FOR) is None
    assert known.holder(shop.key, cast.now - KNOWN_FOR) is None  # the clock was set back
    assert known.holder("ck_live_other", cast.now) is None
