"""A stored Google pass as the objects that Google's API takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from passes.card import Card
from passes.design import Design
from passes.errors import DeliveryError
from passes.google.document import Pictures, loyalty_class, loyalty_object, pictures
from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient
from wallet.actions.deliver_passes import Claimed
from wallet.actions.media import image_store
from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.db import Database

Resource = dict[str, Any]

CALLBACK_PATH = "/google/callback"
CLASS_RETRY = timedelta(seconds=10)  # Google, or the stand-in, may come up after the worker

log = structlog.get_logger()


class GoogleObjects:
    """Makes classes and objects of one issuer."""

    def __init__(self, identity: GoogleIdentity, public_url: str) -> None:
        self._issuer, self._public_url = identity.issuer_id, public_url
        self._looks: dict[tuple[int, str | None], Pictures] = {}

    def class_id(self, slug: str) -> str:
        """One class a program; Google allows letters, digits, `.`, `_` and `-`."""
        return f"{self._issuer}.comptoir_{slug}"

    def class_of(self, session: Session, program: ProgramView) -> Resource:
        """What all cards of the program share."""
        names = dict.fromkeys((program.locale, *program.locales), program.name)
        return loyalty_class(
            self.class_id(program.slug),
            names,
            Design.parse(program.design),
            self._look(session, program.design_id, program.design, None),
            f"{self._public_url}{CALLBACK_PATH}",
        )

    def object_of(
        self,
        session: Session,
        program: ProgramView,
        serial: str,
        card: Mapping[str, Any],
        tier_key: str | None,
    ) -> Resource:
        """One member's card."""
        return loyalty_object(
            f"{self._issuer}.{serial}",
            self.class_id(program.slug),
            Card.from_json(card),
            self._look(session, program.design_id, program.design, tier_key),
        )

    def _look(
        self, session: Session, design_id: int, document: Mapping[str, Any], tier_key: str | None
    ) -> Pictures:
        # A design version never changes, so the addresses of its pictures are made once.
        key = (design_id, tier_key)
        if key not in self._looks:
            self._looks[key] = pictures(
                Design.parse(document), image_store(session), f"{self._public_url}/media", tier_key
            )
        return self._looks[key]


class GooglePublisher:
    """Brings one claimed pass to Google: the class first, once a process and design."""

    def __init__(
        self, database: Database, client: GoogleClient, identity: GoogleIdentity, public_url: str
    ) -> None:
        self._database, self._client = database, client
        self._objects = GoogleObjects(identity, public_url)
        self._published: set[tuple[int, int]] = set()
        self._retry_at: datetime | None = None

    def publish_classes(self, now: datetime) -> None:
        """Give Google the class of each program that is new or has changed.

        Not only with its first card: the first shopper may press the button before the worker has
        brought that card, and Google refuses a save link whose class it does not know.
        """
        if self._retry_at and now < self._retry_at:
            return
        with self._database.reading() as session:
            waiting = {
                (program.id, program.revision): self._objects.class_of(session, program)
                for program in all_programs(session)
                if (program.id, program.revision) not in self._published
            }
        self._retry_at = None
        for state, its_class in waiting.items():
            try:
                self._client.upsert_class(its_class)
                self._published.add(state)
            except DeliveryError as error:
                self._retry_at = now + CLASS_RETRY
                log.warning("google_class_waits", class_id=its_class["id"], error=str(error))

    def publish(self, item: Claimed) -> None:
        """Insert or update; `DeliveryError` when Google does not take it."""
        with self._database.reading() as session:
            program = program_view(session, item.program_id)
            its_class = self._objects.class_of(session, program)
            resource = self._objects.object_of(
                session, program, item.serial, item.card or {}, item.tier_key
            )
        state = (program.id, program.revision)
        if state not in self._published:
            self._client.upsert_class(its_class)
            self._published.add(state)
        self._client.upsert_object(resource, notify=item.version > 1)
