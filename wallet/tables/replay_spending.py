"""What was spent and given, held against the ledger: each query finds what contradicts it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wallet.tables.credit import CreditPayment
from wallet.tables.donation import Donation
from wallet.tables.ledger import Entry
from wallet.tables.purchase import Purchase
from wallet.tables.reward import Redemption, Voucher
from wallet.tables.till_hold import TillHold
from wallet.tables.till_line import TillLine


def vouchers_in_another_state(session: Session, program_id: int) -> Sequence[Row[int, str, str]]:
    """Vouchers that contradict their redemption: (id, status, the redemption's status)."""
    agree = or_(
        and_(Voucher.status == "issued", Redemption.status == "issued"),
        and_(Voucher.status == "used", Redemption.status == "used", Voucher.used_at.is_not(None)),
        and_(Voucher.status == "void", Redemption.status.in_(("reversed", "void"))),
        and_(Voucher.status == "expired", Redemption.status.in_(("reversed", "expired"))),
    )
    query = (
        select(Voucher.id, Voucher.status, Redemption.status)
        .join(Redemption, Redemption.id == Voucher.redemption_id)
        .where(Voucher.program_id == program_id, ~agree)
    )
    return session.execute(query).all()


def holds_in_another_state(session: Session, program_id: int) -> Sequence[Row[int, str]]:
    """What tills held that says used without a reward, or names one without being used: (id, state)."""
    is_used, has_reward = TillHold.state == "used", TillHold.redemption_id.is_not(None)
    query = select(TillHold.id, TillHold.state).where(
        TillHold.program_id == program_id,
        or_(and_(is_used, ~has_reward), and_(~is_used, has_reward)),
    )
    return session.execute(query).all()


def rewards_spent_twice(session: Session, program_id: int) -> Sequence[Row[int | None, int]]:
    """Redemptions that more than one hold paid, or more than one saved line was booked as: (id, times)."""
    query = union_all(
        *(
            select(table.redemption_id, func.count())
            .where(table.program_id == program_id, table.redemption_id.is_not(None))
            .group_by(table.redemption_id)
            .having(func.count() > 1)
            for table in (TillHold, TillLine)
        )
    )
    return session.execute(query).all()


def spendings_not_given_back(
    session: Session, program_id: int
) -> Sequence[Row[int, int | None, int | None]]:
    """Purchases given back in full in which something is still spent: (id, redemption, voucher)."""
    nothing = literal(None, BigInteger())
    still = (
        select(Purchase.id, Redemption.id.label("redemption"), nothing.label("voucher"))
        .join(Redemption, Redemption.purchase_id == Purchase.id)
        .where(Redemption.program_id == program_id, Redemption.status == "used"),
        select(Purchase.id, nothing, Voucher.id)
        .join(Voucher, Voucher.purchase_id == Purchase.id)
        .where(Voucher.program_id == program_id, Voucher.status == "used"),
    )
    is_given_back = Purchase.refunded_minor >= Purchase.amount_minor
    query = union_all(*(one.where(is_given_back) for one in still))
    return session.execute(query).all()


def payments_in_another_state(
    session: Session, program_id: int
) -> Sequence[Row[int, int, int, int, int]]:
    """Payments with credit that are not what the ledger took and gave back:
    (id, amount, taken, given back by the row, given back by the ledger)."""
    return session.execute(_payments(), {"program_id": program_id}).all()


@cache  # other names for a table of thirty columns take longer than the question
def _payments() -> Select[int, int, int, int, int]:
    paid, back, undone = aliased(Entry), aliased(Entry), aliased(Entry)
    returned = (
        select(func.coalesce(func.sum(back.quantity), 0))
        .where(
            back.purchase_id == CreditPayment.purchase_id,
            back.unit == CreditPayment.unit,
            back.kind == "refund",
            back.contra == "redeemed",
        )
        .scalar_subquery()
    )
    reversed_ = (
        select(func.coalesce(func.sum(undone.quantity), 0))
        .where(undone.reverses_id == CreditPayment.entry_id)
        .scalar_subquery()
    )
    return (
        select(
            CreditPayment.id,
            CreditPayment.amount_minor,
            -paid.quantity,
            CreditPayment.refunded_minor,
            returned + reversed_,
        )
        .join(paid, paid.id == CreditPayment.entry_id)
        .where(
            CreditPayment.program_id == bindparam("program_id"),
            or_(
                CreditPayment.amount_minor != -paid.quantity,
                CreditPayment.refunded_minor != returned + reversed_,
            ),
        )
    )


def gifts_in_another_state(session: Session, program_id: int) -> Sequence[Row[int, str, int]]:
    """Redemptions for a charity whose donation is not there exactly while they stand, or whose
    points went elsewhere: (id, status, what is donated)."""
    donated = (
        select(func.coalesce(func.sum(Donation.amount_minor), 0))
        .where(Donation.redemption_id == Redemption.id)
        .scalar_subquery()
    )
    elsewhere = (
        select(Entry.id)
        .where(
            Entry.redemption_id == Redemption.id,
            Entry.member_id == Redemption.member_id,
            Entry.contra != case((Redemption.charity_id.is_(None), "redeemed"), else_="donated"),
        )
        .exists()
    )
    stands = and_(Redemption.charity_id.is_not(None), Redemption.status != "reversed")
    query = select(Redemption.id, Redemption.status, donated).where(
        Redemption.program_id == program_id,
        or_(and_(stands, donated <= 0), and_(~stands, donated != 0), elsewhere),
    )
    return session.execute(query).all()


def shares_in_another_state(session: Session, program_id: int) -> Sequence[Row[int, int]]:
    """Purchases given back in full that still give to a charity, or that give less than nothing:
    (id, what is donated)."""
    donated = func.sum(Donation.amount_minor)
    query = (
        select(Purchase.id, donated)
        .join(Donation, Donation.purchase_id == Purchase.id)
        .where(Purchase.program_id == program_id)
        .group_by(Purchase.id, Purchase.refunded_minor, Purchase.amount_minor)
        .having(
            or_(
                donated < 0,
                and_(Purchase.refunded_minor >= Purchase.amount_minor, donated != 0),
            )
        )
    )
    return session.execute(query).all()


def corrections_not_exact(session: Session, program_id: int) -> Sequence[Row[int]]:
    """Donations that correct another one by something else than its opposite."""
    return session.execute(_corrections(), {"program_id": program_id}).all()


@cache
def _corrections() -> Select[int]:
    first = aliased(Donation)
    return (
        select(Donation.id)
        .join(first, first.id == Donation.reverses_id)
        .where(
            Donation.program_id == bindparam("program_id"),
            or_(
                Donation.amount_minor != -first.amount_minor,
                Donation.charity_id != first.charity_id,
            ),
        )
    )
