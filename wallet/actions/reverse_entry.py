"""Reverse: undo one movement by the opposite one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.carry_over import forward
from wallet.actions.fill_stamp_cards import unfill_stamp_cards
from wallet.actions.give_back_spent import close_payment, give_back_spent, lock_returning_stocks
from wallet.actions.identify import REASON_LENGTH_MAX, check_text
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.actions.refund_purchase import take_back_goals
from wallet.actions.return_redemption import Return, return_redemption
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.lots import Draw
from wallet.tables.earned import unwrite_awards
from wallet.tables.ledger import (
    AccountState,
    Entry,
    draws_of_entry,
    entries_of_purchase,
    entry_with_id,
    lots_of_entry,
    reversal_of,
)
from wallet.tables.member import Member, lock_holder, member_with_id, surviving
from wallet.tables.purchase import Purchase, Refund, purchase_with_id

UNDO_WINDOW = timedelta(minutes=10)  # later, another shopper stands there: a manager decides
REVERSIBLE = ("accrual", "redemption")


def reverse_entry(
    session: Session, program: ProgramView, entry_id: int, reason: str, actor: Actor, now: datetime
) -> list[Entry]:
    """The entries that undo another, its very opposite in front. Only accruals and redemptions, each once.

    A sale is undone whole: what it gave of other units goes back with it, and what was spent in it returns.
    """
    check_text(reason, "reason", REASON_LENGTH_MAX)
    entry = entry_with_id(session, program.id, entry_id)
    if entry is None:
        raise Refusal("entry_not_found")
    member = member_with_id(session, program.id, entry.member_id)
    assert member is not None
    # The locks come first: whoever waits for them sees the reversal that won.
    holder = lock_holder(session, member)
    purchase = _sale_of(session, program, entry)
    account_of(session, program.id, entry.member_id, entry.unit)
    if reversal_of(session, entry.id):
        raise Refusal("already_reversed")
    if entry.kind not in REVERSIBLE:
        raise Refusal("not_reversible")
    spent = [] if purchase is None else _close_sale(session, program, purchase, entry, actor, now)
    undoing = _Undoing(session, program, actor, reason, now)
    if entry.kind == "accrual":
        entries = _reverse_sale(undoing, entry, purchase)
    else:
        close_payment(session, entry)
        account = account_of(session, program.id, entry.member_id, entry.unit)
        back = Return(actor, now, _sentence(reason))
        entries = [return_redemption(session, account, entry, back)]
        forward(session, account, actor, now, program.rule_version)
    refresh_card(session, program, holder, now)
    return [*entries, *spent]


def _sale_of(session: Session, program: ProgramView, entry: Entry) -> Purchase | None:
    """The sale that an accrual came from, locked."""
    if entry.kind != "accrual" or entry.purchase_id is None:
        return None
    return purchase_with_id(session, program.id, entry.purchase_id)


@dataclass(frozen=True, slots=True)
class _Undoing:
    """One undo: who does it, why and when."""

    session: Session
    program: ProgramView
    actor: Actor
    reason: str
    now: datetime

    def post(
        self, account: AccountState, entry: Entry, draws: Sequence[Draw], owed_change: int = 0
    ) -> Entry:
        """Write the opposite of `entry`."""
        wanted = {"wanted": entry.quantity} if entry.kind == "accrual" else {}
        posted = post_entry(
            self.session,
            account,
            Posting(
                kind="reversal",
                contra=entry.contra,
                quantity=-entry.quantity,
                owed_change=owed_change,
                occurred_at=self.now,
                recorded_at=self.now,
                actor=self.actor,
                rule_version=entry.rule_version,
                reverses_id=entry.id,
                purchase_id=entry.purchase_id,
                redemption_id=entry.redemption_id,
                activity_id=entry.activity_id,
                draws=draws,
                why=[
                    {
                        "rule": "reversal",
                        "rule_version": entry.rule_version,
                        **wanted,
                        "text": _sentence(self.reason),
                    }
                ],
            ),
        )
        unwrite_awards(self.session, entry.id, posted)
        return posted


def undo_own(
    session: Session, program: ProgramView, entry_id: int, actor: Actor, now: datetime
) -> list[Entry]:
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
    return surviving(session, member)


def _reverse_sale(undoing: _Undoing, entry: Entry, purchase: Purchase | None) -> list[Entry]:
    """The accrual and, where a sale made it, whatever else the sale gave."""
    session, program = undoing.session, undoing.program
    given = [] if purchase is None else entries_of_purchase(session, purchase.id)
    entries: list[Entry] = []
    for accrual in given or [entry]:
        if accrual.kind != "accrual" or reversal_of(session, accrual.id):
            continue
        posted = _reverse_accrual(undoing, accrual, given)
        entries = [*posted, *entries] if accrual.id == entry.id else [*entries, *posted]
    if purchase is not None:
        entries += take_back_goals(session, program, purchase, undoing.actor, undoing.now)
    return entries


def _reverse_accrual(undoing: _Undoing, entry: Entry, given: Sequence[Entry]) -> list[Entry]:
    """Take all of the lot that the accrual opened: an undo must not hide that points were used.

    Points that only paid what was owed were not used: that is undone with it, and owed again.
    """
    session, program = undoing.session, undoing.program
    siblings = [other for other in given if other.unit == entry.unit]
    if any(other.kind == "refund" and other.contra == entry.contra for other in siblings):
        raise Refusal("not_reversible")
    # Only now: what was spent in this sale came back on the same account.
    account = account_of(session, program.id, entry.member_id, entry.unit)
    recovered = [other for other in siblings if other.kind == "recovery"]
    entries = []
    for other in recovered:
        back = [Draw(lot.id, -draw.quantity) for draw, lot in draws_of_entry(session, other.id)]
        entries.append(undoing.post(account, other, back, owed_change=-other.quantity))
    unfill_stamp_cards(session, program, account, entry.quantity, undoing.actor, undoing.now)
    lots = lots_of_entry(session, entry.id)
    if sum(lot.remaining for lot in lots) < entry.quantity:
        raise Refusal("undo_spent")
    posted = undoing.post(account, entry, [Draw(lot.id, lot.remaining) for lot in lots])
    forward(session, account, undoing.actor, undoing.now, program.rule_version)
    return [posted, *entries]


def _close_sale(
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    entry: Entry,
    actor: Actor,
    now: datetime,
) -> list[Entry]:
    """An undone sale no longer counts as spend, and what was spent in it comes back."""
    left = purchase.amount_minor - purchase.refunded_minor
    if not left:
        return []
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
    session.flush()
    lock_returning_stocks(session, program, purchase)
    return give_back_spent(session, program, purchase, actor, now)


def _sentence(reason: str) -> dict[str, str]:
    said = f" : {reason}" if reason else ""
    return {"fr": f"Annulation{said}", "en": f"Undone{said.replace(' :', ':')}"}
