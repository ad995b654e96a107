"""Uploads that are too small: wallets show up to three pixels a point, and what is enlarged is blurred.

Both wallets' pictures come from one upload (`passes.images`); the largest of them decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from passes.artwork import Size, scaled
from passes.design import Design, Images
from passes.finding import Finding
from passes.images import (
    APPLE_POINTS,
    APPLE_SCALES,
    GOOGLE_HERO,
    GOOGLE_LOGO,
    GOOGLE_LOGO_SAFE,
    GOOGLE_WIDE,
    POSTER_POINTS,
    is_wide,
)

ENLARGED_MAX = 1.1  # times; a picture stretched by a tenth looks no different on a phone

_FITTED = {"logo", "primary_logo", "secondary_logo"}  # stand in their place; the others fill it
_ROLES = {
    "logo": ("logo", "logo"),
    "icon": ("icon", "icône"),
    "strip": ("picture behind the points", "image derrière les points"),
    "hero": ("picture for Google", "image pour Google"),
    "google_logo": ("round logo for Google", "logo rond pour Google"),
    "artwork": ("full-size picture", "image plein format"),
    "primary_logo": ("logo on the full-size picture", "logo de l’image plein format"),
    "secondary_logo": ("second logo", "second logo"),
}


def lint_uploads(design: Design, sizes: Mapping[str, Size]) -> list[Finding]:
    """One hint for each upload that a wallet would have to enlarge. `sizes` holds width and height
    in pixels by SHA-256; an upload that it lacks is passed over."""
    return [
        _small(role, where, sizes[digest], factor)
        for where, images, pictures in _places(design)
        for role, digest in images.items()
        if digest in sizes
        and (factor := _enlarged(role, sizes[digest], pictures, design)) > ENLARGED_MAX
    ]


def _places(design: Design) -> Iterator[tuple[str, Images, Images]]:
    """(path, what is uploaded there, what a card with it shows in all)."""
    yield "images", design.images, design.pictures(None)
    for language, images in design.images_by_language.items():
        yield f"images_by_language.{language}", images, design.pictures(None, language)
    for tier_key, look in design.tiers.items():
        yield f"design.tiers.{tier_key}.images", look.images, design.pictures(tier_key)


def _enlarged(role: str, size: Size, pictures: Images, design: Design) -> float:
    """How many times larger than itself a wallet needs this upload at most."""
    boxes: list[Size] = {
        "logo": _logo_boxes(size, pictures),
        "icon": [_pixels("icon"), *_unless("google_logo", pictures, GOOGLE_LOGO)],
        "strip": [_pixels("strip"), *_unless("hero", pictures, GOOGLE_HERO)],
        "hero": [GOOGLE_HERO],
        "google_logo": [GOOGLE_LOGO],
    }.get(role, [])
    if design.poster is not None:
        boxes += _poster_boxes(role, pictures)
    ask = min if role in _FITTED else max
    return max((ask(box[0] / size[0], box[1] / size[1]) for box in boxes), default=0.0)


def _logo_boxes(size: Size, pictures: Images) -> list[Size]:
    if is_wide(*size):
        return [_pixels("logo"), GOOGLE_WIDE]
    if {"google_logo", "icon"} & set(pictures):
        return [_pixels("logo")]
    return [_pixels("logo"), scaled(GOOGLE_LOGO, GOOGLE_LOGO_SAFE)]


def _poster_boxes(role: str, pictures: Images) -> list[Size]:
    return {
        "artwork": [_pixels("artwork")],
        "primary_logo": [_pixels("primaryLogo")],
        "logo": _unless("primary_logo", pictures, _pixels("primaryLogo")),
        "secondary_logo": [_pixels("secondaryLogo")],
    }.get(role, [])


def _unless(role: str, pictures: Images, box: Size) -> list[Size]:
    """A place that is filled by this upload only where it has none of its own."""
    return [] if role in pictures else [box]


def _pixels(role: str) -> Size:
    """Apple's largest picture of a role."""
    points = APPLE_POINTS[role] if role in APPLE_POINTS else POSTER_POINTS[role]
    return scaled(points, max(APPLE_SCALES))


def _small(role: str, where: str, size: Size, factor: float) -> Finding:
    english, french = _ROLES[role]
    least = f"{math.ceil(size[0] * factor)} × {math.ceil(size[1] * factor)}"
    has = f"{size[0]} × {size[1]}"
    return Finding(
        "card.picture_small",
        "hint",
        {
            "en": f"This {english} has only {has} pixels: wallets enlarge it, and it looks blurred.",
            "fr": f"Cette image ({french}) n’a que {has} pixels : agrandie, elle sera floue.",
        },
        {
            "en": f"Upload it with at least {least} pixels.",
            "fr": f"Envoyez-la avec au moins {least} pixels.",
        },
        f"{where}.{role}",
    )
