"""What a till holds, so that it can give a reward without a connection: on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from tests.factories import SHOP
from tests.wallet.actions.market import Market, open_market
from tests.wallet.actions.test_redeem_races import outcomes
from wallet.actions.edit_reward import edit_reward
from wallet.actions.expire import expire_due
from wallet.actions.merge_members import merge_members
from wallet.actions.review_till_lines import lines_to_review
from wallet.actions.rotating_codes import make_code_key
from wallet.actions.shown_card import Shown
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.reward import Redemption


@pytest.fixture
def market(database: Database) -> Market:
    return open_market(database, ("ada", "bruno"))


def refuses(code: str, verb: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        verb()
    assert caught.value.code == code
    return caught.value


def test_what_is_held_can_be_spent_nowhere_else_and_is_free_again_by_itself(market: Market) -> None:
    hold = market.hold("ada")
    # The dearest within 120 that goes over the counter; "tasting" is kept as a voucher.
    assert (hold.unit, hold.quantity) == ("points", 50)
    assert market.points("ada") == (70, 50)
    for elsewhere in (
        lambda: market.take("ada", "tasting"),  # the web shop, a voucher
        lambda: market.take("ada", "tasting", market.tills[1]),  # the other till
        lambda: market.adjust("ada", -71),
    ):
        refusal = refuses("units_held", elsewhere)
        assert refusal.facts["until"] == market.now + timedelta(minutes=30)
    refuses("insufficient_balance", lambda: market.take("ada", "class"))
    market.take("ada", "tote", SHOP)  # ten of what is free
    # The same till holds once; whoever asks again gets that one.
    assert market.hold("ada").id == hold.id
    market.release(hold)
    market.release(hold)
    assert market.points("ada") == (110, 0)
    market.hold("ada")
    market.later(minutes=30)
    assert market.points("ada") == (110, 0)
    market.take("ada", "tasting")
    assert market.points("ada") == (10, 0)
    assert market.audit().findings == []


def test_credit_that_is_held_does_not_pay(database: Database) -> None:
    market = open_market(database)
    from_credit = market.balance("ada", "credit").available
    assert from_credit == 600
    market.run(
        lambda s: edit_reward(s, market.program.id, market.reward_id(50), {"unit": "credit"})
    )
    market.rules()  # read the catalogue anew
    market.adjust("ada", -120)  # no points: the credit is all there is
    hold = market.hold("ada")
    assert (hold.unit, hold.quantity) == ("credit", 50)
    refuses("units_held", lambda: market.pay("ada", 600))
    market.pay("ada", 550)
    assert market.send(market.given("ada", "off", hold, minutes_ago=0)).state == "accepted"
    assert market.balance("ada", "credit").available == 0


def test_a_reward_given_without_a_connection_is_booked_once(market: Market) -> None:
    hold = market.hold("ada")
    market.later(minutes=10)
    saved = market.given("ada", "off", hold, minutes_ago=5)
    lines = [market.send(replace(saved, age_ms=saved.age_ms + more)) for more in (0, 0, 60_000)]
    assert {line.id for line in lines} == {lines[0].id}
    assert (lines[0].state, lines[0].reason) == ("accepted", "")
    with market.database.reading() as session:
        found = session.get_one(Redemption, lines[0].redemption_id)
        assert (found.cost, found.occurred_at) == (50, market.now - timedelta(minutes=5))
    assert market.points("ada") == (70, 0)  # what was held beyond its price is free
    # Another reward against the same hold is one too many, however it comes.
    again = market.send(market.given("ada", "off", hold))
    assert (again.state, again.reason) == ("review", "hold_used")
    refuses("hold_used", lambda: market.take("ada", "off", market.tills[0], hold))
    assert market.points("ada") == (70, 0)
    refuses("request_id_reused", lambda: market.send(replace(saved, member_id="mbr_other")))
    assert market.audit().findings == []


def test_the_audit_finds_what_was_forged(market: Market) -> None:
    first, second = market.hold("ada"), market.hold("bruno", 1)
    line = market.send(market.given("ada", "off", first, minutes_ago=0))
    forged = f"UPDATE till_hold SET redemption_id = {line.redemption_id} WHERE id = {second.id}"
    market.run(lambda session: session.execute(text(forged)))
    assert {finding.code for finding in market.audit().findings} == {"hold_state"}


def test_a_first_try_whose_answer_was_lost_is_the_same_reward(market: Market) -> None:
    hold = market.hold("ada")
    done = market.take("ada", "off", market.tills[0], hold, op_id="op-tried-online")
    line = market.send(market.given("ada", "off", hold, op_id="op-tried-online"))
    assert (line.state, line.redemption_id) == ("accepted", done.redemption.id)
    assert market.points("ada") == (70, 0)


def test_online_a_hold_pays_what_it_was_taken_for_and_more_asks_as_ever(market: Market) -> None:
    hold = market.hold("ada")
    refuses("hold_unknown", lambda: market.take("ada", "off", market.tills[1], hold))
    market.later(minutes=31)  # it is over: the act is one like any other
    market.take("ada", "off", market.tills[0], hold)
    assert market.points("ada") == (70, 0)
    # Whatever this till takes otherwise ends what it held.
    market.hold("ada")
    market.take("ada", "off", market.tills[0])
    assert market.points("ada") == (20, 0)


def test_a_hold_that_ended_waits_for_a_manager_and_their_ways_out(market: Market) -> None:
    hold = market.hold("ada")
    market.later(minutes=40)
    lines = [market.send(market.given("ada", "off", each, minutes_ago=15)) for each in (hold, None)]
    assert [(line.state, line.reason) for line in lines] == [
        ("review", "hold_over"),
        ("review", "hold_unknown"),
    ]
    assert market.points("ada") == (120, 0)
    shown = market.run(lambda session: lines_to_review(session, market.program))
    assert [line.reward.cost for line in shown if line.reward] == [50, 50]
    booked = market.decide(lines[0], "record")
    assert booked.redemption_id is not None
    assert market.points("ada") == (70, 0)
    market.decide(lines[1], "dismiss", "On the house")
    assert market.points("ada") == (70, 0)
    # What is not there cannot be taken afterwards either, and the line stays where it is.
    market.take("ada", "off")
    late = market.send(market.given("ada", "off", None))
    refuses("insufficient_balance", lambda: market.decide(late, "record"))
    assert market.audit().findings == []


def test_where_the_program_lets_it_the_balance_goes_below_zero(database: Database) -> None:
    market = open_market(database, offline_redemption={"minutes": 15, "below_zero": True})
    hold = market.hold("ada")
    market.later(minutes=20)
    market.take("ada", "tasting")  # it is over, so the shop may sell them
    line = market.send(market.given("ada", "off", hold, minutes_ago=10))
    assert (line.state, line.reason) == ("accepted", "")
    assert market.balance("ada").available == -30
    # Given after it had ended: not even here.
    other = market.send(market.given("ada", "tote", hold, minutes_ago=1))
    assert other.state == "review"
    market.buy("ada", 4_000)
    assert market.balance("ada").available == 10
    # What another till still holds is promised: it is not taken from below.
    market.adjust("ada", 50)
    first = market.hold("ada", 0)
    market.later(minutes=16)
    second = market.hold("ada", 1)
    assert (first.quantity, second.quantity) == (50, 50)
    waits = market.send(market.given("ada", "off", first, minutes_ago=10))
    assert (waits.state, waits.reason) == ("review", "units_held")
    done = market.send(market.given("ada", "off", second, till=1, minutes_ago=0))
    assert done.state == "accepted"
    assert market.balance("ada").available == 10
    assert market.audit().findings == []


def test_a_revoked_till_holds_nothing_from_that_moment(market: Market) -> None:
    hold = market.hold("ada")
    saved = market.given("ada", "off", hold, minutes_ago=0)
    market.revoke()
    assert market.points("ada") == (120, 0)
    line = market.send(saved)
    assert (line.state, line.reason) == ("review", "till_line_revoked")


def test_two_tills_that_hold_the_same_points_at_once(database: Database) -> None:
    market = open_market(database)
    market.adjust("ada", -70)
    for _ in range(3):
        found = outcomes([partial(market.hold, "ada", at) for at in (0, 1)])
        assert found == {"done": 1, "units_held": 1}
        assert market.points("ada") == (0, 50)
        market.later(minutes=30)
    # One holds while the other sells.
    found = outcomes([partial(market.hold, "ada", 0), lambda: market.take("ada", "off")])
    assert found["done"] == 1
    assert set(found) <= {"done", "units_held", "nothing_to_hold"}
    assert sum(market.points("ada")) in (0, 50)
    assert market.audit().findings == []


def test_what_was_reached_meanwhile_is_looked_at(market: Market) -> None:
    """Sold out, taken as often as allowed, closed, a card used too often, points taken back."""
    held = market.hold("ada"), market.hold("bruno", 1)
    market.take("bruno", "tote")
    line = market.send(market.given("bruno", "tote", held[1], till=1))
    assert (line.state, line.reason) == ("review", "reward_limit_reached")
    number = market.reward_id(30)
    market.run(lambda s: edit_reward(s, market.program.id, number, {"stock": 0}))
    line = market.send(market.given("ada", "pastry", held[0]))
    assert (line.state, line.reason) == ("review", "reward_sold_out")
    market.decide(line, "record", "It was the last one")  # the customer has it
    assert market.points("ada") == (90, 0)
    market.run(lambda s: setattr(market.member(s, "ada"), "status", "closed"))
    line = market.send(market.given("ada", "off", held[0]))
    assert (line.state, line.reason) == ("review", "member_closed")
    assert market.audit().findings == []


def test_a_refund_takes_back_what_is_held_too(database: Database) -> None:
    market = open_market(database, ())
    market.enrol("ada")
    sale = market.buy("ada", 12_000)
    hold = market.hold("ada")
    market.refund(sale)
    assert market.points("ada") == (0, 0)
    line = market.send(market.given("ada", "off", hold))
    assert (line.state, line.reason) == ("review", "insufficient_balance")
    assert market.audit().findings == []


def test_who_was_merged_meanwhile_pays_as_the_one_who_survives(market: Market) -> None:
    hold = market.hold("ada")
    market.run(
        lambda session: merge_members(
            session,
            market.program,
            market.member(session, "ada"),
            market.member(session, "bruno"),
            market.actor,
            market.now,
        )
    )
    assert market.points("bruno") == (190, 50)
    line = market.send(market.given("ada", "off", hold))
    assert (line.state, line.reason, line.member_id) == ("accepted", "", market.people["bruno"])
    assert market.points("bruno") == (190, 0)
    assert market.audit().findings == []


def test_what_ends_at_midnight_does_not_end_while_it_is_held(database: Database) -> None:
    market = open_market(database, expiry_months=1)
    while market.now.month < 4 or market.now.day < 14:
        expire_due(market.database, lambda: market.now)
        market.later(days=1)
    market.now = market.now.replace(hour=21, minute=50)  # ten minutes to midnight in Paris
    hold = market.hold("ada")
    market.later(minutes=15)
    expire_due(market.database, lambda: market.now)
    line = market.send(market.given("ada", "off", hold, minutes_ago=8))
    assert (line.state, line.reason) == ("accepted", "")
    expire_due(market.database, lambda: market.now)
    assert market.points("ada") == (0, 0)
    assert market.audit().findings == []


def test_what_taking_asks_is_asked_when_it_is_held(database: Database) -> None:
    market = open_market(
        database,
        redemption_limits={"card_times": 2, "staff_times": 3, "till_times": 0},
        spending={
            "rotating": True,
            "bands": [
                {"needs": "code", "up_to": 20},
                {"needs": "fresh_code", "up_to": 60},
                {"needs": "confirmation"},
            ],
        },
    )
    refuses("code_needed", lambda: market.hold("ada"))
    small = market.hold("ada", shown=Shown("static"))
    assert small.quantity == 20
    market.release(small)
    market.run(lambda s: make_code_key(s, market.program, market.people["ada"], "web", market.now))
    hold = market.hold("ada", shown=Shown("fresh", 7))
    assert (hold.quantity, hold.step) == (50, 7)  # what needs the customer's yes needs a connection
    refuses("code_needed", lambda: market.take("ada", "off", market.tills[1]))
    # The code was used up by the hold: elsewhere it proves no more than an old one.
    refuses("code_used", lambda: market.hold("ada", 1, shown=Shown("fresh", 7)))
    # At this till the step is as fresh as when it was shown, also for what the hold does not reach.
    market.take("ada", "off", market.tills[0], hold)
    assert market.points("ada") == (70, 0)
    again = market.hold("ada", shown=Shown("fresh", 8))
    assert market.send(market.given("ada", "off", again, minutes_ago=0)).state == "accepted"


def test_how_often_counts_what_is_held(database: Database) -> None:
    market = open_market(
        database,
        ("ada", "bruno", "chloe"),
        redemption_limits={"card_times": 2, "staff_times": 2, "till_times": 0},
    )
    market.hold("ada")
    market.hold("bruno")
    refuses("staff_redeems_often", lambda: market.hold("chloe"))
    market.later(minutes=30)
    hold = market.hold("chloe")  # nothing came of the others
    assert market.send(market.given("chloe", "film", hold)).state == "accepted"
    market.take("ada", "film")
    market.hold("ada", 1)
    market.later(minutes=30)
    market.take("ada", "film")
    refuses("card_used_often", lambda: market.hold("ada", 1))


def test_nothing_is_held_where_the_program_does_not_want_it(database: Database) -> None:
    market = open_market(database, offline_redemption=None)
    refuses("holds_off", lambda: market.hold("ada"))
    market.rules(offline_redemption={"minutes": 30})
    market.enrol("poor")
    refuses("nothing_to_hold", lambda: market.hold("poor"))
    market.adjust("poor", 40)  # within reach is only what is kept as a voucher, and less than that
    assert market.hold("poor").quantity == 30
