"""A new Google card goes to Google before its holder does: then the link need only name it.

The shopper waits meanwhile, so little time is given; when Google does not answer, the link carries
the card itself and the worker brings the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from passes.google.identity import GoogleIdentity
from passes.google.save_link import fat_link, skinny_link
from wallet.actions.deliver_passes import LEASE, Claimed, new_lease
from wallet.actions.google.deliver import GoogleDelivery
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.program_view import program_view
from wallet.db import Database
from wallet.tables.wallet_pass import WalletPass


@dataclass(frozen=True, slots=True)
class Held:
    """A Google pass whose holder is on the way to Google. `lease_key` is ours while it is for us to
    bring it there; without one Google has it, or somebody else is bringing it just now."""

    item: Claimed
    is_there: bool
    lease_key: str | None = None


def hold(session: Session, row: WalletPass, now: datetime) -> Held:
    """Take the pass for delivery at once, in the transaction that made it, so that no worker starts
    on it as well."""
    if row.delivered_version > 0:
        return Held(_item(row), is_there=True)
    if row.lease_until is not None and row.lease_until > now:
        return Held(_item(row), is_there=False)
    lease_key = new_lease()
    row.lease_until, row.lease_key = now + LEASE, lease_key
    row.attempts += 1
    session.flush()
    return Held(_item(row), is_there=False, lease_key=lease_key)


def _item(row: WalletPass) -> Claimed:
    return Claimed(
        id=row.id,
        program_id=row.program_id,
        version=row.wanted_version,
        attempts=row.attempts,
        is_urgent=True,
        is_fresh=row.attempts <= 1,
        wanted_at=row.changed_at,
        member_id=row.member_id,
        serial=row.serial,
        design_id=row.design_id,
        card=row.card,
        tier_key=row.tier_key,
    )


class SaveLinks:
    """Save links of one issuer. `delivery` should be one that gives up soon."""

    def __init__(
        self,
        database: Database,
        delivery: GoogleDelivery,
        identity: GoogleIdentity,
        objects: GoogleObjects,
        origin: str,
    ) -> None:
        self._database, self._delivery, self._identity = database, delivery, identity
        self._objects, self._origins = objects, [origin]

    def link(self, held: Held) -> str:
        """Where the holder goes to keep the card: skinny when Google has the object by now."""
        if held.lease_key and self._delivery.bring_now(held.item, held.lease_key):
            held = replace(held, is_there=True)
        with self._database.reading() as session:
            program = program_view(session, held.item.program_id)
            if held.is_there:
                named = self._objects.reference_of(session, program, held.item)
                return skinny_link(self._identity, named, self._origins)
            resource = self._objects.object_of(session, program, held.item)
            its_class = self._objects.class_of(
                session, program, held.item.design_id, held.item.tier_key
            )
        return fat_link(self._identity, resource, its_class, self._origins)
