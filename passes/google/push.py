"""Google Wallet's REST interface: one call each, or up to a hundred in one batch.

It keeps no order and no pace; who calls decides what goes first and how fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

import httpx2

from passes.google.access import AccessToken
from passes.google.batch import BATCH_MAX, pack, unpack
from passes.google.document import Resource
from passes.google.identity import GoogleIdentity
from passes.google.refusal import Answer, GoogleRefusal, refusal, retry_after

TIMEOUT = httpx2.Timeout(15.0, connect=10.0)  # seconds
PAGE_SIZE = 100  # objects read back in one request

Kind = Literal["loyaltyClass", "loyaltyObject"]

# What a class or an object of ours may have and may have no longer.
_TAKEN_AWAY: Mapping[Kind, tuple[str, ...]] = {
    "loyaltyClass": (
        *("wideProgramLogo", "heroImage", "homepageUri", "linksModuleData", "textModulesData"),
        *("imageModulesData", "merchantLocations", "callbackOptions", "securityAnimation"),
        *("rewardsTier", "rewardsTierLabel", "localizedRewardsTier", "localizedRewardsTierLabel"),
    ),
    "loyaltyObject": (
        *("accountName", "accountId", "barcode", "rotatingBarcode", "validTimeInterval"),
        *("loyaltyPoints", "secondaryLoyaltyPoints", "heroImage", "textModulesData"),
        *("linksModuleData", "imageModulesData", "merchantLocations", "passConstraints"),
    ),
}
Result = Resource | GoogleRefusal

_UNANSWERED = Answer(502, {"error": {"message": "no answer in the batch"}})


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` follows the root of the interface; `notifies` when it asks Google to
    notify the holder, so that a refusal can be told from one of the request rate."""

    method: Literal["GET", "POST", "PATCH"]
    path: str
    body: Resource | None = None
    notifies: bool = False


def insert_call(kind: Kind, resource: Resource) -> Call:
    """Make a class or an object."""
    return Call("POST", kind, resource)


def patch_call(kind: Kind, resource: Resource, *, notify: bool = False) -> Call:
    """Make what is there equal to `resource`.

    A PATCH replaces whole arrays and keeps what it does not name, so what we no longer say is taken
    away by name. With `notify` Google tells the holder of changed points; it never stores that
    wish, so it goes with each change anew.
    """
    body: Resource = {**dict.fromkeys(_TAKEN_AWAY[kind]), **resource}
    if notify:
        body["notifyPreference"] = "NOTIFY_ON_UPDATE"
    return Call("PATCH", _one(kind, resource["id"]), body, notify)


def message_call(object_id: str, message: Resource) -> Call:
    """Add a message (header and body); `TEXT_AND_NOTIFY` in it notifies the holder."""
    notifies = message.get("messageType") == "TEXT_AND_NOTIFY"
    path = f"{_one('loyaltyObject', object_id)}/addMessage"
    return Call("POST", path, {"message": message}, notifies)


def get_call(kind: Kind, identifier: str) -> Call:
    """Read one back."""
    return Call("GET", _one(kind, identifier))


def list_call(class_id: str, page_token: str = "") -> Call:
    """Read back a page of a class's objects."""
    query = f"classId={quote(class_id, safe='')}&maxResults={PAGE_SIZE}"
    return Call("GET", f"loyaltyObject?{query}{_page(page_token)}")


def issuer_call(issuer_id: str) -> Call:
    """Read the issuer: who may is a user of it."""
    return Call("GET", f"issuer/{quote(issuer_id, safe='')}")


