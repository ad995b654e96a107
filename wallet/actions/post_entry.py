"""The only way into the ledger: one entry, its lots, the account's new head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.ids import new_id
from wallet.rules.chain import FACTS, Sealed, entry_hash
from wallet.rules.lots import Draw
from wallet.tables.ledger import (
    AccountState,
    Entry,
    account_for_update,
    draw_from,
    move_account,
    open_account,
    write_entry,
    write_lot,
)
from wallet.values import value_class

CONTRA = {
    "accrual": "issued",
    "refund": "issued",
    "recovery": "issued",
    "redemption": "redeemed",
    "expiry": "expired",
    "adjustment": "adjusted",
    "transfer": "transferred",
}


@value_class
class NewLot:
    """A lot that an entry opens besides what it gives back to others."""

    quantity: int
    available_at: datetime
    expires_at: datetime | None


@value_class
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
    activity_id: int | None = None
    merge_id: int | None = None
    owed_change: int = 0
    draws: Sequence[Draw] = field(default=())
    lot: tuple[datetime, datetime | None] | None = None  # (available_at, expires_at) of a new lot
    lots: Sequence[NewLot] = ()  # where it is not one lot of the whole quantity


def account_of(session: Session, program_id: int, member_id: int, unit: str) -> AccountState:
    """The member's account in this unit, locked; made when it is the first movement."""
    account = account_for_update(session, member_id, unit)
    return account or open_account(session, program_id, member_id, unit)


def post_entry(session: Session, account: AccountState, posting: Posting) -> Entry:
    """Write one entry after the account's newest. The account must be locked.

    A credit goes into the `lot` it opens, or into `lots` and back to those of its (negative)
    `draws`, which together hold what it brings less what a balance below zero swallows. What the
    member still owes is taken from it at once by an entry of its own (`recovery`), so that a reader
    sees both.
    """
    entry = _write(session, account, posting)
    if posting.lot and posting.quantity > 0:
        gained = [_open_lot(session, account, entry, posting)]
    else:
        gained = [Draw(draw.lot_id, -draw.quantity) for draw in posting.draws if draw.quantity < 0]
        gained += [_write_lot(session, account, entry, lot, lot.quantity) for lot in posting.lots]
    for draw in posting.draws:
        draw_from(session, entry.id, draw.lot_id, draw.quantity)
    if account.owed and gained and not posting.owed_change:
        _recover(session, account, posting, gained)
    return entry


def _open_lot(session: Session, account: AccountState, entry: Entry, posting: Posting) -> Draw:
    """Open the lot of a credit; returns it with what is in it."""
    assert posting.lot is not None
    available_at, expires_at = posting.lot
    # A balance below zero swallows what comes in first: only the rest can ever be spent.
    swallowed = min(max(posting.quantity - entry.balance_after, 0), posting.quantity)
    lot = NewLot(posting.quantity, available_at, expires_at)
    return _write_lot(session, account, entry, lot, posting.quantity - swallowed)


def _write_lot(
    session: Session, account: AccountState, entry: Entry, lot: NewLot, remaining: int
) -> Draw:
    lot_id = new_id()
    row = {
        "id": lot_id,
        "account_id": account.id,
        "entry_id": entry.id,
        "quantity": lot.quantity,
        "remaining": remaining,
        "available_at": lot.available_at,
        "expires_at": lot.expires_at,
    }
    write_lot(session, row)
    return Draw(lot_id, remaining)


def _recover(
    session: Session, account: AccountState, posting: Posting, gained: Sequence[Draw]
) -> None:
    """Take what is owed from what just came in, in the order of `gained`."""
    draws, wanted = [], account.owed
    for gain in gained:
        if taken := min(wanted, gain.quantity):
            draws.append(Draw(gain.lot_id, taken))
            wanted -= taken
    recovered = account.owed - wanted
    if not recovered:
        return
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
            draws=draws,
        ),
    )


def _write(session: Session, account: AccountState, posting: Posting) -> Entry:
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
        "why": Sealed(posting.why),
    }
    assert set(FACTS) == set(values)
    values["activity_id"], values["merge_id"] = posting.activity_id, posting.merge_id
    values["prev_hash"] = account.head_hash
    values["hash"] = entry_hash(account.head_hash, values)
    entry = write_entry(session, values)
    move_account(session, account, values)
    return entry
