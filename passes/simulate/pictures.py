"""The pictures Google fetches when a card is saved and then keeps, one copy for each address."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import structlog

TIMEOUT_SECONDS = 5.0
PICTURE_BYTES_MAX = 5 * 1024 * 1024
PICTURES_KEPT = 200  # addresses; the oldest leave first
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """A fetched picture; `digest` names it in addresses."""

    data: bytes
    mime: str
    digest: str


class Pictures:
    """Fetches pictures from the given origins only (scheme, host and port), and keeps them."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self._kept: dict[str, Picture] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def reachable(self, url: str) -> bool:
        """Whether this is a picture that could be fetched."""
        return self.get(url) is not None

    def get(self, url: str) -> Picture | None:
        """The picture behind an address, or nothing. A new picture needs a new address."""
        if found := self.kept(url):
            return found
        picture = self._fetch(url)
        if picture is not None:
            with self._lock:
                self._kept[url] = picture
                while len(self._kept) > PICTURES_KEPT:
                    del self._kept[next(iter(self._kept))]
        return picture

    def kept(self, url: str) -> Picture | None:
        """The picture behind an address if it was fetched before."""
        with self._lock:
            return self._kept.get(url)

    def by_digest(self, digest: str) -> Picture | None:
        """A picture that was fetched before."""
        with self._lock:
            return next((one for one in self._kept.values() if one.digest == digest), None)

    def _fetch(self, url: str) -> Picture | None:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in self._origins:
            log.warning("google stand-in: picture of a foreign origin", url=url)
            return None
        try:
            response = self._http.get(url)
        except httpx2.HTTPError as error:
            log.warning("google stand-in: picture cannot be fetched", url=url, error=str(error))
            return None
        data = response.content
        mime = next((kind for start, kind in _SIGNATURES.items() if data.startswith(start)), "")
        if response.status_code != 200 or not mime or len(data) > PICTURE_BYTES_MAX:
            log.warning("google stand-in: not a picture", url=url, status=response.status_code)
            return None
        return Picture(data, mime, hashlib.sha256(data).hexdigest()[:24])
