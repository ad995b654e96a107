"""Writes loyalty classes and objects through Google Wallet's REST interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import httpx2

from passes.errors import DeliveryError
from passes.google.access import AccessToken
from passes.google.document import Resource
from passes.google.identity import GoogleIdentity

TIMEOUT = httpx2.Timeout(15.0, connect=10.0)  # seconds
RETRY_AFTER_SECONDS_MAX = 3600.0  # whatever the other side asks for
MESSAGE_CHARACTERS_MAX = 300  # of Google's message, as kept with a failed delivery

_Kind = Literal["loyaltyClass", "loyaltyObject"]
_HELP = {
    403: "add the service account as a user in the Google Pay & Wallet console and enable the API",
    404: "the issuer id may be wrong (it is not the merchant id), or the class is missing",
}


class GoogleClient:
    """One connection pool and one access token. Safe to share between threads."""

    def __init__(self, base_url: str, token_url: str, identity: GoogleIdentity) -> None:
        self._client = httpx2.Client(timeout=TIMEOUT)
        self._token = AccessToken(identity, token_url, self._client)
        self._root = f"{base_url.rstrip('/')}/walletobjects/v1"

    def upsert_class(self, resource: Resource) -> Resource:
        """Write the class, whether it exists or not; the class as Google now holds it.

        Raises a `DeliveryError`, as does every call here.
        """
        return self._upsert("loyaltyClass", resource)

    def upsert_object(self, resource: Resource, *, notify: bool = False) -> Resource:
        """Write the object, whether it exists or not; the object as Google now holds it.

        `notify` asks for a notification of changed points. Google allows three a day and pass; when they are
        spent the change goes out silently.
        """
        if notify:
            try:
                return self._upsert(
                    "loyaltyObject", {**resource, "notifyPreference": "NOTIFY_ON_UPDATE"}
                )
            except _QuotaError:
                pass
        return self._upsert("loyaltyObject", resource)

    def get_object(self, object_id: str) -> Resource | None:
        """The object as Google holds it, with its class as `classReference`, or nothing."""
        answer = self._send("GET", f"loyaltyObject/{quote(object_id, safe='')}")
        return None if answer.status == 404 else _good(answer)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _upsert(self, kind: _Kind, resource: Resource) -> Resource:
        one = f"{kind}/{quote(resource['id'], safe='')}"
        answer = self._send("PATCH", one, resource)
        if answer.status == 404:
            answer = self._send("POST", kind, resource)
        if answer.status == 409:
            answer = self._send("PATCH", one, resource)
        return _good(answer)

    def _send(self, method: str, path: str, body: Resource | None = None) -> _Answer:
        """One call; an access token that is no longer accepted is replaced once."""
        for renew in (False, True):
            headers = self._token.header(renew=renew)
            try:
                response = self._client.request(
                    method, f"{self._root}/{path}", json=body, headers=headers
                )
            except httpx2.TransportError as error:
                raise DeliveryError(
                    f"Google Wallet: {str(error) or type(error).__name__}"
                ) from error
            if response.status_code != 401:
                break
        return _Answer(
            response.status_code, _json(response), _retry_after(response.headers.get("retry-after"))
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Resource
    retry_after_seconds: float | None


class _QuotaError(DeliveryError):
    """The day's notifications of this pass are spent."""


def _good(answer: _Answer) -> Resource:
    if 200 <= answer.status < 300:
        return answer.body
    told = answer.body.get("error")
    error: dict[str, Any] = told if isinstance(told, dict) else {}
    message = str(error.get("message", ""))[:MESSAGE_CHARACTERS_MAX]
    text = f"Google Wallet {answer.status}: {message}".rstrip(": ")
    if answer.status in _HELP:
        text += f" ({_HELP[answer.status]})"
    if answer.status == 429 and "quota" in f"{message} {_reasons(error)}".lower():
        raise _QuotaError(text, retry_after_seconds=answer.retry_after_seconds)
    busy = answer.status == 429 or answer.status >= 500 or "rateLimit" in _reasons(error)
    raise DeliveryError(text, permanent=not busy, retry_after_seconds=answer.retry_after_seconds)


def _reasons(error: dict[str, Any]) -> str:
    """Google's machine-readable reasons, one after the other."""
    listed = error.get("errors")
    if not isinstance(listed, list):
        return ""
    return " ".join(str(one.get("reason", "")) for one in listed if isinstance(one, dict))


def _json(response: httpx2.Response) -> Resource:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait; Google's interface gives a number, never a date."""
    if value is None or not value.isdecimal():
        return None
    return min(float(value), RETRY_AFTER_SECONDS_MAX)
