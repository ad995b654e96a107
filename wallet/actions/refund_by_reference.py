"""Refund a sale by the shop's own id, even before the sale itself has arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.lock_sale import lock_sale
from wallet.actions.program_view import ProgramView
from wallet.actions.refund_purchase import Refunded, RefundFacts, refund_purchase
from wallet.actions.sale_link import SaleRef, Word, check_sale_ref, keep_word
from wallet.errors import Refusal
from wallet.tables.purchase import purchase_from


def refund_by_reference(
    session: Session,
    program: ProgramView,
    sale: SaleRef,
    facts: RefundFacts,
    actor: Actor,
    now: datetime,
) -> Refunded | None:
    """The refund, or None when the sale is not here yet: then it is kept and settled with its
    arrival, as far as the sale goes. The same refund again is the first one again."""
    check_sale_ref(sale)
    known = purchase_from(session, program.id, *sale)
    if known is None:
        if facts.amount_minor is not None and facts.amount_minor <= 0:
            raise Refusal("amount_invalid")
        said = {
            "amount_minor": facts.amount_minor,
            "items": list(facts.items),
            "reason": facts.reason,
        }
        keep_word(session, program, sale, Word("refund", facts.external_id, actor, said), now)
        return None
    locked = lock_sale(session, program, known.id)
    assert locked is not None
    return refund_purchase(session, program, *locked, facts, actor, now)
