"""One linter for both wallets: what a card would look like is checked before shoppers see it.

The rules live beside what they are about (`apple/lint.py`, `google/lint.py`); here they are run
over the documents that the card would really become.
"""

from __future__ import annotations

from collections.abc import Mapping

from passes.apple.document import Issuer, pass_document, strings
from passes.apple.lint import lint_document
from passes.card import Card, PassIdentity
from passes.colour import CONTRAST_TEXT, contrast, parse_hex, readable, to_hex
from passes.design import Design
from passes.finding import Finding, sorted_findings
from passes.google.document import Brand, Pictures, loyalty_class, loyalty_object
from passes.google.lint import lint_class, lint_object, lint_pictures

# Rules look at what is said and how, never at who signs: any issuer and identity will do.
_ISSUER = Issuer("pass.dev.comptoir.loyalty", "DEVTEAM000", "https://cards.example/apple")
_ISSUED = PassIdentity("0" * 32, "0" * 43)
_PICTURES = Pictures("https://cards.example/logo.png", "https://cards.example/hero.png")
_CLASS_ID, _OBJECT_ID = "3388000000000000000.comptoir", "3388000000000000000.0"


def lint(
    card: Card,
    design: Design,
    tier_key: str | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> list[Finding]:
    """Everything to mend on this card with this design, what blocks first. `pictures` are those of
    `google_images`, where they are at hand."""
    document = pass_document(card, design, tier_key, _ISSUED, _ISSUER)
    resources = (
        loyalty_class(_CLASS_ID, Brand(card.program_name), design, _PICTURES, tier_key),
        loyalty_object(_OBJECT_ID, _CLASS_ID, card, _PICTURES, rows=design.google_rows),
    )
    return sorted_findings(
        [
            *_colours(design, tier_key),
            *lint_document(document, strings(card, design)),
            *lint_class(resources[0]),
            *lint_object(resources[1]),
            *lint_pictures(pictures or {}),
        ]
    )


def _colours(design: Design, tier_key: str | None) -> list[Finding]:
    """Contrast of the two inks on the card's ground; the mended colour goes where it was set."""
    background, *inks = design.colours(tier_key)
    look = design.tiers.get(tier_key or "")
    findings = []
    for name, ink in zip(("foreground", "label"), inks, strict=True):
        ratio = contrast(parse_hex(ink), parse_hex(background))
        if ratio >= CONTRAST_TEXT:
            continue
        better = to_hex(readable(parse_hex(ink), parse_hex(background)))
        is_tiers = look is not None and bool(look.model_fields_set)
        findings.append(
            Finding(
                "card.contrast",
                "hint",
                {
                    "en": f"The {name} colour {ink} is hard to read on {background}: contrast "
                    f"{ratio:.1f}, at least {CONTRAST_TEXT} is needed.",
                    "fr": f"La couleur {_INKS[name]} {ink} se lit mal sur {background} : contraste "
                    f"{_comma(ratio)}, il faut au moins {_comma(CONTRAST_TEXT)}.",
                },
                {"en": f"Use {better}.", "fr": f"Choisissez {better}."},
                f"design.tiers.{tier_key}.{name}" if is_tiers else f"design.{name}",
                {"tiers": {tier_key: {name: better}}} if is_tiers else {name: better},
            )
        )
    return findings


def _comma(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")


_INKS = {"foreground": "du texte", "label": "des libellés"}
