"""A refund: the sale gives what its remaining amount would have given, and the rest goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import (
    EXTERNAL_ID_LENGTH_MAX,
    REASON_LENGTH_MAX,
    check_items,
    check_text,
)
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView, ruleset_at
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.rules.earning import Sale, earn
from wallet.rules.lots import Draw, draw_back
from wallet.rules.money import spell_money
from wallet.rules.refunds import Clawback, clawback, to_take_back
from wallet.tables.ledger import Entry, entries_of_purchase, lots_of_entry, open_lots
from wallet.tables.member import Member, lock_member
from wallet.tables.purchase import Purchase, Refund, refunds_of


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What goes back: an amount in minor units, or items of the purchase with their amounts.

    Both empty means all that is left. `external_id` is the shop's own id of the refund.
    """

    external_id: str
    amount_minor: int | None = None
    items: Sequence[dict[str, Any]] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The purchase after the refund and the entries that took points back."""

    purchase: Purchase
    refund: Refund
    entries: list[Entry]
    repeated: bool


def refund_purchase(
    session: Session,
    program: ProgramView,
    member: Member,
    purchase: Purchase,
    facts: RefundFacts,
    actor: Actor,
    now: datetime,
) -> Refunded:
    """Once per refund id. Several refunds in any order end in the same state."""
    check_text(facts.external_id, "external_id", EXTERNAL_ID_LENGTH_MAX, shortest=1)
    check_text(facts.reason, "reason", REASON_LENGTH_MAX)
    lock_member(session, member)
    for known in refunds_of(session, purchase.id):
        if known.external_id == facts.external_id:
            return _again(session, purchase, known, facts)
    amount = _amount(purchase, facts)
    refund = Refund(
        id=new_id(),
        program_id=program.id,
        purchase_id=purchase.id,
        external_id=facts.external_id,
        amount_minor=amount,
        items=list(facts.items),
        reason=facts.reason,
        actor=actor.label,
        recorded_at=now,
    )
    purchase.refunded_minor += amount
    session.add(refund)
    session.flush()
    entries = _take_back(session, program, purchase, refund, actor, now)
    refresh_card(session, program, member, now)
    return Refunded(purchase, refund, entries, repeated=False)


def _again(session: Session, purchase: Purchase, known: Refund, facts: RefundFacts) -> Refunded:
    is_other_amount = facts.amount_minor not in (None, known.amount_minor)
    if is_other_amount or (facts.items and list(facts.items) != known.items):
        raise Refusal("request_id_reused")
    refund_id = public_id("ref", known.id)
    entries = [
        entry
        for entry in entries_of_purchase(session, purchase.id)
        if any(part.get("refund_id") == refund_id for part in entry.why)
    ]
    return Refunded(purchase, known, entries, repeated=True)


def _amount(purchase: Purchase, facts: RefundFacts) -> int:
    left = purchase.amount_minor - purchase.refunded_minor
    amount = facts.amount_minor
    if amount is None:
        amount = _items_amount(purchase, facts.items) if facts.items else left
    if amount <= 0:
        raise Refusal("refund_too_large" if not left else "amount_invalid")
    if amount > left:
        raise Refusal("refund_too_large", left_minor=left)
    return amount


def _items_amount(purchase: Purchase, items: Sequence[dict[str, Any]]) -> int:
    """What the named items cost: by their own amount, else their share of the sold line."""
    check_items(items)
    lines = {line.get("sku"): line for line in reversed(purchase.items)}
    if len({item.get("sku") for item in items}) != len(items):
        raise Refusal("items_mismatch")
    return sum(_item_amount(lines.get(item.get("sku")), item) for item in items)


def _item_amount(line: Mapping[str, Any] | None, item: Mapping[str, Any]) -> int:
    if line is None:
        raise Refusal("items_mismatch")
    sold = int(line.get("quantity", 1))
    back = int(item.get("quantity", sold))
    if not 0 < back <= sold:
        raise Refusal("items_mismatch")
    paid, amount = line.get("amount_minor"), item.get("amount_minor")
    if amount is None:
        if paid is None:
            raise Refusal("items_mismatch")  # neither says what it cost
        return int(paid) * back // sold
    if amount < 0 or (paid is not None and amount > paid):
        raise Refusal("items_mismatch")
    return int(amount)


def _take_back(
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    refund: Refund,
    actor: Actor,
    now: datetime,
) -> list[Entry]:
    remaining = purchase.amount_minor - purchase.refunded_minor
    sale = Sale(remaining, purchase.currency, purchase.channel)
    rules = ruleset_at(session, program, purchase.rule_version)
    should = {award.unit: award.quantity for award in earn(rules, sale, purchase.tier_key)}
    entries = []
    for accrual in entries_of_purchase(session, purchase.id):
        if accrual.kind != "accrual":
            continue
        taken = _taken_back(session, purchase, accrual.unit)
        wanted = to_take_back(accrual.quantity, taken, should.get(accrual.unit, 0))
        if wanted:
            entries.append(
                _claw_back(session, program, purchase, refund, accrual, wanted, actor, now)
            )
    return entries


def _taken_back(session: Session, purchase: Purchase, unit: str) -> int:
    """What earlier refunds of this purchase took or wrote down as owed."""
    return sum(
        sum(int(part.get("wanted", 0)) for part in entry.why)
        for entry in entries_of_purchase(session, purchase.id)
        if entry.kind in ("refund", "reversal") and entry.unit == unit
    )


def _claw_back(  # noqa: PLR0913  one private step with all its facts
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    refund: Refund,
    accrual: Entry,
    wanted: int,
    actor: Actor,
    now: datetime,
) -> Entry:
    account = account_of(session, program.id, purchase.member_id, accrual.unit)
    lots = open_lots(session, account.id)
    first = next((lot.id for lot in lots_of_entry(session, accrual.id)), None)
    step: Clawback = clawback(program.ruleset.clawback, wanted, sum(lot.remaining for lot in lots))
    draws: list[Draw] = draw_back(lots, step.take, first)
    why = [
        {
            "rule": "refund",
            "rule_version": purchase.rule_version,
            "refund_id": public_id("ref", refund.id),
            "wanted": wanted,
            "text": _sentence(refund.amount_minor, purchase.currency, wanted, step),
        }
    ]
    return post_entry(
        session,
        account,
        Posting(
            kind="refund",
            quantity=-step.take,
            owed_change=step.owed,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            channel=purchase.channel,
            rule_version=purchase.rule_version,
            why=why,
            purchase_id=purchase.id,
            draws=draws,
        ),
    )


def _sentence(amount_minor: int, currency: str, wanted: int, step: Clawback) -> dict[str, str]:
    fr = f"Remboursement de {spell_money(amount_minor, currency, 'fr')}"
    en = f"Refund of {spell_money(amount_minor, currency, 'en')}"
    if step.owed:
        fr += f" ; {step.owed} déjà utilisés, à compenser par les prochains achats"
        en += f"; {step.owed} were already used and will be made up by coming purchases"
    forgiven = wanted - step.take - step.owed
    if forgiven:
        fr += f" ; {forgiven} déjà utilisés, laissés au membre"
        en += f"; {forgiven} were already used and are left to the member"
    return {"fr": fr, "en": en}
