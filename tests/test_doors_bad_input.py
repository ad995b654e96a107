"""Bad input at each door: a clear, specific error, never a failure of ours, and nothing half written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.databases import Postgres, Sqlite
from tests.doors import Caller, House, open_house
from tests.factories import PASSWORD, make_cast, open_database
from wallet.actions.card_link import LIFETIME
from wallet.errors import CODES
from wallet.ids import public_id
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.web.security import BODY_BYTES_MAX

NUL = "Zo\x00é"
HALF = "Zo\ud83d"  # the first half of a pair
LONG = "x" * 10_000
OVERRIDE = "\u202egnp.exe"
TOO_MUCH = AMOUNT_MINOR_MAX + 1
JUNK_CODE = "M1" + "0" * 24  # the right shape with a wrong seal


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def house(
    request: pytest.FixtureRequest,
    light_hashing: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Refusals must be the same on both databases: PostgreSQL stores no NUL, SQLite stores anything."""
    engine: Sqlite | Postgres = request.getfixturevalue(request.param)
    url = engine.migrated()
    database = open_database(url)
    cast = make_cast(database)
    with open_house(cast, tmp_path_factory.mktemp("bad-input")) as house:
        yield house
    assert cast.audit().findings == []
    database.dispose()
    engine.drop(url)


@dataclass
class Door:
    """Tries what must be refused, and looks at everything before and after."""

    house: House

    def refuses(
        self, answer: Callable[[], TestResponse], status: int, code: str = ""
    ) -> TestResponse:
        """The answer, which left no trace."""
        before = self.house.everything()
        found = answer()
        assert found.status_code == status, found.text
        if code:
            assert found.content_type == "application/problem+json"
            said = found.get_json()
            assert (said["code"], said["status"]) == (code, status)
            assert said["detail"]
            assert "Traceback" not in found.text
        assert self.house.everything() == before
        return found


@pytest.fixture
def door(house: House) -> Door:
    return Door(house)


@pytest.fixture
def shop(house: House) -> Caller:
    return house.caller("shop")


@pytest.fixture
def cashier(house: House) -> Caller:
    return house.caller("cashier")


@pytest.fixture
def owner(house: House) -> Caller:
    return house.caller("owner")


@pytest.fixture
def shopper(house: House) -> Caller:
    return house.caller("anonymous")


def _ada(house: House) -> str:
    return public_id("mbr", house.cast.people["ada"])


# --- The API -------------------------------------------------------------------------------------


def _sale(**said: Any) -> dict[str, Any]:
    whole = {
        "member": {"email": "ada@exemple.test"},
        "source": "shop",
        "external_id": str(uuid4()),
        "channel": "online",
        "amount_minor": 4000,
        "currency": "EUR",
    }
    return {**whole, **said}


def _post(shop: Caller, path: str, body: Any = None, **said: Any) -> TestResponse:
    headers = {"Idempotency-Key": str(uuid4()), **said.pop("headers", {})}
    if "data" not in said:
        said["json"] = body
    return shop.send("POST", f"/api/v1{path}", headers=headers, **said)


