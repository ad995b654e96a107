"""Purchases, redemptions and movements as plain objects for doors that tell other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.lock_sale import lock_sale
from wallet.actions.member_view import Balance, MemberView, balances_of, member_view, standing_of
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.ruleset import Tier
from wallet.rules.tiers import Standing
from wallet.tables.credit import CreditPayment
from wallet.tables.ledger import Entry, history_of
from wallet.tables.member import Member
from wallet.tables.purchase import Activity, Purchase, known_purchase
from wallet.tables.reports import members_page
from wallet.tables.reward import Redemption, redemption_with_id


@dataclass(frozen=True, slots=True)
class EntryView:
    """One movement. `id` is None where nothing was written. `why` keeps every language."""

    id: int | None
    unit: str
    kind: str
    quantity: int
    balance_after: int
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    purchase_id: int | None
    reverses_id: int | None
    why: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PurchaseView:
    """One sale. `id` is None where nothing was written."""

    id: int | None
    member_id: int
    source: str
    external_id: str
    channel: str
    amount_minor: int
    refunded_minor: int
    currency: str
    items: Sequence[Mapping[str, Any]]
    occurred_at: datetime
    recorded_at: datetime
    tax_minor: int = 0
    shipping_minor: int = 0
    gift_card_minor: int = 0
    credit_minor: int = 0


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """One reward taken."""

    id: int
    member_id: int
    reward_id: int
    status: str
    unit: str
    cost: int
    channel: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ActivityView:
    """Something that a member did."""

    id: int
    member_id: int
    kind: str
    source: str
    external_id: str
    channel: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentView:
    """Store credit that paid part of a bill."""

    id: int
    member_id: int
    unit: str
    amount_minor: int
    refunded_minor: int
    bill_minor: int | None
    source: str | None
    external_id: str | None
    purchase_id: int | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did, and where it left the member."""

    entries: Sequence[EntryView]
    balances: Mapping[str, Balance]
    tier: Tier | None


def outcome(
    session: Session,
    program: ProgramView,
    member: Member,
    entries: Iterable[Entry],
    now: datetime,
    standing: Standing | None = None,
) -> Outcome:
    """`entries` with the member's balances and tier after them; a `standing` at hand saves working it out."""
    standing = standing or standing_of(session, program, member, now)
    return Outcome(
        entries=[entry_view(entry) for entry in entries],
        balances=balances_of(session, program, member.id, now),
        tier=standing.tier,
    )


def entry_view(entry: Entry) -> EntryView:
    """A row of the ledger as a plain object."""
    return EntryView(
        id=entry.id,
        unit=entry.unit,
        kind=entry.kind,
        quantity=entry.quantity,
        balance_after=entry.balance_after,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        channel=entry.channel,
        purchase_id=entry.purchase_id,
        reverses_id=entry.reverses_id,
        why=entry.why,
    )


def purchase_view(purchase: Purchase) -> PurchaseView:
    """A sale as a plain object."""
    return PurchaseView(
        id=purchase.id,
        member_id=purchase.member_id,
        source=purchase.source,
        external_id=purchase.external_id,
        channel=purchase.channel,
        amount_minor=purchase.amount_minor,
        refunded_minor=purchase.refunded_minor,
        currency=purchase.currency,
        items=purchase.items,
        occurred_at=purchase.occurred_at,
        recorded_at=purchase.recorded_at,
        tax_minor=purchase.tax_minor,
        shipping_minor=purchase.shipping_minor,
        gift_card_minor=purchase.gift_card_minor,
        credit_minor=purchase.credit_minor,
    )


def redemption_view(redemption: Redemption) -> RedemptionView:
    """A reward taken as a plain object."""
    return RedemptionView(
        id=redemption.id,
        member_id=redemption.member_id,
        reward_id=redemption.reward_id,
        status=redemption.status,
        unit=redemption.unit,
        cost=redemption.cost,
        channel=redemption.channel,
        occurred_at=redemption.occurred_at,
    )


def activity_view(activity: Activity) -> ActivityView:
    """Something that a member did, as a plain object."""
    return ActivityView(
        id=activity.id,
        member_id=activity.member_id,
        kind=activity.kind,
        source=activity.source,
        external_id=activity.external_id,
        channel=activity.channel,
        occurred_at=activity.occurred_at,
        recorded_at=activity.recorded_at,
    )


def payment_view(payment: CreditPayment) -> PaymentView:
    """A payment with credit as a plain object."""
    return PaymentView(
        id=payment.id,
        member_id=payment.member_id,
        unit=payment.unit,
        amount_minor=payment.amount_minor,
        refunded_minor=payment.refunded_minor,
        bill_minor=payment.bill_minor,
        source=payment.source,
        external_id=payment.external_id,
        purchase_id=payment.purchase_id,
        occurred_at=payment.occurred_at,
    )


def causes_of(
    session: Session, program: ProgramView, entry: Entry
) -> tuple[PurchaseView | None, RedemptionView | None]:
    """The sale or the reward that a movement belongs to."""
    sale = entry.purchase_id and known_purchase(session, program.id, entry.purchase_id)
    taken = entry.redemption_id and redemption_with_id(session, program.id, entry.redemption_id)
    return purchase_view(sale) if sale else None, redemption_view(taken) if taken else None


def purchase_to_refund(
    session: Session, program: ProgramView, purchase_id: str
) -> tuple[Member, Purchase]:
    """Whose sale it is and the sale with this public id, both locked; else `purchase_not_found`."""
    number = private_id("pur", purchase_id)
    found = lock_sale(session, program, number) if number is not None else None
    if found is None:
        raise Refusal("purchase_not_found")
    return found


def members_before(
    session: Session, program: ProgramView, before_id: int | None, limit: int, now: datetime
) -> list[MemberView]:
    """Members newest first, those older than `before_id`."""
    rows = members_page(session, program.id, (), limit, before_id)
    return [member_view(session, program, row, now) for row in rows]


def entries_before(
    session: Session, member: Member, before_id: int | None, limit: int
) -> list[EntryView]:
    """A member's movements newest first, those older than `before_id`, and those of who was merged into it."""
    return [entry_view(entry) for entry in history_of(session, member.id, limit, before_id)]
