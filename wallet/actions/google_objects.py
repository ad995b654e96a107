"""A stored Google pass as the objects that Google's API takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from passes.card import Card
from passes.design import Design
from passes.google.document import (
    Brand,
    Pictures,
    Protection,
    class_id,
    loyalty_class,
    loyalty_object,
    pictures,
    variant,
)
from passes.google.identity import GoogleIdentity
from wallet.actions.media import image_store
from wallet.actions.near_stores import places_at_google
from wallet.actions.program_view import ProgramView
from wallet.actions.rotating_codes import google_code
from wallet.ids import public_id
from wallet.tables.design import design_version

Resource = dict[str, Any]

CALLBACK_PATH = "/google/callback"


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
            self._brand(program, design),
            design,
            look,
            tier_key,
            shimmer=program.ruleset.spending.rotating,
        )

    def object_of(self, session: Session, program: ProgramView, held: HasCard) -> Resource:
        """One member's card."""
        design, look = self._look(session, held.design_id, held.tier_key)
        return loyalty_object(
            self.object_id(held.serial),
            self._class_id(program, held.design_id, variant(design, held.tier_key)),
            Card.from_json(held.card or {}),
            look,
            _protection(session, program, held.member_id),
            rows=design.google_rows,
        )

    def reference_of(self, session: Session, program: ProgramView, held: HasCard) -> Resource:
        """Which object is meant, and its class: all that a save link needs of a known card."""
        design, _ = self._look(session, held.design_id, held.tier_key)
        its_class = self._class_id(program, held.design_id, variant(design, held.tier_key))
        return {"id": self.object_id(held.serial), "classId": its_class}

    def _class_id(self, program: ProgramView, design_id: int, tier_variant: str) -> str:
        _, _, design = public_id("d", design_id).partition("_")
        return class_id(self._issuer, program.slug, design, tier_variant)

    def _brand(self, program: ProgramView, design: Design) -> Brand:
        languages = dict.fromkeys((program.locale, *program.locales))
        places = places_at_google(program, design) if self._merchant_locations else ()
        return Brand(
            name=dict.fromkeys(languages, program.name),
            country=program.country,
            callback_url=f"{self._public_url}{CALLBACK_PATH}",
            places=places,
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


def _protection(session: Session, program: ProgramView, member_id: int) -> Protection:
    """How the program wants its codes guarded. A card without a key yet keeps the static code."""
    rules = program.ruleset.spending
    turning = google_code(session, member_id) if rules.rotating else None
    return Protection(turning, rules.static_code or turning is None, rules.screenshots)
