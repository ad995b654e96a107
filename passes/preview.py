"""A card in both wallets before anybody has it: the faces of the documents that would really go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from passes.apple.document import Frame, Issuer, Rendered, render
from passes.apple.files import whole
from passes.card import ANNOUNCED_ORDER, Card, Fact, PassIdentity, Place
from passes.design import Design
from passes.google.document import (
    DETAILED,
    Brand,
    Pictures,
    Resource,
    fact_path,
    loyalty_class,
    loyalty_object,
)
from passes.simulate import google_face, pass_face

Face = dict[str, Any]

_ISSUER = Issuer("pass.dev.comptoir.loyalty", "DEVTEAM000", "https://cards.example/apple")
_ISSUED = PassIdentity("0" * 32, "0" * 43)
_CLASS_ID, _OBJECT_ID = "3388000000000000000.comptoir", "3388000000000000000.0"


def faces(
    card: Card,
    design: Design,
    tier_key: str | None,
    *,
    has_wide_logo: bool = False,
    places: Sequence[Place] = (),
) -> Mapping[str, Mapping[str, Face]]:
    """`apple` and `google` → language → what that wallet draws, as of `passes.simulate`. Pictures are
    named by their role (`strip`, `google_logo` …, see `passes.images.preview_picture`). `places` are
    the stores that Google is told of."""
    files = _files(card, design, tier_key)
    its_class, its_object = _resources(card, design, tier_key, has_wide_logo, places)
    return {
        "apple": {
            language: {**pass_face.face(files, language), "images": _APPLE_PICTURES}
            for language in card.languages
        },
        "google": {
            language: google_face.face(its_class, its_object, language, lambda url: url or None)
            for language in card.languages
        },
    }


def news(
    before: Card, after: Card, design: Design, tier_key: str | None
) -> Mapping[str, Mapping[str, list[str]]]:
    """The same for the lock screen: what each wallet says when the first card becomes the second.
    Apple's are sentences; Google's are a title and a text."""
    old, new = (_files(card, design, tier_key) for card in (before, after))
    its_class, was = _resources(before, design, tier_key, has_wide_logo=False)
    _, is_now = _resources(after, design, tier_key, has_wide_logo=False)
    return {
        "apple": {
            language: pass_face.announcements(old, new, language) for language in after.languages
        },
        "google": {
            language: list(google_face.notification(its_class, was, is_now, language))
            for language in after.languages
        },
    }


def parts(before: Card, after: Card, design: Design, tier_key: str | None) -> Face:
    """What is the card's and not the design's, so that a page can foresee what another design makes
    of it: keys of its `facts` in order; the `voices`, the facts that may speak when the first card
    becomes the second, the first before the others; and at Google, by language, each fact as a `cell`
    of a row, the plain `sections` of its details, and how many `links` of its own."""
    look, facts = Pictures("google_logo", "hero"), tuple(after.facts)
    its_class, _ = _resources(after, design, tier_key, has_wide_logo=False)
    all_facts, no_facts = (
        loyalty_object(_OBJECT_ID, _CLASS_ID, after, look, rows=rows) for rows in ((facts,), ())
    )
    detailed = sum(key in facts for key in DETAILED)
    return {
        "facts": list(facts),
        "voices": _voices(before, after),
        "cells": {
            language: {
                key: google_face.at_path(fact_path(key), its_class, all_facts, language)
                for key in facts
            }
            for language in after.languages
        },
        "sections": {
            language: google_face.details({}, no_facts, language)[detailed:]
            for language in after.languages
        },
        "links": len(google_face.links({}, no_facts, after.languages[0])),
    }


def _voices(before: Card, after: Card) -> list[Face]:
    old, new, language = before.facts, after.facts, after.languages[0]

    def _raw(fact: Fact | None) -> int | str | None:
        if fact is None:
            return None
        return fact.value[language] if fact.number is None else fact.number

    return [
        {
            "key": key,
            "words": dict(fact.announce or {}),
            "changed": _raw(old.get(key)) != _raw(fact),
        }
        for key in dict.fromkeys((after.announced, *ANNOUNCED_ORDER))
        if key and (fact := new.get(key))
    ]


_APPLE_PICTURES = {role: role for role in ("icon", "logo", "strip")}


def _files(card: Card, design: Design, tier_key: str | None) -> Mapping[str, bytes]:
    said: Rendered = render(Frame(design, tier_key, _ISSUER, card.languages), card, _ISSUED)
    texts = zip(card.languages, said.strings, strict=True)
    return {
        "pass.json": whole(said.json),
        **{f"{language}.lproj/pass.strings": whole(text) for language, text in texts},
    }


def _resources(
    card: Card,
    design: Design,
    tier_key: str | None,
    has_wide_logo: bool,
    places: Sequence[Place] = (),
) -> tuple[Resource, Resource]:
    look = Pictures("google_logo", "hero", "wide" if has_wide_logo else "")
    brand = Brand(card.program_name, places=places)
    its_class = loyalty_class(_CLASS_ID, brand, design, look, tier_key)
    return its_class, loyalty_object(_OBJECT_ID, _CLASS_ID, card, look, rows=design.google_rows)
