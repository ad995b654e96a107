"""Read back what Google holds and set right what differs, slowly and when nothing else is going on.

A class at a time: first its objects a page each, then one by one those that the pages did not name.
How far a round has come is kept with the class, so that it goes on where it was after a restart.
What has to be set right is only marked as due: delivery does the rest, silently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from passes.google.compare import differences
from passes.google.push import GoogleClient, get_call, list_call, patch_call
from passes.google.refusal import GoogleRefusal
from wallet.actions.google.callbacks import mark_users
from wallet.actions.google.classes import PLACES_REFUSED, without_places
from wallet.actions.google.gate import CHECKS, Busy, Gate
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.program_view import all_programs, program_view
from wallet.db import Database
from wallet.tables.google import (
    GoogleClass,
    GoogleObject,
    add_to_tally,
    class_row,
    class_rows,
    objects_of,
    passes_with_serials,
    unread_passes,
)
from wallet.tables.wallet_pass import WalletPass

Resource = dict[str, Any]

ROUND_EVERY = timedelta(hours=24)
SINGLY = CHECKS.ceiling  # objects read one by one in one step
# In place of Google's token of the next page: the pages are through, stragglers are not.
STRAGGLERS = "*"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Checked:
    """What one step did: objects read, those that differed, those that Google did not have, and
    those that their holders took off their phones."""

    read: int = 0
    differed: int = 0
    missing: int = 0
    removed: int = 0
    requests: int = 0

    def __add__(self, other: Checked) -> Checked:
        return Checked(
            self.read + other.read,
            self.differed + other.differed,
            self.missing + other.missing,
            self.removed + other.removed,
            self.requests + other.requests,
        )


class GoogleReconciler:
    """One worker's way of reading back."""

    def __init__(
        self,
        database: Database,
        client: GoogleClient,
        gate: Gate,
        objects: GoogleObjects,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._client, self._gate = database, client, gate
        self._objects, self._clock = objects, clock

    def step(self) -> int:
        """One request's worth of the rounds that are due; 0 when there is nothing to do now."""
        return self.check().requests

    def check(self) -> Checked:
        """The same, in numbers."""
        now = self._clock()
        with self._database.reading() as session:
            row = next((one for one in class_rows(session) if _is_due(one, now)), None)
        if row is None or self._gate.is_shut() or self._gate.admit() == "shut":
            return Checked()
        try:
            done = self._next(row)
            self._gate.worked()
            return done
        except Busy:
            return Checked()
        except GoogleRefusal as refused:
            return self._refused(row.class_id, refused)

    def _next(self, row: GoogleClass) -> Checked:
        if row.round_started_at is None:
            return self._begin(row)
        if row.round_token == STRAGGLERS:
            return self._read_stragglers(row.class_id, row.round_started_at)
        return self._read_page(row)

    def begin_rounds(self) -> int:
        """Read everything back from now on, whenever it was read last; how many classes. A round
        under way goes on."""

        def _begin(session: Session) -> int:
            rows = [row for row in class_rows(session) if row.digest]
            for row in rows:
                row.round_ended_at = None
            return len(rows)

        return self._database.run(_begin)

    def is_unfinished(self) -> bool:
        """Whether a round is still to be done."""
        with self._database.reading() as session:
            return any(_is_due(row, self._clock()) for row in class_rows(session))

    def _begin(self, row: GoogleClass) -> Checked:
        """The class itself, put right at once: all of its cards hang on it."""
        self._gate.acquire(CHECKS, 1)
        theirs = self._client.one(get_call("loyaltyClass", row.class_id))
        differed = 0
        with self._database.reading() as session:
            ours = self._class_in_force(session, row.class_id)
        if ours is not None:
            ours = without_places(ours) if row.reason == PLACES_REFUSED else ours
            if places := differences(ours, theirs):
                log.warning("google_class_differs", class_id=row.class_id, places=places)
                self._gate.acquire(CHECKS, 1)
                self._client.one(patch_call("loyaltyClass", ours))
                differed = 1

        def _note(session: Session) -> None:
            found = class_row(session, row.class_id)
            assert found is not None
            found.state = str(theirs.get("reviewStatus", "")).upper()
            found.round_started_at, found.round_token = self._clock(), ""

        self._database.run(_note)
        return Checked(differed=differed, requests=1 + differed)

    def _class_in_force(self, session: Session, class_id: str) -> Resource | None:
        """The class as it should be; nothing for one that no design in force has."""
        for program in all_programs(session):
            for found in self._objects.classes_of(session, program):
                if found["id"] == class_id:
                    return found
        return None

    def _read_page(self, row: GoogleClass) -> Checked:
        self._gate.acquire(CHECKS, 1)
        answer = self._client.one(list_call(row.class_id, row.round_token))
        listed = answer.get("resources")
        found = {str(one.get("id")): one for one in listed or () if isinstance(one, dict)}
        pagination = answer.get("pagination")
        token = pagination.get("nextPageToken", "") if isinstance(pagination, dict) else ""

        def _note(session: Session) -> Checked:
            done = self._compare(session, found, ())
            kept = class_row(session, row.class_id)
            assert kept is not None
            kept.round_token = str(token) or STRAGGLERS
            return done

        return self._database.run(_note)

    def _read_stragglers(self, class_id: str, since: datetime) -> Checked:
        """Those of ours that no page named: in another class, or gone."""
        with self._database.reading() as session:
            rows = unread_passes(session, class_id, since, SINGLY)
        wanted = {self._objects.object_id(row.serial): row.id for row in rows}
        if not wanted:
            return self._end(class_id)
        count = self._gate.acquire(CHECKS, len(wanted))
        asked = list(wanted)[:count]
        results = dict(
            zip(
                asked,
                self._client.send([get_call("loyaltyObject", one) for one in asked]),
                strict=True,
            )
        )
        found: dict[str, Resource] = {}
        missing = []
        for identifier, result in results.items():
            if not isinstance(result, GoogleRefusal):
                found[identifier] = result
            elif result.reason == "object_missing":
                missing.append(wanted[identifier])
            else:
                raise result
        return self._database.run(lambda session: self._compare(session, found, missing))

    def _compare(
        self, session: Session, found: Mapping[str, Resource], missing: Collection[int]
    ) -> Checked:
        """Mark as due what differs or is missing; note who holds what."""
        now = self._clock()
        rows = passes_with_serials(session, [one.partition(".")[2] for one in found])
        known = objects_of(session, [*(row.id for row in rows.values()), *missing])
        differed = removed = 0
        for identifier, theirs in found.items():
            row = rows.get(identifier.partition(".")[2])
            if row is None:
                continue  # not ours, or of a database that was put back
            kept = known.get(row.id)
            if kept is None:
                kept = GoogleObject(wallet_pass_id=row.id, class_id=str(theirs.get("classId")))
                session.add(kept)
            removed += _note_holder(row, kept, theirs, now)
            kept.checked_at = now
            differed += self._heal(session, row, kept, theirs, now)
        for pass_id in missing:
            known[pass_id].digest, known[pass_id].checked_at = "", now
            _want(session.get_one(WalletPass, pass_id), now)
        session.flush()
        done = Checked(len(found), differed, len(missing), removed, 1)
        for name in ("read", "differed", "missing", "removed"):
            add_to_tally(session, f"google_check_{name}", getattr(done, name))
        return done

    def _heal(
        self,
        session: Session,
        row: WalletPass,
        kept: GoogleObject,
        theirs: Resource,
        now: datetime,
    ) -> bool:
        if row.wanted_version > row.delivered_version:
            return False  # on its way
        ours = self._objects.object_of(session, program_view(session, row.program_id), row)
        its_class = class_row(session, str(ours["classId"]))
        if its_class and its_class.reason == PLACES_REFUSED:
            ours = without_places(ours)
        places = differences(ours, theirs)
        if not places:
            return False
        log.warning("google_object_differs", serial=row.serial, places=places)
        kept.digest = "differs"  # it is there: a change, not an insert
        _want(row, now)
        return True

    def _end(self, class_id: str) -> Checked:
        def _note(session: Session) -> None:
            row = class_row(session, class_id)
            assert row is not None
            row.round_started_at, row.round_ended_at, row.round_token = None, self._clock(), ""

        self._database.run(_note)
        return Checked(requests=1)  # so that whoever counts steps goes on to the next class

    def _refused(self, class_id: str, refused: GoogleRefusal) -> Checked:
        """Away: later, from here. Anything else (Google forgot the page, or the class): next round."""
        log.warning("google_check_refused", class_id=class_id, error=str(refused))
        if refused.of_service:
            self._gate.failed(refused)
            return Checked()

        def _note(session: Session) -> None:
            row = class_row(session, class_id)
            assert row is not None
            row.round_started_at, row.round_ended_at, row.round_token = None, self._clock(), ""
            if refused.reason in ("class_missing", "object_missing"):
                row.digest = ""  # brought again with the next card, or when the worker starts

        self._database.run(_note)
        return Checked(requests=1)


def _is_due(row: GoogleClass, now: datetime) -> bool:
    if not row.digest:
        return False
    return (
        row.round_started_at is not None
        or row.round_ended_at is None
        or row.round_ended_at <= now - ROUND_EVERY
    )


def _note_holder(row: WalletPass, kept: GoogleObject, theirs: Resource, now: datetime) -> bool:
    """True when this is how we learn that the card was taken off."""
    if not isinstance(theirs.get("hasUsers"), bool):
        return False
    was_held = row.saved_at is not None
    mark_users(row, kept, has_users=theirs["hasUsers"], now=now)
    return was_held and row.saved_at is None


def _want(row: WalletPass, now: datetime) -> None:
    """Bring it again, behind everything that changed."""
    row.wanted_version += 1
    row.next_attempt_at, row.attempts = now, 0
    row.is_urgent = False
    row.waiting_since = row.waiting_since or now
