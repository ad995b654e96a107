"""What the Google stand-in holds: loyalty classes and objects, and the rules for changing them."""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["loyaltyClass", "loyaltyObject"]
Resource = dict[str, Any]

NOTIFICATIONS_MAX = 3  # per pass and day, Google's rule; beyond it QuotaExceededException
NOTIFICATION_WINDOW_SECONDS = 24 * 3600
MESSAGES_MAX = 10
PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1000

_ID = re.compile(r"^[0-9]+\.[A-Za-z0-9._-]+$")
_SET_BY_PLATFORM = ("hasUsers", "hasLinkedDevice", "version", "kind", "classReference")
_EPHEMERAL = "notifyPreference"  # Google never stores it
# Field updates that Google tells the holder of; other changes are silent.
_ANNOUNCED = ("loyaltyPoints", "secondaryLoyaltyPoints")


class ApiError(Exception):
    """An answer in Google's error shape."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What listeners are told. `notify` when the holder is to get a notification; `message` is
    set when the change is a message."""

    kind: Kind
    id: str
    before: Resource | None
    after: Resource
    notify: bool = False
    message: Resource | None = None


class WalletStore:
    """Classes and objects of one issuer, safe to use from several threads.

    `check(kind, resource)` gives the objections of Google's schema, empty when there are none.
    """

    def __init__(self, issuer_id: str, check: Callable[[Kind, Resource], list[str]]) -> None:
        self.issuer_id = issuer_id
        self.listeners: list[Callable[[Change], None]] = []
        self._check = check
        self._lock = threading.RLock()
        self._rows: dict[Kind, dict[str, Resource]] = {"loyaltyClass": {}, "loyaltyObject": {}}
        self._notified: dict[str, list[float]] = {}

    def insert(self, kind: Kind, resource: Resource) -> Resource:
        """A new resource; 409 when the id is taken, 404 when its class does not exist."""
        with self._lock:
            identifier = self._identifier(resource)
            if identifier in self._rows[kind]:
                raise ApiError(409, "existingResource", f"An object with ID {identifier} exists.")
            return self._write(kind, identifier, resource, before=None)

    def get(self, kind: Kind, identifier: str) -> Resource:
        """The resource; an object comes with its class as `classReference`."""
        with self._lock:
            found = copy.deepcopy(self._row(kind, identifier))
            if kind == "loyaltyObject":
                parent = self._rows["loyaltyClass"].get(found["classId"], {})
                found["classReference"] = copy.deepcopy(parent)
            return found

    def find(self, kind: Kind, identifier: str) -> Resource | None:
        """A copy of the resource as stored, or nothing."""
        with self._lock:
            return copy.deepcopy(self._rows[kind].get(identifier))

    def page(self, kind: Kind, parent: str, size: int, token: str) -> Resource:
        """A page of an issuer's classes or of a class's objects, in Google's list shape."""
        if not 1 <= size <= PAGE_SIZE_MAX:
            raise ApiError(400, "invalid", f"maxResults must be from 1 to {PAGE_SIZE_MAX}.")
        with self._lock:
            rows = sorted(
                (row for row in self._rows[kind].values() if _belongs(kind, row, parent)),
                key=lambda row: str(row["id"]),
            )
            rest = [row for row in rows if str(row["id"]) > token]
            page = copy.deepcopy(rest[:size])
        pagination: Resource = {"resultsPerPage": len(page)}
        if len(rest) > size:
            pagination["nextPageToken"] = str(page[-1]["id"])
        return {"resources": page, "pagination": pagination}

    def patch(self, kind: Kind, identifier: str, change: Resource) -> Resource:
        """Merge a change in: messages field by field, whole arrays at once, null removes."""
        with self._lock:
            before = self._row(kind, identifier)
            merged = _merged(before, {**change, "id": identifier})
            return self._write(kind, identifier, merged, before=before, asked=change)

    def put(self, kind: Kind, identifier: str, resource: Resource) -> Resource:
        """Replace the whole resource: what is left out is cleared."""
        with self._lock:
            before = self._row(kind, identifier)
            whole = {**resource, "id": identifier}
            for name in _SET_BY_PLATFORM:
                whole.pop(name, None)
                if name in before:
                    whole[name] = before[name]
            return self._write(kind, identifier, whole, before=before, asked=resource)

    def add_message(self, kind: Kind, identifier: str, message: Resource) -> Resource:
        """Append a message; `TEXT_AND_NOTIFY` spends one of the day's notifications."""
        with self._lock:
            before = self._row(kind, identifier)
            if not message.get("header") or not message.get("body"):
                raise ApiError(400, "required", "A message needs a header and a body.")
            notify = message.get("messageType") == "TEXT_AND_NOTIFY"
            if notify:
                self._spend_notification(identifier)
            kept = [*before.get("messages", []), message][-MESSAGES_MAX:]
            after = {**before, "messages": kept, "version": _next_version(before)}
            self._objections(kind, after)
            self._rows[kind][identifier] = after
            self._tell(Change(kind, identifier, before, after, notify, message))
            return copy.deepcopy(after)

    def mark_users(self, identifier: str, *, has_users: bool) -> None:
        """Note whether anybody holds the object."""
        with self._lock:
            row = self._row("loyaltyObject", identifier)
            self._rows["loyaltyObject"][identifier] = {**row, "hasUsers": has_users}

    def dump(self) -> dict[str, Any]:
        """Everything, as plain data."""
        with self._lock:
            return copy.deepcopy({"rows": self._rows, "notified": self._notified})

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave before a restart."""
        with self._lock:
            self._rows["loyaltyClass"] = dict(data["rows"]["loyaltyClass"])
            self._rows["loyaltyObject"] = dict(data["rows"]["loyaltyObject"])
            self._notified = {key: list(value) for key, value in data["notified"].items()}

    def _write(
        self,
        kind: Kind,
        identifier: str,
        resource: Resource,
        *,
        before: Resource | None,
        asked: Resource | None = None,
    ) -> Resource:
        asked = resource if asked is None else asked
        after = copy.deepcopy(resource)
        self._objections(kind, {**after, **_only(asked, _EPHEMERAL)})
        if kind == "loyaltyClass":
            _review(after, asked)
        elif before is None or before.get("classId") != after.get("classId"):
            self._require_class(str(after.get("classId", "")))
        wants_notice = after.pop(_EPHEMERAL, None) or asked.get(_EPHEMERAL)
        notify = wants_notice == "NOTIFY_ON_UPDATE" and _announced(before, after)
        if notify:
            self._spend_notification(identifier)
        after.pop(_EPHEMERAL, None)
        after.pop("classReference", None)
        if kind == "loyaltyObject":
            after["hasUsers"] = bool((before or {}).get("hasUsers"))
        after["version"] = _next_version(before)
        self._rows[kind][identifier] = after
        self._tell(Change(kind, identifier, before, after, notify))
        return copy.deepcopy(after)

    def _row(self, kind: Kind, identifier: str) -> Resource:
        row = self._rows[kind].get(identifier)
        if row is None:
            reason = "classNotFound" if kind == "loyaltyClass" else "resourceNotFound"
            raise ApiError(404, reason, f"{kind} {identifier} not found.")
        return row

    def _identifier(self, resource: Resource) -> str:
        identifier = resource.get("id")
        if not isinstance(identifier, str) or not _ID.match(identifier):
            raise ApiError(400, "invalidResource", f"Invalid resource ID: {identifier!r}.")
        if identifier.split(".", 1)[0] != self.issuer_id:
            raise ApiError(403, "forbidden", f"Issuer of {identifier} is not yours.")
        return identifier

    def _require_class(self, class_id: str) -> None:
        if class_id not in self._rows["loyaltyClass"]:
            raise ApiError(404, "classNotFound", f"Class {class_id} not found.")

    def _objections(self, kind: Kind, resource: Resource) -> None:
        objections = self._check(kind, {key: resource[key] for key in resource if key != "version"})
        if objections:
            raise ApiError(400, "invalidResource", "; ".join(objections))

    def _spend_notification(self, identifier: str) -> None:
        since = time.time() - NOTIFICATION_WINDOW_SECONDS
        recent = [moment for moment in self._notified.get(identifier, []) if moment > since]
        if len(recent) >= NOTIFICATIONS_MAX:
            raise ApiError(429, "quotaExceeded", "QuotaExceededException: too many notifications.")
        self._notified[identifier] = [*recent, time.time()]

    def _tell(self, change: Change) -> None:
        for listener in list(self.listeners):
            listener(change)


def _merged(before: Resource, change: Resource) -> Resource:
    after = copy.deepcopy(before)
    for key, value in change.items():
        if key in _SET_BY_PLATFORM:
            continue
        if value is None:
            after.pop(key, None)
        elif isinstance(value, dict) and isinstance(after.get(key), dict):
            after[key] = _merged(after[key], value)
        else:
            after[key] = copy.deepcopy(value)
    return after


def _review(after: Resource, asked: Resource) -> None:
    """Google approves what is sent for review and refuses who approves himself."""
    status = asked.get("reviewStatus")
    if status is not None and str(status).lower() not in ("draft", "under_review", "underreview"):
        raise ApiError(400, "invalid", f"Invalid review status: {status}.")
    if status is None and after.get("reviewStatus") == "APPROVED":
        raise ApiError(400, "invalid", "A change of an approved class needs UNDER_REVIEW.")
    if str(status).upper() == "UNDER_REVIEW":
        after["reviewStatus"] = "APPROVED"


def _announced(before: Resource | None, after: Resource) -> bool:
    return before is not None and any(before.get(key) != after.get(key) for key in _ANNOUNCED)


def _belongs(kind: Kind, row: Resource, parent: str) -> bool:
    if kind == "loyaltyObject":
        return bool(row["classId"] == parent)
    return str(row["id"]).split(".", 1)[0] == parent


def _next_version(before: Resource | None) -> str:
    return str(int((before or {}).get("version", "0")) + 1)


def _only(resource: Resource, key: str) -> Resource:
    return {key: resource[key]} if key in resource else {}
