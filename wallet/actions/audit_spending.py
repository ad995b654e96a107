"""Audit of what was spent and given: vouchers, credit, donations and what tills held, against the ledger."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from wallet.ids import public_id
from wallet.tables.replay_spending import (
    corrections_not_exact,
    gifts_in_another_state,
    holds_in_another_state,
    payments_in_another_state,
    rewards_spent_twice,
    shares_in_another_state,
    spendings_not_given_back,
    vouchers_in_another_state,
)

Note = Callable[[str, str, str], None]  # code, where, sentence


def check_spending(session: Session, program_id: int, note: Note) -> None:
    """Every voucher, payment and donation is what its entries say."""
    for voucher_id, status, redemption in vouchers_in_another_state(session, program_id):
        note(
            "voucher_state",
            public_id("vch", voucher_id),
            f"It is {status}, its redemption is {redemption}.",
        )
    for purchase_id, reward, unused in spendings_not_given_back(session, program_id):
        what = public_id("red", reward) if reward else public_id("vch", unused or 0)
        note(
            "not_given_back",
            public_id("pur", purchase_id),
            f"All of it was refunded, and {what} is still spent in it.",
        )
    for payment_id, amount, taken, marked, returned in payments_in_another_state(
        session, program_id
    ):
        note(
            "payment_state",
            public_id("pay", payment_id),
            f"{amount} was paid and {marked} given back; the ledger says {taken} and {returned}.",
        )
    for hold_id, state in holds_in_another_state(session, program_id):
        note("hold_state", public_id("hld", hold_id), f"It is {state}, its reward says otherwise.")
    for redemption_id, times in rewards_spent_twice(session, program_id):
        note("hold_state", public_id("red", redemption_id or 0), f"Tills booked it {times} times.")
    _check_donations(session, program_id, note)


def _check_donations(session: Session, program_id: int, note: Note) -> None:
    for redemption_id, status, donated in gifts_in_another_state(session, program_id):
        note(
            "donation_state",
            public_id("red", redemption_id),
            f"It is {status}, and {donated} is donated for it.",
        )
    for purchase_id, donated in shares_in_another_state(session, program_id):
        note(
            "donation_state",
            public_id("pur", purchase_id),
            f"{donated} is donated for it after its refunds.",
        )
    for (donation_id,) in corrections_not_exact(session, program_id):
        note(
            "correction_wrong",
            public_id("don", donation_id),
            "It is not the opposite of the donation that it corrects.",
        )
