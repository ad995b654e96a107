"""Settle a purchase again when something about it became known after it was recorded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.give_back_spent import give_back_spent
from wallet.actions.program_view import ProgramView
from wallet.actions.refund_purchase import take_back
from wallet.tables.ledger import Entry
from wallet.tables.purchase import Purchase

_TEXT = {
    "fr": "Une partie de l’achat a été payée avec l’avoir",
    "en": "Part of the purchase was paid with credit",
}


def resettle_purchase(
    session: Session, program: ProgramView, purchase: Purchase, actor: Actor, now: datetime
) -> list[Entry]:
    """What the locked purchase would have given, had everything been known: the difference goes
    back, as with a refund; and what was already refunded of it brings spent credit back."""
    session.flush()
    entries = give_back_spent(session, program, purchase, actor, now)
    return entries + take_back(session, program, purchase, actor, now, _TEXT)