SALES: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown e-mail": ({"member": {"email": "nobody@exemple.test"}}, 404, "member_not_found"),
    "unknown number": ({"member": {"number": "999999999"}}, 404, "member_not_found"),
    "unknown id": ({"member": {"id": "mbr_0000000000000"}}, 404, "member_not_found"),
    "another's id": ({"member": {"id": "pur_0000000000000"}}, 404, "member_not_found"),
    "forged code": ({"member": {"code": JUNK_CODE}}, 404, "code_not_ours"),
    "foreign QR": ({"member": {"code": "https://example.org/menu"}}, 404, "code_not_ours"),
    "no reference": ({"member": {}}, 422, "member_reference_invalid"),
    "two references": (
        {"member": {"email": "ada@exemple.test", "number": "1"}},
        422,
        "member_reference_invalid",
    ),
    "not an e-mail": ({"member": {"email": "ada"}}, 422, "email_invalid"),
    "not a phone": ({"member": {"phone": "12"}}, 422, "phone_invalid"),
    "NUL in a reference": ({"member": {"email": "a\x00@exemple.test"}}, 422, "body_invalid"),
    "zero": ({"amount_minor": 0}, 422, "amount_invalid"),
    "negative": ({"amount_minor": -4000}, 422, "amount_invalid"),
    "huge": ({"amount_minor": TOO_MUCH}, 422, "amount_too_large"),
    "beyond 64 bits": ({"amount_minor": 1 << 70}, 422, "amount_too_large"),
    "a fraction": ({"amount_minor": 40.5}, 422, "body_invalid"),
    "text for an amount": ({"amount_minor": "4000"}, 422, "body_invalid"),
    "true for an amount": ({"amount_minor": True}, 422, "body_invalid"),
    "wrong currency": ({"currency": "USD"}, 422, "currency_mismatch"),
    "no currency": ({"currency": "euro"}, 422, "body_invalid"),
    "unknown channel": ({"channel": "pigeon"}, 422, "body_invalid"),
    "unknown field": ({"points": 4000}, 422, "body_invalid"),
    "naive time": ({"occurred_at": "2026-03-01T12:00:00"}, 422, "body_invalid"),
    "no such day": ({"occurred_at": "2026-02-30T12:00:00Z"}, 422, "body_invalid"),
    "the future": ({"occurred_at": "2100-01-01T00:00:00Z"}, 422, "purchase_in_future"),
    "10 kB id": ({"external_id": LONG}, 422, "body_invalid"),
    "NUL in an id": ({"external_id": "a\x00b"}, 422, "body_invalid"),
    "half a character": ({"external_id": "a\ud83d"}, 422, "body_invalid"),
    "items that are no list": ({"items": {"sku": "beans"}}, 422, "body_invalid"),
    "too many items": ({"items": [{"sku": "a"}] * 501}, 422, "body_invalid"),
    "negative quantity": ({"items": [{"sku": "a", "quantity": -1}]}, 422, "body_invalid"),
}


@pytest.mark.parametrize("name", SALES)
def test_a_sale_that_cannot_be_is_refused(door: Door, shop: Caller, name: str) -> None:
    said, status, code = SALES[name]
    answer = door.refuses(lambda: _post(shop, "/purchases", _sale(**said)), status, code)
    if code == "body_invalid":
        assert answer.get_json()["errors"], "which field, and why"
    door.refuses(lambda: _post(shop, "/purchases/quote", _sale(**said)), status, code)


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "json_invalid"),
    "half": (b'{"member": {"email": "ada@ex', 400, "json_invalid"),
    "not UTF-8": (b'{"external_id": "\xff\xfe"}', 400, "json_invalid"),
    "UTF-16": ('{"amount_minor": 1}'.encode("utf-16"), 400, "json_invalid"),
    "deep": (b"[" * 100_000, 400, "json_invalid"),
    "deep and whole": (b"[" * 5_000 + b"]" * 5_000, 400, "json_invalid"),
    "deep within a field": (
        b'{"member": ' + b'{"id":' * 60 + b"1" + b"}" * 60 + b"}",
        400,
        "json_invalid",
    ),
    "NaN": (b'{"amount_minor": NaN}', 400, "json_invalid"),
    "a key twice": (b'{"amount_minor": 1, "amount_minor": 2}', 400, "json_invalid"),
    "a number of 5000 digits": (b'{"amount_minor": ' + b"9" * 5_000 + b"}", 400, "json_invalid"),
    "a list": (b"[]", 422, "body_invalid"),
    "a word": (b'"sale"', 422, "body_invalid"),
    "null": (b"null", 422, "body_invalid"),
    "huge": (b'{"x": "' + b"y" * BODY_BYTES_MAX + b'"}', 413, "body_too_large"),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/purchases", "/members", "/redemptions"])
def test_a_body_that_is_none_is_refused(door: Door, shop: Caller, name: str, path: str) -> None:
    data, status, code = BODIES[name]
    sent: dict[str, Any] = {"data": data, "content_type": "application/json"}
    door.refuses(lambda: _post(shop, path, **sent), status, code)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_body_of_another_kind_is_refused(door: Door, shop: Caller, kind: str) -> None:
    data = json.dumps(_sale()).encode()
    door.refuses(
        lambda: _post(shop, "/purchases", data=data, content_type=kind),
        415,
        "media_type_unsupported",
    )


