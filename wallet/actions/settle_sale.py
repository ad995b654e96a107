"""When a sale arrives: what was said and spent about it before finds its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.donate_share import donate_share
from wallet.actions.fill_stamp_cards import fill_stamp_cards
from wallet.actions.give_back_spent import give_back_spent
from wallet.actions.lock_sale import lock_sale
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.refresh_card import refresh_card
from wallet.actions.refund_purchase import RefundFacts, refund_purchase
from wallet.actions.resettle_purchase import resettle_purchase
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.credit import payment_with_id
from wallet.tables.member import Member
from wallet.tables.purchase import Purchase, purchase_from
from wallet.tables.reward import redemption_with_id, voucher_with_id
from wallet.tables.sale_notice import SaleNotice, waiting_notices


def credit_in(notices: Sequence[SaleNotice], member: Member) -> int:
    """What the member paid of a sale with credit before the sale itself arrived, minor units."""
    return sum(
        int(notice.said["amount_minor"])
        for notice in notices
        if notice.kind == "credit" and notice.said["member_id"] == str(member.id)
    )


def after_sale(
    session: Session,
    program: ProgramView,
    member: Member,
    purchase: Purchase,
    notices: Sequence[SaleNotice],
    units: Iterable[str],
    actor: Actor,
) -> None:
    """What a sale just recorded brings besides units: full stamp cards, the share for charity, and
    whatever was waiting for it (`notices`). `units` are those it gave."""
    fill_stamp_cards(session, program, member, units, actor, purchase.recorded_at)
    donate_share(session, program, purchase, member)
    if notices:
        settle_sale(session, program, member, purchase, notices, purchase.recorded_at)


def settle_sale(
    session: Session,
    program: ProgramView,
    member: Member,
    purchase: Purchase,
    notices: Sequence[SaleNotice],
    now: datetime,
) -> None:
    """Link what was spent in this locked purchase, then refund what was refunded before it came."""
    for notice in notices:
        notice.settled_at = now
        if notice.kind == "credit":
            _link_payment(session, program, purchase, notice, now)
        elif notice.kind != "refund":
            _link(session, program, purchase, notice)
    session.flush()
    if purchase.refunded_minor:
        give_back_spent(session, program, purchase, _actor_from(notices[0]), now)
    for notice in notices:
        if notice.kind == "refund":
            _refund(session, program, member, purchase, notice, now)
    session.flush()


def settle_sale_job(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
    """The worker's second look: a sale and a notice that were written at the same moment."""
    database.run(lambda session: _look_again(session, payload, now))


def _look_again(session: Session, payload: Mapping[str, Any], now: datetime) -> None:
    program = program_view(session, payload["program_id"])
    known = purchase_from(session, program.id, payload["source"], payload["external_id"])
    if known is None:
        return  # it will find the notices when it comes
    locked = lock_sale(session, program, known.id)
    assert locked is not None
    member, purchase = locked
    notices = waiting_notices(session, program.id, purchase.source, purchase.external_id)
    if notices:
        settle_sale(session, program, member, purchase, notices, now)
        refresh_card(session, program, member, now)


def _link_payment(
    session: Session, program: ProgramView, purchase: Purchase, notice: SaleNotice, now: datetime
) -> None:
    payment = payment_with_id(session, program.id, int(notice.reference))
    if payment is None or payment.member_id != purchase.member_id or payment.purchase_id:
        return
    payment.purchase_id = purchase.id
    if purchase.credit_minor != payment.amount_minor:
        purchase.credit_minor = payment.amount_minor
        resettle_purchase(session, program, purchase, _actor_from(notice), now)


def _link(session: Session, program: ProgramView, purchase: Purchase, notice: SaleNotice) -> None:
    number = int(notice.reference)
    if notice.kind == "voucher":
        voucher = voucher_with_id(session, program.id, number)
        if voucher is not None and voucher.status == "used" and voucher.purchase_id is None:
            voucher.purchase_id = purchase.id
        return
    redemption = redemption_with_id(session, program.id, number)
    if redemption is not None and redemption.member_id == purchase.member_id:
        redemption.purchase_id = purchase.id


def _refund(
    session: Session,
    program: ProgramView,
    member: Member,
    purchase: Purchase,
    notice: SaleNotice,
    now: datetime,
) -> None:
    """As far as it goes: more than the sale cannot go back, and a sale must never be kept out by
    what was wrongly said of it."""
    left = purchase.amount_minor - purchase.refunded_minor
    wanted = notice.said["amount_minor"]
    facts = RefundFacts(
        external_id=notice.reference,
        amount_minor=None if wanted is None else min(wanted, left),
        items=notice.said["items"],
        reason=notice.said["reason"],
    )
    try:
        refund_purchase(session, program, member, purchase, facts, _actor_from(notice), now)
    except Refusal as refusal:  # before anything was written
        notice.said = {**notice.said, "refused": refusal.code}


def _actor_from(notice: SaleNotice) -> Actor:
    said = notice.said["actor"]
    return Actor(said["label"], said["role"], said["channel"], store_id=said["store_id"])
