"""An iPhone that treats passes as PassKit documents it: install, register, update, unregister."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from passes.simulate.activity import Activity
from passes.simulate.iphone_shelf import Held, OpenPass, PassRefused, Shelf
from passes.simulate.iphone_sync import Sync
from passes.simulate.iphone_web import PassKitClient
from passes.simulate.pass_face import face, image
from passes.simulate.tasks import Tasks

# PassKit's first retries, shortened so that whoever watches sees the recovery.
RETRY_DELAYS_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)

__all__ = ["IPhone", "PassRefused"]


class IPhone:
    """One simulated iPhone.

    `open_pass` gives the files of a .pkpass whose signature and manifest it has verified, or raises
    a `ValueError` that says what is wrong; `issue_token` gives a push token known to the push
    service. Call `start` for background work; `push` may be called from any thread.
    """

    def __init__(
        self,
        open_pass: OpenPass,
        issue_token: Callable[[], str],
        *,
        on_change: Callable[[], None] = lambda: None,
        allow_http: bool = True,
        retry_delays_seconds: Sequence[float] = RETRY_DELAYS_SECONDS,
    ) -> None:
        self.activity = Activity(on_change)
        self.tasks = Tasks("simulated-iphone")
        self._issue_token = issue_token
        self._on_change = on_change
        self._allow_http = allow_http
        self._lock = threading.Lock()
        self._shelf = Shelf(open_pass)
        web = PassKitClient(uuid.uuid4().hex, allow_http=allow_http)
        self._sync = Sync(self._shelf, web, self.tasks, self.activity)
        self._sync.retry_delays_seconds = retry_delays_seconds

    @property
    def device(self) -> str:
        """The device library identifier."""
        return self._sync.web.device

    @property
    def language(self) -> str:
        """The phone's language, as a two-letter code."""
        return self._sync.language

    def start(self) -> None:
        """Begin to work in the background. As after a reboot, Wallet first asks what it missed."""
        self.tasks.start()
        for held in self._shelf.all():
            if held.address.url and not held.registered:
                self.tasks.submit(partial(self._sync.register, held.address.serial))
        for pass_type in self._sync.push_tokens:
            self.tasks.submit(partial(self._sync.update, pass_type))

    def stop(self) -> None:
        """End background work."""
        self.tasks.stop()
        self._sync.web.close()

    def install(self, data: bytes) -> str:
        """Add a pass, or replace the one with the same identity; its serial number.

        `PassRefused` says why an iPhone would not show it.
        """
        try:
            held = self._shelf.verified(data)
            self._shelf.add(held)
        except PassRefused as error:
            self.activity.note("refused", good=False, problem=str(error))
            raise
        serial = held.address.serial
        self.activity.note("installed", card=serial, bytes=len(data))
        if held.address.url:
            self._know_token(held.address.pass_type)
            self.tasks.submit(partial(self._sync.register, serial))
        else:
            self.activity.note("no_web_service", card=serial)
        return serial

    def push(self, token: str) -> None:
        """A push for Wallet came in; what follows happens in the background."""
        for pass_type, known in list(self._sync.push_tokens.items()):
            if known == token:
                self.activity.note("push")
                self.tasks.submit(partial(self._sync.update, pass_type))

    def refresh(self, serial: str) -> None:
        """Pull to refresh."""
        self._held(serial)
        self.tasks.submit(partial(self._sync.refresh, serial))

    def delete(self, serial: str) -> None:
        """Remove a pass and tell its server. A `KeyError` when there is no such pass."""
        held = self._shelf.remove(serial)
        self.activity.note("removed", card=serial)
        if held.registered:
            self.tasks.submit(partial(self._sync.unregister, held.address))

    def speak(self, language: str) -> None:
        """Change the phone's language."""
        self._sync.language = language
        self._on_change()

    def cards(self) -> list[dict[str, Any]]:
        """What Wallet shows, newest first."""
        return [
            {
                "id": held.address.serial,
                "face": face(held.files, self.language),
                "updated_at": held.updated_at,
                "registered": held.registered,
                "bytes": len(held.data),
            }
            for held in reversed(self._shelf.all())
        ]

    def picture(self, serial: str, role: str) -> bytes | None:
        """A PNG of the pass: `icon`, `logo` or `strip`."""
        return image(self._held(serial).files, role, self.language)

    def pass_data(self, serial: str) -> bytes:
        """The .pkpass on the phone, as it came."""
        return self._held(serial).data

    def dump(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "device": self.device,
            "language": self.language,
            "push_tokens": dict(self._sync.push_tokens),
            "tags": [[*key, tag] for key, tag in list(self._sync.tags.items())],
            "passes": [held.dump() for held in self._shelf.all()],
            "activity": self.activity.dump(),
        }

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave before a restart; call it before `start`. Passes that no longer verify
        are left behind."""
        self._sync.web.close()
        self._sync.web = PassKitClient(str(data["device"]), allow_http=self._allow_http)
        self._sync.language = str(data["language"])
        self._sync.push_tokens = dict(data["push_tokens"])
        self._sync.tags = {(url, kind): tag for url, kind, tag in data["tags"]}
        self.activity.load(data["activity"])
        for stored in data["passes"]:
            try:
                self._shelf.restore(stored)
            except PassRefused as error:
                self.activity.note("refused", good=False, problem=str(error))

    def _held(self, serial: str) -> Held:
        held = self._shelf.get(serial)
        if held is None:
            raise KeyError(f"no pass {serial} on this phone")
        return held

    def _know_token(self, pass_type: str) -> None:
        with self._lock:
            if pass_type not in self._sync.push_tokens:
                self._sync.push_tokens[pass_type] = self._issue_token()
