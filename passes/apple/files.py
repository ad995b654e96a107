"""Files of a pass that begin alike for many cards: the beginning is read and hashed once for all."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _hashlib import HASH


class Head(NamedTuple):
    """How many files begin; `crc32` and `sha1` go on from there."""

    data: bytes
    size: int
    crc32: int
    sha1: HASH

    @classmethod
    def of(cls, data: bytes) -> Head:
        """The head with these bytes."""
        return cls(data, len(data), zlib.crc32(data), hashlib.sha1(data, usedforsecurity=False))


File = tuple[Head, bytes]  # how it begins, and the rest


def whole(file: File) -> bytes:
    """Its bytes."""
    return file[0].data + file[1]


def sha1(file: File) -> str:
    """The digest that the format prescribes for the manifest; the signature uses SHA-256."""
    digest = file[0].sha1.copy()
    digest.update(file[1])
    return digest.hexdigest()
