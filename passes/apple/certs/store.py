"""Where an installation keeps its Apple certificates: one folder, one writer at a time.

    request/          key and request that wait for Apple's answer
    intermediates/    Apple's intermediates, by key identifier
    versions/NAME/    pass.pem, pass.key, wwdr.pem of one certificate; NAME says when it ends
    current           the name of the version that signs
    staged            the name of the one that waits to be switched to
    previous          the one that signed before

A switch replaces `current` in one step: a reader sees the old name or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from passes.apple.certificates import key_pem
from passes.apple.certs.authorities import key_id
from passes.apple.identity import AppleIdentity, load_identity
from passes.errors import IdentityError
from passes.private_files import alone, write_private

POINTERS = ("current", "staged", "previous")
_LEAF, _KEY, _WWDR = "pass.pem", "pass.key", "wwdr.pem"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for Apple's answer."""

    pass_type_id: str
    made_at: datetime
    csr: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Version:
    """One certificate with its key; without `wwdr` until Apple's intermediate is here."""

    name: str
    folder: Path
    certificate: x509.Certificate
    wwdr: x509.Certificate | None

    def identity(self) -> AppleIdentity:
        """Who signs with it. Raises an `IdentityError`, also outside its dates."""
        return load_identity(self.folder / _LEAF, self.folder / _KEY, self.folder / _WWDR)


class CertificateStore:
    """The certificates below `folder`. Everything in it is its owner's alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder: two commands at once take turns."""
        with alone(self.folder):
            yield

    # --- the request

    def request(self) -> Request | None:
        """The one that waits, if any."""
        home = self.folder / "request"
        try:
            about = json.loads((home / "about.json").read_text())
            made_at = datetime.fromisoformat(about["made_at"])
            return Request(str(about["pass_type_id"]), made_at, home / "pass.csr", home / _KEY)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put_request(
        self, key: rsa.RSAPrivateKey, csr: x509.CertificateSigningRequest, pass_type_id: str
    ) -> Request:
        """Keep key and request, about.json last: with it the request is whole."""
        home = self.folder / "request"
        shutil.rmtree(home, ignore_errors=True)
        _private(home)
        write_private(home / _KEY, key_pem(key))
        write_private(home / "pass.csr", csr.public_bytes(Encoding.PEM))
        about = {"pass_type_id": pass_type_id, "made_at": datetime.now(UTC).isoformat()}
        write_private(home / "about.json", json.dumps(about).encode())
        made = self.request()
        assert made is not None
        return made

    def drop_request(self) -> None:
        """It was answered."""
        shutil.rmtree(self.folder / "request", ignore_errors=True)

    def key_for(self, leaf: x509.Certificate) -> rsa.RSAPrivateKey | None:
        """The key kept here that the certificate was made for: that of the request that waits, or an
        older one, because a shop may send last year's request once more."""
        homes = [self.folder / "request", *sorted((self.folder / "versions").glob("*"))]
        keys = (_read_key(home / _KEY) for home in homes)
        return next((one for one in keys if one and one.public_key() == leaf.public_key()), None)

    def answers_request(self, leaf: x509.Certificate) -> bool:
        """Whether the certificate was made from the request that waits."""
        key = _read_key(self.folder / "request" / _KEY)
        return key is not None and key.public_key() == leaf.public_key()

    # --- intermediates

    def intermediates(self) -> list[x509.Certificate]:
        """Apple's intermediates that were installed."""
        found = []
        for path in sorted((self.folder / "intermediates").glob("*.pem")):
            with contextlib.suppress(OSError, ValueError):
                found += x509.load_pem_x509_certificates(path.read_bytes())
        return found

    def put_intermediate(self, certificate: x509.Certificate) -> None:
        """Keep one, under its key identifier."""
        home = self.folder / "intermediates"
        _private(home)
        name = (key_id(certificate) or certificate.serial_number.to_bytes(20, "big")).hex()
        write_private(home / f"{name}.pem", certificate.public_bytes(Encoding.PEM))

    # --- versions

    def put_version(
        self, leaf: x509.Certificate, key: rsa.RSAPrivateKey, wwdr: x509.Certificate | None
    ) -> Version:
        """Keep a certificate; the same one again is the same version."""
        name = f"{leaf.not_valid_after_utc:%Y-%m-%d}-{leaf.serial_number:x}"[:60]
        home = self.folder / "versions" / name
        _private(home)
        write_private(home / _KEY, key_pem(key))
        if wwdr is not None:
            write_private(home / _WWDR, wwdr.public_bytes(Encoding.PEM))
        write_private(home / _LEAF, leaf.public_bytes(Encoding.PEM))
        return Version(name, home, leaf, wwdr)

    def version(self, pointer: str) -> Version | None:
        """The version that a pointer names, if there is one."""
        assert pointer in POINTERS
        name = self._read(pointer)
        home = self.folder / "versions" / name
        if not name or not (home / _LEAF).is_file():
            return None
        try:
            leaf = x509.load_pem_x509_certificate((home / _LEAF).read_bytes())
            wwdr = home / _WWDR
            issuer = x509.load_pem_x509_certificate(wwdr.read_bytes()) if wwdr.is_file() else None
        except (OSError, ValueError) as error:
            raise IdentityError(f"The certificate in {home} cannot be read.") from error
        return Version(name, home, leaf, issuer)

    def point(self, pointer: str, name: str) -> None:
        """Let a pointer name this version, or none, in one step."""
        assert pointer in POINTERS
        target = self.folder / pointer
        if not name:
            target.unlink(missing_ok=True)
            return
        beside = target.with_suffix(".new")
        write_private(beside, f"{name}\n".encode())
        os.replace(beside, target)  # noqa: PTH105  says what it does

    def _read(self, pointer: str) -> str:
        try:
            name = (self.folder / pointer).read_text().strip()
        except OSError:
            return ""
        return name if name and "/" not in name and name not in (".", "..") else ""


def _private(folder: Path) -> None:
    """Make a folder and its parent for the owner alone."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _read_key(path: Path) -> rsa.RSAPrivateKey | None:
    with contextlib.suppress(OSError, ValueError):
        key = load_pem_private_key(path.read_bytes(), None)
        return key if isinstance(key, rsa.RSAPrivateKey) else None
    return None
