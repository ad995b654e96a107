"""A stored Google pass as the objects that Google's API takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.orm import Session

from passes.card import Card, Place
from passes.design import Design
from passes.errors import DeliveryError
from passes.google.document import (
    Brand,
    Pictures,
    class_id,
    loyalty_class,
    loyalty_object,
    pictures,
    variant,
)
from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient
from wallet.actions.deliver_passes import Claimed
from wallet.actions.media import image_store
from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.db import Database
from wallet.ids import public_id
from wallet.tables.design import design_version

Resource = dict[str, Any]

CALLBACK_PATH = "/google/callback"
CLASS_RETRY = timedelta(seconds=10)  # Google, or the stand-in, may come up after the worker

log = structlog.get_logger()


class HasCard(Protocol):
    """A stored Google pass, as a row or as the worker claimed it."""

    @property
    def program_id(self) -> int: ...
    @property
    def member_id(self) -> int: ...
    @property
    def serial(self) -> str: ...
    @property
    def design_id(self) -> int: ...
    @property
    def card(self) -> Mapping[str, Any] | None: ...
    @property
    def tier_key(self) -> str | None: ...


class GoogleObjects:
    """Makes classes and objects of one issuer.

    `merchant_locations`: Google has allowed this issuer to have them.
    """

    def __init__(
        self, identity: GoogleIdentity, public_url: str, *, merchant_locations: bool = False
    ) -> None:
        self._issuer, self._public_url = identity.issuer_id, public_url
        self._merchant_locations = merchant_locations
        self._looks: dict[tuple[int, str], tuple[Design, Pictures]] = {}

    def object_id(self, serial: str) -> str:
        """The object of a pass."""
        return f"{self._issuer}.{serial}"

    def classes_of(self, session: Session, program: ProgramView) -> list[Resource]:
        """The classes of the design in force, one for each look that its tiers have."""
        design = Design.parse(program.design)
        return [
            self.class_of(session, program, program.design_id, tier)
            for tier in (None, *design.tiers)
        ]

    def class_of(
        self, session: Session, program: ProgramView, design_id: int, tier_key: str | None
    ) -> Resource:
        """What all cards of the program with this design version and tier share."""
        design, look = self._look(session, design_id, tier_key)
        return loyalty_class(
            self._class_id(program, design_id, variant(design, tier_key)),
            self._brand(program),
            design,
            look,
            tier_key,
        )

    def object_of(self, session: Session, program: ProgramView, held: HasCard) -> Resource:
        """One member's card."""
        design, look = self._look(session, held.design_id, held.tier_key)
        return loyalty_object(
            self.object_id(held.serial),
            self._class_id(program, held.design_id, variant(design, held.tier_key)),
            Card.from_json(held.card or {}),
            look,
        )

    def reference_of(self, session: Session, program: ProgramView, held: HasCard) -> Resource:
        """Which object is meant, and its class: all that a save link needs of a known card."""
        design, _ = self._look(session, held.design_id, held.tier_key)
        its_class = self._class_id(program, held.design_id, variant(design, held.tier_key))
        return {"id": self.object_id(held.serial), "classId": its_class}

    def _class_id(self, program: ProgramView, design_id: int, tier_variant: str) -> str:
        _, _, design = public_id("d", design_id).partition("_")
        return class_id(self._issuer, program.slug, design, tier_variant)

    def _brand(self, program: ProgramView) -> Brand:
        languages = dict.fromkeys((program.locale, *program.locales))
        places = [
            Place(store.latitude, store.longitude, {})
            for store in program.stores
            if store.latitude is not None and store.longitude is not None
        ]
        return Brand(
            name=dict.fromkeys(languages, program.name),
            country=program.country,
            callback_url=f"{self._public_url}{CALLBACK_PATH}",
            places=places if self._merchant_locations else (),
        )

    def _look(
        self, session: Session, design_id: int, tier_key: str | None
    ) -> tuple[Design, Pictures]:
        # A design version never changes, so the addresses of its pictures are made once.
        key = (design_id, tier_key or "")
        if key not in self._looks:
            row = design_version(session, design_id)
            assert row is not None
            design = Design.parse(row.document)
            media_url = f"{self._public_url}/media"
            self._looks[key] = (
                design,
                pictures(design, image_store(session), media_url, tier_key),
            )
        return self._looks[key]


class GooglePublisher:
    """Brings one claimed pass to Google: the class first, once a process and design."""

    def __init__(
        self, database: Database, client: GoogleClient, identity: GoogleIdentity, public_url: str
    ) -> None:
        self._database, self._client = database, client
        self._objects = GoogleObjects(identity, public_url)
        self._published: set[tuple[str, int]] = set()  # (class id, revision of its program)
        self._retry_at: datetime | None = None

    def publish_classes(self, now: datetime) -> None:
        """Give Google the class of each program that is new or has changed.

        Not only with its first card: the first shopper may press the button before the worker has
        brought that card, and Google refuses a save link whose class it does not know.
        """
        if self._retry_at and now < self._retry_at:
            return
        with self._database.reading() as session:
            waiting = [
                (its_class, program.revision)
                for program in all_programs(session)
                for its_class in self._objects.classes_of(session, program)
                if (its_class["id"], program.revision) not in self._published
            ]
        self._retry_at = None
        for its_class, revision in waiting:
            try:
                self._client.upsert_class(its_class)
                self._published.add((its_class["id"], revision))
            except DeliveryError as error:
                self._retry_at = now + CLASS_RETRY
                log.warning("google_class_waits", class_id=its_class["id"], error=str(error))

    def publish(self, item: Claimed) -> None:
        """Insert or update; `DeliveryError` when Google does not take it."""
        with self._database.reading() as session:
            program = program_view(session, item.program_id)
            its_class = self._objects.class_of(session, program, item.design_id, item.tier_key)
            resource = self._objects.object_of(session, program, item)
        state = (its_class["id"], program.revision)
        if state not in self._published:
            self._client.upsert_class(its_class)
            self._published.add(state)
        self._client.upsert_object(resource, notify=item.version > 1)
