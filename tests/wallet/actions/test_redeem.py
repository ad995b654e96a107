"""Rewards: only with points that may be used, of this program, and from the lots that go first."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, Cast
from wallet.actions.program_view import program_view, touch_program
from wallet.actions.redeem import redeem
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.ledger import draws_of_entry
from wallet.tables.program import Program
from wallet.tables.reward import Redemption, Reward


def take(cast: Cast, who: str, reward_id: str) -> None:
    """Ask for a reward by its public id."""
    cast.run(
        lambda session: redeem(
            session, cast.program, cast.member(session, who), reward_id, cast.actor, cast.now
        )
    )


def test_a_reward_costs_its_points_and_says_what_it_was(cast: Cast) -> None:
    done = cast.redeem("ada", 100)
    assert (done.entry.kind, done.entry.quantity, done.entry.balance_after) == (
        "redemption",
        -100,
        500,
    )
    assert done.entry.why[0]["text"] == {"fr": "5 € de remise", "en": "€5 off"}
    assert (done.redemption.cost, done.redemption.status) == (100, "used")
    assert cast.balance("ada").available == 500


def test_to_the_last_point_but_not_beyond(cast: Cast) -> None:
    cast.buy("bruno", 3000)
    cast.redeem("bruno", 30)
    with pytest.raises(Refusal) as refused:
        cast.redeem("bruno", 30)
    assert refused.value.code == "insufficient_balance"
    assert refused.value.facts == {"available": 0, "cost": 30}


def test_the_points_that_expire_first_are_used_first(cast: Cast) -> None:
    cast.now = NOW.replace(month=1)
    late = cast.buy("bruno", 2000, occurred_at=cast.now).entries[0]
    early = cast.buy("bruno", 2000, occurred_at=NOW.replace(year=2025, month=6)).entries[0]
    cast.now = NOW
    entry = cast.redeem("bruno", 30).entry
    with cast.database.reading() as session:
        drawn = {lot.entry_id: draw.quantity for draw, lot in draws_of_entry(session, entry.id)}
    assert drawn == {early.id: 20, late.id: 10}


def test_a_refused_reward_leaves_no_trace(cast: Cast) -> None:
    with pytest.raises(Refusal, match="insufficient_balance"):
        cast.redeem("bruno", 30)
    with cast.database.reading() as session:
        assert session.query(Redemption).count() == 0
    assert cast.view("bruno").balances["points"].available == 0


def test_only_rewards_of_this_program_that_are_offered(cast: Cast) -> None:
    stranger = public_id("rwd", cast.other.reward_id(20))
    for reward_id in (stranger, "rwd_0000000000000", "", "\x00", "a\ud800", "x" * 10_000):
        with pytest.raises(Refusal, match="reward_not_found"):
            take(cast, "ada", reward_id)
    assert cast.balance("ada").available == 600


def test_a_closed_membership_takes_nothing(cast: Cast) -> None:
    with pytest.raises(Refusal, match="member_closed"):
        cast.redeem("chloe", 30)


def test_a_reward_taken_out_of_the_catalogue_is_gone(cast: Cast) -> None:
    coffee = cast.reward_id(30)

    def withdraw(session: Session) -> None:
        session.get_one(Reward, coffee).is_active = False
        touch_program(session.get_one(Program, cast.program.id))
        session.flush()
        cast.program = program_view(session, cast.program.id)

    cast.run(withdraw)
    with pytest.raises(Refusal, match="reward_not_found"):
        take(cast, "ada", public_id("rwd", coffee))