MEMBERS: dict[str, tuple[dict[str, Any], int, str]] = {
    "nobody": ({"name": "Zoé"}, 422, "identifier_missing"),
    "10 kB name": ({"email": "z@exemple.test", "name": LONG}, 422, "body_invalid"),
    "65 letters": ({"email": "z@exemple.test", "name": "z" * 65}, 422, "name_invalid"),
    "NUL": ({"email": "z@exemple.test", "name": NUL}, 422, "body_invalid"),
    "half a character": ({"email": "z@exemple.test", "name": HALF}, 422, "body_invalid"),
    "half a character in a key": ({"email": "z@exemple.test", HALF: "Zoé"}, 422, "body_invalid"),
    "a taken e-mail": ({"email": "ADA@exemple.test"}, 409, "member_exists"),
    "a taken phone": ({"phone": "06 12 34 56 78"}, 409, "member_exists"),
    "a 10 kB e-mail": ({"email": f"{LONG}@exemple.test"}, 422, "body_invalid"),
    "two e-mails": ({"email": "a@exemple.test, b@exemple.test"}, 422, "email_invalid"),
    "a line break": ({"email": "a@exemple.test\r\nBcc: b@exemple.test"}, 422, "body_invalid"),
    "born tomorrow": (
        {"email": "z@exemple.test", "birthday": "2999-01-01"},
        422,
        "birthday_invalid",
    ),
    "born before all": (
        {"email": "z@exemple.test", "birthday": "0001-01-01"},
        422,
        "birthday_invalid",
    ),
    "an empty shop id": ({"external_ids": [{"source": "shop", "id": ""}]}, 422, "body_invalid"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_cannot_be_is_refused(door: Door, shop: Caller, name: str) -> None:
    said, status, code = MEMBERS[name]
    door.refuses(lambda: _post(shop, "/members", said), status, code)


@pytest.mark.parametrize("name", [NUL, HALF, LONG])
def test_a_change_that_cannot_be_is_refused(
    door: Door, house: House, shop: Caller, name: str
) -> None:
    path = f"/api/v1/members/{_ada(house)}"
    door.refuses(lambda: shop.send("PATCH", path, json={"name": name}), 422, "body_invalid")


KEYS: dict[str, tuple[dict[str, str], int, str]] = {
    "none": ({"Authorization": ""}, 401, "unauthorized"),
    "a wrong one": ({"Authorization": "Bearer ck_live_wrong"}, 401, "unauthorized"),
    "another scheme": ({"Authorization": "Basic b3duZXI6b3duZXI="}, 401, "unauthorized"),
    "10 kB": ({"Authorization": f"Bearer {LONG}"}, 401, "unauthorized"),
    "not ASCII": ({"Authorization": "Bearer clé"}, 401, "unauthorized"),
    "no idempotency key": ({"Idempotency-Key": ""}, 400, "idempotency_key_invalid"),
    "a long idempotency key": ({"Idempotency-Key": "k" * 256}, 400, "idempotency_key_invalid"),
    "a space in it": ({"Idempotency-Key": "a b"}, 400, "idempotency_key_invalid"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_sale_without_the_right_keys_is_refused(door: Door, shop: Caller, name: str) -> None:
    headers, status, code = KEYS[name]
    door.refuses(lambda: _post(shop, "/purchases", _sale(), headers=headers), status, code)


def test_a_sale_without_an_idempotency_key_is_refused(door: Door, shop: Caller) -> None:
    door.refuses(
        lambda: shop.send("POST", "/api/v1/purchases", json=_sale()), 400, "idempotency_key_missing"
    )


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        (-1, 422, "amount_invalid"),
        (0, 422, "amount_invalid"),
        (3001, 409, "refund_too_large"),
        (1 << 70, 409, "refund_too_large"),
        ("1000", 422, "body_invalid"),
    ],
)
def test_a_refund_that_cannot_be_is_refused(
    door: Door, house: House, shop: Caller, amount: object, status: int, code: str
) -> None:
    bought = public_id("pur", house.cast.buy("bruno", 3000).purchase.id)
    path = f"/purchases/{bought}/refunds"
    door.refuses(lambda: _post(shop, path, {"amount_minor": amount}), status, code)


@pytest.mark.parametrize(
    "path",
    [
        "/members/{half}",
        "/members/mbr_" + "Z" * 3000,
        "/members/%00",
        "/members?limit=0",
        "/members?limit=-1",
        "/members?limit=1e9",
        "/members?cursor=%F0%9F",
        "/members?cursor=" + "A" * 5000,
        "/members?code=%00",
        "/members?number=1&email=a@exemple.test",
        "/members?name=ada",
        "/members/{ada}/entries?cursor=junk",
        "/members/{ada}/entries?limit=101",
    ],
)
def test_a_question_that_is_none_is_refused(
    door: Door, house: House, shop: Caller, path: str
) -> None:
    path = path.replace("{ada}", _ada(house)).replace("{half}", "%ED%A0%BD")
    answer = shop.send("GET", f"/api/v1{path}")
    assert answer.status_code in (400, 404, 422), answer.text
    assert answer.get_json()["code"] in CODES
    door.refuses(lambda: shop.send("GET", f"/api/v1{path}"), answer.status_code)


# --- The till ------------------------------------------------------------------------------------


def _tap(house: House, **said: Any) -> dict[str, Any]:
    return {"request_id": str(uuid4()), "member_id": _ada(house), **said}


SCANS: dict[str, tuple[Any, int, str]] = {
    "a forged code": (JUNK_CODE, 404, "code_not_ours"),
    "a foreign QR": ("https://example.org/menu?table=4", 404, "code_not_ours"),
    "a boarding pass": ("M1DOE/JANE  EABC123 CDGJFKAF 0006 310Y012A0042 100", 200, ""),
    "a vCard": ("BEGIN:VCARD\r\nFN:Jane Doe\r\nEND:VCARD", 404, "member_not_found"),
    "nothing": ("", 404, "member_not_found"),
    "NUL": (NUL, 404, "member_not_found"),
    "a wildcard": ("%%%", 422, "query_too_short"),
    "two letters": ("ma", 422, "query_too_short"),
    "10 kB": (LONG, 422, "body_invalid"),
    "a number": (123456789, 422, "body_invalid"),
}


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_of_something_else_finds_nobody(door: Door, cashier: Caller, name: str) -> None:
    query, status, code = SCANS[name]
    body = {"query": query, "source": "camera"}
    answer = door.refuses(lambda: cashier.send("POST", "/till/api/lookup", json=body), status, code)
    if status == 200:
        assert answer.get_json() == {"choices": [], "more": False}


TAPS: dict[str, tuple[dict[str, Any], int, str]] = {
    "zero": ({"amount_minor": 0}, 422, "amount_invalid"),
    "negative": ({"amount_minor": -100}, 422, "amount_invalid"),
    "huge": ({"amount_minor": TOO_MUCH}, 422, "amount_too_large"),
    "beyond 64 bits": ({"amount_minor": 1 << 70}, 422, "body_invalid"),
    "a fraction": ({"amount_minor": 1.5}, 422, "body_invalid"),
    "text": ({"amount_minor": "100"}, 422, "body_invalid"),
    "none": ({}, 422, "body_invalid"),
    "unknown member": ({"amount_minor": 1, "member_id": "mbr_0"}, 404, "member_not_found"),
    "NUL": ({"amount_minor": 1, "member_id": "mbr_\x00"}, 404, "member_not_found"),
    "no request id": ({"amount_minor": 1, "request_id": ""}, 422, "body_invalid"),
    "unknown field": ({"amount_minor": 1, "points": 4000}, 422, "body_invalid"),
    "another currency": ({"amount_minor": 1, "currency": "USD"}, 422, "body_invalid"),
}


@pytest.mark.parametrize("name", TAPS)
def test_a_tap_that_cannot_be_is_refused(
    door: Door, house: House, cashier: Caller, name: str
) -> None:
    said, status, code = TAPS[name]
    body = _tap(house, **said)
    door.refuses(lambda: cashier.send("POST", "/till/api/purchases", json=body), status, code)


@pytest.mark.parametrize("name", ["half", "not UTF-8", "deep", "huge", "nothing"])
def test_a_tap_that_is_no_json_is_refused(door: Door, cashier: Caller, name: str) -> None:
    data, status, code = BODIES[name]
    sent: dict[str, Any] = {"data": data, "content_type": "application/json"}
    door.refuses(lambda: cashier.send("POST", "/till/api/purchases", **sent), status, code)


def test_a_closed_card_earns_nothing(door: Door, house: House, cashier: Caller) -> None:
    closed = public_id("mbr", house.cast.people["chloe"])
    body = _tap(house, member_id=closed, amount_minor=100)
    door.refuses(
        lambda: cashier.send("POST", "/till/api/purchases", json=body), 409, "member_closed"
    )


def test_a_reward_out_of_reach_is_refused(door: Door, house: House, cashier: Caller) -> None:
    dearest = max(house.cast.program.rewards, key=lambda reward: reward.cost)
    body = _tap(
        house,
        member_id=public_id("mbr", house.cast.people["bruno"]),
        reward_id=public_id("rwd", dearest.id),
    )
    door.refuses(
        lambda: cashier.send("POST", "/till/api/redemptions", json=body),
        409,
        "insufficient_balance",
    )


@pytest.mark.parametrize("store", ["", "sto_0", "\x00", LONG])
def test_a_store_that_is_none_is_refused(door: Door, cashier: Caller, store: str) -> None:
    shown = {"Accept": "application/json"}
    sent: dict[str, Any] = {"data": {"store": store}, "headers": shown}
    door.refuses(lambda: cashier.send("POST", "/till/store", **sent), 404, "store_not_found")


# --- Shoppers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"contact": ""}, "Please type your e-mail or your mobile number."),
        ({"contact": "ada@"}, "This e-mail address is not complete."),
        ({"contact": "06 12"}, "phone"),
        ({"contact": f"{LONG}@exemple.test"}, "This e-mail address is too long."),
        ({"contact": "a\x00@exemple.test"}, "This e-mail address is not complete."),
        ({"contact": "z@exemple.test", "name": LONG}, "up to 64 ordinary letters"),
        ({"contact": "z@exemple.test", "name": NUL}, "up to 64 ordinary letters"),
        ({"contact": "z@exemple.test", "name": "z" * 65}, "up to 64 ordinary letters"),
    ],
)
def test_a_join_form_that_cannot_be_comes_back_with_the_reason(
    door: Door, shopper: Caller, form: dict[str, str], sentence: str
) -> None:
    answer = door.refuses(lambda: shopper.send("POST", "/p/demo/join?lang=en", data=form), 422)
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_half_a_character_in_a_form_is_no_failure_of_ours(door: Door, shopper: Caller) -> None:
    raw = b"contact=z%40exemple.test&name=Zo%ED%A0%BD"
    kind = "application/x-www-form-urlencoded"
    door.refuses(lambda: shopper.send("POST", "/p/demo/join", data=raw, content_type=kind), 422)


