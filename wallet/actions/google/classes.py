"""Bring loyalty classes to Google: once for each content, by whichever worker needs it first."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from passes.google.push import GoogleClient, Result, insert_call, patch_call
from passes.google.refusal import GoogleRefusal, Reason
from wallet.actions.google.gate import SCANS, Gate
from wallet.db import Database
from wallet.tables.google import GoogleClass, class_row

Resource = dict[str, Any]

RETRY_FIRST_SECONDS = 10.0  # Google, or the stand-in, may come up after the worker
RETRY_LONGEST_SECONDS = 900.0
KEPT_MAX = 4096  # accepted classes remembered by one process; some hundred bytes each
PLACES = "merchantLocations"
# Kept as the reason of a class that Google took without its places.
PLACES_REFUSED = "places_refused"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a class: `refusal` is why Google has not taken it, nothing when it has.
    `has_places` is false where this issuer may not name stores; `was_asked` when Google was asked
    just now."""

    refusal: GoogleRefusal | None = None
    has_places: bool = True
    was_asked: bool = False


def digest_of(resource: Mapping[str, Any]) -> str:
    """The same for the same content."""
    data = json.dumps(resource, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(data.encode()).hexdigest()


class Classes:
    """The classes of one issuer."""

    def __init__(
        self, database: Database, client: GoogleClient, gate: Gate, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._client, self._gate, self._clock = database, client, gate, clock
        self._taken: dict[str, tuple[str, bool]] = {}  # class id → digest, has places

    def ensure(self, program_id: int, resource: Resource) -> Standing:
        """Google has this class with this content, or why not. Asks Google only when the content is
        new, and after a refusal not before its time."""
        class_id, digest = str(resource["id"]), digest_of(resource)
        kept = self._taken.get(class_id)
        if kept and kept[0] == digest:
            return Standing(has_places=kept[1])
        with self._database.reading() as session:
            row = class_row(session, class_id)
        if row and row.digest == digest:
            return self._remember(class_id, digest, has_places=row.reason != PLACES_REFUSED)
        if row and row.reason and row.next_attempt_at > self._clock():
            return Standing(_refusal_of(row))
        return self._publish(program_id, resource, digest, is_known=bool(row and row.digest))

    def forget(self, class_id: str) -> None:
        """Google says that there is no such class: bring it again."""
        self._taken.pop(class_id, None)

        def _forget(session: Session) -> None:
            row = class_row(session, class_id)
            if row:
                row.digest = ""

        self._database.run(_forget)

    def _publish(
        self, program_id: int, resource: Resource, digest: str, *, is_known: bool
    ) -> Standing:
        found = self._write(resource, is_known=is_known)
        has_places = True
        if isinstance(found, GoogleRefusal) and found.reason == "invalid" and PLACES in resource:
            # Only some issuers may name stores; Google refuses the whole class of the others.
            found = self._write(without_places(resource), is_known=is_known)
            has_places = isinstance(found, GoogleRefusal)
        if isinstance(found, GoogleRefusal):
            log.warning("google_class_waits", class_id=resource["id"], error=str(found))
            self._note(program_id, resource, "", found)
            return Standing(found, was_asked=True)
        self._note(program_id, resource, digest, found, has_places=has_places)
        self._remember(str(resource["id"]), digest, has_places=has_places)
        return Standing(has_places=has_places, was_asked=True)

    def _write(self, resource: Resource, *, is_known: bool) -> Result:
        """Insert what is new, change what is there, whatever we believed."""
        calls = [insert_call("loyaltyClass", resource), patch_call("loyaltyClass", resource)]
        found: Result = GoogleRefusal("refused", "not tried")
        for call in reversed(calls) if is_known else calls:
            self._gate.acquire(SCANS, 1)
            found = self._client.send([call])[0]
            if not isinstance(found, GoogleRefusal) or found.reason not in (
                "exists",
                "class_missing",
                "object_missing",
            ):
                return found
        return found

    def _note(
        self,
        program_id: int,
        resource: Resource,
        digest: str,
        found: Result,
        *,
        has_places: bool = True,
    ) -> None:
        def _write(session: Session) -> None:
            now = self._clock()
            row = class_row(session, str(resource["id"]))
            if row is None:
                row = GoogleClass(class_id=resource["id"], program_id=program_id, digest="")
                session.add(row)
            row.tried_at = now
            if isinstance(found, GoogleRefusal):
                row.reason, row.words = found.reason, found.words
                row.next_attempt_at = now + timedelta(seconds=_wait(found))
                return
            row.digest, row.state = digest, str(found.get("reviewStatus", "")).upper()
            row.reason, row.words = "" if has_places else PLACES_REFUSED, ""
            row.next_attempt_at = now

        self._database.run(_write)

    def _remember(self, class_id: str, digest: str, *, has_places: bool) -> Standing:
        while len(self._taken) >= KEPT_MAX:
            self._taken.pop(next(iter(self._taken)))
        self._taken[class_id] = (digest, has_places)
        return Standing(has_places=has_places)


def without_places(resource: Resource) -> Resource:
    """The same without its stores."""
    return {name: said for name, said in resource.items() if name != PLACES}


def _refusal_of(row: GoogleClass) -> GoogleRefusal:
    reason: Reason = row.reason  # type: ignore[assignment]  # written by `_note`
    return GoogleRefusal(reason, row.words)


def _wait(refused: GoogleRefusal) -> float:
    longest = RETRY_LONGEST_SECONDS if refused.permanent else RETRY_FIRST_SECONDS
    spread = longest * random.uniform(0.75, 1.25)  # noqa: S311  spreads retries, hides nothing
    return max(spread, refused.retry_after_seconds or 0.0)
