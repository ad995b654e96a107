"""Tells phones through Apple's push service (APNs) that their card has changed; never what it says."""

from __future__ import annotations

import enum
import json
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import structlog

from passes.apple.http2 import Answer, Http2Connection
from passes.apple.identity import AppleIdentity, server_context
from passes.apple.provider_token import ProviderToken
from passes.errors import DeliveryError

PRODUCTION_URL = "https://api.push.apple.com"  # passes have no sandbox
CONNECTIONS_PER_BATCH = 3  # tries for what a dying connection left unanswered
KEPT_FOR_SECONDS = 7 * 24 * 3600  # Apple keeps a push that long for a phone that is switched off
DAY_SECONDS = 24 * 3600
REASON_LENGTH_MAX = 100  # characters kept; Apple's longest has 30
RETRY_AFTER_SECONDS_MAX = 300.0  # whatever the other side says: scans wait behind it
MILLISECONDS_MAX = 4_102_444_800_000  # the year 2100; later ones are no times
APNS_ID_LENGTH_MAX = 64  # characters kept; a UUID has 36
PAYLOAD = b"{}"  # phones ignore the content; an alert in it would stop Wallet from looking

_DROP = {"BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"}
_EXPIRED = ("ExpiredProviderToken",)
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


_STOP = (Verdict.AWAY, Verdict.CONFIGURATION)


class ApnsClient:
    """One long-lived connection, opened when first needed. Threads take turns.

    Apple knows us by the pass certificate, or by `token` where one is given. `ca_file` replaces the
    system's certificate authorities; only the stand-in needs it.
    """

    def __init__(
        self,
        url: str,
        identity: AppleIdentity,
        ca_file: Path | None = None,
        token: ProviderToken | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._context = server_context(ca_file) if token else identity.client_context(ca_file)
        self._token = token
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
        and look", so twice does no harm. Once Apple says that it is away or that we are set up
        wrongly, nothing more is sent, and the rest is `UNSENT`. Raises a permanent `DeliveryError`
        when Apple refuses our certificate; when nobody can be reached, the outcomes say `AWAY`.
        """
        with self._lock:
            batch = _Batch(tokens)
            for _ in range(CONNECTIONS_PER_BATCH):
                try:
                    again = self._send(batch)
                except DeliveryError as error:
                    if error.permanent:
                        raise
                    batch.reason = str(error)
                    break
                if not again:
                    break
            return batch.results()

    def close(self) -> None:
        """Close the connection; the next push opens another."""
        with self._lock:
            self._drop_connection()

    def _send(self, batch: _Batch) -> bool:
        """Send what is left and note the answers; whether another connection may do better."""
        left = batch.left()
        if not left:
            return False
        connection = self._connected()
        paths = [f"/3/device/{quote(batch.tokens[index], safe='')}" for index in left]
        # The same for a whole day: a header that changes has to be sent in full each time.
        today = int(time.time()) // DAY_SECONDS * DAY_SECONDS
        headers = [*self._headers, ("apns-expiration", str(today + KEPT_FOR_SECONDS))]
        bearer = self._token.current() if self._token else ""
        if bearer:
            headers.append(("authorization", f"bearer {bearer}"))
        answers = connection.post_many(paths, headers, PAYLOAD, _ends_the_batch)
        for index, answer in zip(left, answers, strict=True):
            if answer is not None:
                batch.outcomes[index] = _outcome(batch.tokens[index], answer)
        outcomes = batch.outcomes.values()
        expired = bool(bearer) and any(one.reason in _EXPIRED for one in outcomes)
        stopped = any(one.verdict in _STOP for one in outcomes)
        batch.reason = connection.ended or ("Stopped" if stopped else "")
        if connection.ended or any(one.reason in _AWAY for one in outcomes):
            log.info("apns connection ended", reason=connection.ended or "asked to reconnect")
            self._drop_connection()
        if expired and self._token and self._token.refused(bearer):
            batch.forget(_EXPIRED)
            return True
        batch.is_stopped = stopped
        return not stopped and bool(connection.ended) and connection.ended != "Timeout"

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


class _Batch:
    """Tokens with the outcomes known so far, and why the rest has none."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.outcomes: dict[int, PushOutcome] = {}
        self.reason = ""
        self.is_stopped = False

    def left(self) -> list[int]:
        """Places of the tokens without an outcome."""
        return [index for index in range(len(self.tokens)) if index not in self.outcomes]

    def forget(self, reasons: Collection[str]) -> None:
        """These answers do not count: they are asked for again."""
        self.outcomes = {
            index: one for index, one in self.outcomes.items() if one.reason not in reasons
        }

    def results(self) -> list[PushOutcome]:
        """One outcome for each token."""
        verdict = Verdict.UNSENT if self.is_stopped else None
        return [
            self.outcomes.get(index)
            or PushOutcome(token, 0, self.reason or "ConnectionLost", refused_as=verdict)
            for index, token in enumerate(self.tokens)
        ]


def _ends_the_batch(answer: Answer) -> bool:
    """Whether what Apple says of one push holds for all."""
    return answer.status not in (0, 200, 400, 410, 429) or (
        answer.status in (400, 429) and _outcome("", answer).verdict in _STOP
    )


def _outcome(token: str, answer: Answer) -> PushOutcome:
    apns_id = answer.headers.get(b"apns-id", b"").decode("ascii", "replace")[:APNS_ID_LENGTH_MAX]
    if answer.status == 200:
        return PushOutcome(token, 200, apns_id=apns_id)
    if answer.status == 0:
        return PushOutcome(token, 0, "Timeout")
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    stamp, wait = told.get("timestamp"), answer.headers.get(b"retry-after", b"")
    return PushOutcome(
        token,
        answer.status,
        str(told.get("reason", ""))[:REASON_LENGTH_MAX],
        apns_id,
        _moment(stamp),
        min(float(wait), RETRY_AFTER_SECONDS_MAX) if wait.isdigit() else None,
    )


def _moment(stamp: object) -> datetime | None:
    """Milliseconds since 1970 as a time; nothing where they are none."""
    if not isinstance(stamp, int | float) or not 0 <= stamp < MILLISECONDS_MAX:
        return None
    return datetime.fromtimestamp(stamp / 1000, UTC)
