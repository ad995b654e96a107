"""Enrolment: one identifier is enough, one person is enrolled once, and junk not at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, Cast
from wallet.actions.enrol import NUMBER_DIGITS, Enrolment, enrol
from wallet.actions.identify import EXTERNAL_ID_LENGTH_MAX, NAME_LENGTH_MAX
from wallet.errors import Refusal
from wallet.rules.member_code import is_genuine, parse_code
from wallet.tables.member import Consent, Identifier, Member


def join(cast: Cast, **said: Any) -> Member:
    """A shopper joins with exactly this."""
    return cast.run(
        lambda session: enrol(session, cast.program, Enrolment(**said), cast.actor, cast.now)
    )


def count_members(cast: Cast) -> int:
    """Of the whole installation."""
    with cast.database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(Member)) or 0)


def test_a_new_member_has_a_genuine_code_a_number_and_the_first_tier(cast: Cast) -> None:
    member = join(cast, email="Nina@Exemple.TEST", name="  Nina   Exemple ")
    code = parse_code(member.code)
    assert code is not None
    assert is_genuine(code, cast.program.id, cast.program.keys)
    assert (len(member.number), member.number[0] != "0") == (NUMBER_DIGITS, True)
    assert (member.name, member.tier_key, member.tier_since) == ("Nina Exemple", "bronze", NOW)
    assert (member.joined_channel, member.joined_by) == ("store", cast.actor.label)
    with cast.database.reading() as session:
        rows = session.scalars(select(Identifier).where(Identifier.member_id == member.id))
        assert {row.kind: row.value for row in rows} == {
            "email": "nina@exemple.test",
            "code": member.code,
            "number": member.number,
        }


def test_one_identifier_of_any_kind_is_enough_and_none_is_not(cast: Cast) -> None:
    join(cast, email="n1@exemple.test")
    join(cast, phone="06 12 34 56 79")
    join(cast, external_ids=(("shop", "C-1"),))
    with pytest.raises(Refusal, match="identifier_missing"):
        join(cast, name="Nobody")


def test_whoever_is_a_member_already_is_not_enrolled_again(cast: Cast) -> None:
    before = count_members(cast)
    for said in (
        {"email": "ADA@exemple.test"},
        {"phone": "+33 6 12 34 56 78"},
        {"phone": "0612345678"},
        {"external_ids": (("shop", "C-ADA"),)},
        {"email": "new@exemple.test", "phone": "+33612345678"},
    ):
        with pytest.raises(Refusal, match="member_exists"):
            join(cast, **said)
    assert count_members(cast) == before


def test_the_same_id_at_another_shop_or_brand_is_somebody_else(cast: Cast) -> None:
    join(cast, external_ids=(("other-shop", "C-ADA"),))
    join(cast, external_ids=(("shop", "C-FATOU"),))  # that one is the other brand's


def test_consent_is_kept_in_the_words_that_were_agreed_to(cast: Cast) -> None:
    member = join(cast, email="n@exemple.test", consents={"email": "Oui, écrivez-moi."})
    with cast.database.reading() as session:
        row = session.scalars(select(Consent).where(Consent.member_id == member.id)).one()
        assert (row.purpose, row.granted, row.wording, row.at) == (
            "email",
            True,
            "Oui, écrivez-moi.",
            NOW,
        )


def test_an_unknown_language_is_the_programs_own(cast: Cast) -> None:
    assert join(cast, email="a@exemple.test", locale="en").locale == "en"
    assert join(cast, email="b@exemple.test", locale="tlh").locale == "fr"


def test_what_cannot_be_is_refused_in_so_many_words_and_nothing_is_written(cast: Cast) -> None:
    before = count_members(cast)
    good = {"email": "n@exemple.test"}
    tomorrow = (NOW + timedelta(days=1)).date()
    cases: list[tuple[str, dict[str, Any]]] = [
        ("email_invalid", {"email": "nina"}),
        ("email_invalid", {"email": "nina@exemple.test\x00"}),
        ("email_invalid", {"email": "ni\ud800na@exemple.test"}),
        ("email_invalid", {"email": "n" * 10_000 + "@exemple.test"}),
        ("email_invalid", {"email": "nina@exemple.test\nBcc: eve@exemple.test"}),
        ("phone_invalid", {"phone": "12"}),
        ("phone_invalid", {"phone": "+33612345678\x00"}),
        ("phone_invalid", {"phone": "6" * 10_000}),
        ("phone_invalid", {"phone": "+999 612345678"}),
        ("name_invalid", {**good, "name": "\x00"}),
        ("name_invalid", {**good, "name": "a\ud800"}),
        ("name_invalid", {**good, "name": "x" * 10_240}),
        ("name_invalid", {**good, "name": "x" * (NAME_LENGTH_MAX + 1)}),
        ("birthday_invalid", {**good, "birthday": tomorrow}),
        ("birthday_invalid", {**good, "birthday": date(1860, 1, 1)}),
        ("body_invalid", {"external_ids": (("shop", ""),)}),
        ("body_invalid", {"external_ids": (("shop", "\x00"),)}),
        ("body_invalid", {"external_ids": (("sh\ud800op", "1"),)}),
        ("body_invalid", {"external_ids": (("shop", "x" * (EXTERNAL_ID_LENGTH_MAX + 1)),)}),
    ]
    for code, said in cases:
        with pytest.raises(Refusal) as refused:
            join(cast, **said)
        assert refused.value.code == code, said
    assert count_members(cast) == before


def test_a_name_cannot_turn_the_line_around(cast: Cast) -> None:
    assert join(cast, email="n@exemple.test", name="Ada \u202etxt.exe").name == "Ada txt.exe"


def test_a_name_of_the_longest_kind_and_of_any_script_is_kept(cast: Cast) -> None:
    for at, name in enumerate(("é" * NAME_LENGTH_MAX, "李小龍", "Łukasz Żółć", "O’Brien-Núñez")):
        assert join(cast, email=f"n{at}@exemple.test", name=name).name == name


def test_an_id_said_twice_is_said_once(cast: Cast) -> None:
    member = join(cast, external_ids=(("shop", "C-1"), ("shop", "C-1")))
    with cast.database.reading() as session:
        rows = session.scalars(select(Identifier.kind).where(Identifier.member_id == member.id))
        assert sorted(rows) == ["code", "external", "number"]


def test_a_taken_number_is_not_given_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with cast.database.reading() as session:
        taken = int(cast.member(session, "ada").number)
    offered = iter((taken - 10 ** (NUMBER_DIGITS - 1), 123))
    monkeypatch.setattr("wallet.actions.enrol.secrets.randbelow", lambda _: next(offered))
    assert int(join(cast, email="n@exemple.test").number) == 10 ** (NUMBER_DIGITS - 1) + 123


def test_members_are_made_by_their_own_program(cast: Cast) -> None:
    def look(session: Session) -> tuple[int, int]:
        return (
            session.get_one(Member, cast.people["ada"]).program_id,
            session.get_one(Member, cast.other.people["ada"]).program_id,
        )

    assert cast.run(look) == (cast.program.id, cast.other.program.id)
