"""Zip archives put together from entries that are made once, with nothing that varies by the hour."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

# Field by field as in PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20  # 2.0: deflate
_UNIX = 3 << 8
_STORED, _DEFLATED = 0, 8
_MIDNIGHT, _FIRST_DAY = 0, 0x21  # 1 January 1980, the earliest the format can say
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, ready to be written anywhere; `central` lacks its offset, its last four bytes."""

    name: str
    local: bytes
    central: bytes


def entry(name: str, data: bytes, *, deflate: bool = False) -> Entry:
    """A file of the archive. Small files that change with each card are not worth deflating."""
    method, packed = _STORED, data
    if deflate:
        squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        smaller = squeezer.compress(data) + squeezer.flush()
        if len(smaller) < len(data):
            method, packed = _DEFLATED, smaller
    path = name.encode("ascii")
    facts = (0, method, _MIDNIGHT, _FIRST_DAY, zlib.crc32(data), len(packed), len(data), len(path))
    local = _LOCAL.pack(b"PK\3\4", _VERSION, *facts, 0)
    central = _CENTRAL.pack(b"PK\1\2", _UNIX | _VERSION, _VERSION, *facts, 0, 0, 0, 0, _MODE, 0)
    return Entry(name, local + path + packed, central[:-4] + path)


class Archive:
    """A fixed beginning; `with_entries` appends what is different each time."""

    def __init__(self, entries: list[Entry]) -> None:
        self._body, self._directory, self._count = b"", b"", len(entries)
        for one in entries:
            self._directory += _directory_entry(one, len(self._body))
            self._body += one.local

    def with_entries(self, *entries: Entry) -> bytes:
        """The whole archive."""
        parts, directory, offset = [self._body], [self._directory], len(self._body)
        for one in entries:
            parts.append(one.local)
            directory.append(_directory_entry(one, offset))
            offset += len(one.local)
        listing = b"".join(directory)
        count = self._count + len(entries)
        end = _END.pack(b"PK\5\6", 0, 0, count, count, len(listing), offset, 0)
        return b"".join((*parts, listing, end))


def _directory_entry(one: Entry, offset: int) -> bytes:
    fixed = _CENTRAL.size - 4
    return b"".join((one.central[:fixed], offset.to_bytes(4, "little"), one.central[fixed:]))
