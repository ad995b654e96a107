"""Signed .pkpass files: the same card at the same time gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from passes.apple.archive import Archive
from passes.apple.cms import CmsSigner
from passes.apple.document import Frame, Issuer, pass_document, render
from passes.apple.files import Head, sha1
from passes.apple.identity import AppleIdentity
from passes.apple.schema import check_document
from passes.apple.shelf import SHELF
from passes.apple.verify import OpenedPass, read_pkpass
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.errors import PackageError
from passes.images import ImageStore, all_apple_images

if TYPE_CHECKING:
    from _hashlib import HASH

MIME_TYPE = "application/vnd.apple.pkpass"

LOOKS_KEPT_MAX = 32  # tiers × sets of languages of one design; each holds its pictures

_Key = tuple[str | None, tuple[str, ...]]  # tier, languages
Package = tuple[bytes, bytes]  # a .pkpass in two parts, to be sent one after the other


@dataclass(frozen=True, slots=True)
class _Look:
    """What all passes of one design, tier and set of languages share."""

    archive: Archive  # the pictures
    manifest: Head  # their part of manifest.json, without the closing brace
    manifest_sha256: HASH  # of that, to go on with
    names: tuple[str, ...]  # of the files that each pass has for itself
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
        self._looks: dict[_Key, _Look] = {}

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
        key = tier_key, card.languages
        look = self._looks[key] if key in self._looks else self._made(key, card, issued)
        document, texts = render(look.frame, card, issued)
        files = [document, *texts]
        listed = [
            f',"{name}":"{sha1(file)}"' for name, file in zip(look.names, files, strict=False)
        ]
        manifest = f"{''.join(listed)}}}".encode()
        digest = look.manifest_sha256.copy()
        digest.update(manifest)
        files += (
            (look.manifest, manifest),
            self._signer.sign_digest(digest.digest(), signing_time),
        )
        return look.archive.with_files(look.names, files)

    def prove(self, package: bytes, issued: PassIdentity) -> OpenedPass:
        """Open a package of ours as a phone would; a `PackageError` or `DesignError` if a phone
        would not take it. Several times the work of building it."""
        opened = read_pkpass(package, [self._identity.intermediate])
        if opened.serial != issued.serial:
            raise PackageError(f"pass.json: the serial is not {issued.serial}.")
        check_document(opened.document)
        return opened

    def _made(self, key: _Key, card: Card, issued: PassIdentity) -> _Look:
        tier_key, languages = key
        self.check(card, tier_key, issued)
        images = all_apple_images(self._design, tier_key, languages, self._images)
        if len(self._looks) >= LOOKS_KEPT_MAX:
            self._looks.clear()
        self._looks[key] = _look(images, Frame(self._design, tier_key, self._issuer, languages))
        return self._looks[key]


def _look(images: Mapping[str, bytes], frame: Frame) -> _Look:
    packed = {name: SHELF.packed(name, png) for name, png in images.items()}
    sums = {name: one.sha1 for name, one in packed.items()}
    listed = json.dumps(sums, separators=(",", ":"))[:-1].encode()
    texts = [f"{language}.lproj/pass.strings" for language in frame.languages]
    return _Look(
        Archive([one.entry for one in packed.values()]),
        Head.of(listed),
        hashlib.sha256(listed),
        ("pass.json", *texts, "manifest.json", "signature"),
        frame,
    )
