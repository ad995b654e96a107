"""S9: buy ten, get one. A full card becomes a voucher by itself; a refund can make it less than full."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.factories import new_program, with_rules
from tests.wallet.acceptance.bazaar import BAZAAR, Bazaar, coffee
from wallet.actions.member_view import VoucherView
from wallet.actions.record_purchase import Recorded
from wallet.actions.undo import undo_purchase
from wallet.errors import Refusal
from wallet.tables.reward import Voucher


def drink(bazaar: Bazaar, quantity: int, who: str = "ada") -> Recorded:
    return bazaar.buy(who, 200 * quantity, items=[coffee(quantity)])


def waiting(bazaar: Bazaar, who: str = "ada") -> tuple[VoucherView, ...]:
    return bazaar.view(who).vouchers


def stamps(bazaar: Bazaar, who: str = "ada") -> tuple[int, int]:
    """(available, owed)."""
    held = bazaar.balance(who, "stamps")
    return held.available, held.owed


@pytest.fixture
def ada(bazaar: Bazaar) -> Bazaar:
    bazaar.enrol("ada")
    return bazaar


def test_s09_the_tenth_coffee_brings_one_voucher_and_the_card_starts_anew(ada: Bazaar) -> None:
    for _ in range(9):
        drink(ada, 1)
    assert (stamps(ada), len(waiting(ada))) == ((9, 0), 0)
    drink(ada, 1)
    assert (stamps(ada), len(waiting(ada))) == ((0, 0), 1)
    drink(ada, 1)
    assert (stamps(ada), len(waiting(ada))) == ((1, 0), 1)
    ada.use(waiting(ada)[0].code)
    assert waiting(ada) == ()


def test_s09_what_is_over_is_carried_to_the_next_card(ada: Bazaar) -> None:
    drink(ada, 8)
    drink(ada, 5)
    assert (stamps(ada), len(waiting(ada))) == ((3, 0), 1)
    drink(ada, 27)  # two cards at once
    assert (stamps(ada), len(waiting(ada))) == ((0, 0), 4)


def test_the_same_sale_again_fills_nothing_again(ada: Bazaar) -> None:
    for _ in range(2):
        ada.buy("ada", 2_000, items=[coffee(10)], external_id="once")
    assert (stamps(ada), len(waiting(ada))) == ((0, 0), 1)


def test_a_refund_empties_a_card_whose_voucher_nobody_used(ada: Bazaar) -> None:
    first = drink(ada, 6)
    drink(ada, 6)
    code = waiting(ada)[0].code
    ada.refund(first)
    assert (stamps(ada), waiting(ada)) == ((6, 0), ())
    with pytest.raises(Refusal, match="voucher_void"):
        ada.use(code)
    drink(ada, 4)
    assert (stamps(ada), len(waiting(ada))) == ((0, 0), 1)


def test_a_refund_that_the_open_card_can_pay_leaves_the_voucher(ada: Bazaar) -> None:
    drink(ada, 10)
    second = drink(ada, 3)
    ada.refund(second)
    assert (stamps(ada), len(waiting(ada))) == ((0, 0), 1)


@pytest.mark.parametrize(
    ("policy", "after"), [("owed", (0, 6)), ("negative", (-6, 0)), ("forgive", (0, 0))]
)
def test_a_used_voucher_leaves_it_to_the_programs_policy(
    bazaar: Bazaar, policy: str, after: tuple[int, int]
) -> None:
    program = with_rules(BAZAAR, "other", clawback=policy)
    bazaar.program = new_program(bazaar.database, program)
    bazaar.enrol("ada")
    first = drink(bazaar, 6)
    drink(bazaar, 4)
    bazaar.use(waiting(bazaar)[0].code)
    bazaar.refund(first)
    assert stamps(bazaar) == after
    drink(bazaar, 7)
    expected = {"owed": (1, 0), "negative": (1, 0), "forgive": (7, 0)}
    assert stamps(bazaar) == expected[policy]


def test_the_cashiers_undo_takes_the_voucher_with_it(ada: Bazaar) -> None:
    drink(ada, 4)
    last = drink(ada, 6)
    assert len(waiting(ada)) == 1
    ada.run(
        lambda session: undo_purchase(session, ada.program, last.purchase.id, ada.actor, ada.now)
    )
    assert (stamps(ada), waiting(ada)) == ((4, 0), ())


def test_pending_stamps_fill_no_card_until_they_are_free(bazaar: Bazaar) -> None:
    units = [
        {**unit, "pending_days": 14} if unit["key"] == "stamps" else unit
        for unit in BAZAAR.rules["units"]
    ]
    bazaar.program = new_program(bazaar.database, with_rules(BAZAAR, "later", units=units))
    bazaar.enrol("ada")
    drink(bazaar, 10)
    assert waiting(bazaar) == ()
    bazaar.later(days=15)
    drink(bazaar, 1)
    assert len(waiting(bazaar)) == 1
    assert bazaar.balance("ada", "stamps").pending == 1


def test_a_card_is_not_filled_with_what_is_not_there(bazaar: Bazaar) -> None:
    rewards = [
        replace(reward, stock=1) if reward.key == "tenth" else reward for reward in BAZAAR.rewards
    ]
    bazaar.program = new_program(bazaar.database, replace(BAZAAR, slug="few", rewards=rewards))
    bazaar.enrol("ada")
    drink(bazaar, 25)
    assert (stamps(bazaar), len(waiting(bazaar))) == ((15, 0), 1)
    bazaar.change("tenth", stock=1)
    drink(bazaar, 1)
    assert (stamps(bazaar), len(waiting(bazaar))) == ((6, 0), 2)
    with bazaar.database.reading() as session:
        codes = session.scalars(select(Voucher.code)).all()
    assert len(set(codes)) == 2
