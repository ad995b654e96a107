"""Who holds which pass: the one question that `passes` has to ask its owner.

The owner of the account fills this protocol and hands it over when the doors are wired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredPass:
    """One issued pass as it is to be delivered now.

    `card` and `design` are the stored JSON of `Card` and `Design`; `tier_key` picks the look;
    `program` is the word that tells programs apart in addresses and in Google's class ids.
    `modified_at` (UTC, whole seconds) strictly increases with every change of the pass, and so does
    `version`, which numbers the changes; `is_taken` when somebody has the newest one.
    """

    serial: str
    auth_token: str
    card: Mapping[str, Any]
    design: Mapping[str, Any]
    tier_key: str | None
    modified_at: datetime
    program: str = ""
    version: int = 0
    is_taken: bool = True

    @property
    def announces(self) -> bool:
        """Whether the phone is to speak of what changed."""
        return bool(self.card.get("announced"))

    def silent(self) -> StoredPass:
        """The same, of which the phone does not speak."""
        return replace(self, card={**self.card, "announced": None})


class PassRegistry(Protocol):
    """What Apple's web service and Google's callback need to know and to tell."""

    def token_of(self, serial: str) -> str | None:
        """The token of the Apple pass with this serial number, or nothing; as quick for either."""

    def find(self, serial: str) -> StoredPass | None:
        """The Apple pass with this serial number, or nothing."""

    def fetched(self, serial: str, version: int) -> None:
        """A phone has this version of the pass: it took it now, or had it. Returns at once."""

    def may_announce(self, serial: str, version: int) -> bool:
        """Whether this version may leave with the sentence that the phone shows: announcements are
        counted for each pass. From a yes on the sentence counts as shown."""

    def register(self, device: str, push_token: str, serial: str) -> bool:
        """Remember that a device wants to be told of changes. True when this is new; a known
        registration takes the new push token."""

    def unregister(self, device: str, serial: str) -> None:
        """Forget a registration; unknown ones are no error."""

    def updated_since(self, device: str, tag: int | None) -> tuple[int, Sequence[str]]:
        """(newest tag, serials of this device's passes that changed after `tag`), in one snapshot.
        Also notes that the device came, and what it was told of."""

    def log(self, messages: Sequence[str]) -> None:
        """What a phone complains of. Returns at once."""
