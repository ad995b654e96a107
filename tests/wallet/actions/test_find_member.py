"""Finding a member by whatever there is, and never somebody of another brand."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.factories import Cast
from wallet.actions.actor import SYSTEM
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.find_member import CHOICES_MAX, MemberRef, find_member, look_up
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.member_code import make_code, spoken
from wallet.tables.member_word import ids_with_words


def find(cast: Cast, **ref: Any) -> int:
    """The id of the member that an API caller means."""
    with cast.database.reading() as session:
        return find_member(session, cast.program, MemberRef(**ref)).id


def ask(cast: Cast, query: str) -> list[str]:
    """First names that a cashier sees."""
    with cast.database.reading() as session:
        return [member.name for member in look_up(session, cast.program, query)]


def refused(cast: Cast, query: str) -> str:
    """The code of the refusal."""
    with pytest.raises(Refusal) as refusal:
        ask(cast, query)
    return refusal.value.code


def rename(cast: Cast, who: str, name: str, **more: Any) -> None:
    """Another name, and whatever else is edited."""
    edit = MemberEdit(name=name, **more)
    cast.run(
        lambda session: edit_member(
            session, cast.program, cast.member(session, who), edit, SYSTEM, cast.now
        )
    )


def test_every_reference_names_the_same_member(cast: Cast) -> None:
    ada = cast.view("ada")
    for ref in (
        {"id": ada.public_id},
        {"code": ada.code},
        {"code": spoken(ada.code).lower()},
        {"number": f"{ada.number[:3]} {ada.number[3:6]} {ada.number[6:]}"},
        {"email": " ADA@exemple.test"},
        {"phone": "06 12 34 56 78"},
        {"external_source": "shop", "external_id": "C-ADA"},
    ):
        assert find(cast, **ref) == ada.id, ref


def test_nobody_of_the_other_brand_is_found(cast: Cast) -> None:
    fatou = cast.other.view("fatou")
    for ref in (
        {"id": fatou.public_id},
        {"number": fatou.number},
        {"email": "fatou@exemple.test"},
        {"external_source": "shop", "external_id": "C-FATOU"},
    ):
        with pytest.raises(Refusal, match="member_not_found"):
            find(cast, **ref)
    assert refused(cast, fatou.code) == "code_not_ours"
    assert ask(cast, "fatou") == ask(cast, "Fatou") == []
    assert find(cast, email="ada@exemple.test") == cast.people["ada"]


def test_a_reference_that_cannot_be_one_finds_nobody_and_breaks_nothing(cast: Cast) -> None:
    for junk in ("\x00", "a\ud800", "x" * 10_000, "", "'; DROP TABLE member; --", "٣٤٥"):
        for kind in ("id", "code", "number", "email", "phone", "external_id"):
            ref = {kind: junk} | ({"external_source": "shop"} if kind == "external_id" else {})
            with pytest.raises(Refusal) as refusal:
                find(cast, **ref)
            assert refusal.value.status in (404, 422), (kind, junk)
    with pytest.raises(Refusal, match="member_not_found"):
        find(cast, external_source="\x00", external_id="C-ADA")
    with pytest.raises(Refusal, match="member_reference_invalid"):
        find(cast, external_id="C-ADA")
    with pytest.raises(Refusal, match="member_not_found"):
        find(cast, id=public_id("ent", cast.people["ada"]))


def test_a_code_says_whether_it_is_foreign_forged_or_of_a_card_that_is_gone(cast: Cast) -> None:
    _, key = cast.program.signing_key
    gone = make_code(cast.program.id, key, 1, 7)
    forged = make_code(cast.program.id, bytes(32), 1, 7)
    assert refused(cast, gone) == "code_unknown"
    assert refused(cast, forged) == "code_not_ours"
    assert refused(cast, "https://example.test/menu") == "code_not_ours"
    assert (
        refused(cast, "3017620422003-3017620422003") == "code_not_ours"
    )  # two bar codes of a shelf


def test_forgeries_cost_no_look_at_the_database(cast: Cast) -> None:
    forged = make_code(cast.program.id, bytes(32), 1, 7)
    with pytest.raises(Refusal, match="code_not_ours"):
        look_up(None, cast.program, forged)  # type: ignore[arg-type]


def test_a_cashier_finds_by_code_number_mail_phone_or_part_of_a_name(cast: Cast) -> None:
    ada = cast.view("ada")
    cast.enrol("adam")
    for query in (ada.code, ada.number, "ada@exemple.test", "0612345678", "+33 6 12 34 56 78"):
        assert ask(cast, f" {query} ") == ["Ada"], query
    assert ask(cast, "ada") == ["Ada", "Adam"]  # whole words first
    assert ask(cast, "BRUNO") == ["Bruno"]
    assert ask(cast, "5678") == ["Ada"]  # the end of the phone number, as people say it
    assert ask(cast, "06 12 34") == ["Ada"]
    assert ask(cast, "zzz") == []


def test_accents_and_capitals_need_not_be_typed_right(cast: Cast) -> None:
    rename(cast, "bruno", "Anaïs Le Gœff-Inventée")
    for query in (
        "Anaïs",
        "anais",
        "ANAÏS",
        "anai\u0308s",
        "gœff",
        "GOEFF ana",
        "inventee",
        "le goe",
    ):
        assert ask(cast, query) == ["Anaïs Le Gœff-Inventée"], query
    assert ask(cast, "anais dupont") == []


def test_a_new_name_or_address_finds_and_the_old_one_no_more(cast: Cast) -> None:
    rename(cast, "bruno", "Zoé", email="zoe.inventee@exemple.test")
    assert ask(cast, "bruno") == []
    assert ask(cast, "zoe inv") == ask(cast, "inventee") == ["Zoé"]


def test_the_search_walks_an_index_and_not_the_members(cast: Cast) -> None:
    statement = ids_with_words(cast.program.id, ["chlo", "inv"]).limit(8)
    with cast.database.reading() as session:
        bind = session.get_bind()
        is_sqlite = bind.dialect.name == "sqlite"
        if not is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is tiny here
        said = statement.compile(bind, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in session.execute(text(f"{explain} {said}")))
    assert "ix_member_word_program_id_word_member_id" in plan
    assert "SCAN member" not in plan


def test_wild_cards_list_nobody(cast: Cast) -> None:
    for query in ("%%%", "___", "%a%", "\\\\\\", "a%a", "___@___"):
        assert ask(cast, query) == [], query


def test_too_short_to_mean_anybody_lists_nobody(cast: Cast) -> None:
    assert ask(cast, "ad") == []


def test_no_more_names_than_a_cashier_reads(cast: Cast) -> None:
    for number in range(CHOICES_MAX + 2):
        cast.enrol(f"paul{number}")
    assert len(ask(cast, "paul")) == CHOICES_MAX


def test_junk_typed_at_the_till_finds_nobody(cast: Cast) -> None:
    for query in ("", "   ", "\x00", "ab\x00cd", "a\ud800bc", "x" * 10_000):
        assert refused(cast, query) == "member_not_found", query