def test_a_form_that_is_too_large_is_refused(door: Door, shopper: Caller) -> None:
    form = {"contact": "z@exemple.test", "name": "z" * (BODY_BYTES_MAX + 1)}
    door.refuses(lambda: shopper.send("POST", "/p/demo/join", data=form), 413)


@pytest.mark.parametrize("slug", ["nowhere", "%00", "%ED%A0%BD", "x" * 3000, "..%2f..%2fetc"])
def test_a_program_that_is_none_is_a_page_that_says_so(
    door: Door, shopper: Caller, slug: str
) -> None:
    answer = door.refuses(lambda: shopper.send("GET", f"/p/{slug}/join"), 404)
    assert "<h1" in answer.text


@pytest.mark.parametrize("ending", ["", "/state", "/code", "/apple.pkpass", "/google"])
@pytest.mark.parametrize(
    "token", ["x", "A" * 38, "%00" * 38, "%ED%A0%BD", "../../etc/passwd", LONG[:3000]]
)
def test_a_card_that_is_none_is_not_here(
    door: Door, shopper: Caller, token: str, ending: str
) -> None:
    door.refuses(lambda: shopper.send("GET", f"/card/{token}{ending}"), 404)


def test_an_expired_or_used_link_opens_nothing(door: Door, house: House, shopper: Caller) -> None:
    used = house.link_path()
    assert shopper.send("POST", used).status_code == 303
    house.cast.now -= LIFETIME + timedelta(seconds=1)
    expired = house.link_path()
    house.cast.now += LIFETIME + timedelta(seconds=1)
    for path in (used, expired, "/link/junk", f"/link/{LONG[:3000]}", "/link/%00"):
        door.refuses(lambda: shopper.send("GET", path), 410)  # noqa: B023
        door.refuses(lambda: shopper.send("POST", path), 410)  # noqa: B023


