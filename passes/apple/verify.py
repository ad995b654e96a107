"""Opens a .pkpass as a phone would: every file against the manifest, the manifest against the signature."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from passes.apple.cms_reader import Signature, check_signature
from passes.apple.identity import pass_type_of, team_of
from passes.errors import PackageError

__all__ = ["OpenedPass", "PackageError", "load_roots", "read_pkpass"]

PACKAGE_BYTES_MAX = 20 * 1024 * 1024  # bytes; a rich store card weighs half a megabyte
UNPACKED_BYTES_MAX = 50 * 1024 * 1024  # bytes over all files: against zip bombs
FILES_MAX = 200
_NOT_LISTED = {"manifest.json", "signature"}
_ENCRYPTED = 0x1  # flag bit of a zip entry
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError)
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class OpenedPass:
    """A pass whose files, manifest, signature and certificates fit together."""

    files: Mapping[str, bytes]
    document: Mapping[str, Any]
    certificate: x509.Certificate
    signed_at: datetime

    @property
    def serial(self) -> str:
        """The serial number, unique within the pass type."""
        return str(self.document["serialNumber"])

    @property
    def languages(self) -> list[str]:
        """The languages that have a folder of their own."""
        return sorted(n.partition(".lproj/")[0] for n in self.files if n.endswith("/pass.strings"))


def read_pkpass(data: bytes, trusted_roots: Sequence[x509.Certificate] | None) -> OpenedPass:
    """Check everything that a phone checks before it shows a pass, or raise a `PackageError`.

    With None as roots any issuer counts that comes with the signature.
    """
    files = _unpack(data)
    signature = check_signature(_need(files, "signature"), _manifest(files), trusted_roots)
    document = _json(files, "pass.json")
    _check_document(document, signature)
    if not _need(files, "icon.png").startswith(_PNG):
        raise PackageError("icon.png is not a PNG picture.")
    return OpenedPass(files, document, signature.certificate, signature.signed_at)


def load_roots(path: Path) -> list[x509.Certificate]:
    """The trusted authorities in a PEM file."""
    return x509.load_pem_x509_certificates(path.read_bytes())


def _unpack(data: bytes) -> dict[str, bytes]:
    if len(data) > PACKAGE_BYTES_MAX:
        raise PackageError("The file is too large for a pass.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_directory(archive.infolist())
            return {item.filename: archive.read(item) for item in archive.infolist()}
    except _UNREADABLE as error:
        if isinstance(error, PackageError):
            raise
        raise PackageError(f"The file is not a whole zip archive: {error}.") from error


def _check_directory(items: list[zipfile.ZipInfo]) -> None:
    names = [item.filename for item in items]
    if len(set(names)) != len(names):
        raise PackageError("The archive names a file twice.")
    if len(items) > FILES_MAX or sum(item.file_size for item in items) > UNPACKED_BYTES_MAX:
        raise PackageError("The archive unpacks to more than a pass may be.")
    for item in items:
        unsafe = item.filename.startswith("/") or ".." in item.filename.split("/")
        if unsafe or item.is_dir() or item.flag_bits & _ENCRYPTED:
            raise PackageError(f"The archive holds {item.filename!r}, which no pass may.")


def _manifest(files: Mapping[str, bytes]) -> bytes:
    """The bytes of manifest.json, once every file is what it says."""
    listed = _json(files, "manifest.json")
    found = set(files) - _NOT_LISTED
    if surplus := sorted(found - set(listed)):
        raise PackageError(f"The manifest does not list {surplus[0]}.")
    if missing := sorted(set(listed) - found):
        raise PackageError(f"The manifest lists {missing[0]}, which is missing.")
    for name in sorted(found):
        if hashlib.sha1(files[name], usedforsecurity=False).hexdigest() != listed[name]:
            raise PackageError(f"{name} was changed after the manifest was made.")
    return files["manifest.json"]


def _check_document(document: Mapping[str, Any], signature: Signature) -> None:
    if document.get("formatVersion") != 1:
        raise PackageError("pass.json: formatVersion must be 1.")
    required = ("passTypeIdentifier", "serialNumber", "teamIdentifier", "organizationName")
    for key in (*required, "description"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise PackageError(f"pass.json: {key} is missing.")
    for key, signed in (
        ("passTypeIdentifier", pass_type_of(signature.certificate)),
        ("teamIdentifier", team_of(signature.certificate)),
    ):
        if document[key] != signed:
            raise PackageError(f"pass.json: {key} is {document[key]}, the signer's is {signed}.")
    if "webServiceURL" in document and len(str(document.get("authenticationToken", ""))) < 16:
        raise PackageError("pass.json: authenticationToken must have 16 characters or more.")


def _json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = json.loads(_need(files, name))
    except (ValueError, RecursionError) as error:
        if isinstance(error, PackageError):
            raise
        raise PackageError(f"{name} is not JSON.") from error
    if not isinstance(found, dict):
        raise PackageError(f"{name} is not a JSON object.")
    return found


def _need(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise PackageError(f"The pass has no {name}.")
    return files[name]
