"""Rewards at tills: so many for a card, a person and a till, then a manager's word. Both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import Cast
from tests.scanner.treats import VOUCHER_COST, with_treats
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.redeem import Redeemed, Taking, redeem
from wallet.actions.redeem_often import is_often
from wallet.actions.reverse_entry import undo_own
from wallet.actions.shown_card import Shown
from wallet.actions.use_voucher import Use, use_voucher
from wallet.errors import Refusal
from wallet.ids import public_id

ALLOWED = Taking(shown=Shown("static", is_approved=True))


@pytest.fixture
def till(cast: Cast) -> Cast:
    """Dora at a till; whatever she hands out is counted."""
    cast.actor = replace(cast.actor, staff_id=cast.staff["dora"])
    return cast


def take(cast: Cast, cost: int, taking: Taking | None = None, who: str = "ada") -> Redeemed:
    reward_id = public_id("rwd", cast.reward_id(cost))
    return cast.run(
        lambda session: redeem(
            session,
            cast.program,
            cast.member(session, who),
            reward_id,
            cast.actor,
            cast.now,
            taking or Taking(shown=Shown("static")),
        )
    )


def with_limits(cast: Cast, **limits: int) -> None:
    document = {
        **cast.program.ruleset.model_dump(mode="json", exclude_none=True),
        "redemption_limits": limits,
    }

    def _publish(session: Session) -> None:
        publish_rules(session, cast.program.id, document, "system", cast.now)
        cast.program = program_view(session, cast.program.id)

    cast.run(_publish)


def refused(cast: Cast, cost: int, code: str) -> Refusal:
    with pytest.raises(Refusal, match=code) as caught:
        take(cast, cost)
    with cast.database.reading() as session:
        ada = cast.member(session, "ada").id
        assert is_often(session, cast.program, ada, cast.actor, cast.now)
    return caught.value


def test_the_fourth_reward_of_a_day_needs_a_manager(till: Cast) -> None:
    first = till.now
    for _ in range(3):
        take(till, 30)
        till.now += timedelta(hours=1)
    refusal = refused(till, 30, "card_used_often")
    assert refusal.facts["until"] == first + timedelta(hours=24)
    assert till.balance("ada").available == 510
    take(till, 30, ALLOWED)
    till.now = first + timedelta(hours=24)
    refused(till, 30, "card_used_often")  # the one that was allowed counts for the next
    till.now = first + timedelta(hours=25)
    take(till, 30)


def test_what_is_undone_was_not_handed_out(till: Cast) -> None:
    with_limits(till, card_times=1)
    entry = take(till, 60).entry
    refused(till, 30, "card_used_often")
    till.run(lambda s: undo_own(s, till.program, entry.id, till.actor, till.now))
    take(till, 30)


def test_a_voucher_counts_when_it_is_used_and_not_against_itself(till: Cast) -> None:
    with_treats(till)
    with_limits(till, card_times=1)
    voucher = take(till, VOUCHER_COST).voucher
    assert voucher is not None
    use = Use("use-1", is_listed=True, shown=Shown("static"))
    till.run(lambda s: use_voucher(s, till.program, voucher.code, use, till.actor, till.now))
    refused(till, 30, "card_used_often")
    again = till.run(
        lambda s: use_voucher(s, till.program, voucher.code, use, till.actor, till.now)
    )
    assert again.repeated


@pytest.mark.parametrize("who", ["staff", "till"])
def test_a_person_and_a_till_hand_out_so_many_in_a_window(till: Cast, who: str) -> None:
    if who == "till":
        till.actor = replace(till.actor, till_id=77)
    with_limits(till, card_times=0, **{f"{who}_times": 2, f"{who}_minutes": 30})
    take(till, 30)
    take(till, 30)
    refusal = refused(till, 30, f"{who}_redeems_often")
    assert 0 < refusal.facts["retry_after_seconds"] <= 30 * 60 + 1
    take(till, 30, ALLOWED)
    till.now += timedelta(minutes=31)
    take(till, 30)


def test_shops_that_call_the_api_have_their_own_limits(cast: Cast) -> None:
    for _ in range(5):
        take(cast, 30)
    assert cast.balance("ada").available == 450
