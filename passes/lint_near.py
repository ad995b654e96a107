"""The stores near which a card comes forward, against the stores that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from passes.apple.schema import LOCATIONS_MAX
from passes.design import Design
from passes.finding import Finding

WHERE = "near_stores"


class Shop(NamedTuple):
    """A store as far as cards go; `key` is how a design names it."""

    key: str
    name: str
    has_place: bool
    is_open: bool


def lint_near(design: Design, shops: Sequence[Shop]) -> list[Finding]:
    """What to mend in the choice of stores. A card with any of it works, near fewer stores."""
    if not design.shows_near_stores or design.near_stores is None:
        return []
    chosen = design.near_stores
    known = {shop.key: shop for shop in shops}
    there = [shop for key in chosen if (shop := known.get(key)) and shop.is_open]
    placed = [shop for shop in there if shop.has_place]
    return [
        *_gone(chosen, known),
        *_unplaced(there),
        *(_nowhere() if not placed else ()),
        *(_many(len(placed)) if len(placed) > LOCATIONS_MAX else ()),
    ]


def _gone(chosen: Sequence[str], known: Mapping[str, Shop]) -> Iterator[Finding]:
    for key in chosen:
        shop = known.get(key)
        if shop and shop.is_open:
            continue
        said = (
            (f"“{shop.name}” is closed.", f"«\u00a0{shop.name}\u00a0» est fermée.")
            if shop
            else (
                "A chosen store is no longer there.",
                "Une boutique choisie n’existe plus.",
            )
        )
        yield _hint(
            "card.store_closed",
            said,
            ("Take it out of the choice.", "Retirez-la du choix."),
            f"{WHERE}.{key}",
            {WHERE: [one for one in chosen if one != key]},
        )


def _unplaced(there: Sequence[Shop]) -> Iterator[Finding]:
    for shop in there:
        if not shop.has_place:
            yield _hint(
                "card.store_without_place",
                (
                    f"“{shop.name}” has no position: the card does not come forward there.",
                    f"«\u00a0{shop.name}\u00a0» n’a pas de position\u00a0: la carte n’y apparaît pas.",
                ),
                ("Give the store a position.", "Donnez une position à la boutique."),
                f"{WHERE}.{shop.key}",
            )


def _nowhere() -> Iterator[Finding]:
    yield _hint(
        "card.stores_none",
        (
            "None of the chosen stores can bring the card forward.",
            "Aucune des boutiques choisies ne peut faire apparaître la carte.",
        ),
        ("Show it near all stores.", "Montrez-la près de toutes les boutiques."),
        WHERE,
        {WHERE: None},
    )


def _many(count: int) -> Iterator[Finding]:
    yield _hint(
        "card.stores_many",
        (
            f"Of {count} stores an iPhone gets the {LOCATIONS_MAX} nearest to its holder’s own.",
            f"Sur {count} boutiques, l’iPhone retient les {LOCATIONS_MAX} plus proches de celle du membre.",
        ),
        ("Nothing to do if that is meant.", "Rien à faire si c’est voulu."),
        f"{WHERE}.many",
    )


def _hint(
    code: str,
    said: tuple[str, str],
    fix: tuple[str, str],
    where: str,
    change: Mapping[str, Any] | None = None,
) -> Finding:
    return Finding(
        code, "hint", {"en": said[0], "fr": said[1]}, {"en": fix[0], "fr": fix[1]}, where, change
    )
