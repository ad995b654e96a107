"""Signed .pkpass files: the same card at the same time gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from passes.apple.archive import Archive, deflated
from passes.apple.cms import CmsSigner
from passes.apple.document import Frame, Issuer, frame, pass_document, render
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
    frame: Frame  # their part of pass.json


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
        self._frames: dict[tuple[str | None, tuple[str, ...]], _Frame] = {}

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
        shared = self._shared(card, tier_key, issued)
        said = render(shared.frame, card, issued)
        files = {"pass.json": said.json.encode()}
        for language, text in zip(card.languages, said.strings, strict=True):
            if text:
                files[f"{language}.lproj/pass.strings"] = text.encode()
        listed = "".join(f',"{name}":"{_sha1(data)}"' for name, data in files.items())
        files["manifest.json"] = manifest = f"{shared.manifest}{listed}}}".encode()
        files["signature"] = self._signer.sign(manifest, signing_time)
        return b"".join(shared.archive.with_files(files))

    def _shared(self, card: Card, tier_key: str | None, issued: PassIdentity) -> _Frame:
        key = (tier_key, card.languages)
        if key not in self._frames:
            self.check(card, tier_key, issued)
            images = apple_images(self._design, tier_key, self._images)
            self._frames[key] = _Frame(
                archive=Archive(deflated(name, png) for name, png in images.items()),
                manifest=_encode({name: _sha1(png) for name, png in images.items()})[:-1],
                frame=frame(self._design, tier_key, self._issuer, card.languages),
            )
        return self._frames[key]


def _sha1(data: bytes) -> str:
    """The digest that the format prescribes for the manifest; the signature uses SHA-256."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
