"""Referrals: both sides once, after the hold, and never for bringing oneself."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.wallet.club import Club, open_club, until_quiet
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.issue_pass import issue_pass
from wallet.actions.refer import REASONS, give_referral_code
from wallet.db import Database
from wallet.rules.referral_code import SPACE, make_referral_code, parse_referral_code
from wallet.rules.same_person import email_form, phone_form
from wallet.tables.member import Identifier
from wallet.tables.purchase import Activity
from wallet.tables.wallet_pass import Device, Registration


@pytest.fixture
def club(database: Database) -> Club:
    """Rosa brings Théo."""
    club = open_club(database)
    club.enrol("rosa")
    club.enrol("theo", referral_code=club.code("rosa"))
    return club


def test_an_order_given_back_within_the_hold_earns_nobody_anything_and_the_next_one_counts(
    club: Club,
) -> None:
    sale = club.buy("theo", 3000)
    club.later(days=3)
    club.refund(sale)
    club.later(days=20)
    club.calendar()
    assert (club.points("rosa"), club.referral("theo").status) == (0, "joined")
    assert club.referral("theo").reason == "refunded"
    club.buy("theo", 2000)
    club.later(days=14)
    club.calendar()
    assert (club.points("rosa"), club.points("theo")) == (50, 40)
    assert club.referral("theo").reason == ""


@pytest.mark.parametrize(("refunded", "rewarded"), [(2000, True), (2001, False)])
def test_an_order_given_back_in_part_counts_while_enough_is_left(
    club: Club, refunded: int, rewarded: bool
) -> None:
    sale = club.buy("theo", 3000)
    club.refund(sale, refunded)
    club.later(days=14)
    club.calendar()
    assert (club.referral("theo").status == "rewarded") is rewarded


def test_too_small_an_order_does_not_start_the_hold(club: Club) -> None:
    club.buy("theo", 999)
    assert club.referral("theo").status == "joined"


def test_a_refund_after_the_hold_leaves_both_their_gift(club: Club) -> None:
    sale = club.buy("theo", 3000)
    club.later(days=14)
    club.calendar()
    club.refund(sale)
    assert (club.points("rosa"), club.points("theo")) == (50, 20)


def test_settled_in_four_workers_at_once_it_is_settled_once(club: Club) -> None:
    club.enrol("lina", referral_code=club.code("rosa"))
    for friend in ("theo", "lina"):
        club.buy(friend, 3000)
    club.later(days=14)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait(timeout=30)
        until_quiet(club.database, club.now)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    until_quiet(club.database, club.now)
    assert [club.points(who) for who in ("rosa", "theo", "lina")] == [100, 50, 50]
    assert club.audit().findings == []


def test_a_phone_number_given_later_shows_that_it_was_the_same_person(club: Club) -> None:
    club.enrol("rosa2", email="", phone="+33612345678", referral_code=club.code("rosa"))
    club.buy("rosa2", 3000)
    # The same number with a country that it does not have.
    club.run(lambda session: _name(session, club, "rosa", "phone", "+41612345678"))
    club.later(days=14)
    club.calendar()
    assert (club.referral("rosa2").status, club.referral("rosa2").reason) == (
        "refused",
        "self_phone",
    )
    assert club.points("rosa") == 0


def _name(session: Session, club: Club, who: str, kind: str, value: str) -> None:
    session.add(
        Identifier(
            program_id=club.program.id,
            member_id=club.people[who],
            kind=kind,
            value=value,
            created_at=club.now,
            verified_at=None,
        )
    )


def test_two_cards_on_one_phone_are_one_person(club: Club) -> None:
    def put_on_one_phone(session: Session) -> None:
        phone = Device(library_id="phone", push_token="t", created_at=club.now, seen_at=club.now)
        session.add(phone)
        session.flush()
        for who in ("rosa", "theo"):
            held = issue_pass(session, club.program, club.member(session, who), "apple", club.now)
            session.add(
                Registration(
                    device_id=phone.id,
                    wallet_pass_id=held.id,
                    created_at=club.now,
                    renewed_at=club.now,
                )
            )

    club.buy("theo", 3000)
    club.run(put_on_one_phone)
    club.later(days=14)
    club.calendar()
    assert club.referral("theo").reason == "self_device"
    assert club.points("rosa") == 0


def test_whoever_merges_with_his_referrer_had_brought_himself(club: Club) -> None:
    club.buy("theo", 3000)
    club.merge("theo", "rosa")
    club.later(days=14)
    club.calendar()
    assert club.referral("theo").reason == "self_merged"
    assert club.points("rosa") == 30
    club.unmerge("theo")
    club.calendar()
    assert (club.referral("theo").status, club.points("rosa")) == ("rewarded", 50)


def test_a_merged_referrer_is_rewarded_as_who_he_is_now(club: Club) -> None:
    club.enrol("rosa2", email="rosa@autre.test")
    club.buy("theo", 3000)
    club.merge("rosa", "rosa2")
    club.later(days=14)
    club.calendar()
    assert (club.points("rosa"), club.points("rosa2")) == (0, 50)


def test_one_friend_is_brought_once(club: Club) -> None:
    club.enrol("lina")
    club.enrol("theo2", email="theo@autre.test", referral_code=club.code("lina"))
    club.merge("theo2", "theo")
    assert club.referral("theo2").reason == "brought_twice"
    assert club.referral("theo").status == "joined"


def test_members_of_before_get_their_code_with_the_next_card(database: Database) -> None:
    club = open_club(database)
    club.enrol("rosa")

    def forget(session: Session) -> None:
        query = select(Identifier).where(Identifier.kind == "referral")
        session.delete(session.scalars(query).one())

    club.run(forget)
    assert club.view("rosa").notes.code == ""
    club.run(
        lambda session: issue_pass(
            session, club.program, club.member(session, "rosa"), "google", club.now
        )
    )
    code = club.code("rosa")
    assert parse_referral_code(code) == code
    again = club.run(
        lambda session: give_referral_code(
            session, club.program, club.member(session, "rosa"), club.now
        )
    )
    assert again == code


def test_a_program_without_referrals_gives_no_codes_and_brings_nobody(database: Database) -> None:
    club = open_club(database, referral=None)
    club.enrol("rosa")
    assert club.view("rosa").notes.url == ""
    club.enrol("theo", referral_code="00000000")
    club.buy("theo", 3000)
    club.later(days=30)
    club.calendar()
    assert club.points("theo") == 30


def test_both_gifts_say_why_and_belong_to_an_activity(club: Club) -> None:
    club.buy("theo", 3000)
    club.later(days=14)
    club.calendar()
    with club.database.reading() as session:
        kinds = {row.kind: row.member_id for row in session.scalars(select(Activity))}
    assert kinds == {"referral": club.people["rosa"], "referred": club.people["theo"]}


def test_a_closed_friend_earns_nobody_anything(club: Club) -> None:
    club.buy("theo", 3000)
    club.run(lambda session: setattr(club.member(session, "theo"), "status", "closed"))
    club.later(days=14)
    club.calendar()
    assert (club.referral("theo").reason, club.points("rosa")) == ("friend_closed", 0)


def test_every_reason_is_told_in_both_languages() -> None:
    assert all(set(text) == {"fr", "en"} and all(text.values()) for text in REASONS.values())


def test_a_complete_profile_is_no_referral(club: Club) -> None:
    edit = MemberEdit(phone="+33612345678")
    club.run(
        lambda session: edit_member(
            session, club.program, club.member(session, "theo"), edit, club.actor, club.now
        )
    )
    assert club.referral("theo").status == "joined"


@given(st.integers(0, SPACE - 1))
def test_a_code_survives_being_typed_in_any_way(number: int) -> None:
    code = make_referral_code(number)
    typed = f" {code[:4].lower()}-{code[4:].replace('0', 'o').replace('1', 'l')} "
    assert parse_referral_code(typed) == code


@pytest.mark.parametrize("text", ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFGU", "poster-7", "é" * 8])
def test_what_is_no_code_is_none(text: str) -> None:
    assert parse_referral_code(text) is None


def test_one_mailbox_has_one_form() -> None:
    forms = {
        email_form(address)
        for address in (
            "ada.lovelace@exemple.test",
            "AdaLovelace+club@exemple.test",
            "a.d.a.lovelace+x+y@EXEMPLE.test",
        )
    }
    assert forms == {"adalovelace@exemple.test"}
    assert email_form("a@googlemail.com") == email_form("a@gmail.com")
    assert phone_form("+33612345678") == "612345678"
