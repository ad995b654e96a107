"""S7, S8, D21: cashback is money of its own, spendable in part, and never mixed with points."""

from __future__ import annotations

import pytest

from tests.factories import new_program, with_rules
from tests.wallet.acceptance.bazaar import BAZAAR, BOSS, Bazaar
from wallet.actions.pay_with_credit import pay_out_credit
from wallet.errors import Refusal


@pytest.fixture
def ada(bazaar: Bazaar) -> Bazaar:
    """Somebody with 600 points and 30 euros of credit."""
    bazaar.rich()
    return bazaar


def credit(bazaar: Bazaar) -> int:
    return bazaar.balance("ada", "credit").available


def points(bazaar: Bazaar) -> int:
    return bazaar.balance("ada").available


def test_s07_five_percent_of_sixty_euros_are_three_spendable_in_part(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    bazaar.buy("ada", 6_000)
    assert credit(bazaar) == 300
    bazaar.pay("ada", 120, bill_minor=1_000)
    assert credit(bazaar) == 180
    bazaar.pay("ada", 180, bill_minor=1_000)
    assert credit(bazaar) == 0


def test_s08_credit_and_points_never_mix(ada: Bazaar) -> None:
    ada.pay("ada", 3_000, bill_minor=6_000)
    assert (points(ada), credit(ada)) == (600, 0)
    with pytest.raises(Refusal, match="insufficient_balance"):
        ada.pay("ada", 1, bill_minor=1_000)
    ada.take("ada", "off")
    assert (points(ada), credit(ada)) == (550, 0)


def test_s08_only_a_manager_pays_credit_out(ada: Bazaar) -> None:
    def pay_out(actor: object, amount: int) -> None:
        ada.run(
            lambda session: pay_out_credit(
                session,
                ada.program,
                ada.member(session, "ada"),
                amount,
                actor,  # type: ignore[arg-type]
                ada.now,
            )
        )

    with pytest.raises(Refusal, match="forbidden"):
        pay_out(ada.actor, 1_000)
    pay_out(BOSS, 1_000)
    assert (points(ada), credit(ada)) == (600, 2_000)
    with pytest.raises(Refusal, match="insufficient_balance"):
        pay_out(BOSS, 2_001)


@pytest.mark.parametrize(
    ("amount", "bill", "code"),
    [
        (0, 4_000, "amount_invalid"),
        (-5, 4_000, "amount_invalid"),
        (2_001, 4_000, "credit_share_exceeded"),  # half of the bill at most
        (3_001, 9_000, "insufficient_balance"),
        (10**9, None, "amount_too_large"),
    ],
)
def test_credit_pays_its_share_of_what_is_there(
    ada: Bazaar, amount: int, bill: int | None, code: str
) -> None:
    before = credit(ada)
    with pytest.raises(Refusal, match=code):
        ada.pay("ada", amount, bill_minor=bill or 10**9)
    assert credit(ada) == before


def test_a_share_needs_a_bill(ada: Bazaar) -> None:
    with pytest.raises(Refusal, match="bill_missing"):
        ada.pay("ada", 100)
    ada.program = new_program(ada.database, with_rules(BAZAAR, "whole", credit={"unit": "credit"}))
    ada.rich("bruno")
    ada.pay("bruno", 100)


def test_one_payment_for_a_sale_however_often_it_is_sent(ada: Bazaar) -> None:
    sale = ("till", "T-1")
    first = ada.pay("ada", 500, bill_minor=4_000, sale=sale)
    second = ada.pay("ada", 500, bill_minor=4_000, sale=sale)
    assert (first.repeated, second.repeated) == (False, True)
    assert credit(ada) == 2_500
    with pytest.raises(Refusal, match="payment_exists"):
        ada.pay("ada", 600, bill_minor=4_000, sale=sale)


@pytest.mark.parametrize("order", ["payment first", "sale first"])
@pytest.mark.parametrize("earns", [True, False])
def test_d21_what_credit_paid_earns_as_the_rules_say(
    bazaar: Bazaar, order: str, earns: bool
) -> None:
    basis = {"paid_with_credit": earns}
    bazaar.program = new_program(bazaar.database, with_rules(BAZAAR, "basis", basis=basis))
    bazaar.rich()

    def pay() -> None:
        bazaar.pay("ada", 1_000, bill_minor=4_000, sale=("till", "T-1"))

    if order == "payment first":
        pay()
    bazaar.buy("ada", 4_000, external_id="T-1")
    if order == "sale first":
        pay()
    assert points(bazaar) == 600 + (40 if earns else 30)
    assert credit(bazaar) == 2_000 + (200 if earns else 150)


@pytest.mark.parametrize("order", ["payment first", "sale first"])
def test_a_refund_gives_credit_back_in_proportion_and_in_the_end_all(
    ada: Bazaar, order: str
) -> None:
    if order == "payment first":
        ada.pay("ada", 999, bill_minor=4_000, sale=("till", "T-1"))
    sale = ada.buy("ada", 4_000, external_id="T-1")
    if order == "sale first":
        ada.pay("ada", 999, sale=("till", "T-1"))
    assert credit(ada) == 3_000 - 999 + 150
    ada.refund(sale, 1_000)
    assert credit(ada) == 3_000 - 999 + 249 + 112  # 249.75 back; 5 % of the 2,250.75 left
    ada.refund(sale, 1_000)
    ada.refund(sale)
    assert (points(ada), credit(ada)) == (600, 3_000)


def test_returned_credit_whose_time_was_over_lives_another_month(ada: Bazaar) -> None:
    ada.later(days=700)
    ada.pay("ada", 1_000, bill_minor=4_000, sale=("till", "T-1"))
    sale = ada.buy("ada", 4_000, external_id="T-1")
    ada.later(days=60)  # the credit of the first day is gone by now
    ada.refund(sale)
    assert credit(ada) == 1_000
    ada.later(days=29)
    assert credit(ada) == 1_000
    ada.later(days=1)
    assert credit(ada) == 0


def test_a_payment_that_stands_alone_can_be_undone_one_in_a_sale_cannot(ada: Bazaar) -> None:
    alone = ada.pay("ada", 500, bill_minor=1_000)
    ada.reverse(alone.entry)
    assert credit(ada) == 3_000
    ada.buy("ada", 4_000, external_id="T-1")
    linked = ada.pay("ada", 500, sale=("till", "T-1"))
    with pytest.raises(Refusal, match="not_reversible"):
        ada.reverse(linked.entry)


def test_another_members_sale_is_not_paid_with_this_credit(ada: Bazaar) -> None:
    ada.enrol("bruno")
    ada.buy("bruno", 4_000, external_id="T-1")
    with pytest.raises(Refusal, match="purchase_not_found"):
        ada.pay("ada", 500, sale=("till", "T-1"))
