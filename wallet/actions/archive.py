"""The file that `export` writes and `import` reads: every row of an installation, whatever the database.

A zip of `manifest.json` and one `tables/NAME.jsonl` a table, a row a line in the order of ids, keys
sorted. Times are ISO 8601 in UTC, bytes base64; nothing in it depends on the database or the day, so
two exports of the same rows are equal to the byte. `backup` adds the data folder's files below `files/`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import JSON, Column, DateTime, LargeBinary, null

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 4 * 1024 * 1024  # a few hundred bytes a table and file: more is not ours
ROW_BYTES_MAX = 64 * 1024 * 1024  # the largest row is an uploaded picture
READ_BYTES = 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can hold


class ArchiveError(ValueError):
    """The file cannot be imported; the message is one line for the operator."""


@dataclass(slots=True)
class Manifest:
    """What is in an archive. `tables` and `files` map names to {"sha256", "rows" or "bytes"}."""

    revision: str
    key_check: str
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """In all tables together."""
        return sum(int(table["rows"]) for table in self.tables.values())

    def to_json(self) -> bytes:
        """As written."""
        document = {
            "format": FORMAT,
            "revision": self.revision,
            "key_check": self.key_check,
            "tables": self.tables,
            "files": self.files,
        }
        return json.dumps(document, indent=1, sort_keys=True).encode()


class ArchiveWriter:
    """Writes an archive entry by entry; the manifest comes last, with the hashes of the others."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._manifest = manifest

    def add_table(self, name: str, lines: Iterator[bytes]) -> None:
        """One table, a line a row."""
        digest, rows = hashlib.sha256(), 0
        with self._open(f"tables/{name}.jsonl") as file:
            for line in lines:
                file.write(line)
                digest.update(line)
                rows += 1
        self._manifest.tables[name] = {"rows": rows, "sha256": digest.hexdigest()}

    def add_file(self, name: str, content: bytes) -> None:
        """One file of the data folder, by its path below it."""
        with self._open(f"files/{name}") as file:
            file.write(content)
        digest = hashlib.sha256(content).hexdigest()
        self._manifest.files[name] = {"bytes": len(content), "sha256": digest}

    def close(self) -> None:
        """Write the manifest and the zip's directory."""
        with self._open(MANIFEST) as file:
            file.write(self._manifest.to_json())
        self._zip.close()

    def _open(self, name: str) -> IO[bytes]:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        return self._zip.open(entry, "w", force_zip64=True)


class ArchiveReader:
    """Reads an archive; nothing of it is believed before `verify` has seen every hash."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = self._read_manifest()
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise ArchiveError(f"{path.name} is no export of Comptoir") from error

    def verify(self) -> None:
        """Every entry is there, and is what the manifest says. ArchiveError names the first that is not."""
        listed = {f"tables/{name}.jsonl": told for name, told in self.manifest.tables.items()}
        listed |= {f"files/{name}": told for name, told in self.manifest.files.items()}
        found = set(self._zip.namelist())
        if found != {*listed, MANIFEST}:
            strange = min(found ^ {*listed, MANIFEST})
            raise ArchiveError(f"{strange} is missing from the archive or does not belong to it")
        for name, told in listed.items():
            digest = hashlib.sha256()
            try:
                with self._zip.open(name) as file:
                    while part := file.read(READ_BYTES):
                        digest.update(part)
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise ArchiveError(f"{name} in the archive is damaged") from error
            if digest.hexdigest() != told["sha256"]:
                raise ArchiveError(f"{name} in the archive is damaged")

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table as plain JSON."""
        with self._zip.open(f"tables/{table}.jsonl") as file:
            while line := file.readline(ROW_BYTES_MAX + 1):
                if len(line) > ROW_BYTES_MAX:
                    raise ArchiveError(f"a row of {table} in the archive is too large")
                yield json.loads(line)

    def file(self, name: str) -> bytes:
        """One file of the data folder."""
        return self._zip.read(f"files/{name}")

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _read_manifest(self) -> Manifest:
        if self._zip.getinfo(MANIFEST).file_size > MANIFEST_BYTES_MAX:
            raise ArchiveError("the manifest of the archive is too large")
        told = json.loads(self._zip.read(MANIFEST))
        if told["format"] != FORMAT:
            raise ArchiveError(
                f"the archive has format {told['format']}; this release reads format {FORMAT}"
            )
        manifest = Manifest(told["revision"], told["key_check"], told["tables"], told["files"])
        for name in manifest.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
                raise ArchiveError(f"{name!r} in the archive would leave the data folder")
        return manifest


def line_of(row: dict[str, Any]) -> bytes:
    """A row as it is written."""
    plain = {name: _plain(value) for name, value in row.items()}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def value_for(column: Column[Any], value: Any) -> Any:
    """What a column takes, from plain JSON; SQLite's times carry no zone."""
    if value is None:
        # Not JSON's null, which is a value.
        return null() if isinstance(column.type, JSON) else None
    if isinstance(column.type, DateTime):
        moment = datetime.fromisoformat(value)
        return moment if column.type.timezone else moment.replace(tzinfo=None)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value, validate=True)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
