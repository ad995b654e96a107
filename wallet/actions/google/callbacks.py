"""What Google tells of its holders: a card was saved on a phone, or taken off.

Google sends at least once and in any order. A nonce is taken once; which event is newer tells the
time at which Google gives up on it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from passes.google.callback import Callback
from wallet.tables.google import (
    CallbackNonce,
    GoogleObject,
    count_install,
    forget_nonces,
    nonce_with_digest,
    object_row,
)
from wallet.tables.wallet_pass import WalletPass, pass_with_serial

Noted = Literal["taken", "late", "repeated", "unknown"]


def note_callback(session: Session, callback: Callback, now: datetime) -> Noted:
    """Write down one verified event: `late` when a newer one was known already, `repeated` when this
    one was, `unknown` when there is no such card."""
    digest = hashlib.sha256(callback.nonce.encode()).hexdigest()
    if nonce_with_digest(session, digest):
        return "repeated"
    forget_nonces(session, now)
    session.add(CallbackNonce(digest=digest, expires_at=callback.expires_at))
    session.flush()
    serial = callback.object_id.partition(".")[2]
    found = pass_with_serial(session, "google", serial)
    if found is None:
        return "unknown"
    count_install(session, found.program_id, "google", callback.event, f"{now:%Y-%m-%d}")
    row = object_row(session, found.id)
    if row is None:
        row = GoogleObject(wallet_pass_id=found.id, class_id=callback.class_id, digest="")
        session.add(row)
    if row.event_at is not None and callback.expires_at < row.event_at:
        session.flush()
        return "late"
    row.event_at = callback.expires_at
    mark_users(found, row, has_users=callback.event == "save", now=now)
    session.flush()
    return "taken"


def mark_users(found: WalletPass, row: GoogleObject, *, has_users: bool, now: datetime) -> None:
    """Whether the card is on anybody's phone, as Google says."""
    if has_users:
        found.saved_at = found.saved_at or now
        row.removed_at = None
    elif found.saved_at is not None or row.has_users:
        found.saved_at, row.removed_at = None, now
    row.has_users = has_users
