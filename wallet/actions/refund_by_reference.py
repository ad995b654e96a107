"""Refund a sale by the shop's own id, even before the sale itself has arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import (
    EXTERNAL_ID_LENGTH_MAX,
    REASON_LENGTH_MAX,
    check_items,
    check_text,
)
from wallet.actions.lock_sale import lock_sale
from wallet.actions.program_view import ProgramView
from wallet.actions.refund_purchase import Refunded, RefundFacts, refund_purchase
from wallet.actions.sale_link import SaleRef, Word, check_sale_ref, keep_word
from wallet.errors import Refusal
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.tables.member import Member
from wallet.tables.purchase import purchase_from


@dataclass(frozen=True, slots=True)
class SaleRefund:
    """The refund and whose it is; both None while the sale is not here yet."""

    refunded: Refunded | None
    member: Member | None
    repeated: bool


def refund_by_reference(
    session: Session,
    program: ProgramView,
    sale: SaleRef,
    facts: RefundFacts,
    actor: Actor,
    now: datetime,
) -> SaleRefund:
    """Refund it, or keep the refund of a sale that is not here yet: it is settled with the sale's
    arrival, as far as the sale goes. The same refund again is the first one again."""
    check_sale_ref(sale)
    known = purchase_from(session, program.id, *sale)
    if known is None:
        return SaleRefund(None, None, _keep(session, program, sale, facts, actor, now))
    locked = lock_sale(session, program, known.id)
    assert locked is not None
    member, purchase = locked
    refunded = refund_purchase(session, program, member, purchase, facts, actor, now)
    return SaleRefund(refunded, member, refunded.repeated)


def _keep(
    session: Session,
    program: ProgramView,
    sale: SaleRef,
    facts: RefundFacts,
    actor: Actor,
    now: datetime,
) -> bool:
    """Whether it was kept already."""
    check_text(facts.external_id, "external_id", EXTERNAL_ID_LENGTH_MAX, shortest=1)
    check_text(facts.reason, "reason", REASON_LENGTH_MAX)
    check_items(facts.items)
    if facts.amount_minor is not None and facts.amount_minor <= 0:
        raise Refusal("amount_invalid")
    if (facts.amount_minor or 0) > AMOUNT_MINOR_MAX:
        raise Refusal("amount_too_large")
    said = {
        "amount_minor": facts.amount_minor,
        "items": list(facts.items),
        "reason": facts.reason,
    }
    word = Word("refund", facts.external_id, actor, said)
    return keep_word(session, program, sale, word, now).created_at < now
