"""A refund: the sale gives what its remaining amount would have given, and the rest goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.fill_stamp_cards import unfill_stamp_cards
from wallet.actions.give_back_spent import give_back_spent, lock_returning_stocks
from wallet.actions.identify import (
    EXTERNAL_ID_LENGTH_MAX,
    REASON_LENGTH_MAX,
    check_items,
    check_text,
)
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.recompute_sale import (
    sales_with_goals,
    should_have_earned,
    write_taken,
)
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.rules.lots import Draw, draw_back
from wallet.rules.money import spell_money
from wallet.rules.refunds import Clawback, clawback, to_take_back
from wallet.rules.returned_items import ItemsProblem, price_of_return
from wallet.tables.ledger import Entry, entries_of_purchase, lots_of_entry, open_lots
from wallet.tables.member import Member, lock_member
from wallet.tables.purchase import Purchase, Refund, purchase_with_id, refunds_of


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
    amount = _amount(session, purchase, facts)
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
    lock_returning_stocks(session, program, purchase)
    # What was spent comes back first: then there is something to take earned points from.
    entries = give_back_spent(session, program, purchase, actor, now)
    said = _refunded(refund, purchase)
    mark = public_id("ref", refund.id)
    entries += take_back(session, program, purchase, actor, now, said, mark)
    entries += take_back_goals(session, program, purchase, actor, now)
    refresh_card(session, program, member, now)
    return Refunded(purchase, refund, entries, repeated=False)


def _again(session: Session, purchase: Purchase, known: Refund, facts: RefundFacts) -> Refunded:
    is_other_amount = facts.amount_minor not in (None, known.amount_minor)
    if is_other_amount or (facts.items and list(facts.items) != known.items):
        raise Refusal("request_id_reused")
    entries = [
        entry
        for entry in entries_of_purchase(session, purchase.id)
        if entry.kind == "refund" and _is_of(entry, known)
    ]
    return Refunded(purchase, known, entries, repeated=True)


def _is_of(entry: Entry, refund: Refund) -> bool:
    """Whether the refund wrote the entry: by its mark, or, where something spent came back, by the
    moment."""
    marks = {part["refund_id"] for part in entry.why if part.get("refund_id")}
    return (
        public_id("ref", refund.id) in marks if marks else entry.recorded_at == refund.recorded_at
    )


def _amount(session: Session, purchase: Purchase, facts: RefundFacts) -> int:
    left = purchase.amount_minor - purchase.refunded_minor
    amount = facts.amount_minor
    if amount is None:
        amount = _items_amount(session, purchase, facts.items) if facts.items else left
    if amount <= 0:
        raise Refusal("refund_too_large" if not left else "amount_invalid")
    if amount > left:
        raise Refusal("refund_too_large", left_minor=left)
    return amount


def _items_amount(session: Session, purchase: Purchase, items: Sequence[dict[str, Any]]) -> int:
    """What the named items cost, of those that did not come back yet."""
    check_items(items)
    earlier = [refund.items for refund in refunds_of(session, purchase.id)]
    try:
        return price_of_return(purchase.items, earlier, items)
    except ItemsProblem as problem:
        if problem.left is None:
            raise Refusal("items_mismatch", sku=problem.sku) from None
        raise Refusal("items_returned", sku=problem.sku, left=problem.left) from None


def take_back(
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    actor: Actor,
    now: datetime,
    text: Mapping[str, str],
    refund_id: str = "",
) -> list[Entry]:
    """Take back what the purchase gave and, as it stands now, would not give. `text` says why;
    `refund_id` is the refund's public id, by which its entries are found again."""
    should = should_have_earned(session, program, purchase)
    entries = []
    for accrual in entries_of_purchase(session, purchase.id):
        if accrual.kind != "accrual":
            continue
        taken = _taken_back(session, purchase, accrual.unit)
        by_rule = should.get(accrual.unit, {})
        wanted = to_take_back(accrual.quantity, taken, sum(by_rule.values()))
        if wanted:
            entry = _claw_back(
                session, program, purchase, text, accrual, wanted, actor, now, refund_id
            )
            write_taken(session, purchase, entry, by_rule)
            entries.append(entry)
    return entries


def take_back_goals(
    session: Session, program: ProgramView, purchase: Purchase, actor: Actor, now: datetime
) -> list[Entry]:
    """Take back what other sales gave for a goal ("3 visits this month") that is no longer reached
    without this one."""
    text = {
        "fr": "Objectif qui n’est plus atteint après un remboursement",
        "en": "Goal no longer reached after a refund",
    }
    entries = []
    for number in sales_with_goals(session, program, purchase):
        other = purchase_with_id(session, program.id, number)
        assert other is not None
        entries += take_back(session, program, other, actor, now, text)
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
    text: Mapping[str, str],
    accrual: Entry,
    wanted: int,
    actor: Actor,
    now: datetime,
    refund_id: str,
) -> Entry:
    account = account_of(session, program.id, purchase.member_id, accrual.unit)
    unfill_stamp_cards(session, program, account, wanted, actor, now)
    lots = open_lots(session, account.id)
    first = next((lot.id for lot in lots_of_entry(session, accrual.id)), None)
    step: Clawback = clawback(program.ruleset.clawback, wanted, sum(lot.remaining for lot in lots))
    draws: list[Draw] = draw_back(lots, step.take, first)
    why = [
        {
            "rule": "refund",
            "rule_version": purchase.rule_version,
            "refund_id": refund_id,
            "wanted": wanted,
            "text": _sentence(text, wanted, step),
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


def _refunded(refund: Refund, purchase: Purchase) -> dict[str, str]:
    amount, currency = refund.amount_minor, purchase.currency
    return {
        "fr": f"Remboursement de {spell_money(amount, currency, 'fr')}",
        "en": f"Refund of {spell_money(amount, currency, 'en')}",
    }


def _sentence(text: Mapping[str, str], wanted: int, step: Clawback) -> dict[str, str]:
    fr, en = text["fr"], text["en"]
    if step.owed:
        fr += f" ; {step.owed} déjà utilisés, à compenser par les prochains achats"
        en += f"; {step.owed} were already used and will be made up by coming purchases"
    forgiven = wanted - step.take - step.owed
    if forgiven:
        fr += f" ; {forgiven} déjà utilisés, laissés au membre"
        en += f"; {forgiven} were already used and are left to the member"
    return {"fr": fr, "en": en}
