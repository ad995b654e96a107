"""PassKit's web service: the five endpoints that phones call to register and to fetch changes."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from passes.apple.package import MIME_TYPE
from passes.registry import PassRegistry, StoredPass

DEVICE_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,128}")  # today's ids are 32 hexadecimal digits
# Apple says only that a push token is a text; today's are 64 hexadecimal digits. It goes into an
# address, so it is made of what needs no escaping there.
TOKEN_PATTERN = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
SERIAL_CHARACTERS_MAX = 64
BODY_BYTES_MAX = 64 * 1024  # bytes; a registration has 100, a full log a few thousand
LOG_MESSAGES_MAX = 50  # of one request
LOG_CHARACTERS_MAX = 1000  # of one message
# Of one address in one process. A phone in trouble sends one an hour; hundreds of phones may share
# the address of their carrier; more than that only fills our disk.
LOG_REQUESTS_MAX = 60
LOG_WINDOW_SECONDS = 60.0
ADDRESSES_MAX = 100_000  # counted at a time: some ten megabytes
TAG_MAX = 2**63 - 1

# What an unknown pass is compared with, so that it takes as long as a known one.
_NO_TOKEN = secrets.token_urlsafe(32)


def apple_web_service(
    registry: PassRegistry,
    builder: Callable[[StoredPass], Iterable[bytes] | bytes],
    pass_type_id: str,
) -> Blueprint:
    """The endpoints under `/v1`. Mount them where `webServiceURL` points; they carry their own
    authentication, so they are exempt from CSRF checks.

    `builder` makes the signed package of a stored pass.
    """
    service = _Service(registry, builder, pass_type_id)
    door = Blueprint("apple_web_service", __name__)
    registrations = "/v1/devices/<device>/registrations/<pass_type>"
    door.get(registrations)(service.changed)
    door.post(f"{registrations}/<serial>")(service.register)
    door.delete(f"{registrations}/<serial>")(service.unregister)
    door.get("/v1/passes/<pass_type>/<serial>")(service.current)
    door.post("/v1/log")(service.log)
    door.after_request(_never_from_a_cache)
    return door


class _Service:
    def __init__(
        self,
        registry: PassRegistry,
        builder: Callable[[StoredPass], Iterable[bytes] | bytes],
        pass_type_id: str,
    ) -> None:
        self._registry = registry
        self._builder = builder
        self._pass_type_id = pass_type_id
        self._log_limit = FloodLimit(LOG_REQUESTS_MAX, LOG_WINDOW_SECONDS)

    def register(self, device: str, pass_type: str, serial: str) -> Response:
        """201 for a new registration, 200 for a known one, which takes the new push token."""
        if not self._authenticated(pass_type, serial):
            return _empty(401)
        token = _json_object().get("pushToken")
        if not DEVICE_PATTERN.fullmatch(device) or not isinstance(token, str):
            return _empty(400)
        if not TOKEN_PATTERN.fullmatch(token):
            return _empty(400)
        if _HEXADECIMAL.fullmatch(token):
            token = token.lower()  # one phone in either case
        return _empty(201 if self._registry.register(device, token, serial) else 200)

    def unregister(self, device: str, pass_type: str, serial: str) -> Response:
        """The card was removed from the phone, or its updates were switched off."""
        if not self._authenticated(pass_type, serial):
            return _empty(401)
        self._registry.unregister(device, serial)
        return _empty(200)

    def changed(self, device: str, pass_type: str) -> Response | dict[str, Any]:
        """Without authentication, as documented: serial numbers are random and open nothing."""
        if pass_type != self._pass_type_id or not DEVICE_PATTERN.fullmatch(device):
            return _empty(204)
        tag, serials = self._registry.updated_since(device, _tag())
        if not serials:
            return _empty(204)
        return {"lastUpdated": str(tag), "serialNumbers": list(serials)}

    def current(self, pass_type: str, serial: str) -> Response:
        """The signed pass, unless the phone has this version already."""
        authenticated = self._authenticated(pass_type, serial)
        found = self._registry.find(serial) if authenticated else None
        if found is None:
            return _empty(401)
        modified = found.modified_at.astimezone(UTC).replace(microsecond=0)
        if self._has_it(found, modified, request.if_modified_since):
            answer = _empty(304)
        else:
            answer = Response(self._builder(self._as_it_may_speak(found)), mimetype=MIME_TYPE)
        answer.last_modified = modified
        if request.method == "GET":
            self._registry.fetched(serial, found.version)
        return answer

    def _has_it(self, found: StoredPass, modified: datetime, since: datetime | None) -> bool:
        """Whether the phone has this version. A time that we never gave comes from the phone's own clock,
        and that may be wrong: it counts for nothing while nobody has taken this version."""
        if since is None or since < modified:
            return False
        return since == modified or found.is_taken

    def _as_it_may_speak(self, found: StoredPass) -> StoredPass:
        """Without its sentence where that may not be shown, or is not: nobody sees the answer to HEAD."""
        if not found.announces:
            return found
        is_sent = request.method == "GET"
        may = is_sent and self._registry.may_announce(found.serial, found.version)
        return found if may else found.silent()

    def log(self) -> Response:
        """What phones complain of. They cannot mend anything, so whatever they send is well: only
        a flood is refused."""
        if not self._log_limit.allows(request.remote_addr or "", time.monotonic()):
            answer = _empty(429)
            answer.headers["Retry-After"] = str(int(LOG_WINDOW_SECONDS))
            return answer
        messages = _json_object().get("logs")
        if isinstance(messages, list):
            texts = [one for one in messages[:LOG_MESSAGES_MAX] if isinstance(one, str)]
            self._registry.log([_printable(text) for text in texts])
        return _empty(200)

    def _authenticated(self, pass_type: str, serial: str) -> bool:
        """Whether the request holds the token of this pass. Unknown and wrong look the same and take
        as long: one look-up and one comparison, whatever it finds."""
        known = pass_type == self._pass_type_id and len(serial) <= SERIAL_CHARACTERS_MAX
        token = self._registry.token_of(serial if known else "")
        expected = f"ApplePass {token or _NO_TOKEN}"
        given = request.headers.get("Authorization", "")
        same = hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
        return same and token is not None


class FloodLimit:
    """Counts requests by address in windows of fixed length; safe to use from several threads."""

    def __init__(self, requests_max: int, window_seconds: float) -> None:
        self._max, self._window = requests_max, window_seconds
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    def allows(self, address: str, now: float) -> bool:
        """Whether one more from this address is within the limit; `now` in seconds of any clock."""
        with self._lock:
            # A new window forgets every address, so the memory is bounded by what one window brings.
            if now >= self._ends or len(self._counts) > ADDRESSES_MAX:
                self._counts.clear()
                self._ends = now + self._window
            count = self._counts[address] = self._counts.get(address, 0) + 1
            return count <= self._max


def _never_from_a_cache(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _empty(status: int) -> Response:
    answer = Response(status=status)
    del answer.headers["Content-Type"]  # of nothing
    if status == 401:
        answer.headers["WWW-Authenticate"] = "ApplePass"
    return answer


def _json_object() -> dict[str, Any]:
    """The body, or nothing where it is not a JSON object of a sensible size."""
    if (request.content_length or 0) > BODY_BYTES_MAX:
        return {}
    request.max_content_length = BODY_BYTES_MAX  # also where the length is not announced
    try:
        found = request.get_json(force=True, silent=True)
    except RecursionError:  # brackets by the thousand
        return {}
    return found if isinstance(found, dict) else {}


def _tag() -> int | None:
    """The tag that we gave out last time. With any other the phone gets the whole list."""
    text = request.args.get("passesUpdatedSince", "")
    if not text.isascii() or not text.isdigit() or len(text) > len(str(TAG_MAX)):
        return None
    return min(int(text), TAG_MAX)


def _printable(text: str) -> str:
    """One line without control characters: these texts come from anybody and go to our log."""
    line = " ".join(text[:LOG_CHARACTERS_MAX].split())
    return "".join(char for char in line if char.isprintable())
