"""Stored passes as what shoppers and phones take: a signed file, a save link."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from passes.apple.package import PassBuilder
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.google.save_link import save_link
from passes.registry import StoredPass
from wallet import clock
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.media import image_store
from wallet.actions.program_view import program_view_by_slug
from wallet.parts import Parts

WEB_SERVICE_PATH = "/apple"
DESIGNS_KEPT_MAX = 64  # each holds its pictures in memory, about half a megabyte


class PassMaker:
    """One builder for each design, made when it is first asked for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._builders: dict[str, PassBuilder] = {}
        self._google = GoogleObjects(parts.google, parts.settings.public_url)

    def build(self, stored: StoredPass) -> bytes:
        """The .pkpass as phones fetch it, signed now."""
        return self.pkpass(stored, clock.now())

    def pkpass(self, stored: StoredPass, at: datetime) -> bytes:
        """The .pkpass, signed at `at`."""
        card = Card.from_json(stored.card)
        issued = PassIdentity(stored.serial, stored.auth_token)
        return self._builder(stored).build(card, stored.tier_key, issued, at)

    def save_url(self, stored: StoredPass) -> str:
        """Google's save link with the object in it as far as it fits."""
        with self._parts.database.reading() as session:
            program = program_view_by_slug(session, stored.program)
            resource = self._google.object_of(
                session, program, stored.serial, stored.card, stored.tier_key
            )
        return save_link(self._parts.google, resource, [self._parts.settings.public_url])

    def _builder(self, stored: StoredPass) -> PassBuilder:
        document = json.dumps(dict(stored.design), sort_keys=True)
        # A renewed certificate makes new builders; those of the old one leave by age.
        signer = self._parts.apple.certificate.serial_number
        key = hashlib.sha256(f"{signer} {document}".encode()).hexdigest()
        builder = self._builders.get(key)
        if builder is None:
            builder = self._make(stored)
            while len(self._builders) >= DESIGNS_KEPT_MAX:
                self._builders.pop(next(iter(self._builders)), None)
            self._builders[key] = builder
        return builder

    def _make(self, stored: StoredPass) -> PassBuilder:
        settings, database = self._parts.settings, self._parts.database

        def _image(digest: str) -> bytes:
            with database.reading() as session:
                return image_store(session)(digest)

        return PassBuilder(
            self._parts.apple,
            Design.parse(stored.design),
            _image,
            f"{settings.public_url}{WEB_SERVICE_PATH}",
        )
