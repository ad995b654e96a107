"""Members over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import PUBLIC_URL, Cast
from tests.wallet.web.api.conftest import Shop, code_of, sale
from wallet.actions.api_access import key_holder
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.publish_rules import publish_rules
from wallet.tables.member import consents_of, identifiers_of, member_with_id
from wallet.tables.reports import members_page
from wallet.tables.wallet_pass import passes_of

MEMBER_FIELDS = {
    "id", "number", "code", "name", "email", "phone", "locale", "status", "tier", "balances",
    "next_reward", "card_url", "apple_url", "google_url", "joined_at",
    "vouchers", "memberships", "charity", "referral_url", "tags",
}  # fmt: skip


def test_it_works(shop: Shop) -> None:
    answer = shop.post(
        "/members",
        {
            "email": "Zoe@Exemple.test",
            "phone": "06 12 34 56 99",
            "name": "  Zoé   Essai ",
            "locale": "en-GB",
            "birthday": "1990-05-04",
            "external_ids": [{"source": "shop", "id": "C1"}, {"source": "shop", "id": "C1"}],
            "consents": {"email": True, "sms": {"granted": False}},
        },
    )
    member = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/members/{member['id']}"
    assert set(member) == MEMBER_FIELDS
    assert (member["name"], member["email"], member["phone"], member["locale"]) == (
        "Zoé Essai", "zoe@exemple.test", "+33612345699", "en",
    )  # fmt: skip
    assert member["tier"] == {"key": "bronze", "name": "Bronze"}
    assert member["balances"] == {"points": {"available": 0, "pending": 0}}
    assert member["next_reward"]["name"] == "A free coffee"
    assert member["next_reward"]["missing"] == 30
    assert member["card_url"].startswith(f"{PUBLIC_URL}/card/")
    assert member["apple_url"] == f"{member['card_url']}/apple.pkpass"
    assert member["google_url"] == f"{member['card_url']}/google"
    assert member["joined_at"] == "2026-03-14T09:26:53.589793Z"
    assert shop.get(f"/members/{member['id']}").get_json() == member


def test_a_member_has_a_card_page(shop: Shop) -> None:
    member = shop.post("/members", {"email": "zoe@exemple.test"}).get_json()
    path = member["card_url"].removeprefix(PUBLIC_URL)
    assert shop.app.test_client().get(path).status_code == 200


def test_consents_are_kept_in_the_words_that_were_shown(shop: Shop, cast: Cast) -> None:
    said = {"email": {"granted": True, "wording": "Yes, by e-mail"}, "sms": False}
    shop.post("/members", {"email": "zoe@exemple.test", "consents": said})
    cast.people["zoe"] = max(_ids_of_demo(cast))
    with cast.database.reading() as session:
        kept = consents_of(session, cast.people["zoe"])
    assert [(row.purpose, row.granted, row.wording) for row in kept] == [
        ("email", True, "Yes, by e-mail")
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ADA@exemple.test"},
        {"phone": "+33 6 12 34 56 78"},
        {"email": "new@exemple.test", "external_ids": [{"source": "shop", "id": "C-ADA"}]},
    ],
)
def test_an_identifier_has_one_member(shop: Shop, body: dict[str, Any]) -> None:
    assert code_of(shop.post("/members", body)) == (409, "member_exists")


def test_the_other_brand_may_have_the_same_shopper(other_shop: Shop) -> None:
    body = {"email": "bruno@exemple.test", "external_ids": [{"source": "shop", "id": "C-ADA"}]}
    assert other_shop.post("/members", body).status_code == 201


def test_a_member_needs_an_identifier(shop: Shop) -> None:
    assert code_of(shop.post("/members", {})) == (422, "identifier_missing")
    assert code_of(shop.post("/members", {"name": "Zoé", "email": None})) == (
        422,
        "identifier_missing",
    )


def test_what_cannot_be_is_refused(shop: Shop) -> None:
    refused = {
        "email_invalid": {"email": "nobody"},
        "phone_invalid": {"phone": "12"},
        "name_invalid": {"email": "z@exemple.test", "name": "x" * 65},
        "birthday_invalid": {"email": "z@exemple.test", "birthday": "1026-01-01"},
    }
    for code, body in refused.items():
        assert code_of(shop.post("/members", body)) == (422, code)
    assert shop.get("/members?email=z@exemple.test").get_json()["data"] == []


def test_a_tried_again_enrolment_answers_the_same_member(shop: Shop) -> None:
    body = {"email": "zoe@exemple.test"}
    first = shop.post("/members", body, idempotency_key="join-1")
    again = shop.post("/members", body, idempotency_key="join-1")
    assert (again.status_code, again.get_json()) == (201, {**first.get_json(), "repeated": True})
    assert code_of(shop.post("/members", body, idempotency_key=None)) == (409, "member_exists")


def test_names_are_in_the_readers_language(shop: Shop, ids: dict[str, str]) -> None:
    def tier_of(who: str, language: str | None) -> str:
        answer = shop.get(f"/members/{ids[who]}", accept_language=language)
        return str(answer.get_json()["tier"]["name"])

    assert tier_of("ada", "en") == "Gold"
    assert tier_of("ada", "fr-CA,fr;q=0.9,en;q=0.1") == "Or"
    # Without a wish the member's own language: Ada is French.
    assert tier_of("ada", None) == "Or"
    assert tier_of("ada", "*") == "Or"
    assert tier_of("ada", "de") == "Or"


def test_a_member_is_found_by_every_identifier(shop: Shop, ids: dict[str, str]) -> None:
    ada = shop.get(f"/members/{ids['ada']}").get_json()
    for query in (
        f"code={ada['code']}",
        f"number={ada['number']}",
        "email=ada@exemple.test",
        "phone=0612345678",
        "source=shop&external_id=C-ADA",
    ):
        assert shop.get(f"/members?{query}").get_json() == {"data": [ada], "next_cursor": None}


def test_nobody_found_is_an_empty_list(shop: Shop, other_shop: Shop, ids: dict[str, str]) -> None:
    ada = shop.get(f"/members/{ids['ada']}").get_json()
    for query in ("code=M1AAAA", "number=1", "email=no@exemple.test", "source=x&external_id=y"):
        assert shop.get(f"/members?{query}").get_json() == {"data": [], "next_cursor": None}
    assert other_shop.get(f"/members?code={ada['code']}").get_json()["data"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("email=a@exemple.test&number=1", (422, "body_invalid")),
        ("source=shop", (422, "body_invalid")),
        ("external_id=C-ADA", (422, "body_invalid")),
        ("nmae=ada", (422, "body_invalid")),
        ("limit=0", (422, "body_invalid")),
        ("limit=101", (422, "body_invalid")),
        ("limit=ten", (422, "body_invalid")),
        ("limit=%D9%A1", (422, "body_invalid")),
        ("limit=1&limit=2", (422, "body_invalid")),
        ("external_id=%00&source=shop", (422, "body_invalid")),
        ("email=%FF%FE", (422, "email_invalid")),
        ("cursor=nonsense", (400, "cursor_invalid")),
        ("cursor=%C3%A9", (400, "cursor_invalid")),
    ],
)
def test_a_bad_query_is_refused(shop: Shop, query: str, expected: tuple[int, str]) -> None:
    assert code_of(shop.get(f"/members?{query}")) == expected


def test_all_members_come_in_pages_without_gaps(shop: Shop) -> None:
    for number in range(5):
        shop.post("/members", {"email": f"m{number}@exemple.test"})
    everybody = [member["id"] for member in shop.get("/members").get_json()["data"]]
    assert len(everybody) == 8  # and nobody of the other brand
    paged: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = shop.get(f"/members?limit=3&cursor={cursor}").get_json()
        paged += [member["id"] for member in page["data"]]
        cursor = page["next_cursor"]
    assert paged == everybody


def test_unknown_and_foreign_members_are_not_found(shop: Shop, ids: dict[str, str]) -> None:
    entry = ids["ada"].replace("mbr", "ent")
    for member_id in (ids["fatou"], "mbr_0000000000000", entry, "1", "%00", "mbr_" + "Z" * 13):
        for path in (f"/members/{member_id}", f"/members/{member_id}/entries"):
            assert code_of(shop.get(path)) == (404, "member_not_found")
        assert code_of(shop.patch(f"/members/{member_id}", {})) == (404, "member_not_found")


def test_a_change_touches_only_what_it_names(shop: Shop, ids: dict[str, str]) -> None:
    before = shop.get(f"/members/{ids['ada']}").get_json()
    changed = shop.patch(f"/members/{ids['ada']}", {"name": "Ada B.", "locale": "en"}).get_json()
    assert changed == {**before, "name": "Ada B.", "locale": "en"}
    assert shop.patch(f"/members/{ids['ada']}", {}).get_json() == changed


def test_contacts_are_replaced_and_taken_away(shop: Shop, ids: dict[str, str]) -> None:
    path = f"/members/{ids['ada']}"
    changed = shop.patch(path, {"email": "Ada.B@exemple.test", "phone": None}).get_json()
    assert (changed["email"], changed["phone"]) == ("ada.b@exemple.test", None)
    assert shop.get("/members?email=ada@exemple.test").get_json()["data"] == []
    assert shop.get("/members?phone=0612345678").get_json()["data"] == []
    assert shop.get("/members?email=ada.b@exemple.test").get_json()["data"] == [changed]
    # The address is free again.
    assert shop.post("/members", {"email": "ada@exemple.test"}).status_code == 201


def test_external_ids_are_added(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    refs = [{"source": "shop", "id": "C-ADA"}, {"source": "till", "id": "77"}]
    for _ in range(2):
        assert shop.patch(f"/members/{ids['ada']}", {"external_ids": refs}).status_code == 200
    with cast.database.reading() as session:
        rows = identifiers_of(session, cast.people["ada"])
    outer = {(row.source, row.value) for row in rows if row.kind == "external"}
    assert outer == {("shop", "C-ADA"), ("till", "77")}


def test_a_taken_identifier_changes_nothing(shop: Shop, ids: dict[str, str]) -> None:
    path = f"/members/{ids['bruno']}"
    before = shop.get(path).get_json()
    for body in (
        {"name": "Other", "email": "ada@exemple.test"},
        {"name": "Other", "phone": "+33612345678"},
        {"name": "Other", "external_ids": [{"source": "shop", "id": "C-ADA"}]},
    ):
        assert code_of(shop.patch(path, body)) == (409, "member_exists")
    assert shop.get(path).get_json() == before


def test_changes_that_cannot_be_are_refused(shop: Shop, ids: dict[str, str]) -> None:
    path = f"/members/{ids['bruno']}"
    assert code_of(shop.patch(path, {"locale": "de"})) == (422, "locale_unknown")
    assert code_of(shop.patch(path, {"locale": None})) == (422, "body_invalid")
    assert code_of(shop.patch(path, {"birthday": "2026-03-15"})) == (422, "birthday_invalid")
    assert code_of(shop.patch(path, {"status": "closed"})) == (422, "body_invalid")
    assert code_of(shop.patch(f"/members/{ids['chloe']}", {"name": "C"})) == (409, "member_closed")


def test_a_birthday_is_set_and_taken_away(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    def birthday() -> str:
        with cast.database.reading() as session:
            member = member_with_id(session, cast.program.id, cast.people["ada"])
            assert member is not None
            return str(member.birthday)

    shop.patch(f"/members/{ids['ada']}", {"birthday": "1990-05-04"})
    assert birthday() == "1990-05-04"
    shop.patch(f"/members/{ids['ada']}", {"birthday": None})
    assert birthday() == "None"


def test_a_consent_taken_back_is_written_down_once(
    shop: Shop, cast: Cast, ids: dict[str, str]
) -> None:
    path = f"/members/{ids['ada']}"
    for granted in (False, True, True, False):
        assert shop.patch(path, {"consents": {"email": granted}}).status_code == 200
    with cast.database.reading() as session:
        kept = consents_of(session, cast.people["ada"])
    assert [row.granted for row in reversed(kept)] == [True, False]
    assert {row.source for row in kept} == {_actor(cast)}


def test_a_new_name_goes_to_the_cards(shop: Shop, cast: Cast, ids: dict[str, str]) -> None:
    cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "apple", cast.now
        )
    )
    shop.patch(f"/members/{ids['ada']}", {"name": "Ada B."})
    with cast.database.reading() as session:
        (card,) = passes_of(session, cast.people["ada"])
    assert card.wanted_version > card.delivered_version
    assert "Ada B." in str(card.card)


def _ids_of_demo(cast: Cast) -> list[int]:
    with cast.database.reading() as session:
        rows = members_page(session, cast.program.id, "", 100, None)
        return [row.id for row in rows]


def _actor(cast: Cast) -> str:
    holder = key_holder(cast.database, cast.keys["demo"], cast.now)
    assert holder is not None
    return holder.actor.label


def test_tags_make_the_segment_that_a_rule_is_for(
    shop: Shop, cast: Cast, ids: dict[str, str]
) -> None:
    double = {
        "key": "press", "name": {"fr": "Presse", "en": "Press"}, "factor": "2",
        "when": {"tags": ["press"]},
    }  # fmt: skip
    rules = {**PROGRAM.rules, "multipliers": [double]}
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "test", cast.now))

    def gives() -> int:
        said = shop.post("/purchases/quote", sale(amount_minor=1000)).get_json()
        return sum(entry["quantity"] for entry in said["entries"])

    path = f"/members/{ids['bruno']}"
    assert gives() == 10
    changed = shop.patch(path, {"tags": ["press", "vip-2026", "press"]}).get_json()
    assert changed["tags"] == ["press", "vip-2026"]
    assert gives() == 20
    assert shop.patch(path, {"name": "Bruno"}).get_json()["tags"] == ["press", "vip-2026"]
    for nasty in (["Press"], [""], ["a b"], ["x" * 33], ["pick:5"], ["ok"] * 51, "press", [1]):
        assert code_of(shop.patch(path, {"tags": nasty})) == (422, "body_invalid")
    assert shop.patch(path, {"tags": []}).get_json()["tags"] == []
    assert gives() == 10
