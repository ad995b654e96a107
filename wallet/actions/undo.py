"""Undo: a cashier takes back an own act of the last minutes, whole or not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.lock_sale import lock_sale
from wallet.actions.program_view import ProgramView
from wallet.actions.refund_purchase import RefundFacts, refund_purchase
from wallet.actions.reverse_entry import UNDO_WINDOW, reverse_entry
from wallet.errors import Refusal
from wallet.tables.ledger import Entry, entries_of_purchase
from wallet.tables.member import Member


def undo_purchase(
    session: Session, program: ProgramView, purchase_id: int, actor: Actor, now: datetime
) -> tuple[Member, list[Entry]]:
    """The sale no longer counts and every unit it gave goes back; `undo_spent` if one was used.

    Own sales only (`forbidden`), within ten minutes (`undo_too_late`), once (`already_reversed`).
    """
    found = lock_sale(session, program, purchase_id)
    if found is None:
        raise Refusal("purchase_not_found")
    member, purchase = found
    if purchase.actor != actor.label:
        raise Refusal("forbidden")
    if now - purchase.recorded_at > UNDO_WINDOW:
        raise Refusal("undo_too_late")
    if purchase.refunded_minor:
        raise Refusal("already_reversed")
    accruals = [
        entry for entry in entries_of_purchase(session, purchase.id) if entry.kind == "accrual"
    ]
    if accruals:
        undone = reverse_entry(session, program, accruals[0].id, "", actor, now)
    else:  # a sale too small for a point still counts towards the tier
        facts = RefundFacts(f"undo:{purchase.id}", reason="undo")
        undone = refund_purchase(session, program, member, purchase, facts, actor, now).entries
    return member, undone
