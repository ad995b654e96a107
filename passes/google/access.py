"""Access tokens for a service account: google-auth's credentials over httpx2."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import httpx2
from google.auth import exceptions, transport
from google.auth.crypt import RSASigner
from google.oauth2 import service_account

from passes.google.identity import GoogleIdentity
from passes.google.refusal import GoogleRefusal

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"


class AccessToken:
    """The current token of a service account, fetched when there is none or its hour is over.

    Threads that need one at the same moment share one fetch.
    """

    def __init__(self, identity: GoogleIdentity, token_url: str, client: httpx2.Client) -> None:
        self._request = _Request(client)
        self._credentials: Any = service_account.Credentials(  # type: ignore[no-untyped-call]
            RSASigner(identity.key, identity.key_id),  # type: ignore[no-untyped-call]
            identity.email,
            token_url,
            scopes=[SCOPE],
        )
        self._lock = threading.Lock()

    def header(self, refused: Mapping[str, str] | None = None) -> dict[str, str]:
        """The Authorization header: another one than `refused`, which was not accepted any more."""
        with self._lock:
            if not self._credentials.valid or self._header() == refused:
                self._fetch()
            return self._header()

    def forget(self) -> None:
        """The token is not accepted any more: the next call fetches another."""
        with self._lock:
            self._credentials.token = None

    def _header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def _fetch(self) -> None:
        try:
            self._credentials.refresh(self._request)
        except exceptions.GoogleAuthError as error:
            words = f"No access token from Google: {error.args[0] if error.args else error}"
            lasting = isinstance(error, exceptions.RefreshError) and not error.retryable
            raise GoogleRefusal("no_token" if lasting else "unreachable", words) from error


class _Response(transport.Response):
    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return int(self._response.status_code)

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def data(self) -> bytes:
        return self._response.content


class _Request(transport.Request):
    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> _Response:
        """The client's own time-outs hold; google-auth asks for none here."""
        try:
            return _Response(self._client.request(method, url, content=body, headers=headers))
        except httpx2.TransportError as error:
            raise exceptions.TransportError(f"{url}: {error}") from error  # type: ignore[no-untyped-call]
