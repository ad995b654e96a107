"""Reverse: undo one movement by the opposite one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.lots import Draw
from wallet.tables.ledger import (
    Entry,
    draws_of_entry,
    entries_of_purchase,
    entry_with_id,
    lots_of_entry,
    reversal_of,
)
from wallet.tables.member import Member, member_with_id
from wallet.tables.purchase import Refund, purchase_with_id
from wallet.tables.reward import redemption_with_id

UNDO_WINDOW = timedelta(minutes=10)  # later, another shopper stands there: a manager decides
REASON_LENGTH_MAX = 200
REVERSIBLE = ("accrual", "redemption")


def reverse_entry(
    session: Session, program: ProgramView, entry_id: int, reason: str, actor: Actor, now: datetime
) -> Entry:
    """The entry that undoes another. Only accruals and redemptions, each once."""
    entry = entry_with_id(session, program.id, entry_id)
    if entry is None:
        raise Refusal("entry_not_found")
    member = member_with_id(session, program.id, entry.member_id)
    assert member is not None
    # The account's lock comes first: whoever waits for it sees the reversal that won.
    account = account_of(session, program.id, entry.member_id, entry.unit)
    if reversal_of(session, entry.id):
        raise Refusal("already_reversed")
    if entry.kind not in REVERSIBLE:
        raise Refusal("not_reversible")
    draws = (
        _accrual_draws(session, program, entry, now)
        if entry.kind == "accrual"
        else [Draw(lot.id, -drawn.quantity) for drawn, lot in draws_of_entry(session, entry.id)]
    )
    posted = post_entry(
        session,
        account,
        Posting(
            kind="reversal",
            contra=entry.contra,
            quantity=-entry.quantity,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            rule_version=entry.rule_version,
            reverses_id=entry.id,
            purchase_id=entry.purchase_id,
            redemption_id=entry.redemption_id,
            draws=draws,
            why=[
                {
                    "rule": "reversal",
                    "rule_version": entry.rule_version,
                    **({"wanted": entry.quantity} if entry.kind == "accrual" else {}),
                    "text": _sentence(reason),
                }
            ],
        ),
    )
    _close_cause(session, program, entry, actor, now)
    refresh_card(session, program, member, now)
    return posted


def undo_own(
    session: Session, program: ProgramView, entry_id: int, actor: Actor, now: datetime
) -> Entry:
    """The cashier's undo: own act only, within ten minutes."""
    entry = entry_with_id(session, program.id, entry_id)
    if entry is None:
        raise Refusal("entry_not_found")
    if entry.actor != actor.label:
        raise Refusal("forbidden")
    if now - entry.recorded_at > UNDO_WINDOW:
        raise Refusal("undo_too_late")
    return reverse_entry(session, program, entry_id, "", actor, now)


def member_of_entry(session: Session, program: ProgramView, entry_id: int) -> Member:
    """Whose movement it is."""
    entry = entry_with_id(session, program.id, entry_id)
    member = member_with_id(session, program.id, entry.member_id) if entry else None
    if member is None:
        raise Refusal("entry_not_found")
    return member


def _accrual_draws(
    session: Session, program: ProgramView, entry: Entry, now: datetime
) -> list[Draw]:
    """All of the lot that the accrual opened: an undo must not hide that points were used."""
    if entry.purchase_id is not None:
        for other in entries_of_purchase(session, entry.purchase_id):
            if other.kind == "refund" and other.unit == entry.unit:
                raise Refusal("not_reversible")
    lots = lots_of_entry(session, entry.id)
    if sum(lot.remaining for lot in lots) < entry.quantity:
        raise Refusal("undo_spent")
    return [Draw(lot.id, lot.remaining) for lot in lots]


def _close_cause(
    session: Session, program: ProgramView, entry: Entry, actor: Actor, now: datetime
) -> None:
    """An undone sale no longer counts as spend; an undone redemption is no longer used."""
    if entry.purchase_id is not None:
        purchase = purchase_with_id(session, program.id, entry.purchase_id)
        assert purchase is not None
        left = purchase.amount_minor - purchase.refunded_minor
        if left:
            session.add(
                Refund(
                    id=new_id(),
                    program_id=program.id,
                    purchase_id=purchase.id,
                    external_id=f"reversal:{entry.id}",
                    amount_minor=left,
                    items=[],
                    reason="reversal",
                    actor=actor.label,
                    recorded_at=now,
                )
            )
            purchase.refunded_minor = purchase.amount_minor
    if entry.redemption_id is not None:
        redemption = redemption_with_id(session, program.id, entry.redemption_id)
        assert redemption is not None
        redemption.status = "reversed"
    session.flush()


def _sentence(reason: str) -> dict[str, str]:
    said = f" : {reason}" if reason else ""
    return {"fr": f"Annulation{said}", "en": f"Undone{said.replace(' :', ':')}"}
