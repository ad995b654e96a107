"""Why Google did not take something, told apart as far as the answer allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args

from passes.errors import DeliveryError

RETRY_AFTER_SECONDS_MAX = 3600.0  # whatever the other side asks for
WORDS_CHARACTERS_MAX = 300  # of Google's message, as kept with a failed delivery

Reason = Literal[
    "unreachable",  # nobody answered, or not in time
    "unavailable",  # 5xx
    "too_fast",  # more requests than Google allows
    "no_token",  # the service account gets no access token, or ours is not accepted
    "api_disabled",  # the Google Wallet API is not enabled in the account's project
    "not_permitted",  # the service account is no user of the issuer
    "class_missing",  # 404 for the class, or the issuer id is another's
    "object_missing",  # 404
    "exists",  # 409
    "notices_spent",  # the day's notifications of this pass
    "invalid",  # 400: our own mistake, or something that this issuer may not use
    "refused",  # whatever else
]
REASONS: tuple[str, ...] = get_args(Reason)

# They strike every request alike: others need not be tried before this is better.
SERVICE: frozenset[Reason] = frozenset(
    {"unreachable", "unavailable", "too_fast", "no_token", "api_disabled", "not_permitted"}
)
# Nothing gets better by itself: somebody has to change the set-up.
LASTING: frozenset[Reason] = frozenset(
    {"no_token", "api_disabled", "not_permitted", "class_missing", "invalid", "refused"}
)


class GoogleRefusal(DeliveryError):
    """Google's answer, or its silence. `words` is what Google said, cut to a useful length.

    As text it is `reason: words`, the form in which it is kept with a delivery that failed.
    """

    def __init__(
        self,
        reason: Reason,
        words: str,
        *,
        permanent: bool | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.reason: Reason = reason
        self.words = " ".join(words.split())[:WORDS_CHARACTERS_MAX]
        super().__init__(
            f"{reason}: {self.words}",
            permanent=reason in LASTING if permanent is None else permanent,
            retry_after_seconds=retry_after_seconds,
        )

    @property
    def of_service(self) -> bool:
        """Whether other requests would fare no better now."""
        return self.reason in SERVICE


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the REST interface. `body` is empty where it was no JSON object."""

    status: int
    body: dict[str, Any]
    retry_after_seconds: float | None = None

    @property
    def is_good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


def refusal(answer: Answer, *, asked_to_notify: bool = False) -> GoogleRefusal:
    """The reason in an answer that is not good."""
    told = answer.body.get("error")
    error: Mapping[str, Any] = told if isinstance(told, dict) else {}
    message = str(error.get("message", "")) or f"HTTP {answer.status}"
    marks = _marks(error)
    reason = _reason(answer.status, f"{marks} {message.lower()}", asked_to_notify=asked_to_notify)
    return GoogleRefusal(
        reason, f"{message} ({answer.status})", retry_after_seconds=answer.retry_after_seconds
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header; nothing when it says nothing usable."""
    if not value:
        return None
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), RETRY_AFTER_SECONDS_MAX)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_SECONDS_MAX)


def _reason(status: int, text: str, *, asked_to_notify: bool) -> Reason:
    """`text` is Google's machine-readable marks and its message, in lower case."""
    if asked_to_notify and status in (400, 403, 429) and _speaks_of_notices(text):
        return "notices_spent"
    if status == 429 or (status == 403 and "ratelimit" in text):
        return "too_fast"
    if status >= 500:
        return "unavailable"
    if status == 404:
        return "class_missing" if "class" in text else "object_missing"
    if status == 403 and ("accessnotconfigured" in text or "service_disabled" in text):
        return "api_disabled"
    by_status: dict[int, Reason] = {
        400: "invalid",
        401: "no_token",
        403: "not_permitted",
        409: "exists",
    }
    return by_status.get(status, "refused")


def _speaks_of_notices(text: str) -> bool:
    # "Quota exceeded for quota metric …" is the rate of requests, not a pass's notifications.
    return "quotaexceededexception" in text or "notification" in text


def _marks(error: Mapping[str, Any]) -> str:
    """The reasons of both of Google's error forms, one after the other, in lower case."""
    found = []
    for name in ("errors", "details"):
        listed = error.get(name)
        if isinstance(listed, list):
            found += [str(one.get("reason", "")) for one in listed if isinstance(one, dict)]
    return " ".join([*found, str(error.get("status", ""))]).lower()
