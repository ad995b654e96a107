"""S16, S17, S18, S56: what is given has a ledger of its own, and it reconciles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.factories import NOW, new_program
from tests.wallet.acceptance.bazaar import BAZAAR, Bazaar
from wallet.actions.create_charity import edit_charity
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.donation import Donation
from wallet.tables.ledger import Entry


@pytest.fixture
def ada(bazaar: Bazaar) -> Bazaar:
    """Somebody with 600 points, whose first sale gave 6 euros to the first charity."""
    bazaar.rich()
    return bazaar


def by_charity(bazaar: Bazaar) -> list[int]:
    """What each charity was promised, in the order of the program."""
    found = {each.charity_id: each.amount_minor for each in bazaar.given().charities}
    return [found.get(charity.id, 0) for charity in bazaar.program.charities]


def test_s16_each_sale_writes_a_donation_and_the_month_is_their_sum(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    amounts = [4_000, 1_250, 99, 12_345]
    for amount in amounts:
        bazaar.buy("ada", amount)
    bazaar.later(days=31)
    bazaar.buy("ada", 5_000)
    month = bazaar.given(until=NOW + timedelta(days=1))
    assert month.total_minor == sum(amount // 100 for amount in amounts) == 175
    assert bazaar.given().total_minor == 175 + 50
    with bazaar.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Donation)) == 4  # 99 gives nothing


def test_s16_a_refund_takes_the_share_back_and_keeps_the_ledger(ada: Bazaar) -> None:
    sale = ada.buy("ada", 10_000)
    assert ada.given().total_minor == 600 + 100
    ada.refund(sale, 2_500)
    assert ada.given().total_minor == 600 + 75
    ada.refund(sale, 2_500)
    assert ada.given().total_minor == 600 + 50
    ada.refund(sale)
    assert ada.given().total_minor == 600


def test_s17_the_choice_counts_from_now_on_only(ada: Bazaar) -> None:
    assert by_charity(ada) == [600, 0]
    ada.choose("ada", 1)
    sale = ada.buy("ada", 10_000)
    assert by_charity(ada) == [600, 100]
    ada.choose("ada", None)
    ada.refund(sale, 5_000)  # goes back from whom it went to
    ada.take("ada", "trees")
    assert by_charity(ada) == [600 + 300, 50]
    assert ada.view("ada").charity == ada.program.charities[0]


def test_s17_a_retired_charity_keeps_what_it_got(ada: Bazaar) -> None:
    first = ada.program.charities[0]
    ada.run(lambda session: edit_charity(session, ada.program.id, first.id, is_active=False))
    ada.fresh()
    ada.buy("ada", 10_000)
    assert [(each.charity_id, each.amount_minor) for each in ada.given().charities] == [
        (first.id, 600),
        (ada.program.charities[0].id, 100),
    ]
    with pytest.raises(Refusal, match="charity_not_found"):
        ada.take("ada", "trees", charity_id=public_id("chy", first.id))


def test_s18_the_public_total_is_the_ledgers_sum(ada: Bazaar) -> None:
    ada.take("ada", "trees")
    ada.refund(ada.buy("ada", 3_333), 1_111)
    with ada.database.reading() as session:
        rows = session.scalars(select(Donation.amount_minor)).all()
    totals = ada.given()
    assert totals.total_minor == sum(rows) == sum(each.amount_minor for each in totals.charities)
    assert totals.currency == "EUR"


def test_s56_points_become_a_donation_that_is_final_after_ten_minutes(ada: Bazaar) -> None:
    first = ada.take("ada", "trees")
    assert first.entry.contra == "donated"
    assert (ada.balance("ada").available, ada.given().total_minor) == (500, 900)
    ada.later(minutes=10)
    ada.reverse(first.entry)
    assert (ada.balance("ada").available, ada.given().total_minor) == (600, 600)
    second = ada.take("ada", "trees")
    ada.later(minutes=10, seconds=1)
    with pytest.raises(Refusal, match="donation_final"):
        ada.reverse(second.entry)
    assert (ada.balance("ada").available, ada.given().total_minor) == (500, 900)


def test_s56_a_gift_does_not_come_back_with_the_goods(ada: Bazaar) -> None:
    sale = ada.buy("ada", 10_000, external_id="T-1")
    ada.take("ada", "trees", sale=("till", "T-1"))
    ada.refund(sale)
    assert (ada.balance("ada").available, ada.given().total_minor) == (500, 900)


def test_nothing_is_given_where_there_is_nobody_to_give_to(bazaar: Bazaar) -> None:
    bazaar.program = new_program(bazaar.database, replace(BAZAAR, slug="alone", charities=()))
    bazaar.rich()
    assert bazaar.given().total_minor == 0
    with pytest.raises(Refusal, match="charity_not_found"):
        bazaar.take("ada", "trees")
    assert bazaar.balance("ada").available == 600


def test_points_donated_have_an_account_of_their_own(ada: Bazaar) -> None:
    ada.take("ada", "trees")
    ada.take("ada", "off")
    with ada.database.reading() as session:
        rows = session.execute(
            select(Entry.contra, func.sum(Entry.quantity))
            .where(Entry.kind == "redemption")
            .group_by(Entry.contra)
        )
        assert {contra: int(total) for contra, total in rows} == {"donated": -100, "redeemed": -50}


@pytest.mark.parametrize(
    "statement", ["UPDATE donation SET amount_minor = 1", "DELETE FROM donation"]
)
def test_the_database_refuses_to_change_a_donation(ada: Bazaar, statement: str) -> None:
    def work(session: object) -> None:
        session.execute(text(statement))  # type: ignore[attr-defined]

    with pytest.raises(DBAPIError, match="append-only"):
        ada.run(work)
