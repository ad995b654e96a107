"""Zip archives put together from parts that are made once, with nothing that varies by the hour."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from passes.apple.files import File

# Field by field as in PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
_LOCAL_START = struct.Struct("<4s5H")
_CENTRAL_START = struct.Struct("<4s6H")
_SIZES = struct.Struct("<3L")  # checksum, packed size, size: the same in both headers
_LOCAL_END = struct.Struct("<2H")
_CENTRAL_END = struct.Struct("<5HL")
_OFFSET = struct.Struct("<L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_BYTES = _LOCAL_START.size + _SIZES.size + _LOCAL_END.size  # and the name
_VERSION = 20  # 2.0: deflate
_UNIX = 3 << 8
_STORED, _DEFLATED = 0, 8
_STAMP = (0, 0x21)  # midnight of 1 January 1980, the earliest the format can say
_MODE = 0o100644 << 16
_NAMES_CACHED = 64  # a pass has a dozen file names, the same for all

_Headers = tuple[bytes, bytes, bytes, bytes, bytes]
# What one file adds to the body, and to the directory before and after its offset.
Entry = tuple[bytes, bytes, bytes]


def stored(name: str, data: bytes) -> Entry:
    """A file as it is."""
    return _entry(name, _STORED, data, _SIZES.pack(zlib.crc32(data), len(data), len(data)))


def deflated(name: str, data: bytes) -> Entry:
    """A file made smaller, where that can be done."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(data) + squeezer.flush()
    if len(packed) >= len(data):
        return stored(name, data)
    return _entry(name, _DEFLATED, packed, _SIZES.pack(zlib.crc32(data), len(packed), len(data)))


class Archive:
    """A fixed beginning; what is different each time comes behind it."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        fixed = list(entries)
        self._count = len(fixed)
        self._body = b"".join([body for body, _, _ in fixed])
        self._directory = _directory(fixed)

    def with_files(self, names: tuple[str, ...], files: Sequence[File]) -> tuple[bytes, bytes]:
        """The whole archive in two parts, the fixed one and the rest: who sends both one after the
        other need not copy the pictures. The files are stored as they are: small ones that change
        with each card are not worth deflating."""
        body: list[bytes] = []
        directory = [self._directory]
        offset = len(self._body)
        pack, pack_offset, checksum = _SIZES.pack, _OFFSET.pack, zlib.crc32
        for headers, (head, rest) in zip(_all_headers(names), files, strict=True):
            path, local_start, local_end, central_start, central_end = headers
            data, size, crc32, _ = head
            size += len(rest)
            sizes = pack(checksum(rest, crc32), size, size)
            body += (local_start, sizes, local_end, data, rest)
            directory += (central_start, sizes, central_end, pack_offset(offset), path)
            offset += _LOCAL_BYTES + len(path) + size
        listed = b"".join(directory)
        count = self._count + len(files)
        body += (listed, _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), offset, 0))
        return self._body, b"".join(body)


def _directory(entries: Iterable[Entry]) -> bytes:
    parts: list[bytes] = []
    offset = 0
    for body, before, after in entries:
        parts += (before, _OFFSET.pack(offset), after)
        offset += len(body)
    return b"".join(parts)


def _entry(name: str, method: int, packed: bytes, sizes: bytes) -> Entry:
    path, local_start, local_end, central_start, central_end = _headers(name, method)
    body = b"".join((local_start, sizes, local_end, packed))
    return body, b"".join((central_start, sizes, central_end)), path


@lru_cache(maxsize=_NAMES_CACHED)
def _all_headers(names: tuple[str, ...]) -> tuple[_Headers, ...]:
    """Those of stored files, at once for the same set of names."""
    return tuple([_headers(name, _STORED) for name in names])


@lru_cache(maxsize=_NAMES_CACHED)
def _headers(name: str, method: int) -> _Headers:
    """The name and what stands around the sizes in the local and in the central header."""
    path = name.encode("ascii")
    facts = (_VERSION, 0, method, *_STAMP)
    return (
        path,
        _LOCAL_START.pack(b"PK\3\4", *facts),
        _LOCAL_END.pack(len(path), 0) + path,
        _CENTRAL_START.pack(b"PK\1\2", _UNIX | _VERSION, *facts),
        _CENTRAL_END.pack(len(path), 0, 0, 0, 0, _MODE),
    )
