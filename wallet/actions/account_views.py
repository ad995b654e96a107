"""Purchases, redemptions and movements as plain objects for doors that tell other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.member_view import Balance, MemberView, balances_of, member_view, standing_of
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.ruleset import Tier
from wallet.tables.ledger import Entry, entries_of
from wallet.tables.member import Member, member_with_id
from wallet.tables.purchase import Purchase, purchase_with_id
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
class Outcome:
    """What a change did, and where it left the member."""

    entries: Sequence[EntryView]
    balances: Mapping[str, Balance]
    tier: Tier | None


def outcome(
    session: Session, program: ProgramView, member: Member, entries: Iterable[Entry], now: datetime
) -> Outcome:
    """`entries` with the member's balances and tier after them."""
    return Outcome(
        entries=[entry_view(entry) for entry in entries],
        balances=balances_of(session, program, member.id, now),
        tier=standing_of(session, program, member, now).tier,
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


def causes_of(
    session: Session, program: ProgramView, entry: Entry
) -> tuple[PurchaseView | None, RedemptionView | None]:
    """The sale or the reward that a movement belongs to."""
    sale = entry.purchase_id and purchase_with_id(session, program.id, entry.purchase_id)
    taken = entry.redemption_id and redemption_with_id(session, program.id, entry.redemption_id)
    return purchase_view(sale) if sale else None, redemption_view(taken) if taken else None


def purchase_to_refund(
    session: Session, program: ProgramView, purchase_id: str
) -> tuple[Member, Purchase]:
    """The sale with this public id, locked, and whose it is; else `purchase_not_found`."""
    number = private_id("pur", purchase_id)
    purchase = purchase_with_id(session, program.id, number) if number is not None else None
    if purchase is None:
        raise Refusal("purchase_not_found")
    member = member_with_id(session, program.id, purchase.member_id)
    assert member is not None
    return member, purchase


def members_before(
    session: Session, program: ProgramView, before_id: int | None, limit: int, now: datetime
) -> list[MemberView]:
    """Members newest first, those older than `before_id`."""
    rows = members_page(session, program.id, "", limit, before_id)
    return [member_view(session, program, row, now) for row in rows]


def entries_before(
    session: Session, member: Member, before_id: int | None, limit: int
) -> list[EntryView]:
    """A member's movements newest first, those older than `before_id`."""
    return [entry_view(entry) for entry in entries_of(session, member.id, limit, before_id)]
