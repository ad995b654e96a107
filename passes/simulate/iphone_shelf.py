"""The passes on a simulated iPhone, each verified before it is put there."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from passes.simulate.iphone_web import Address
from passes.simulate.pass_checks import objections
from passes.simulate.pass_face import Files, document

PASSES_MAX = 20  # cards on one simulated phone; each weighs some 100 kB in the state file

OpenPass = Callable[[bytes], Files]


class PassRefused(Exception):
    """The phone does not install or take this pass; the message says why."""


@dataclass(frozen=True, slots=True)
class Held:
    """A pass on the phone. `last_modified` is the server's text, given back unread."""

    data: bytes
    files: Files
    address: Address
    updated_at: str
    last_modified: str | None = None
    registered: bool = False

    def same_content(self, other: Held) -> bool:
        """Whether nothing but the signature differs, which a server may make anew each time."""
        return _unsigned(self.files) == _unsigned(other.files)

    def dump(self) -> dict[str, Any]:
        """Itself as plain data."""
        return {
            "data": base64.b64encode(self.data).decode(),
            "updated_at": self.updated_at,
            "last_modified": self.last_modified,
            "registered": self.registered,
        }


class Shelf:
    """Passes by serial number, oldest first; safe to use from several threads."""

    def __init__(self, open_pass: OpenPass, *, any_style: bool = False) -> None:
        self._open_pass = open_pass
        self._any_style = any_style
        self._lock = threading.RLock()
        self._passes: dict[str, Held] = {}

    def verified(self, data: bytes) -> Held:
        """The pass in a .pkpass, or `PassRefused`."""
        try:
            files = self._open_pass(data)
        except ValueError as error:
            raise PassRefused(str(error)) from error
        if found := objections(files, any_style=self._any_style):
            raise PassRefused("; ".join(found))
        content = document(files)
        address = Address(
            url=str(content.get("webServiceURL", "")),
            pass_type=content["passTypeIdentifier"],
            serial=content["serialNumber"],
            token=str(content.get("authenticationToken", "")),
        )
        return Held(data, files, address, datetime.now(UTC).isoformat(timespec="milliseconds"))

    def add(self, held: Held) -> None:
        """Put a pass in front; one with the same identity makes way without a word."""
        serial = held.address.serial
        with self._lock:
            if serial not in self._passes and len(self._passes) >= PASSES_MAX:
                raise PassRefused(f"this phone holds {PASSES_MAX} passes already")
            self._passes.pop(serial, None)
            self._passes[serial] = held

    def get(self, serial: str) -> Held | None:
        """The pass with this serial number, if it is here."""
        with self._lock:
            return self._passes.get(serial)

    def keep(self, serial: str, **changes: Any) -> bool:
        """Change what is remembered of a pass; False when it was removed meanwhile."""
        with self._lock:
            if serial not in self._passes:
                return False
            self._passes[serial] = replace(self._passes[serial], **changes)
            return True

    def remove(self, serial: str) -> Held:
        """Take a pass away; a `KeyError` when it is not here."""
        with self._lock:
            return self._passes.pop(serial)

    def all(self) -> list[Held]:
        """Every pass, oldest first."""
        with self._lock:
            return list(self._passes.values())

    def restore(self, stored: dict[str, Any]) -> None:
        """Put back what `Held.dump` gave, verified once more."""
        held = self.verified(base64.b64decode(stored["data"]))
        kept = {key: stored[key] for key in ("updated_at", "last_modified", "registered")}
        self.add(replace(held, **kept))


def _unsigned(files: Files) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != "signature"}
