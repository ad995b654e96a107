"""Bodies that are not as they must be: a clear answer, nothing written, never a crash."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.databases import Postgres, Sqlite
from tests.factories import Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.errors import Refusal
from wallet.web.api.body import _is_plain, check_text


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Sqlite | Postgres:
    """Odd bytes and large numbers end differently on each."""
    made: Sqlite | Postgres = request.getfixturevalue(request.param)
    return made


SALE = json.dumps(sale())


def inside(name: str, raw: str) -> str:
    """A sale in which one field is this raw JSON."""
    kept = {key: value for key, value in sale().items() if key != name}
    return f'{{"{name}": {raw}, {json.dumps(kept)[1:]}'


# What was sent (text or bytes), and what it is refused with.
NASTY: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "json_invalid"),
    "spaces": ("   ", "json_invalid"),
    "no JSON": ("member=ada", "json_invalid"),
    "cut off": (SALE[:-5], "json_invalid"),
    "two documents": (SALE + SALE, "json_invalid"),
    "comment": (SALE + "// sale", "json_invalid"),
    "comma too many": ('{"a": 1,}', "json_invalid"),
    "single quotes": ("{'a': 1}", "json_invalid"),
    "NaN": (inside("amount_minor", "NaN"), "json_invalid"),
    "Infinity": (inside("amount_minor", "-Infinity"), "json_invalid"),
    "not UTF-8": (SALE.encode("utf-16"), "json_invalid"),
    "broken UTF-8": (SALE.encode().replace(b"shop", b"\xff\xfe"), "json_invalid"),
    "surrogate bytes": (SALE.encode().replace(b"shop", b"\xed\xa0\x80"), "json_invalid"),
    "byte order mark": (b"\xef\xbb\xbf" + SALE.encode(), "json_invalid"),
    "raw control character": (SALE.replace("shop", "sh\x01op"), "json_invalid"),
    "raw NUL": (SALE.replace("shop", "sh\x00op"), "json_invalid"),
    "duplicate key": (SALE[:-1] + ', "amount_minor": 1}', "json_invalid"),
    "duplicate key inside": (inside("items", '[{"sku": "A", "sku": "B"}]'), "json_invalid"),
    "nested 33 deep": ("[" * 33 + "]" * 33, "json_invalid"),
    "nested 500 deep": (inside("items", "[" * 500 + "]" * 500), "json_invalid"),
    "nested 100 000 deep": ("[" * 100_000 + "]" * 100_000, "json_invalid"),
    "objects nested 40 000 deep": ('{"a":' * 40_000 + "1" + "}" * 40_000, "json_invalid"),
    "5 000 digits": (inside("amount_minor", "9" * 5_000), "json_invalid"),
    "null": ("null", "body_invalid"),
    "true": ("true", "body_invalid"),
    "a number": ("4000", "body_invalid"),
    "a text": ('"ada"', "body_invalid"),
    "a list": (f"[{SALE}]", "body_invalid"),
    "an empty object": ("{}", "body_invalid"),
    "half a character": (inside("source", '"sh\\ud800op"'), "body_invalid"),
    "half a character as a key": (SALE[:-1] + ', "\\udfff": 1}', "body_invalid"),
    "half a character in a reference": (inside("member", '{"email": "\\ud800"}'), "body_invalid"),
    "NUL": (inside("external_id", '"10042\\u0000"'), "body_invalid"),
    "NUL as a key": (SALE[:-1] + ', "\\u0000": 1}', "body_invalid"),
    "escape character": (inside("source", '"\\u001b[31m"'), "body_invalid"),
    "C1 control": (inside("source", '"\\u0085"'), "body_invalid"),
    "true for 1": (inside("amount_minor", "true"), "body_invalid"),
    "text for a number": (inside("amount_minor", '"4000"'), "body_invalid"),
    "1.5": (inside("amount_minor", "1.5"), "body_invalid"),
    "4000.0": (inside("amount_minor", "4000.0"), "body_invalid"),
    "1e400": (inside("amount_minor", "1e400"), "body_invalid"),
    "-0.0": (inside("amount_minor", "-0.0"), "body_invalid"),
    "-0": (inside("amount_minor", "-0"), "amount_invalid"),
    "2^31": (inside("amount_minor", str(2**31)), "amount_too_large"),
    "2^53": (inside("amount_minor", str(2**53)), "amount_too_large"),
    "2^63": (inside("amount_minor", str(2**63)), "amount_too_large"),
    "-2^63": (inside("amount_minor", str(-(2**63))), "amount_invalid"),
    "number for a text": (inside("source", "5"), "body_invalid"),
    "object for a text": (inside("currency", '{"code": "EUR"}'), "body_invalid"),
    "list for a text": (inside("external_id", '["10042"]'), "body_invalid"),
    "null for a number": (inside("amount_minor", "null"), "body_invalid"),
    "text for a list": (inside("items", '"A"'), "body_invalid"),
    "object for a list": (inside("items", '{"0": {"sku": "A"}}'), "body_invalid"),
    "nulls in a list": (inside("items", "[null]"), "body_invalid"),
    "a quantity of 2^63": (inside("items", f'[{{"quantity": {2**63}}}]'), "body_invalid"),
    "a quantity of 0": (inside("items", '[{"quantity": 0}]'), "body_invalid"),
    "501 lines": (inside("items", json.dumps([{}] * 501)), "body_invalid"),
    "a long text": (inside("external_id", json.dumps("x" * 256)), "body_invalid"),
    "10 kB of source": (inside("source", json.dumps("x" * 10_000)), "body_invalid"),
    "prototype": (SALE[:-1] + ', "__proto__": {"admin": true}}', "body_invalid"),
    "another program": (SALE[:-1] + ', "program_id": 1}', "body_invalid"),
    "200 kB of unknown keys": (
        json.dumps({f"k{number}": number for number in range(14_000)}), "body_invalid",
    ),
}  # fmt: skip
STATUS = {"json_invalid": 400}


@pytest.mark.parametrize("path", ["/purchases", "/purchases/quote"])
def test_a_nasty_body_is_refused_in_words(shop: Shop, cast: Cast, path: str) -> None:
    for name, (body, code) in NASTY.items():
        answer = shop.send("POST", path, {"Content-Type": "application/json"}, data=body)
        assert (name, *code_of(answer)) == (name, STATUS.get(code, 422), code)
        assert len(answer.get_json().get("errors", [])) <= 20, name
        assert len(answer.data) < 8_000, name
    assert cast.balance("bruno").available == 0


def test_no_door_falls_over_a_nasty_body(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    doors = (
        ("POST", "/members"),
        ("PATCH", f"/members/{ids['ada']}"),
        ("POST", "/purchases/pur_0000000000000/refunds"),
        ("POST", "/refunds"),
        ("POST", "/redemptions"),
        ("POST", "/entries/ent_0000000000000/reversal"),
    )
    before = cast.view("ada"), cast.view("bruno")
    for method, path in doors:
        for body, _ in NASTY.values():
            answer = shop.send(method, path, {"Content-Type": "application/json"}, data=body)
            expected = 200 if body == "{}" and method == "PATCH" else range(400, 500)
            assert answer.status_code in (expected if isinstance(expected, range) else [expected])
    assert before == (cast.view("ada"), cast.view("bruno"))


FIELDS: dict[tuple[str, str], list[str]] = {
    ("POST", "/members"): [
        "email", "phone", "name", "locale", "birthday", "external_ids", "consents",
    ],
    ("PATCH", "/members/{ada}"): [
        "email", "phone", "name", "locale", "birthday", "external_ids", "consents", "tags",
    ],
    ("POST", "/redemptions"): ["member", "reward_id"],
}  # fmt: skip
VALUES: list[Any] = [
    0, -1, 1.5, 2**63, 10**400, True, False, "", " ", "x" * 10_000, "\ud800", "a\x00b", "\u202eabc",
    "%00", "' OR 1=1 --", "{{7*7}}", "𝕬𝖉𝖆", "a\u0300" * 40, "\ufdd0", [], [[]], [1], ["\x00"], {},
    {"": ""}, {"id": "\x00", "source": "s"}, [{"id": "1", "source": "\ud800"}], {"email": None},
    {"email": "yes"}, {"email": {"granted": 1}}, {"push": True}, "9999-12-31", "2026-13-01", "-1-1-1",
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), FIELDS)
def test_no_field_falls_over_a_nasty_value(
    shop: Shop, ids: dict[str, str], method: str, path: str
) -> None:
    for name in FIELDS[method, path]:
        for value in VALUES:
            body = json.dumps({name: value})
            answer = shop.send(
                method, path.format(**ids), {"Content-Type": "application/json"}, data=body
            )
            assert answer.status_code < 500, (name, value)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", None],
)
def test_only_json_is_taken(shop: Shop, content_type: str | None) -> None:
    answer = shop.send("POST", "/purchases", {"Content-Type": content_type}, data=SALE)
    assert code_of(answer) == (415, "media_type_unsupported")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json"]
)
def test_json_by_any_of_its_names_is_taken(shop: Shop, content_type: str) -> None:
    answer = shop.send("POST", "/purchases", {"Content-Type": content_type}, data=SALE)
    assert answer.status_code == 201


def test_a_compressed_body_is_refused(shop: Shop) -> None:
    headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    answer = shop.send("POST", "/purchases", headers, data=b"\x1f\x8b")
    assert code_of(answer) == (415, "media_type_unsupported")


def test_a_body_has_a_largest_size(shop: Shop) -> None:
    for size, expected in ((256 * 1024 + 1, 413), (256 * 1024, 201)):
        body = SALE + " " * (size - len(SALE))
        answer = shop.send("POST", "/purchases", {"Content-Type": "application/json"}, data=body)
        assert answer.status_code == expected
        if expected == 413:
            assert code_of(answer) == (413, "body_too_large")


def test_a_body_in_chunks_has_a_largest_size_too(shop: Shop) -> None:
    for size, expected in ((300_000, 413), (10_000, 201)):
        answer = shop.send(
            "POST",
            "/purchases",
            {"Content-Type": "application/json"},
            input_stream=BytesIO(SALE.encode().ljust(size)),
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code == expected


def test_nested_32_deep_is_still_json(shop: Shop) -> None:
    body = "[" * 32 + "]" * 32
    answer = shop.send("POST", "/purchases", {"Content-Type": "application/json"}, data=body)
    assert code_of(answer) == (422, "body_invalid")


def test_a_name_of_ten_kilobytes_is_not_repeated(shop: Shop) -> None:
    answer = shop.post("/purchases", sale(**{"x\u202e" * 5_000: 1}))
    (error,) = answer.get_json()["errors"]
    assert len(error["field"]) <= 120
    assert "\u202e" not in error["field"]


def test_the_key_is_asked_for_before_the_body_is_read(shop: Shop) -> None:
    headers: dict[str, str | None] = {"Authorization": None, "Content-Type": "application/json"}
    assert code_of(shop.send("POST", "/purchases", headers, data="[" * 9)) == (401, "unauthorized")


def test_messages_are_in_the_readers_language(shop: Shop) -> None:
    answer = shop.post("/purchases", sale(surprise=1), accept_language="fr").get_json()
    assert answer["detail"] == "La demande n’est pas valide."
    assert answer["errors"][0]["message"] == "Ce champ n’existe pas."


def test_what_is_wrong_is_said_where_it_is(shop: Shop) -> None:
    """One sentence a field, by the name that the caller wrote, in French without a word of English."""
    cases = {
        inside("channel", '"web"'): (
            "channel",
            "Valeurs possibles\N{NO-BREAK SPACE}: store, online, phone.",
        ),
        inside("source", '""'): ("source", "Ce ne doit pas être vide."),
        inside("member", '{"external_id": {"source": "s"}}'): (
            "member.external_id.id",
            "Ce champ est manquant.",
        ),
        inside("member", '{"external_id": "s"}'): ("member.external_id", "Ce doit être un objet."),
        inside("occurred_at", '"1970-01-01T00:00:00Z"'): (
            "occurred_at",
            "Cette heure est impossible\N{NO-BREAK SPACE}: elle n’existe pas, ou date d’avant l’an 2000.",
        ),
        inside("external_id", '"\\u0378"'): (
            "external_id",
            "Cette valeur ne peut pas être utilisée.",
        ),
        inside("amount_minor", "NaN"): ("", "JSON ne connaît pas NaN."),
        inside("items", '[{"sku": "A", "sku": "B"}]'): ("sku", "Ce champ y figure deux fois."),
        "[" * 99_999: ("", "L’imbrication dépasse 32 niveaux."),
        '{"a":\n1,}': ("", "Ligne 2, colonne 3."),
        b"\xff": ("", "Ce texte n’est pas encodé en UTF-8."),
    }
    headers: dict[str, str | None] = {"Content-Type": "application/json", "Accept-Language": "fr"}
    for body, (field, message) in cases.items():
        answer = shop.send("POST", "/purchases", headers, data=body)
        assert answer.get_json()["errors"] == [{"field": field, "message": message}], body


DEEP = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=60,
)


def _is_refused(data: Any) -> bool:
    try:
        check_text(data)
    except Refusal:
        return True
    return False


@given(DEEP, st.booleans())
def test_only_a_body_that_is_fine_whatever_it_says_is_not_looked_through(
    data: Any, ascii_only: bool
) -> None:
    try:
        text = json.dumps(data, ensure_ascii=ascii_only)
        text.encode()
    except UnicodeEncodeError:
        return  # half a character that was not written as an escape: no such body can arrive
    if _is_plain(text):
        with Flask(__name__).test_request_context():
            assert not _is_refused(json.loads(text))