class GoogleClient:
    """One connection pool and one access token, fetched once and renewed when it is refused.

    Safe to share between threads. Nothing here raises for what Google says or does not say: each
    call has a result, the resource or a `GoogleRefusal`.
    """

    def __init__(
        self,
        base_url: str,
        token_url: str,
        identity: GoogleIdentity,
        *,
        timeout: httpx2.Timeout = TIMEOUT,
    ) -> None:
        self._client = httpx2.Client(timeout=timeout)
        self._token = AccessToken(identity, token_url, self._client)
        self._base = base_url.rstrip("/")
        self._has_batch = True

    def send(self, calls: Sequence[Call]) -> list[Result]:
        """The results in the order of the calls; several travel in one request."""
        results: list[Result] = []
        for start in range(0, len(calls), BATCH_MAX):
            part = calls[start : start + BATCH_MAX]
            results += self._send_part(part)
        return results

    def one(self, call: Call) -> Resource:
        """The result of one call, or its refusal raised."""
        found = self.send([call])[0]
        if isinstance(found, GoogleRefusal):
            raise found
        return found

    def upsert_class(self, resource: Resource) -> Resource:
        """Write the class, whether it exists or not; the class as Google now holds it."""
        return self._upsert("loyaltyClass", resource, notify=False)

    def upsert_object(self, resource: Resource, *, notify: bool = False) -> Resource:
        """Write the object, whether it exists or not; the object as Google now holds it.

        `notify` asks for a notification of changed points. Where Google has none left for the day,
        the change goes out silently.
        """
        try:
            return self._upsert("loyaltyObject", resource, notify=notify)
        except GoogleRefusal as refused:
            if refused.reason != "notices_spent":
                raise
        return self._upsert("loyaltyObject", resource, notify=False)

    def get_object(self, object_id: str) -> Resource | None:
        """The object as Google holds it, with its class as `classReference`, or nothing."""
        found = self.send([get_call("loyaltyObject", object_id)])[0]
        if not isinstance(found, GoogleRefusal):
            return found
        if found.reason == "object_missing":
            return None
        raise found

    def check_token(self) -> None:
        """Get an access token, or raise why there is none."""
        self._token.header()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _upsert(self, kind: Kind, resource: Resource, *, notify: bool) -> Resource:
        """Insert, and where it exists change it."""
        try:
            return self.one(insert_call(kind, resource))
        except GoogleRefusal as refused:
            if refused.reason != "exists":
                raise
        return self.one(patch_call(kind, resource, notify=notify))

    def _send_part(self, calls: Sequence[Call]) -> list[Result]:
        try:
            if len(calls) > 1 and self._has_batch:
                answers = self._batch(calls)
                if answers is not None:
                    return [_result(call, one) for call, one in zip(calls, answers, strict=True)]
                self._has_batch = False
            return self._singly(calls)
        except GoogleRefusal as refused:
            return [refused] * len(calls)

    def _singly(self, calls: Sequence[Call]) -> list[Result]:
        results: list[Result] = []
        for call in calls:
            if results and isinstance(last := results[-1], GoogleRefusal) and last.of_service:
                results.append(last)  # the next one would meet the same
                continue
            try:
                results.append(_result(call, self._request(call)))
            except GoogleRefusal as refused:
                results.append(refused)
        return results

    def _request(self, call: Call) -> Answer:
        url = f"{self._base}/walletobjects/v1/{call.path}"
        return _answer(self._authorised(call.method, url, json=call.body))

    def _batch(self, calls: Sequence[Call]) -> list[Answer] | None:
        """Nothing where the other side knows no batches."""
        answers = self._batch_once(calls)
        if answers and all(one.status == 401 for one in answers):
            self._token.forget()
            return self._batch_once(calls)
        return answers

    def _batch_once(self, calls: Sequence[Call]) -> list[Answer] | None:
        content_type, data = pack(
            [(call.method, f"/walletobjects/v1/{call.path}", call.body) for call in calls]
        )
        response = self._authorised(
            "POST", f"{self._base}/batch", content=data, headers={"Content-Type": content_type}
        )
        if response.status_code in (404, 405, 501):
            return None
        if response.status_code != 200:
            raise refusal(_answer(response))
        now = datetime.now(UTC)
        answers = unpack(response.headers.get("content-type", ""), response.content, len(calls))
        return [
            Answer(one.status, one.body, retry_after(one.retry_after, now)) if one else _UNANSWERED
            for one in answers
        ]

    def _authorised(
        self,
        method: str,
        url: str,
        *,
        json: Resource | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """One request; an access token that is no longer accepted is replaced once."""
        refused = None
        for _ in range(2):
            shown = self._token.header(refused)
            try:
                response = self._client.request(
                    method, url, json=json, content=content, headers={**shown, **(headers or {})}
                )
            except httpx2.TransportError as error:
                raise GoogleRefusal("unreachable", str(error) or type(error).__name__) from error
            if response.status_code != 401:
                break
            refused = shown
        return response


def _result(call: Call, answer: Answer) -> Result:
    return answer.body if answer.is_good else refusal(answer, asked_to_notify=call.notifies)


def _answer(response: httpx2.Response) -> Answer:
    try:
        found = response.json()
    except ValueError:
        found = {}
    wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
    return Answer(response.status_code, found if isinstance(found, dict) else {}, wait)


def _one(kind: Kind, identifier: str) -> str:
    return f"{kind}/{quote(identifier, safe='')}"


def _page(token: str) -> str:
    return f"&token={quote(token, safe='')}" if token else ""
