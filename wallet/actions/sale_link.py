"""Tie what a member spends to the sale it goes with, whichever of the two arrives first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import EXTERNAL_ID_LENGTH_MAX, is_clean
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.outbox import enqueue
from wallet.tables.purchase import Purchase, purchase_from, purchase_with_id
from wallet.tables.sale_notice import SaleNotice, notice_about

SaleRef = tuple[str, str]  # (source, external id): how a shop or a till calls a sale

SETTLE_JOB = "settle_sale"
SETTLE_DELAY = timedelta(seconds=30)  # a transaction that began before must have ended by then


def sale_to_link(
    session: Session, program: ProgramView, sale: SaleRef | None, member_id: int | None = None
) -> Purchase | None:
    """The sale with this reference, locked, or None while it has not arrived.

    `purchase_not_found` for another member's, `purchase_refunded` when all of it was given back:
    nothing can go with it any more. Lock it before any account.
    """
    if sale is None:
        return None
    check_sale_ref(sale)
    known = purchase_from(session, program.id, *sale)
    if known is None:
        return None
    purchase = purchase_with_id(session, program.id, known.id)
    assert purchase is not None
    if member_id is not None and purchase.member_id != member_id:
        raise Refusal("purchase_not_found")
    if purchase.refunded_minor >= purchase.amount_minor:
        raise Refusal("purchase_refunded")
    return purchase


def check_sale_ref(sale: SaleRef) -> None:
    """Refuse what cannot be the reference of a sale."""
    for name, word in zip(("source", "external_id"), sale, strict=True):
        if not word or len(word) > EXTERNAL_ID_LENGTH_MAX or not is_clean(word):
            raise Refusal("body_invalid", field=name)


@dataclass(frozen=True, slots=True)
class Word:
    """One thing to be kept about a sale to come: what kind, which one, who said it and what."""

    kind: str
    reference: str
    actor: Actor
    said: Mapping[str, Any] = field(default_factory=dict)


def keep_word(
    session: Session, program: ProgramView, sale: SaleRef, word: Word, now: datetime
) -> SaleNotice:
    """Write it down: once, whatever is sent again. `request_id_reused` for another word about the
    same thing."""
    known = notice_about(session, program.id, sale, word.kind, word.reference)
    if known is not None:
        if any(known.said[name] != said for name, said in word.said.items()):
            raise Refusal("request_id_reused")
        return known
    source, external_id = sale
    actor = word.actor
    who = {
        "label": actor.label,
        "role": actor.role,
        "channel": actor.channel,
        "store_id": actor.store_id,
    }
    notice = SaleNotice(
        id=new_id(),
        program_id=program.id,
        source=source,
        external_id=external_id,
        kind=word.kind,
        reference=word.reference,
        said={**word.said, "actor": who},
        created_at=now,
    )
    session.add(notice)
    # The sale may be written at this very moment by somebody who cannot see the notice yet.
    payload = {"program_id": program.id, "source": source, "external_id": external_id}
    enqueue(session, SETTLE_JOB, payload, now).next_attempt_at = now + SETTLE_DELAY
    session.flush()
    return notice
