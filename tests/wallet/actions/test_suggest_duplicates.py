"""Duplicates are suggested, with a score and reasons; somebody decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

import pytest
from sqlalchemy.orm import Session

from tests.wallet.club import Club, open_club
from wallet.actions.issue_pass import issue_pass
from wallet.actions.suggest_duplicates import (
    ALIKE_MAX,
    SCORES,
    TEXTS,
    Suggestion,
    score,
    suggest_duplicates,
)
from wallet.db import Database
from wallet.tables.wallet_pass import Device, Registration


@pytest.fixture
def club(database: Database) -> Club:
    """An empty club."""
    return open_club(database)


def suggestions(club: Club, start: int = 0, limit: int = 50) -> Sequence[Suggestion]:
    """What is suggested now."""
    with club.database.reading() as session:
        return suggest_duplicates(session, club.program, start, limit)[0]


def name_alike(club: Club, who: str, session: Session) -> None:
    """The same name and birthday as others."""
    member = club.member(session, who)
    member.name, member.birthday = "Same", date(1990, 1, 1)


def test_people_who_share_nothing_are_not_suggested(club: Club) -> None:
    club.enrol("ada", phone="+33612345678", birthday=date(1990, 1, 1))
    club.enrol("zoe", phone="+33698765432", birthday=date(1990, 1, 1))
    assert suggestions(club) == []


def test_each_sign_is_found_and_named(club: Club) -> None:
    club.enrol("ada", email="ada.l@exemple.test", birthday=date(1990, 1, 1))
    club.later(days=1)
    club.enrol("again", email="adal+shop@exemple.test")
    club.run(lambda session: setattr(club.member(session, "again"), "name", "ADA"))
    (found,) = suggestions(club)
    assert (found.older.id, found.newer.id) == (club.people["ada"], club.people["again"])
    assert (found.reasons, found.score) == (("email",), 90)
    born = date(1990, 1, 1)
    club.run(lambda session: setattr(club.member(session, "again"), "birthday", born))
    (found,) = suggestions(club)
    assert found.reasons == ("email", "name_birthday")
    assert found.score == score(("email", "name_birthday")) > 95


def test_cards_on_one_phone_are_a_sign(club: Club) -> None:
    club.enrol("ada")
    club.enrol("zoe")

    def put_on_one_phone(session: Session) -> None:
        phone = Device(library_id="phone", push_token="t", created_at=club.now, seen_at=club.now)
        session.add(phone)
        session.flush()
        for who in ("ada", "zoe"):
            held = issue_pass(session, club.program, club.member(session, who), "apple", club.now)
            session.add(
                Registration(
                    device_id=phone.id,
                    wallet_pass_id=held.id,
                    created_at=club.now,
                    renewed_at=club.now,
                )
            )

    club.run(put_on_one_phone)
    assert [found.reasons for found in suggestions(club)] == [("device",)]


def test_merged_members_and_those_who_were_parted_again_are_left_alone(club: Club) -> None:
    club.enrol("ada", email="ada@exemple.test")
    club.enrol("again", email="ada+2@exemple.test")
    assert len(suggestions(club)) == 1
    club.merge("again", "ada")
    assert suggestions(club) == []
    club.unmerge("again")
    assert suggestions(club) == []  # somebody has said that they are two people


def test_the_likeliest_stand_first_and_pages_follow(club: Club) -> None:
    for number in range(3):
        club.enrol(f"a{number}", email=f"mail{number}@exemple.test")
        club.enrol(f"b{number}", email=f"mail{number}+x@exemple.test")
    for who in ("a2", "b2"):
        club.run(partial(name_alike, club, who))
    with club.database.reading() as session:
        first, following = suggest_duplicates(session, club.program, 0, 2)
        rest, end = suggest_duplicates(session, club.program, following or 0, 2)
    assert (following, end) == (2, None)
    assert first[0].older.id == club.people["a2"]
    assert len({pair.newer.id for pair in (*first, *rest)}) == 3


def test_a_mailbox_of_many_is_nobodys_double(club: Club) -> None:
    for number in range(ALIKE_MAX + 1):
        club.enrol(f"m{number}", email=f"family+{number}@exemple.test")
    assert suggestions(club) == []


def test_every_sign_has_words_in_both_languages() -> None:
    assert set(TEXTS) == set(SCORES)
    assert all(set(text) == {"fr", "en"} for text in TEXTS.values())
