"""A program's look on web pages: its colours as a small stylesheet, its monogram."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import url_for

from passes.design import Design
from wallet.actions.program_view import ProgramView

CREAM = "#f3e6cc"
INK = "#231a14"
_LIGHT_FROM = 0.45  # relative luminance from which cream stripes no longer stand out
_VERSION_LENGTH = 12  # hexadecimal digits in the stylesheet's address


@dataclass(frozen=True, slots=True)
class Look:
    """What templates need to paint a page in a program's colours."""

    monogram: str
    background: str
    stylesheet: str


def look_of(program: ProgramView, tier_key: str | None = None) -> Look:
    """The look of a program's pages; of one member's card when a tier is given."""
    design = Design.parse(program.design)
    css = brand_css(design, tier_key)
    version = hashlib.sha256(css.encode()).hexdigest()[:_VERSION_LENGTH]
    address = url_for("shopper.brand", slug=program.slug, tier=tier_key, v=version)
    return Look(design.monogram, design.colours(tier_key)[0], address)


def brand_css(design: Design, tier_key: str | None) -> str:
    """The design's colours as custom properties. They come validated as `#rrggbb`."""
    background, foreground, label = design.colours(tier_key)
    stripe = foreground if luminance(background) > _LIGHT_FROM else CREAM
    on_stripe = INK if luminance(stripe) > _LIGHT_FROM else "#ffffff"
    return (
        "@layer tokens{:root{"
        f"--brand-background:{background};--brand-foreground:{foreground};--brand-label:{label};"
        f"--brand-stripe:{stripe};--brand-on-stripe:{on_stripe}"
        "}}"
    )


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2), 0 black to 1 white."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
