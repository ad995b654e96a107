"""Stored passes as what shoppers and phones take: a signed file, a save link."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import httpx2

from passes.apple.package import PassBuilder
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.google.push import GoogleClient
from passes.registry import StoredPass
from wallet import clock
from wallet.actions.google.deliver import GoogleDelivery
from wallet.actions.google.gate import Gate
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.insert_first import SaveLinks
from wallet.actions.media import image_store
from wallet.parts import Parts, google_token_url, google_wallet_url

WEB_SERVICE_PATH = "/apple"
WHILE_SOMEBODY_WAITS = httpx2.Timeout(2.0, connect=1.0)  # seconds; then the link goes without
GATE_SECONDS_MAX = 1.0  # for a request among the twenty a second
DESIGNS_KEPT_MAX = 64  # each holds its pictures in memory, about half a megabyte


class PassMaker:
    """One builder for each design, made when it is first asked for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._builders: dict[str, PassBuilder] = {}

    def build(self, stored: StoredPass) -> bytes:
        """The .pkpass as phones fetch it, signed now."""
        return self.pkpass(stored, clock.now())

    def pkpass(self, stored: StoredPass, at: datetime) -> bytes:
        """The .pkpass, signed at `at`."""
        card = Card.from_json(stored.card)
        issued = PassIdentity(stored.serial, stored.auth_token)
        return self._builder(stored).build(card, stored.tier_key, issued, at)

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


def save_links(parts: Parts) -> SaveLinks:
    """Save links of this installation."""
    settings = parts.settings
    client = GoogleClient(
        google_wallet_url(settings),
        google_token_url(settings),
        parts.google,
        timeout=WHILE_SOMEBODY_WAITS,
    )
    objects = GoogleObjects(parts.google, settings.public_url)
    gate = Gate(
        parts.database, parts.google.issuer_id, clock.now, wait_seconds_max=GATE_SECONDS_MAX
    )
    delivery = GoogleDelivery(parts.database, client, gate, objects, clock.now)
    return SaveLinks(parts.database, delivery, parts.google, objects, settings.public_url)
