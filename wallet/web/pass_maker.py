"""Stored passes as what shoppers and phones take: a signed file, a save link."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import datetime

import httpx2
import structlog
from prometheus_client import Counter

from passes.apple.package import Package, PassBuilder
from passes.card import Card, PassIdentity
from passes.design import Design
from passes.errors import DesignError, PackageError
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
# Opening a pass costs several times what building it does: one in a hundred adds a few percent, and
# a fault that concerns all passes is found within the first of a process or the next hundred.
PROVEN_EVERY = 100
DESIGNS_KEPT_MAX = 64  # each holds its pictures in memory, about half a megabyte

PROVEN = Counter("comptoir_passes_proven", "Passes opened again before they were sent", ["outcome"])

log = structlog.get_logger()


class PassMaker:
    """One builder for each design, made when it is first asked for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._builders: dict[str, PassBuilder] = {}
        self._built = itertools.count()

    def build(self, stored: StoredPass) -> Package:
        """The .pkpass as phones fetch it, signed now."""
        return self.pkpass(stored, clock.now())

    def pkpass(self, stored: StoredPass, at: datetime) -> Package:
        """The .pkpass, signed at `at`, in parts to be sent one after the other.

        A sample is opened again as a phone would, before it leaves: a package that no phone takes
        raises a `PackageError` or `DesignError`, is counted and written to the log, and is not sent.
        """
        card = Card.from_json(stored.card)
        issued = PassIdentity(stored.serial, stored.auth_token)
        builder = self._builder(stored)
        package = builder.parts(card, stored.tier_key, issued, at)
        if next(self._built) % PROVEN_EVERY == 0:
            self._prove(builder, package, issued)
        return package

    def _prove(self, builder: PassBuilder, package: Package, issued: PassIdentity) -> None:
        try:
            builder.prove(b"".join(package), issued)
        except (PackageError, DesignError) as error:
            PROVEN.labels("refused").inc()
            log.error("pass_not_sent", serial=issued.serial, reason=str(error))
            raise
        PROVEN.labels("right").inc()

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
    objects = GoogleObjects(
        parts.google, settings.public_url, merchant_locations=settings.google_store_locations
    )
    gate = Gate(
        parts.database, parts.google.issuer_id, clock.now, wait_seconds_max=GATE_SECONDS_MAX
    )
    delivery = GoogleDelivery(parts.database, client, gate, objects, clock.now)
    return SaveLinks(parts.database, delivery, parts.google, objects, settings.public_url)
