"""Give back what was spent in a sale whose goods came back: credit in proportion, rewards and
vouchers once all of it was refunded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.carry_over import forward
from wallet.actions.donate_share import adjust_share
from wallet.actions.follow_card import ask_for_card
from wallet.actions.post_entry import NewLot, Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.return_redemption import Return, drawn_by, return_redemption
from wallet.errors import Refusal
from wallet.rules.giving_back import giving_back
from wallet.rules.money import spell_money
from wallet.rules.redemption import RETURN_LIFE, day_end
from wallet.rules.refunds import credit_to_return
from wallet.tables.credit import CreditPayment, payment_of_entry, payment_of_purchase
from wallet.tables.ledger import Entry, entry_of_redemption, entry_with_id
from wallet.tables.purchase import Purchase
from wallet.tables.reward import (
    lock_stocks,
    redemption_with_id,
    redemptions_of_purchase,
    vouchers_of_purchase,
)

_TEXT = {
    "fr": "Rendu avec le remboursement de l’achat",
    "en": "Given back with the refund of the purchase",
}


def give_back_spent(
    session: Session, program: ProgramView, purchase: Purchase, actor: Actor, now: datetime
) -> list[Entry]:
    """The entries that bring back what was spent in this locked purchase, by what is refunded of it
    now. From the state, never from deltas: doing it again changes nothing."""
    entries = _credit_back(session, program, purchase, actor, now)
    if purchase.refunded_minor >= purchase.amount_minor:
        entries += _rewards_back(session, program, purchase, actor, now)
        _restore_vouchers(session, program, purchase, now)
    adjust_share(session, purchase, now)
    session.flush()
    return entries


def lock_returning_stocks(session: Session, program: ProgramView, purchase: Purchase) -> None:
    """Lock the stocks of all rewards that giving this sale back may put back on the shelf: those
    used in it, and what a stamp card that is no longer full had become."""
    used = {redemption.reward_id for redemption in redemptions_of_purchase(session, purchase.id)}
    cards = [program.reward_called(unit.reward_key) for unit in program.ruleset.units]
    lock_stocks(session, used | {reward.id for reward in cards if reward is not None})


def close_payment(session: Session, entry: Entry) -> None:
    """A payment with credit is undone whole: mark it. `not_reversible` where it belongs to a sale,
    whose refund gives it back, or where a part of it came back already."""
    payment = payment_of_entry(session, entry.id)
    if payment is None:
        return
    if payment.purchase_id is not None or payment.refunded_minor:
        raise Refusal("not_reversible")
    payment.refunded_minor = payment.amount_minor


def _credit_back(
    session: Session, program: ProgramView, purchase: Purchase, actor: Actor, now: datetime
) -> list[Entry]:
    payment = payment_of_purchase(session, purchase.id)
    if payment is None:
        return []
    quantity = credit_to_return(
        payment.amount_minor, payment.refunded_minor, purchase.refunded_minor, purchase.amount_minor
    )
    if not quantity:
        return []
    return [_return_credit(session, program, purchase, payment, quantity, actor, now)]


def _return_credit(
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    payment: CreditPayment,
    quantity: int,
    actor: Actor,
    now: datetime,
) -> Entry:
    paid = entry_with_id(session, program.id, payment.entry_id)
    assert paid is not None
    account = account_of(session, program.id, paid.member_id, payment.unit)
    back = giving_back(
        drawn_by(session, paid),
        now,
        quantity=quantity,
        returned_before=payment.refunded_minor,
        swallowed=min(max(-account.balance, 0), quantity),
    )
    payment.refunded_minor += quantity
    text = {
        language: f"{words} : {spell_money(quantity, purchase.currency, language)}"
        if language == "fr"
        else f"{words}: {spell_money(quantity, purchase.currency, language)}"
        for language, words in _TEXT.items()
    }
    entry = post_entry(
        session,
        account,
        Posting(
            kind="refund",
            contra="redeemed",
            quantity=quantity,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            channel=purchase.channel,
            rule_version=paid.rule_version,
            why=[{"rule": "credit_returned", "rule_version": paid.rule_version, "text": text}],
            purchase_id=purchase.id,
            draws=back.draws,
            lots=[NewLot(back.fresh, now, back.fresh_ends_at)] if back.fresh else (),
        ),
    )
    forward(session, account, actor, now, paid.rule_version)
    return entry


def _rewards_back(
    session: Session, program: ProgramView, purchase: Purchase, actor: Actor, now: datetime
) -> list[Entry]:
    entries = []
    for redemption in redemptions_of_purchase(session, purchase.id):
        account = account_of(session, program.id, redemption.member_id, redemption.unit)
        entry = entry_of_redemption(session, redemption.member_id, redemption.id)
        assert entry is not None
        how = Return(actor, now, dict(_TEXT), rule="reward_returned")
        entries.append(return_redemption(session, account, entry, how))
    return entries


def _restore_vouchers(
    session: Session, program: ProgramView, purchase: Purchase, now: datetime
) -> None:
    """A voucher used in a sale that was given back waits again, long enough to be used. Somebody else's
    card follows by a job: members are locked before what is theirs, and the buyer's lock is held."""
    for voucher in vouchers_of_purchase(session, purchase.id):
        voucher.status = "issued"
        if voucher.expires_at is not None and voucher.expires_at <= now:
            days = RETURN_LIFE.days
            voucher.expires_at, voucher.told_at = day_end(now, days, program.time_zone), None
        voucher.used_at = voucher.used_by = voucher.used_request = None
        voucher.used_channel = voucher.used_store_id = voucher.purchase_id = None
        redemption = redemption_with_id(session, program.id, voucher.redemption_id)
        assert redemption is not None
        redemption.status = "issued"
        if voucher.member_id != purchase.member_id:
            ask_for_card(session, program.id, voucher.member_id, now)