# --- Staff ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("dora@exemple.test", "not her phrase"),
        ("nobody@exemple.test", PASSWORD),
        ("", ""),
        ("dora@exemple.test", LONG),
        (LONG, LONG),
        ("dora@exemple.test\x00", PASSWORD),
        ("dora@exemple.test", f"{PASSWORD}\x00"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
def test_a_wrong_sign_in_says_no_more_than_that(
    door: Door, shopper: Caller, email: str, password: str
) -> None:
    form = {"email": email, "password": password}
    answer = door.refuses(lambda: shopper.send("POST", "/staff/sign-in?lang=en", data=form), 401)
    assert "E-mail or password is not right." in answer.text


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", "/a\r\nb"])
def test_signing_in_leads_to_no_other_site(house: House, target: str) -> None:
    house.dismiss("anonymous")
    form = {"email": "dora@exemple.test", "password": PASSWORD, "next": target}
    answer = house.caller("anonymous").send("POST", "/staff/sign-in", data=form)
    assert answer.headers["Location"] == "/staff/sign-in"
    house.dismiss("anonymous")


@pytest.mark.parametrize("cookie", ["x", LONG[:4000], "é", "a%00b"])
def test_a_session_that_is_none_is_nobody(door: Door, house: House, cookie: str) -> None:
    house.dismiss("anonymous")
    caller = house.caller("anonymous")
    caller.client.set_cookie("staff", cookie)
    door.refuses(lambda: caller.send("GET", "/till/"), 302)
    house.dismiss("anonymous")


@pytest.mark.parametrize(
    "path", ["/console/members/mbr_0", "/console/members/%00", "/console/nowhere"]
)
def test_a_page_that_is_none_says_so(door: Door, owner: Caller, path: str) -> None:
    answer = door.refuses(lambda: owner.send("GET", path), 404)
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ED%A0%BD", f"q={LONG[:3000]}", "before=junk", "q=%25"]
)
def test_a_search_for_junk_finds_nobody(door: Door, owner: Caller, query: str) -> None:
    door.refuses(lambda: owner.send("GET", f"/console/members?{query}"), 200)


# --- Phones --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"pushToken": 1}', 400),
        (b'{"pushToken": "z z"}', 400),
        (b'{"pushToken": "' + b"a" * 100_000 + b'"}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
    ],
)
def test_a_registration_that_is_none_is_refused(
    door: Door, house: House, shopper: Caller, body: bytes, status: int
) -> None:
    found = house.apple_pass("bruno")
    path = f"/apple/v1/devices/0123456789abcdef/registrations/{house.pass_type_id}/{found.serial}"
    shown = {"Authorization": f"ApplePass {found.auth_token}"}
    sent: dict[str, Any] = {"data": body, "headers": shown, "content_type": "application/json"}
    door.refuses(lambda: shopper.send("POST", path, **sent), status)


@pytest.mark.parametrize("since", ["junk", "-1", "9" * 40, "%00", ""])
def test_a_phone_with_a_strange_tag_gets_an_answer(
    door: Door, house: House, shopper: Caller, since: str
) -> None:
    path = f"/apple/v1/devices/0123456789abcdef/registrations/{house.pass_type_id}"
    door.refuses(lambda: shopper.send("GET", f"{path}?passesUpdatedSince={since}"), 204)
