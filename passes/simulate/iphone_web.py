"""The iPhone's side of Apple's pass web service: five calls and what it complains of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import structlog

TIMEOUT_SECONDS = 10.0  # PassKit waits longer; whoever watches a demonstration does not
PASS_BYTES_MAX = 10 * 1024 * 1024  # Wallet takes passes of some MB; ours weigh about 100 kB
MIME = "application/vnd.apple.pkpass"

log = structlog.get_logger(__name__)


class WebError(Exception):
    """A call that did not go as documented. `retry` when later may be better."""

    def __init__(self, task: str, problem: str, *, status: int = 0) -> None:
        super().__init__(f"{task} encountered error: {problem}")
        self.status = status
        self.retry = status != 401


@dataclass(frozen=True, slots=True)
class Address:
    """What identifies one pass at its web service."""

    url: str  # webServiceURL, without /v1
    pass_type: str
    serial: str
    token: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What changed: a tag to give back next time, and serial numbers."""

    tag: str
    serials: list[str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A pass as it came. `complaints` are what the phone logs although it takes the pass."""

    data: bytes
    last_modified: str | None
    complaints: list[str]


class PassKitClient:
    """Calls the web service named in a pass. `allow_http` is the iPhone's developer switch."""

    def __init__(self, device: str, *, allow_http: bool = True) -> None:
        self.device = device
        self._allow_http = allow_http
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def register(self, address: Address, push_token: str) -> bool:
        """Ask to be told of changes; True when the server did not know this phone."""
        task = f"Register task ({self._about(address)})"
        response = self._call(
            task, "POST", self._registration(address), address, json={"pushToken": push_token}
        )
        if response.status_code not in (200, 201):
            raise _unexpected(task, response)
        return response.status_code == 201

    def unregister(self, address: Address) -> None:
        """Tell that the pass left this phone."""
        task = f"Unregister task ({self._about(address)})"
        response = self._call(task, "DELETE", self._registration(address), address)
        if response.status_code != 200:
            raise _unexpected(task, response)

    def changed(self, address: Address, tag: str | None) -> Listing | None:
        """Which passes of this type changed since `tag`; nothing when none did."""
        task = (
            f"Get serial #s task (for device {self.device}, pass type {address.pass_type}, "
            f"last updated {tag or '(null)'}; with web service url {address.url})"
        )
        path = f"/v1/devices/{_part(self.device)}/registrations/{_part(address.pass_type)}"
        query = f"?passesUpdatedSince={quote(tag, safe='')}" if tag is not None else ""
        response = self._call(task, "GET", self._base(address) + path + query, None)
        if response.status_code == 204:
            return None
        if response.status_code != 200:
            raise _unexpected(task, response)
        return _listing(task, response)

    def fetch(self, address: Address, since: str | None) -> Fetched | None:
        """The pass as it is now; nothing when the server says that it has not changed."""
        task = f"Get pass task ({self._about(address)}; if-modified-since {since or '(null)'})"
        path = f"/v1/passes/{_part(address.pass_type)}/{_part(address.serial)}"
        headers = {"If-Modified-Since": since} if since else {}
        response = self._call(task, "GET", self._base(address) + path, address, headers=headers)
        if response.status_code == 304:
            return None
        if response.status_code != 200:
            raise _unexpected(task, response)
        mime = response.headers.get("Content-Type", "")
        if mime.split(";")[0].strip() != MIME:
            raise WebError(task, f"Unexpected content type {mime or '(null)'}")
        if len(response.content) > PASS_BYTES_MAX:
            raise WebError(task, "The pass is too large")
        modified = response.headers.get("Last-Modified")
        return Fetched(response.content, modified, _about_dates(address, modified, since))

    def register_raw(self, address: Address, body: bytes) -> int:
        """Send any body where a push token belongs; the status of the answer."""
        task = f"Register task ({self._about(address)})"
        headers = {"Content-Type": "application/json"}
        url = self._registration(address)
        return self._call(task, "POST", url, address, content=body, headers=headers).status_code

    def log(self, address: Address, messages: list[str]) -> int:
        """Post lines to the server's log; the status of the answer."""
        url = f"{self._base(address)}/v1/log"
        return self._call("Log task", "POST", url, None, json={"logs": messages}).status_code

    def check_address(self, address: Address) -> None:
        """Raise a `WebError` where a phone would not even ask."""
        self._base(address)

    def complain(self, url: str, messages: list[str]) -> None:
        """Post to the server's log. Whether it arrives changes nothing for the phone."""
        now = datetime.now(UTC).strftime("[%Y-%m-%d %H:%M:%S +0000]")
        logs = [f"{now} {message}" for message in messages]
        try:
            self._http.post(f"{url.rstrip('/')}/v1/log", json={"logs": logs})
        except httpx2.HTTPError as error:
            log.debug("simulated iPhone: the log was not taken", error=str(error))

    def _about(self, address: Address) -> str:
        return (
            f"for device {self.device}, pass type {address.pass_type}, serial number "
            f"{address.serial}; with web service url {address.url}"
        )

    def _base(self, address: Address) -> str:
        parts = urlsplit(address.url)
        if parts.scheme != "https" and not (self._allow_http and parts.scheme == "http"):
            raise WebError("Web service", f"webServiceURL must be https: {address.url}", status=401)
        return address.url.rstrip("/")

    def _registration(self, address: Address) -> str:
        device, kind, serial = map(_part, (self.device, address.pass_type, address.serial))
        return f"{self._base(address)}/v1/devices/{device}/registrations/{kind}/{serial}"

    def _call(
        self, task: str, method: str, url: str, address: Address | None, **more: Any
    ) -> httpx2.Response:
        """The answer. `address` gives the token for the calls that carry it; two do not."""
        headers = dict(more.pop("headers", {}))
        if address is not None:
            headers["Authorization"] = f"ApplePass {address.token}"
        try:
            return self._http.request(method, url, headers=headers, **more)
        except httpx2.HTTPError as error:
            raise WebError(task, f"{type(error).__name__}: {error}") from error


def _unexpected(task: str, response: httpx2.Response) -> WebError:
    status = response.status_code
    return WebError(task, f"Unexpected response code {status}", status=status)


def _listing(task: str, response: httpx2.Response) -> Listing:
    try:
        body = response.json()
    except ValueError as error:
        raise WebError(task, "The response is not JSON") from error
    tag = body.get("lastUpdated") if isinstance(body, dict) else None
    serials = body.get("serialNumbers") if isinstance(body, dict) else None
    if not isinstance(tag, str):
        raise WebError(task, "lastUpdated is not a string")
    if not isinstance(serials, list) or not all(isinstance(item, str) for item in serials):
        raise WebError(task, "serialNumbers is not a list of strings")
    if not serials:
        raise WebError(task, "serialNumbers is empty; nothing newer is a 204")
    return Listing(tag, serials)


def _about_dates(address: Address, modified: str | None, since: str | None) -> list[str]:
    start = f"Web service error for {address.pass_type} ({address.url}): "
    moment = _http_date(modified)
    if modified is None:
        return [f"{start}Response to 'Get pass' request is missing the 'last-modified' header"]
    if moment is None:
        return [f"{start}The 'last-modified' header ({modified}) is not an HTTP date"]
    earlier = _http_date(since)
    if earlier is not None and moment <= earlier:
        ignored = f"Server ignored the 'if-modified-since' header ({since})"
        serial = f"serial number '{address.serial}' with last-modified {modified}"
        return [f"{start}{ignored} and returned the full pass data for {serial}"]
    return []


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if text.endswith(" GMT") else None


def _part(text: str) -> str:
    return quote(text, safe="")
