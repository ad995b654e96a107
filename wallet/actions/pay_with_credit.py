"""Pay part of a bill with store credit, or have it paid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.draw_spendable import draw_spendable
from wallet.actions.expire import renew_lots
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.actions.resettle_purchase import resettle_purchase
from wallet.actions.sale_link import SaleRef, Word, check_sale_ref, keep_word, sale_to_link
from wallet.actions.shown_card import COUNTER, Shown, require_shown
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.money import AMOUNT_MINOR_MAX, spell_money
from wallet.tables.credit import CreditPayment, payment_for_sale
from wallet.tables.ledger import AccountState, Entry, entry_with_id
from wallet.tables.member import Member, lock_member
from wallet.tables.purchase import Purchase

PAYOUT_ROLES = ("owner", "manager")


@dataclass(frozen=True, slots=True)
class Payment:
    """How much, of which bill, in which sale, with what shown of the card. Without a sale the
    payment stands alone."""

    amount_minor: int
    bill_minor: int | None = None
    sale: SaleRef | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment and the entry that took the credit."""

    payment: CreditPayment
    entry: Entry
    repeated: bool = False


def pay_with_credit(
    session: Session,
    program: ProgramView,
    member: Member,
    payment: Payment,
    actor: Actor,
    now: datetime,
) -> Paid:
    """At most what is there and what the program lets credit pay of a bill. Once for each sale: the
    same amount again is the first answer again, another one is `payment_exists`."""
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    unit = credit_unit(program)
    if payment.sale is not None:
        check_sale_ref(payment.sale)
        known = payment_for_sale(session, program.id, *payment.sale)
        if known is not None:
            return _again(session, program, member, payment, known)
    purchase = sale_to_link(session, program, payment.sale, member.id)
    bill_minor = purchase.amount_minor if purchase else payment.bill_minor
    _check_amount(program, payment.amount_minor, bill_minor)
    if actor.channel == COUNTER or payment.shown is not None:
        lock_member(session, member)
        require_shown(session, program, member, (unit, payment.amount_minor), payment.shown)
    account = account_of(session, program.id, member.id, unit)
    renew_lots(session, program, account, now)
    paid = _spend(session, program, account, payment, purchase, actor, now)
    if purchase is not None:
        purchase.credit_minor = payment.amount_minor
        resettle_purchase(session, program, purchase, actor, now)
    elif payment.sale is not None:
        said = {"amount_minor": payment.amount_minor, "member_id": str(member.id)}
        word = Word("credit", str(paid.payment.id), actor, said)
        keep_word(session, program, payment.sale, word, now)
    refresh_card(session, program, member, now)
    return paid


def pay_out_credit(
    session: Session,
    program: ProgramView,
    member: Member,
    amount_minor: int,
    actor: Actor,
    now: datetime,
) -> Entry:
    """Credit becomes cash: a manager's decision, never a cashier's."""
    if actor.role not in PAYOUT_ROLES:
        raise Refusal("forbidden")
    unit = credit_unit(program)
    _check_size(amount_minor)
    lock_member(session, member)
    account = account_of(session, program.id, member.id, unit)
    text = {
        "fr": f"Avoir remboursé en espèces : {spell_money(amount_minor, program.currency, 'fr')}",
        "en": f"Credit paid out in cash: {spell_money(amount_minor, program.currency, 'en')}",
    }
    entry = _take(session, program, account, amount_minor, ("payout", text), actor, now)
    refresh_card(session, program, member, now)
    return entry


def payable_minor(program: ProgramView, bill_minor: int, available: int) -> int:
    """How much of this bill the member can pay with credit now."""
    rules = program.ruleset.credit
    share = rules.share_max_percent if rules else 100
    return max(min(bill_minor * share // 100, available), 0)


def credit_unit(program: ProgramView) -> str:
    """The unit of store credit: the one the rules name, else the only one of its kind."""
    rules = program.ruleset.credit
    if rules is not None:
        return rules.unit
    units = [unit.key for unit in program.ruleset.units if unit.kind == "credit"]
    if len(units) != 1:
        raise Refusal("credit_not_offered")
    return units[0]


def _check_size(amount_minor: int) -> None:
    if amount_minor <= 0:
        raise Refusal("amount_invalid")
    if amount_minor > AMOUNT_MINOR_MAX:
        raise Refusal("amount_too_large")


def _check_amount(program: ProgramView, amount_minor: int, bill_minor: int | None) -> None:
    _check_size(amount_minor)
    if bill_minor is None:
        if program.ruleset.credit and program.ruleset.credit.share_max_percent < 100:
            raise Refusal("bill_missing")
        return
    most = payable_minor(program, bill_minor, amount_minor)
    if amount_minor > most:
        raise Refusal("credit_share_exceeded", max_minor=most)


def _again(
    session: Session,
    program: ProgramView,
    member: Member,
    payment: Payment,
    known: CreditPayment,
) -> Paid:
    if (known.member_id, known.amount_minor) != (member.id, payment.amount_minor):
        raise Refusal("payment_exists")
    entry = entry_with_id(session, program.id, known.entry_id)
    assert entry is not None
    return Paid(known, entry, repeated=True)


def _spend(
    session: Session,
    program: ProgramView,
    account: AccountState,
    payment: Payment,
    purchase: Purchase | None,
    actor: Actor,
    now: datetime,
) -> Paid:
    text = {
        "fr": f"Payé avec l’avoir : {spell_money(payment.amount_minor, program.currency, 'fr')}",
        "en": f"Paid with credit: {spell_money(payment.amount_minor, program.currency, 'en')}",
    }
    entry = _take(session, program, account, payment.amount_minor, ("credit", text), actor, now)
    source, external_id = payment.sale or (None, None)
    row = CreditPayment(
        id=new_id(),
        program_id=program.id,
        member_id=account.member_id,
        entry_id=entry.id,
        unit=account.unit,
        amount_minor=payment.amount_minor,
        refunded_minor=0,
        bill_minor=purchase.amount_minor if purchase else payment.bill_minor,
        source=source,
        external_id=external_id,
        purchase_id=purchase.id if purchase else None,
        occurred_at=now,
    )
    session.add(row)
    session.flush()
    return Paid(row, entry)


def _take(
    session: Session,
    program: ProgramView,
    account: AccountState,
    amount_minor: int,
    why: tuple[str, dict[str, str]],
    actor: Actor,
    now: datetime,
) -> Entry:
    draws = draw_spendable(session, account, amount_minor, actor, now)
    rule, text = why
    facts: dict[str, Any] = {"rule": rule, "rule_version": program.rule_version, "text": text}
    return post_entry(
        session,
        account,
        Posting(
            kind="redemption",
            quantity=-amount_minor,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            rule_version=program.rule_version,
            draws=draws,
            why=[facts],
        ),
    )
