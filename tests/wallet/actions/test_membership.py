"""Paid memberships: one period for one payment, on from the end of the last one, perks while they run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.wallet.club import Club, open_club
from wallet.db import Database
from wallet.errors import Refusal
from wallet.rules.membership import period_end
from wallet.rules.ruleset import Plan
from wallet.tables.relation import Membership

MONTHLY = Plan(key="m", name={"en": "M"}, months=1)


@pytest.fixture
def club(database: Database) -> Club:
    """Vera is a member."""
    club = open_club(database)
    club.enrol("vera")
    return club


def test_the_same_payment_again_is_the_first_period(club: Club) -> None:
    first = club.pay("vera", "P-1")
    again = club.pay("vera", "P-1")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.membership.id == first.membership.id
    with club.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 1


def test_the_same_payment_for_something_else_is_refused(club: Club) -> None:
    club.enrol("noe")
    club.pay("vera", "P-1")
    with pytest.raises(Refusal, match="membership_exists"):
        club.pay("noe", "P-1")
    with pytest.raises(Refusal, match="membership_exists"):
        club.pay("vera", "P-1", "month")


def test_an_unknown_plan_and_a_closed_member_are_refused(club: Club) -> None:
    with pytest.raises(Refusal, match="plan_unknown"):
        club.pay("vera", "P-1", "gold")
    club.run(lambda session: setattr(club.member(session, "vera"), "status", "closed"))
    with pytest.raises(Refusal, match="member_closed"):
        club.pay("vera", "P-1")


def test_a_renewal_begins_where_the_running_period_ends(club: Club) -> None:
    first = club.pay("vera", "P-1").membership
    club.later(days=300)
    second = club.pay("vera", "P-2").membership
    assert second.starts_at == first.ends_at
    assert second.ends_at == datetime(2028, 3, 14, 23, 0, tzinfo=UTC)
    assert club.view("vera").notes.plans[0].last_day == date(2028, 3, 14)


def test_after_a_gap_a_period_begins_now(club: Club) -> None:
    club.pay("vera", "P-1", "month")
    club.later(days=60)
    assert club.view("vera").standing.tier_key == "reader"
    second = club.pay("vera", "P-2", "month").membership
    assert second.starts_at == club.now


def test_a_plan_without_a_tier_lends_none_and_shows_its_end(club: Club) -> None:
    club.pay("vera", "P-1", "pass")
    view = club.view("vera")
    assert view.standing.tier_key == "reader"
    assert view.notes.plans[0].last_day == date(2026, 3, 24)


def test_cancelling_ends_the_perks_at_once_and_only_once(club: Club) -> None:
    club.pay("vera", "P-1")
    club.later(days=3)
    cancelled = club.give_money_back("P-1")
    assert (cancelled.cancelled_at, cancelled.ends_at) == (club.now, club.now)
    assert club.view("vera").standing.tier_key == "reader"
    assert club.view("vera").notes.plans == ()
    club.later(days=1)
    assert club.give_money_back("P-1").cancelled_at == cancelled.cancelled_at
    with pytest.raises(Refusal, match="membership_not_found"):
        club.give_money_back("P-2")


def test_a_period_that_has_not_begun_never_does(club: Club) -> None:
    club.pay("vera", "P-1", "month")
    club.pay("vera", "P-2", "month")
    club.give_money_back("P-2")
    club.later(days=35)
    club.calendar()
    assert club.view("vera").standing.tier_key == "reader"
    third = club.pay("vera", "P-3", "month").membership
    assert third.starts_at == club.now


def test_earning_the_tier_keeps_it_when_the_payment_lapses(club: Club) -> None:
    club.pay("vera", "P-1", "month")
    club.buy("vera", 30_000)
    club.later(days=40)
    club.calendar()
    assert club.view("vera").standing.tier_key == "friend"


def test_a_merged_members_period_goes_along_and_comes_back(club: Club) -> None:
    club.enrol("vera2", email="vera@autre.test")
    club.pay("vera2", "P-1")
    club.merge("vera2", "vera")
    assert club.view("vera").standing.tier_key == "friend"
    assert club.pay("vera", "P-1").repeated
    club.unmerge("vera2")
    assert club.view("vera").standing.tier_key == "reader"
    assert club.view("vera2").standing.tier_key == "friend"


def test_a_window_that_moves_by_itself_takes_the_tier_at_night(club: Club) -> None:
    club.buy("vera", 30_000)
    assert club.view("vera").standing.tier_key == "friend"
    club.now = datetime(2027, 3, 13, 8, 0, tzinfo=UTC)  # the twelve months begin on the 14th
    club.calendar()
    with club.database.reading() as session:
        assert club.member(session, "vera").tier_key == "friend"
    club.now = datetime(2027, 3, 14, 8, 0, tzinfo=UTC)
    assert club.calendar() > 0
    with club.database.reading() as session:
        assert club.member(session, "vera").tier_key == "reader"
    assert club.calendar() == 0


@pytest.mark.parametrize(
    ("start", "zone", "end"),
    [
        # Half a year on the clocks show another time, and it is midnight all the same.
        (
            datetime(2026, 9, 28, 12, tzinfo=UTC),
            "Europe/Paris",
            datetime(2026, 10, 28, 23, tzinfo=UTC),
        ),
        (
            datetime(2026, 2, 28, 12, tzinfo=UTC),
            "Europe/Paris",
            datetime(2026, 3, 28, 23, tzinfo=UTC),
        ),
        (
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            "Europe/Paris",
            datetime(2026, 4, 28, 22, tzinfo=UTC),
        ),
        (
            datetime(2028, 1, 30, 12, tzinfo=UTC),
            "Europe/Paris",
            datetime(2028, 2, 29, 23, tzinfo=UTC),
        ),
        # Still the evening before where the program lives.
        (
            datetime(2026, 3, 1, 2, tzinfo=UTC),
            "America/Toronto",
            datetime(2026, 3, 29, 4, tzinfo=UTC),
        ),
    ],
)
def test_a_period_ends_at_a_midnight_of_the_place(
    start: datetime, zone: str, end: datetime
) -> None:
    assert period_end(MONTHLY, start, start, zone) == end


def test_twelve_months_one_by_one_are_a_year() -> None:
    first = datetime(2027, 1, 31, 9, tzinfo=UTC)
    starts = first
    for _ in range(12):
        starts = period_end(MONTHLY, starts, first, "Europe/Paris")
    assert starts == datetime(2028, 1, 31, 23, tzinfo=UTC)
    assert starts - first < timedelta(days=367)
