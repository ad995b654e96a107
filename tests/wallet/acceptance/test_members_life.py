"""Acceptance: what members do besides buying, whom they bring, what they pay for, who they are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import SHOP
from tests.wallet.club import Club, activity, open_club
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.issue_pass import issue_pass
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.refer import REASONS
from wallet.db import Database
from wallet.tables.ledger import Lot, entries_of
from wallet.tables.relation import Referral
from wallet.tables.wallet_pass import passes_of


@pytest.fixture
def club(database: Database) -> Club:
    """The club on both databases."""
    return open_club(database)


def test_s10_a_paid_membership_unlocks_perks_at_once_and_lapses_the_next_day(club: Club) -> None:
    club.enrol("vera")
    assert club.view("vera").standing.tier_key == "reader"
    club.pay("vera", "P-1")
    assert club.view("vera").standing.tier_key == "friend"
    assert club.buy("vera", 1000).entries[0].quantity == 20  # doubled at once
    club.now = datetime(2027, 3, 14, 22, 59, 59, tzinfo=UTC)  # the last second of the last day
    assert club.view("vera").standing.tier_key == "friend"
    club.now = datetime(2027, 3, 14, 23, 0, tzinfo=UTC)  # midnight in Paris
    assert club.view("vera").standing.tier_key == "reader"
    assert club.buy("vera", 1000).entries[0].quantity == 10
    assert club.audit().findings == []


def test_s10_the_card_loses_the_perks_when_nobody_does_anything(club: Club) -> None:
    club.enrol("vera")
    club.pay("vera", "P-1")
    club.run(
        lambda session: issue_pass(
            session, club.program, club.member(session, "vera"), "apple", club.now
        )
    )
    club.now = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
    assert club.calendar() > 0
    with club.database.reading() as session:
        member = club.member(session, "vera")
        shown = passes_of(session, member.id)[0]
        assert (member.tier_key, shown.tier_key) == ("reader", "reader")
    assert club.calendar() == 0


def test_s11_a_monthly_renewal_extends_by_a_month_and_the_card_shows_the_end(club: Club) -> None:
    club.now = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
    club.enrol("vera")
    ends = []
    for number in (1, 2, 3):
        club.pay("vera", f"P-{number}", "month")
        ends.append(club.view("vera").notes.plans[0].last_day)
    # It is the 31st that was paid for, where there is one.
    assert ends == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    club.run(
        lambda session: issue_pass(
            session, club.program, club.member(session, "vera"), "apple", club.now
        )
    )
    with club.database.reading() as session:
        card = passes_of(session, club.people["vera"])[0].card
    told = {section["key"]: section["body"] for section in card["sections"]}
    assert told["membership"]["fr"] == "Month by month, jusqu’au 30 avril 2027"


def test_s12_a_friends_first_paid_order_credits_both_sides_once(club: Club) -> None:
    club.enrol("rosa")
    club.enrol("theo", referral_code=club.code("rosa"))
    assert club.referral("theo").status == "joined"
    club.buy("theo", 3000)
    assert club.referral("theo").status == "holding"
    club.later(days=13)
    club.calendar()
    assert (club.points("rosa"), club.points("theo")) == (0, 30)
    club.later(days=1)
    club.calendar()
    assert (club.points("rosa"), club.points("theo")) == (50, 50)
    club.buy("theo", 3000)
    club.later(days=30)
    club.calendar()
    assert (club.points("rosa"), club.points("theo")) == (50, 80)
    assert club.referral("theo").status == "rewarded"
    assert club.audit().findings == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"email": "r.osa+friend@exemple.test"}, "self_email"),
        ({"email": "ROSA+2@exemple.test"}, "self_email"),
        ({"email": "other@exemple.test"}, ""),
    ],
)
def test_s12_whoever_brings_himself_is_refused_with_the_reason(
    club: Club, said: dict[str, str], reason: str
) -> None:
    club.enrol("rosa")
    club.enrol("again", referral_code=club.code("rosa"), **said)
    referral = club.referral("again")
    assert referral.reason == reason
    assert referral.status == ("refused" if reason else "joined")
    assert not reason or set(REASONS[reason]) == {"fr", "en"}
    club.buy("again", 5000)
    club.later(days=20)
    club.calendar()
    assert club.points("rosa") == (0 if reason else 50)


def test_s12_a_thousand_synthetic_friends_bring_nothing_before_the_hold_ends(club: Club) -> None:
    club.enrol("rosa")
    code = club.code("rosa")

    def bring(session: Session) -> None:
        for number in range(1000):
            said = Enrolment(email=f"bot{number}@exemple.test", referral_code=code)
            bot = enrol(session, club.program, said, SHOP, club.now)
            sale = PurchaseFacts("shop", f"B-{number}", "online", 1000, "EUR")
            record_purchase(session, club.program, bot, sale, SHOP, club.now)

    club.run(bring)
    club.later(days=13, hours=23)
    club.calendar()
    with club.database.reading() as session:
        held = select(func.count()).where(Referral.status == "holding")
        given = select(func.count()).where(Lot.quantity.in_((50, 20)))
        assert (session.scalar(held), session.scalar(given)) == (1000, 0)
    assert club.points("rosa") == 0


def test_s13_every_completed_referral_counts_up_to_the_cap_of_the_year(club: Club) -> None:
    club.enrol("rosa")
    for number in range(5):
        club.enrol(f"friend{number}", referral_code=club.code("rosa"))
        club.buy(f"friend{number}", 1000)
        club.later(days=15)
        club.calendar()
    assert club.points("rosa") == 3 * 50  # three a year, and it is not hidden why
    assert [club.referral(f"friend{number}").reason for number in range(5)] == [
        "",
        "",
        "",
        "capped",
        "capped",
    ]
    assert club.points("friend4") == 30  # the friend did nothing wrong
    club.now = datetime(2027, 1, 2, tzinfo=UTC)
    club.enrol("friend5", referral_code=club.code("rosa"))
    club.buy("friend5", 1000)
    club.later(days=15)
    club.calendar()
    assert club.points("rosa") == 4 * 50


def test_s15_one_link_to_share_attributes_whoever_joins_by_it(club: Club) -> None:
    club.enrol("rosa")
    notes = club.view("rosa").notes
    assert notes.url.endswith(f"/p/club/join?ref={notes.code}")
    club.enrol("theo", referral_code=notes.code.lower())  # as people type it
    assert club.referral("theo").referrer_id == club.people["rosa"]
    club.enrol("lina", referral_code="poster-7")
    with club.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Referral)) == 1


def test_s19_an_eco_action_counts_so_often_a_day(club: Club) -> None:
    club.enrol("vera")
    for number in range(4):
        club.did("vera", "eco", f"mug-{number}")
        club.later(minutes=5)
    assert club.points("vera") == 10
    club.later(days=1)
    club.did("vera", "eco", "mug-9")
    assert club.points("vera") == 15


def test_s29_sharing_is_credited_once(club: Club) -> None:
    club.enrol("vera")
    assert [len(club.did("vera", "share_photo", str(number)).entries) for number in range(3)] == [
        1,
        0,
        0,
    ]
    assert club.points("vera") == 3


def test_s32_a_newsletter_opt_in_counts_once_and_opting_out_takes_nothing(club: Club) -> None:
    club.enrol("vera")
    club.did("vera", "newsletter", "opt-in-1")
    club.later(days=3)
    club.did("vera", "newsletter", "opt-in-2")  # out and in again
    assert club.points("vera") == 10


def test_s33_a_recommendation_is_a_referral(club: Club) -> None:
    club.enrol("rosa")
    club.enrol("theo", referral_code=club.code("rosa"))
    club.buy("theo", 1000)
    club.later(days=15)
    club.calendar()
    with club.database.reading() as session:
        entry = entries_of(session, club.people["rosa"], 1)[0]
    assert entry.why[0]["text"]["fr"] == "Un ami parrainé\u00a0: 50\u00a0points"
    assert entry.activity_id is not None


def test_s34_each_network_counts_once(database: Database) -> None:
    rules = [
        activity(f"share_{network}", 5, caps=[{"per": "lifetime", "times": 1}])
        for network in ("square", "round")
    ]
    club = open_club(database, earning=rules)
    club.enrol("vera")
    for number, network in enumerate(("square", "square", "round", "round")):
        club.did("vera", f"share_{network}", str(number))
    assert club.points("vera") == 10


def test_s35_a_birthday_is_celebrated_once_a_year_where_the_program_lives(
    database: Database,
) -> None:
    club = open_club(database, earning=[activity("birthday", 40)])
    club.now = datetime(2026, 5, 3, 21, 59, tzinfo=UTC)  # 3 May in Paris, 23:59
    club.enrol("vera", birthday=date(1990, 5, 4))
    club.calendar()
    assert club.points("vera") == 0
    club.later(minutes=2)  # 4 May
    assert club.calendar() > 0
    assert club.points("vera") == 40
    for hours in (1, 12, 24, 48):
        club.later(hours=hours)
        club.calendar()
    assert club.points("vera") == 40
    club.now = datetime(2027, 5, 4, 8, 0, tzinfo=UTC)
    club.calendar()
    assert club.points("vera") == 80


def test_s35_those_born_on_29_february_celebrate_on_the_28th_in_other_years(club: Club) -> None:
    club.enrol("vera", birthday=date(1992, 2, 29))
    club.now = datetime(2027, 2, 27, 12, 0, tzinfo=UTC)
    club.calendar()
    club.now = datetime(2027, 2, 28, 12, 0, tzinfo=UTC)
    club.calendar()
    assert club.points("vera") == 40
    club.now = datetime(2028, 2, 28, 12, 0, tzinfo=UTC)
    club.calendar()
    assert club.points("vera") == 40
    club.now = datetime(2028, 2, 29, 12, 0, tzinfo=UTC)
    club.calendar()
    assert club.points("vera") == 80


def test_s39_the_anniversary_of_joining_counts_each_year(club: Club) -> None:
    club.enrol("vera")
    club.calendar()
    assert club.points("vera") == 0  # today she joins
    club.now = datetime(2027, 3, 14, 12, 0, tzinfo=UTC)
    club.calendar()
    club.calendar()
    assert club.points("vera") == 30


def test_s41_an_approved_review_is_credited_once(club: Club) -> None:
    club.enrol("vera")
    first = club.did("vera", "review", "R-77")
    again = club.did("vera", "review", "R-77")
    assert (first.repeated, again.repeated) == (False, True)
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]
    assert club.points("vera") == 15
    club.did("vera", "review", "R-78")
    assert club.points("vera") == 30


def test_s42_a_complete_profile_is_credited_once(club: Club) -> None:
    club.enrol("vera")

    def edit(**said: object) -> None:
        change = MemberEdit(**said)  # type: ignore[arg-type]
        club.run(
            lambda session: edit_member(
                session, club.program, club.member(session, "vera"), change, club.actor, club.now
            )
        )

    edit(phone="+33612345678")
    assert club.points("vera") == 0
    edit(birthday=(date(1990, 5, 4),))
    assert club.points("vera") == 25
    edit(birthday=(None,))
    edit(birthday=(date(1990, 5, 4),))
    assert club.points("vera") == 25


def test_s43_joining_is_welcomed_once_and_says_why(database: Database) -> None:
    club = open_club(database, welcome={"unit": "points", "quantity": 50}, pending_days=14)
    member = club.enrol("vera")
    assert club.points("vera") == 50  # at once: the first win is the one that counts
    with club.database.reading() as session:
        entry = entries_of(session, member.id, 5)[0]
    assert entry.why[0]["text"]["en"] == "Welcome: 50\u00a0points"
    assert club.audit().findings == []


def test_s44_the_welcome_may_be_the_first_win(database: Database) -> None:
    club = open_club(database, welcome={"unit": "points", "quantity": 50})
    club.enrol("vera")
    assert [reward.cost for reward in club.view("vera").usable] == [50]


def test_s45_any_event_of_elsewhere_counts_by_its_kind_up_to_its_cap(club: Club) -> None:
    club.enrol("vera")
    for number in range(5):
        club.did("vera", "forum", f"post-{number}", source="forum")
    assert club.points("vera") == 20  # 7, 7 and what the cap leaves
    unknown = club.did("vera", "dance", "1", source="forum")
    assert (unknown.activity.kind, unknown.entries) == ("dance", [])
    assert club.points("vera") == 20


def test_s83_many_identifiers_and_a_merge_that_loses_nothing_and_can_be_undone(club: Club) -> None:
    club.enrol("vera", external_ids=(("card", "fingerprint-1"),))
    club.enrol("vera2", email="vera@autre.test", external_ids=(("card", "fingerprint-2"),))
    club.buy("vera", 3000)
    club.buy("vera2", 2000)
    club.merge("vera2", "vera")
    refs = (
        MemberRef(external_source="card", external_id="fingerprint-1"),
        MemberRef(external_source="card", external_id="fingerprint-2"),
        MemberRef(email="vera@autre.test"),
    )
    with club.database.reading() as session:
        for ref in refs:
            assert find_member(session, club.program, ref).id == club.people["vera"]
    assert club.points("vera") == 50
    club.unmerge("vera2")
    assert (club.points("vera"), club.points("vera2")) == (30, 20)
    assert club.audit().findings == []
