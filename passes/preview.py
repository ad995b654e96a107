"""A card in both wallets before anybody has it: the faces of the documents that would really go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from passes.apple.document import Frame, Issuer, Rendered, render
from passes.apple.files import whole
from passes.card import Card, PassIdentity, Place
from passes.design import Design
from passes.google.document import Brand, Pictures, Resource, loyalty_class, loyalty_object
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
