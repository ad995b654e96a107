"""Signed .pkpass files: the same card at the same time gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from passes.apple.archive import Archive, deflated, stored
from passes.apple.cms import CmsSigner
from passes.apple.document import (
    Issuer,
    content,
    frame,
    pass_document,
    strings,
    strings_file,
)
from passes.apple.identity import AppleIdentity
from passes.apple.schema import check_document
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.images import ImageStore, apple_images

MIME_TYPE = "application/vnd.apple.pkpass"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all passes of one design, tier and language share."""

    archive: Archive  # the images, hashed and deflated once
    manifest: str  # their part of manifest.json, without the closing brace
    document: str  # their part of pass.json, without the closing brace


class PassBuilder:
    """Builds the passes of one design. Safe to share between threads."""

    def __init__(
        self,
        identity: AppleIdentity,
        design: Design,
        image_store: ImageStore,
        web_service_url: str,
    ) -> None:
        self._identity = identity
        self._design = design
        self._images = image_store
        self._issuer = Issuer(identity.pass_type_id, identity.team_id, web_service_url)
        self._signer = CmsSigner(identity.key, identity.certificate, identity.intermediate)
        self._frames: dict[tuple[str | None, str], _Frame] = {}

    def check(self, card: Card, tier_key: str | None, issued: PassIdentity) -> None:
        """Raise a `DesignError` when the card breaks one of Apple's rules.

        For when a card is composed. `build` does it for the first card of each look only.
        """
        check_document(pass_document(card, self._design, tier_key, issued, self._issuer))

    def build(
        self, card: Card, tier_key: str | None, issued: PassIdentity, signing_time: datetime
    ) -> bytes:
        """The .pkpass. Raises an `IdentityError` outside the dates of the certificates."""
        self._identity.check_dates(signing_time)
        shared = self._frame(card, tier_key, issued)
        document = f"{shared.document},{_encode(content(card, issued))[1:]}".encode()
        files = {"pass.json": document}
        for language, words in strings(card, self._design).items():
            files[f"{language}.lproj/pass.strings"] = strings_file(words)
        listed = "".join(f',"{name}":"{_sha1(data)}"' for name, data in files.items())
        files["manifest.json"] = manifest = f"{shared.manifest}{listed}}}".encode()
        files["signature"] = self._signer.sign(manifest, signing_time)
        return shared.archive.with_entries([stored(name, data) for name, data in files.items()])

    def _frame(self, card: Card, tier_key: str | None, issued: PassIdentity) -> _Frame:
        key = (tier_key, card.languages[0])
        if key not in self._frames:
            self.check(card, tier_key, issued)
            images = apple_images(self._design, tier_key, self._images)
            fixed = frame(self._design, tier_key, self._issuer, card.languages[0])
            self._frames[key] = _Frame(
                archive=Archive(deflated(name, png) for name, png in images.items()),
                manifest=_encode({name: _sha1(png) for name, png in images.items()})[:-1],
                document=_encode(fixed)[:-1],
            )
        return self._frames[key]


def _sha1(data: bytes) -> str:
    """The digest that the format prescribes for the manifest; the signature uses SHA-256."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
