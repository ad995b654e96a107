"""The only way into the ledger: one entry, its lots, the account's new head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.ids import new_id
from wallet.rules.chain import FACTS, entry_hash
from wallet.rules.lots import Draw, OpenLot
from wallet.tables.ledger import (
    Account,
    Entry,
    Lot,
    LotDraw,
    account_for_update,
    draw_from,
    move_account,
    open_lots,
)

CONTRA = {
    "accrual": "issued",
    "refund": "issued",
    "recovery": "issued",
    "redemption": "redeemed",
    "expiry": "expired",
    "adjustment": "adjusted",
}


@dataclass(frozen=True, slots=True)
class Posting:
    """The facts of one movement, before it is numbered and sealed."""

    kind: str
    quantity: int
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    rule_version: int
    channel: str | None = None  # the sale's own, where it differs from the actor's
    why: Sequence[dict[str, Any]] = ()
    contra: str | None = None
    purchase_id: int | None = None
    redemption_id: int | None = None
    reverses_id: int | None = None
    owed_change: int = 0
    draws: Sequence[Draw] = field(default=())
    lot: tuple[datetime, datetime | None] | None = None  # (available_at, expires_at) of a new lot


def account_of(session: Session, program_id: int, member_id: int, unit: str) -> Account:
    """The member's account in this unit, locked; made when it is the first movement."""
    account = account_for_update(session, member_id, unit)
    if account is None:
        account = Account(
            program_id=program_id,
            member_id=member_id,
            unit=unit,
            balance=0,
            owed=0,
            seq=0,
            head_hash="",
        )
        session.add(account)
        session.flush()
    return account


def plain_lots(session: Session, account: Account) -> list[OpenLot]:
    """The account's open lots as the rules want them."""
    return [
        OpenLot(lot.id, lot.remaining, lot.available_at, lot.expires_at)
        for lot in open_lots(session, account.id)
    ]


def post_entry(session: Session, account: Account, posting: Posting) -> Entry:
    """Write one entry after the account's newest. The account must be locked.

    A credit with a `lot` opens it, less what the member still owed: that part is taken at once by
    an entry of its own (`recovery`), so that a reader sees both.
    """
    entry = _write(session, account, posting)
    if posting.lot and posting.quantity > 0:
        _open_lot(session, account, entry, posting)
    for draw in posting.draws:
        draw_from(session, draw.lot_id, draw.quantity)
        session.execute(
            insert(LotDraw).values(
                id=new_id(), entry_id=entry.id, lot_id=draw.lot_id, quantity=draw.quantity
            )
        )
    return entry


def _open_lot(session: Session, account: Account, entry: Entry, posting: Posting) -> None:
    assert posting.lot is not None
    available_at, expires_at = posting.lot
    # A balance below zero swallows what comes in first: only the rest can ever be spent.
    swallowed = min(max(posting.quantity - entry.balance_after, 0), posting.quantity)
    remaining = posting.quantity - swallowed
    lot_id = new_id()
    session.execute(
        insert(Lot).values(
            id=lot_id,
            account_id=account.id,
            entry_id=entry.id,
            quantity=posting.quantity,
            remaining=remaining,
            available_at=available_at,
            expires_at=expires_at,
        )
    )
    recovered = min(account.owed, remaining)
    if recovered:
        text = {
            "fr": "Compensation d’un achat remboursé dont les points étaient déjà utilisés",
            "en": "Makes up for a refunded purchase whose points were already used",
        }
        post_entry(
            session,
            account,
            Posting(
                kind="recovery",
                quantity=-recovered,
                owed_change=-recovered,
                occurred_at=posting.occurred_at,
                recorded_at=posting.recorded_at,
                actor=posting.actor,
                rule_version=posting.rule_version,
                channel=posting.channel,
                why=[{"rule": "owed", "rule_version": posting.rule_version, "text": text}],
                purchase_id=posting.purchase_id,
                draws=[Draw(lot_id, recovered)],
            ),
        )


def _write(session: Session, account: Account, posting: Posting) -> Entry:
    values: dict[str, Any] = {
        "id": new_id(),
        "program_id": account.program_id,
        "account_id": account.id,
        "member_id": account.member_id,
        "unit": account.unit,
        "seq": account.seq + 1,
        "kind": posting.kind,
        "contra": posting.contra or CONTRA[posting.kind],
        "quantity": posting.quantity,
        "balance_after": account.balance + posting.quantity,
        "owed_after": account.owed + posting.owed_change,
        "occurred_at": posting.occurred_at,
        "recorded_at": posting.recorded_at,
        "channel": posting.channel or posting.actor.channel,
        "actor": posting.actor.label,
        "store_id": posting.actor.store_id,
        "purchase_id": posting.purchase_id,
        "redemption_id": posting.redemption_id,
        "reverses_id": posting.reverses_id,
        "rule_version": posting.rule_version,
        "why": list(posting.why),
    }
    assert set(FACTS) == set(values)
    values["prev_hash"] = account.head_hash
    values["hash"] = entry_hash(account.head_hash, values)
    session.execute(insert(Entry).values(**values))
    entry = Entry(**values)
    move_account(session, account, entry)
    session.flush()
    return entry
