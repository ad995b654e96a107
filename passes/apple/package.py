"""Signed .pkpass files: the same card at the same time gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from passes.apple.archive import Archive
from passes.apple.cms import CmsSigner
from passes.apple.document import Frame, Issuer, pass_document, render
from passes.apple.identity import AppleIdentity
from passes.apple.schema import check_document
from passes.apple.shelf import SHELF, sha1
from passes.apple.verify import OpenedPass, read_pkpass
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.errors import PackageError
from passes.images import ImageStore, all_apple_images

MIME_TYPE = "application/vnd.apple.pkpass"

LOOKS_KEPT_MAX = 32  # tiers × sets of languages of one design; each holds its pictures

Package = tuple[bytes, bytes]  # a .pkpass in two parts, to be sent one after the other


@dataclass(frozen=True, slots=True)
class _Look:
    """What all passes of one design, tier and set of languages share."""

    archive: Archive  # the pictures
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
        self._valid = identity.valid_from, identity.expires_at
        self._looks: dict[tuple[str | None, tuple[str, ...]], _Look] = {}

    def check(self, card: Card, tier_key: str | None, issued: PassIdentity) -> None:
        """Raise a `DesignError` when the card breaks one of Apple's rules.

        For when a card is composed. `build` does it for the first card of each look only.
        """
        check_document(pass_document(card, self._design, tier_key, issued, self._issuer))

    def build(
        self, card: Card, tier_key: str | None, issued: PassIdentity, signing_time: datetime
    ) -> bytes:
        """The .pkpass. Raises an `IdentityError` outside the dates of the certificates."""
        return b"".join(self.parts(card, tier_key, issued, signing_time))

    def parts(
        self, card: Card, tier_key: str | None, issued: PassIdentity, signing_time: datetime
    ) -> Package:
        """The same in two parts to be sent one after the other: the pictures, which all passes of
        the look share and nobody needs to copy, and what is this pass's own."""
        if not self._valid[0] <= signing_time <= self._valid[1]:
            self._identity.check_dates(signing_time)
        look = self._look(card, tier_key, issued)
        said = render(look.frame, card, issued)
        files = {"pass.json": said.json}
        for language, text in zip(card.languages, said.strings, strict=True):
            if text:
                files[f"{language}.lproj/pass.strings"] = text
        listed = "".join([f',"{name}":"{sha1(data)}"' for name, data in files.items()])
        files["manifest.json"] = manifest = f"{look.manifest}{listed}}}".encode()
        files["signature"] = self._signer.sign(manifest, signing_time)
        return look.archive.with_files(files)

    def prove(self, package: bytes, issued: PassIdentity) -> OpenedPass:
        """Open a package of ours as a phone would; a `PackageError` or `DesignError` if a phone
        would not take it. Several times the work of building it."""
        opened = read_pkpass(package, [self._identity.intermediate])
        if opened.serial != issued.serial:
            raise PackageError(f"pass.json: the serial is not {issued.serial}.")
        check_document(opened.document)
        return opened

    def _look(self, card: Card, tier_key: str | None, issued: PassIdentity) -> _Look:
        key = (tier_key, card.languages)
        if key not in self._looks:
            self.check(card, tier_key, issued)
            images = all_apple_images(self._design, tier_key, card.languages, self._images)
            if len(self._looks) >= LOOKS_KEPT_MAX:
                self._looks.clear()
            self._looks[key] = _look(
                images, Frame(self._design, tier_key, self._issuer, card.languages)
            )
        return self._looks[key]


def _look(images: Mapping[str, bytes], frame: Frame) -> _Look:
    packed = {name: SHELF.packed(name, png) for name, png in images.items()}
    listed = json.dumps({name: one.sha1 for name, one in packed.items()}, separators=(",", ":"))
    return _Look(Archive(one.entry for one in packed.values()), listed[:-1], frame)
