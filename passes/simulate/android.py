"""An Android phone: it follows save links and draws what Google's API holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from passes.simulate.activity import Activity
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_face import code_at, face, message_text, notification, picture_addresses
from passes.simulate.google_save import SaveRefused, jwt_of_link
from passes.simulate.google_store import Change
from passes.simulate.pictures import Pictures
from passes.simulate.tasks import Tasks

CARDS_MAX = 20  # cards on one simulated phone

__all__ = ["AndroidPhone", "SaveRefused"]


class AndroidPhone:
    """One simulated Android phone with Google Wallet.

    It knows only what the stand-in holds: a change there reaches it by itself, as Google's servers
    reach a phone. Call `start` for background work.
    """

    def __init__(
        self,
        google: GoogleStandIn,
        pictures: Pictures,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.language = "fr"
        self.activity = Activity(on_change)
        self.tasks = Tasks("simulated-android")
        self._google = google
        self._pictures = pictures
        self._on_change = on_change
        self._lock = threading.Lock()
        self._cards: dict[str, dict[str, Any]] = {}  # object id → what was read last
        google.store.listeners.append(self._changed)

    def start(self) -> None:
        """Begin to work in the background; first look at what it may have missed."""
        self.tasks.start()
        with self._lock:
            held = list(self._cards)
        for identifier in held:
            self.tasks.submit(partial(self._read, identifier))

    def stop(self) -> None:
        """End background work."""
        self.tasks.stop()
        if self._changed in self._google.store.listeners:
            self._google.store.listeners.remove(self._changed)

    def save(self, link: str) -> str:
        """Follow a save link; the id of the object that is now on this phone.

        `SaveRefused` says what stands behind Google's "Something went wrong".
        """
        try:
            if len(self._cards) >= CARDS_MAX:
                raise SaveRefused(f"this phone holds {CARDS_MAX} cards already")
            identifier = self._google.save(jwt_of_link(link))
        except SaveRefused as error:
            self.activity.note("refused", good=False, problem=str(error))
            raise
        self.activity.note("link_verified", card=identifier)
        with self._lock:
            self._cards.pop(identifier, None)
            self._cards[identifier] = {}
        self._read(identifier)
        self.activity.note("saved", card=identifier)
        return identifier

    def refresh(self, identifier: str) -> None:
        """Pull to refresh."""
        self._require(identifier)
        self.tasks.submit(partial(self._read, identifier))

    def delete(self, identifier: str) -> None:
        """Remove a card. A `KeyError` when it is not here."""
        with self._lock:
            del self._cards[identifier]
        self._google.release(identifier)
        self.activity.note("removed", card=identifier)

    def speak(self, language: str) -> None:
        """Change the phone's language."""
        self.language = language
        self._on_change()

    def cards(self) -> list[dict[str, Any]]:
        """What Wallet shows, newest first."""
        with self._lock:
            held = list(self._cards.items())
        return [
            {
                "id": identifier,
                "face": face(
                    read["class"], read["object"], self.language, self._picture, time.time()
                ),
                "updated_at": read["read_at"],
                "version": read["object"].get("version", ""),
            }
            for identifier, read in reversed(held)
            if read
        ]

    def code(self, identifier: str) -> dict[str, Any] | None:
        """The code on a card at this moment. A `KeyError` when the card is not here."""
        with self._lock:
            read = self._cards[identifier]
        return code_at(read["object"], time.time()) if read else None

    def dump(self) -> dict[str, Any]:
        """Everything, as plain data."""
        with self._lock:
            return {
                "language": self.language,
                "cards": dict(self._cards),
                "activity": self.activity.dump(),
            }

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave before a restart."""
        self.language = str(data["language"])
        self.activity.load(data["activity"])
        with self._lock:
            self._cards = dict(data["cards"])

    def _changed(self, change: Change) -> None:
        """Told by the stand-in, on whatever thread made the change."""
        if change.kind == "loyaltyObject" and change.id in self._cards:
            self.tasks.submit(partial(self._follow, change))
        elif change.kind == "loyaltyClass":
            with self._lock:
                held = list(self._cards.items())
            for identifier, read in held:
                if read and read["object"].get("classId") == change.id:
                    self.tasks.submit(partial(self._follow_class, identifier))

    def _follow(self, change: Change) -> None:
        version = change.after.get("version", "")
        self.activity.note("object_changed", card=change.id, version=version)
        self._read(change.id)
        if not change.notify:
            return
        parent = self._google.store.find("loyaltyClass", change.after["classId"]) or {}
        title, text = notification(parent, change.before or {}, change.after, self.language)
        if change.message is not None:
            title, text = message_text(change.message, self.language)
        self.activity.notify(card=change.id, title=title, text=text)

    def _follow_class(self, identifier: str) -> None:
        self.activity.note("class_changed", card=identifier)
        self._read(identifier)

    def _read(self, identifier: str) -> None:
        """Take the object, its class and their pictures, unless the card left the phone."""
        found = self._google.store.find("loyaltyObject", identifier)
        if found is None:
            return
        parent = self._google.store.find("loyaltyClass", found["classId"]) or {}
        for url in picture_addresses(parent, found):
            self._pictures.get(url)
        read_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            if identifier not in self._cards:
                return
            self._cards[identifier] = {"object": found, "class": parent, "read_at": read_at}
        self.activity.note("object_read", card=identifier, version=found.get("version", ""))

    def _picture(self, url: str) -> str | None:
        found = self._pictures.kept(url)
        return found.digest if found is not None else None

    def _require(self, identifier: str) -> None:
        with self._lock:
            if identifier not in self._cards:
                raise KeyError(f"no card {identifier} on this phone")
