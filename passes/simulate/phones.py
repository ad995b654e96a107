"""The two phones together: add a card to both, tell pages what changed."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from passes.simulate.android import AndroidPhone, SaveRefused
from passes.simulate.google import GoogleStandIn
from passes.simulate.iphone import IPhone, PassRefused

TIMEOUT_SECONDS = 15.0  # the first pass of a new design takes a second or two to draw
# A person whom Google tells "Something went wrong" taps the button again.
SAVE_AGAIN_SECONDS = (1.0, 2.0)
PROBLEM_CHARACTERS_MAX = 300

_TOKEN = re.compile(r"^[A-Za-z0-9._~-]{8,200}$")
_CARD_PATH = re.compile(r"/card/([^/?#]+)")


class BadCard(ValueError):
    """This is neither the address of a card nor its token."""


class Version:
    """A number that grows with every change, for pages that ask again and again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 1
        self.listeners: list[Callable[[], None]] = []

    @property
    def number(self) -> int:
        """The version now."""
        return self._number

    def advance(self) -> None:
        """Something that a page shows has changed."""
        with self._lock:
            self._number += 1
        for listener in self.listeners:
            listener()

    def at_least(self, number: int) -> None:
        """Go on after a restart, so that no page takes the new numbers for old ones."""
        with self._lock:
            self._number = max(self._number, number + 1)


class Phones:
    """An iPhone and an Android phone in one hand. `main_url` is where the shopper's cards are."""

    def __init__(
        self,
        iphone: IPhone,
        android: AndroidPhone,
        google: GoogleStandIn,
        main_url: str,
        version: Version,
    ) -> None:
        self.iphone = iphone
        self.android = android
        self.google = google
        self.version = version
        self._named: dict[str, IPhone | AndroidPhone] = {"iphone": iphone, "android": android}
        self._main_url = main_url.rstrip("/")
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def phone(self, name: str) -> IPhone | AndroidPhone:
        """A phone by its name; a `KeyError` when there is none."""
        return self._named[name]

    def state(self) -> dict[str, Any]:
        """Everything a page shows."""
        version = self.version.number  # before the rest: a change meanwhile is asked for again
        phones = {name: _state(one) for name, one in self._named.items()}
        return {"version": version, "google": {"mood": self.google.mood}, **phones}

    def let_google_be(self, mood: str) -> None:
        """How Google's stand-in meets requests from now on; a `KeyError` for an unknown mood."""
        self.google.be(mood)
        self.version.advance()

    def add(self, card: str) -> dict[str, dict[str, str]]:
        """Put a card on both phones: for each the new card's id, or what went wrong.

        `card` is a card's address or its token. Only the configured service is ever asked.
        """
        start = f"{self._main_url}/card/{quote(card_token(card), safe='')}"
        return {
            "iphone": self._try(lambda: self._to_iphone(f"{start}/apple.pkpass"), self.iphone),
            "android": self._try(lambda: self._to_android(f"{start}/google"), self.android),
        }

    def _to_iphone(self, url: str) -> str:
        response = self._http.get(url)
        if response.status_code != 200:
            raise PassRefused(f"{urlsplit(url).path} answered {response.status_code}")
        return self.iphone.install(response.content)

    def _to_android(self, url: str) -> str:
        response = self._http.get(url, follow_redirects=False)
        link = response.headers.get("Location", "")
        if not response.is_redirect or not link:
            raise SaveRefused(f"{urlsplit(url).path} answered {response.status_code}")
        for pause in SAVE_AGAIN_SECONDS:
            try:
                return self.android.save(link)
            except SaveRefused:
                time.sleep(pause)
        return self.android.save(link)

    def _try(self, add: Callable[[], str], phone: IPhone | AndroidPhone) -> dict[str, str]:
        try:
            return {"id": add()}
        except (PassRefused, SaveRefused) as error:
            return {"problem": str(error)[:PROBLEM_CHARACTERS_MAX]}
        except httpx2.HTTPError as error:
            problem = f"{type(error).__name__}: {error}"[:PROBLEM_CHARACTERS_MAX]
            phone.activity.note("failed", good=False, problem=problem, retry_seconds=None)
            return {"problem": problem}


def card_token(card: str) -> str:
    """The token in a card's address, or the token itself."""
    text = card.strip()
    match = _CARD_PATH.search(text)
    token = match[1] if match else text
    if not _TOKEN.match(token):
        raise BadCard(text[:PROBLEM_CHARACTERS_MAX])
    return token


def _state(phone: IPhone | AndroidPhone) -> dict[str, Any]:
    return {
        "language": phone.language,
        "cards": phone.cards(),
        "lines": phone.activity.lines,
        "notifications": phone.activity.notifications,
    }
