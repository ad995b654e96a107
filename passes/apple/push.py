"""Tells phones through Apple's push service (APNs) that their card has changed; never what it says."""

from __future__ import annotations

import enum
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import structlog

from passes.apple.http2 import Answer, Http2Connection
from passes.apple.identity import AppleIdentity
from passes.errors import DeliveryError

PRODUCTION_URL = "https://api.push.apple.com"  # passes have no sandbox
CONNECTIONS_PER_BATCH = 3  # tries for what a dying connection left unanswered
KEPT_FOR_SECONDS = 7 * 24 * 3600  # Apple keeps a push that long for a phone that is switched off
PAYLOAD = b"{}"  # phones ignore the content; an alert in it would stop Wallet from looking

_DROP = {"BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"}
_AWAY = {
    "TooManyProviderTokenUpdates",
    "IdleTimeout",
    "InternalServerError",
    "ServiceUnavailable",
    "Shutdown",
}

log = structlog.get_logger(__name__)


class Verdict(enum.Enum):
    """What to do after a push."""

    DELIVERED = "delivered"  # Apple took it; the phone comes when it can
    DROP_REGISTRATION = "drop_registration"  # nobody is there any more, see `PushOutcome.timestamp`
    RETRY = "retry"  # this token later, with growing pauses
    AWAY = "away"  # Apple's service is not there for anybody now: later, and first a single one
    UNSENT = "unsent"  # not sent, because of what came of others
    CONFIGURATION = "configuration"  # our certificate or our fault: stop, tell a person


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """Apple's answer for one token. `status` 0 means that there was none.

    With `DROP_REGISTRATION`, `timestamp` is since when Apple knows the token to be gone, where it
    says so: a registration made after that is a new one and stays. `refused_as` is the verdict where
    no answer gives one.
    """

    token: str
    status: int
    reason: str = ""
    apns_id: str = ""
    timestamp: datetime | None = None
    retry_after_seconds: float | None = None
    refused_as: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """By Apple's reason first and by the kind of status for reasons yet unknown."""
        if self.refused_as is not None:
            return self.refused_as
        if self.status == 200:
            return Verdict.DELIVERED
        if self.reason in _DROP or self.status == 410:
            return Verdict.DROP_REGISTRATION
        if self.reason in _AWAY or self.status == 0 or self.status >= 500:
            return Verdict.AWAY
        return Verdict.RETRY if self.status == 429 else Verdict.CONFIGURATION

    @property
    def said(self) -> str:
        """Status and reason, for people."""
        return f"{self.status or ''} {self.reason}".strip() or "no answer"


class ApnsClient:
    """One long-lived connection, opened when first needed. Threads take turns.

    `ca_file` replaces the system's certificate authorities; only the stand-in needs it.
    """

    def __init__(self, url: str, identity: AppleIdentity, ca_file: Path | None = None) -> None:
        self._url = url.rstrip("/")
        self._context = identity.client_context(ca_file)
        self._headers = (
            ("apns-topic", identity.pass_type_id),
            ("apns-push-type", "background"),
            ("apns-priority", "5"),  # the only one that Apple allows with that type
            ("apns-collapse-id", "card"),  # of several waiting for one phone, the last will do
        )
        self._lock = threading.Lock()
        self._connection: Http2Connection | None = None

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """Push to each token; the outcomes are in the order of the tokens.

        What a closing connection left unanswered is sent again on a new one: a push says only "come
        and look", so twice does no harm. Raises a permanent `DeliveryError` when Apple refuses our
        certificate; when nobody can be reached, the outcomes say `RETRY`.
        """
        outcomes: dict[int, PushOutcome] = {}
        with self._lock:
            reason = ""
            for _ in range(CONNECTIONS_PER_BATCH):
                left = [index for index in range(len(tokens)) if index not in outcomes]
                if not left or reason == "Timeout":
                    break
                try:
                    reason = self._send(tokens, left, outcomes)
                except DeliveryError as error:
                    if error.permanent:
                        raise
                    reason = str(error)
                    break
        return [
            outcomes.get(index) or PushOutcome(token, 0, reason or "ConnectionLost")
            for index, token in enumerate(tokens)
        ]

    def close(self) -> None:
        """Close the connection; the next push opens another."""
        with self._lock:
            self._drop_connection()

    def _send(
        self, tokens: Sequence[str], indexes: list[int], outcomes: dict[int, PushOutcome]
    ) -> str:
        """Send to those tokens and note the answers; why the connection ended, if it did."""
        connection = self._connected()
        paths = [f"/3/device/{quote(tokens[index], safe='')}" for index in indexes]
        until = int(time.time()) + KEPT_FOR_SECONDS
        headers = (*self._headers, ("apns-expiration", str(until)))
        answers = connection.post_many(paths, headers, PAYLOAD)
        for index, answer in zip(indexes, answers, strict=True):
            if answer is not None:
                outcomes[index] = _outcome(tokens[index], answer)
        told_to_leave = any(outcomes[i].reason in _AWAY for i in indexes if i in outcomes)
        if connection.ended or told_to_leave:
            log.info("apns connection ended", reason=connection.ended or "asked to reconnect")
            self._drop_connection()
        return connection.ended

    def _connected(self) -> Http2Connection:
        if self._connection is not None and not self._connection.is_alive():
            self._drop_connection()
        if self._connection is None:
            self._connection = Http2Connection(self._url, self._context)
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _outcome(token: str, answer: Answer) -> PushOutcome:
    apns_id = answer.headers.get("apns-id", "")
    if answer.status == 200:
        return PushOutcome(token, 200, apns_id=apns_id)
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    stamp = told.get("timestamp")
    gone = datetime.fromtimestamp(stamp / 1000, UTC) if isinstance(stamp, int | float) else None
    return PushOutcome(token, answer.status, str(told.get("reason", "")), apns_id, gone)
