"""Pictures as they go into a package, hashed and deflated once a process, whatever the design."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import NamedTuple

from passes.apple.archive import Entry, deflated

SHELF_BYTES_MAX = 64 * 1024 * 1024  # two hundred full sets of pictures


class Packed(NamedTuple):
    """A picture's line in the manifest and its place in the archive."""

    sha1: str
    entry: Entry


class Shelf:
    """Found by name and content, so the same picture in another design is the same one. Safe to
    share between threads."""

    def __init__(self, bytes_max: int = SHELF_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._packed: OrderedDict[tuple[str, bytes], Packed] = OrderedDict()
        self.size = 0  # bytes of all entries

    def packed(self, name: str, data: bytes) -> Packed:
        """The picture as it was packed earlier, or packed now."""
        key = name, hashlib.sha256(data).digest()
        with self._lock:
            if key in self._packed:
                self._packed.move_to_end(key)
                return self._packed[key]
        listed = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        made = Packed(listed, deflated(name, data))
        with self._lock:
            if key not in self._packed:
                self._packed[key] = made
                self.size += len(made.entry[0])
            while self.size > self._bytes_max:
                _, oldest = self._packed.popitem(last=False)
                self.size -= len(oldest.entry[0])
        return made


SHELF = Shelf()
