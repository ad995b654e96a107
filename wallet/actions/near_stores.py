"""The stores near which a card comes forward, as its design chooses them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from passes.card import Place
from passes.design import STORE_MARK, Design, Near
from passes.lint_near import Shop
from wallet.actions.program_view import ProgramView, StoreView
from wallet.ids import public_id
from wallet.rules.nearby import nearest
from wallet.tables.member import Member
from wallet.tables.program import all_stores_of
from wallet.tables.purchase import last_visit

PLACES_MAX = 10  # what Apple reads of a pass
_SENTENCES = {"fr": "Votre carte {name} est prête", "en": "Your {name} card is ready"}


def near_of(program: ProgramView, design_id: int) -> Near:
    """What that design, the one in force or the staged one, chooses."""
    return program.made(
        ("near", design_id), lambda: Design.parse(program.document_of(design_id)).near
    )


def places_of(program: ProgramView, design_id: int, home_store_id: int | None) -> tuple[Place, ...]:
    """`places` with the choice of this design; kept as long as the program's snapshot."""
    return program.made(
        ("places", design_id, home_store_id),
        lambda: places(program, near_of(program, design_id), home_store_id),
    )


def places(program: ProgramView, near: Near, home_store_id: int | None) -> tuple[Place, ...]:
    """Of the chosen stores the nearest to the member's own; of a small chain all of them."""
    shops = {store.id: store for store in stores_near(program, near)}
    spots = {
        one.id: (one.latitude, one.longitude)
        for one in shops.values()
        if one.latitude is not None and one.longitude is not None
    }
    own = near.words or {}
    words = {code: own.get(code, said) for code, said in sentences(program).items()}
    return tuple(
        Place(
            *spots[store_id],
            {code: said.replace(STORE_MARK, shops[store_id].name) for code, said in words.items()},
        )
        for store_id in nearest(spots, home_store_id, PLACES_MAX)
    )


def stores_near(program: ProgramView, near: Near) -> list[StoreView]:
    """The chosen ones that are open, in the program's order; one that was closed is no longer there."""
    return [store for store in program.stores if near.has(store_key(store.id))]


def places_at_google(program: ProgramView, design: Design) -> list[Place]:
    """The chosen stores for a class, the same for all its cards; Google writes the words itself."""
    if not design.shows_near_stores:
        return []
    return [
        Place(store.latitude, store.longitude, {})
        for store in stores_near(program, design.near)
        if store.latitude is not None and store.longitude is not None
    ]


def needs_home(program: ProgramView, near: Near) -> bool:
    """Whether there are so many that each member's card has its own ten."""
    spots = [one for one in stores_near(program, near) if one.latitude is not None]
    return len(spots) > PLACES_MAX


def home_store_of(session: Session, member: Member) -> int | None:
    """The store last visited, or else the one where the member joined."""
    _, last_store_id = last_visit(session, member.id)
    return last_store_id or member.joined_store_id


def sentences(program: ProgramView) -> dict[str, str]:
    """What the lock screen says near a store where the design has no words of its own."""
    languages = dict.fromkeys((program.locale, *program.locales))
    return {
        language: _SENTENCES.get(language, _SENTENCES["en"]).format(name=program.name)
        for language in languages
    }


def shops_of(session: Session, program: ProgramView) -> list[Shop]:
    """Every store for the linter, closed ones too."""
    return [
        Shop(store_key(row.id), row.name, row.latitude is not None, row.is_open)
        for row in all_stores_of(session, program.id)
    ]


def with_places(
    program: ProgramView, said: dict[str, Any], design_id: int, home_store_id: int | None
) -> dict[str, Any]:
    """A card as plain data with the stores of this design."""
    found = places_of(program, design_id, home_store_id)
    return {**said, "places": [one.to_json() for one in found]}


def store_key(store_id: int) -> str:
    """How a design names a store."""
    return public_id("sto", store_id)
