"""A new Google card goes to Google before its holder does: then the link need only name it.

The shopper waits meanwhile, so little time is given; when Google does not answer, the link carries
the card itself and the worker brings the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from passes.errors import DeliveryError
from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient
from passes.google.refusal import GoogleRefusal
from passes.google.save_link import fat_link, skinny_link
from wallet.actions.deliver_passes import LEASE, Claimed, Result, failed, new_lease, settle
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.program_view import program_view
from wallet.db import Database
from wallet.tables.wallet_pass import WalletPass

REST_PAUSE_SECONDS = 15.0  # after a failure nobody else is kept waiting for so long

log = structlog.get_logger()


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
    """Save links of one issuer. `client` should be one that gives up soon."""

    def __init__(
        self,
        database: Database,
        client: GoogleClient,
        identity: GoogleIdentity,
        objects: GoogleObjects,
        origin: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._client, self._identity = database, client, identity
        self._objects, self._origins, self._clock = objects, [origin], clock
        self._rest_from = 0.0  # monotonic seconds

    def link(self, held: Held) -> str:
        """Where the holder goes to keep the card: skinny when Google has the object by now."""
        with self._database.reading() as session:
            program = program_view(session, held.item.program_id)
            if held.is_there:
                named = self._objects.reference_of(session, program, held.item)
                return skinny_link(self._identity, named, self._origins)
            resource = self._objects.object_of(session, program, held.item)
            its_class = self._objects.class_of(
                session, program, held.item.design_id, held.item.tier_key
            )
        if held.lease_key and self._bring(held.item, held.lease_key, resource, its_class):
            return skinny_link(self._identity, resource, self._origins)
        return fat_link(self._identity, resource, its_class, self._origins)

    def _bring(
        self, item: Claimed, lease_key: str, resource: dict[str, Any], its_class: dict[str, Any]
    ) -> bool:
        result = Result(item.id, item.version)
        try:
            self._write(resource, its_class)
        except DeliveryError as error:
            self._rest_from = time.monotonic() + REST_PAUSE_SECONDS
            log.warning("google_insert_late", serial=item.serial, error=str(error))
            result = failed(item, error)
        now = self._clock()
        self._database.run(lambda session: settle(session, lease_key, [result], now))
        return not result.error

    def _write(self, resource: dict[str, Any], its_class: dict[str, Any]) -> None:
        if time.monotonic() < self._rest_from:
            raise GoogleRefusal("unreachable", "Google Wallet did not answer a moment ago")
        try:
            self._client.upsert_object(resource)
        except GoogleRefusal as refused:
            if refused.reason != "class_missing":
                raise
            self._client.upsert_class(its_class)
            self._client.upsert_object(resource)
