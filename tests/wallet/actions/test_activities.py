"""Activities: whatever is told, however often, counts once; caps hold against many at once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import SHOP
from tests.wallet.club import RULES, Club, activity, open_club, until_quiet
from wallet.actions.card_link import make_card_link, open_card_link
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.give_birthdays import give_birthdays
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.purchase import Activity


@pytest.fixture
def club(database: Database) -> Club:
    """Vera is a member."""
    club = open_club(database)
    club.enrol("vera")
    return club


def test_the_same_activity_again_is_the_first_one(club: Club) -> None:
    first = club.did("vera", "review", "R-1")
    again = club.did("vera", "review", "R-1")
    assert again.repeated
    assert again.activity.id == first.activity.id
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]


def test_the_same_id_with_other_facts_is_refused(club: Club) -> None:
    club.enrol("noe")
    club.did("vera", "review", "R-1")
    with pytest.raises(Refusal, match="activity_exists"):
        club.did("noe", "review", "R-1")
    with pytest.raises(Refusal, match="activity_exists"):
        club.did("vera", "review", "R-1", occurred_at=club.now - timedelta(days=1))
    assert club.did("vera", "eco", "R-1").entries  # another kind is another activity
    assert club.did("vera", "review", "R-1", source="elsewhere").entries


def test_after_a_merge_the_same_activity_is_still_the_same(club: Club) -> None:
    club.enrol("vera2", email="vera@autre.test")
    first = club.did("vera2", "review", "R-1")
    club.merge("vera2", "vera")
    again = club.did("vera", "review", "R-1")
    assert again.repeated
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]


@pytest.mark.parametrize(
    ("kind", "external_id", "code"),
    [("Review", "1", "body_invalid"), ("", "1", "body_invalid"), ("review", "", "body_invalid")],
)
def test_what_cannot_be_an_activity_is_refused(
    club: Club, kind: str, external_id: str, code: str
) -> None:
    with pytest.raises(Refusal, match=code):
        club.did("vera", kind, external_id)


def test_nothing_happens_in_the_future_or_to_closed_members(club: Club) -> None:
    with pytest.raises(Refusal, match="activity_in_future"):
        club.did("vera", "review", "R-1", occurred_at=club.now + timedelta(minutes=6))
    club.run(lambda session: setattr(club.member(session, "vera"), "status", "closed"))
    with pytest.raises(Refusal, match="member_closed"):
        club.did("vera", "review", "R-1")


def test_a_cap_counts_by_the_day_on_which_it_happened(club: Club) -> None:
    for number in range(3):
        club.did("vera", "eco", f"a{number}", occurred_at=club.now - timedelta(days=1))
    assert club.points("vera") == 10
    club.did("vera", "eco", "b")
    assert club.points("vera") == 15


def test_many_at_once_do_not_pass_the_cap(club: Club) -> None:
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait(timeout=30)
        club.did("vera", "eco", f"mug-{number}")

    tills = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for till in tills:
        till.start()
    for till in tills:
        till.join(timeout=60)
    assert club.points("vera") == 10
    with club.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 8
    assert club.audit().findings == []


def test_an_opt_in_counts_when_the_address_is_proven(club: Club) -> None:
    edit = MemberEdit(consents={"email": (True, "Yes, news by e-mail.")})

    def change(session: Session) -> None:
        member = club.member(session, "vera")
        edit_member(session, club.program, member, edit, SHOP, club.now)

    club.run(change)
    assert club.points("vera") == 0

    def click(session: Session) -> None:
        mail = make_card_link(session, club.program.id, club.people["vera"], club.now)
        assert mail is not None
        open_card_link(session, mail.address.rsplit("/", 1)[1], club.now)

    club.run(click)
    assert club.points("vera") == 10
    club.run(click)
    club.did("vera", "newsletter", "told-by-the-shop-too")
    assert club.points("vera") == 10


def test_what_was_told_before_a_rule_named_it_does_not_use_up_the_once(database: Database) -> None:
    club = open_club(database, earning=[activity("review", 5)])
    club.enrol("vera")
    assert club.did("vera", "newsletter", "1").entries == []
    rules = {**RULES, "earning": [activity("review", 5), activity("newsletter", 10)]}
    club.run(lambda session: publish_rules(session, club.program.id, rules, "staff:1", club.now))
    club.program = club.run(lambda session: program_view(session, club.program.id))
    assert club.did("vera", "newsletter", "1").entries == []  # that very one stays as it was
    club.did("vera", "newsletter", "2")
    club.did("vera", "newsletter", "3")
    assert club.points("vera") == 10


def test_birthdays_missed_while_the_service_was_off_are_made_up_for(database: Database) -> None:
    club = open_club(database, earning=[activity("birthday", 40)])
    club.enrol("vera", birthday=date(1990, 4, 2))
    club.enrol("noe", birthday=date(1990, 12, 24))
    club.now = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
    club.calendar()
    club.now = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
    club.calendar()
    assert (club.points("vera"), club.points("noe")) == (40, 0)
    with database.reading() as session:
        (given,) = session.scalars(select(Activity))
    assert given.occurred_at == datetime(2026, 4, 2, 10, 0, tzinfo=UTC)  # noon in Paris


def test_celebrating_in_four_workers_at_once_is_celebrating_once(database: Database) -> None:
    club = open_club(database, earning=[activity("birthday", 40)])
    for number in range(6):
        club.enrol(f"twin{number}", birthday=date(1990, 3, 14))
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait(timeout=30)
        until_quiet(database, club.now)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert {club.points(f"twin{number}") for number in range(6)} == {40}
    assert give_birthdays(database, lambda: club.now) == 0
    assert club.audit().findings == []


def test_a_birthday_moved_within_the_year_is_not_a_second_one(database: Database) -> None:
    club = open_club(database, earning=[activity("birthday", 40)])
    club.enrol("vera", birthday=date(1990, 3, 14))
    club.calendar()
    club.run(lambda session: setattr(club.member(session, "vera"), "birthday", date(1990, 3, 16)))
    club.later(days=2)
    club.calendar()
    assert club.points("vera") == 40
