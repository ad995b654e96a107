"""A design that is worked on, as both wallets would show it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from passes.card import Card
from passes.design import STORE_MARK, Design, Near
from passes.finding import Finding, sorted_findings
from passes.google.lint_rows import lint_rows
from passes.images import is_wide, preview_picture
from passes.lint import lint
from passes.lint_near import lint_near
from passes.lint_uploads import lint_uploads
from passes.preview import Face, faces, news, parts
from wallet.actions.card_facts import facts_of
from wallet.actions.media import image_store
from wallet.actions.near_stores import places, places_at_google, sentences, shops_of
from wallet.actions.program_view import ProgramView
from wallet.actions.sample_cards import SAMPLES, card_before, sample_card
from wallet.tables.design import image_sizes

LINTED_SAMPLES = ("full", "long")  # the widest numbers and the longest words


@dataclass(frozen=True, slots=True)
class Preview:
    """`faces` and `news`: wallet → language → what it shows; `parts`: what of it is the card's alone
    (`passes.preview`)."""

    faces: Mapping[str, Mapping[str, Face]]
    news: Mapping[str, Mapping[str, list[str]]]
    tier_key: str | None
    parts: Face


def preview_design(
    session: Session,
    program: ProgramView,
    document: Mapping[str, Any],
    sample: str,
    tier_key: str | None,
    *,
    google_knows_stores: bool = False,
) -> Preview:
    """With a sample's card. `DesignError` where the document is no design. `google_knows_stores`:
    Google lets this issuer name its stores."""
    design = Design.parse(document)
    card, tier = sample_card(session, program, sample, tier_key, design.near)
    before = card_before(session, program, sample, tier_key)
    announcing = Card.from_json({**card.to_json(), "announced": "balance"})
    return Preview(
        faces(
            card,
            design,
            tier,
            has_wide_logo=_has_wide_logo(session, design, tier),
            places=places_at_google(program, design) if google_knows_stores else (),
        ),
        news(before, announcing, design, tier),
        tier,
        {**parts(before, announcing, design, tier), "near": _near(program, design)},
    )


def _near(program: ProgramView, design: Design) -> Face:
    """Our own `words` near a store, and the `names` that stand for their mark in other words."""
    said = sentences(program)
    mark = Near(design.near.stores, dict.fromkeys(said, STORE_MARK))
    names = [place.text[program.locale] for place in places(program, mark, None)]
    return {"words": said, "names": names}


def lint_samples(
    session: Session, program: ProgramView, document: Mapping[str, Any]
) -> list[Finding]:
    """What to mend, found on samples of every tier."""
    design = Design.parse(document)
    tiers: list[str | None] = [tier.key for tier in program.ruleset.tiers] or [None]
    found: list[Finding] = []
    for sample in LINTED_SAMPLES:
        for tier_key in tiers if sample == LINTED_SAMPLES[0] else tiers[-1:]:
            card, tier = sample_card(session, program, sample, tier_key, design.near)
            found += lint(card, design, tier)
            found += lint_rows(design, card, facts_of(program))
    found += lint_near(design, shops_of(session, program))
    found += lint_uploads(design, image_sizes(session, design.uploads()))
    # The same fault in another language or on another sample is mended by the same hand.
    once = {(one.code, one.where): one for one in reversed(found)}
    return sorted_findings(reversed(once.values()))


def picture_of(
    session: Session,
    document: Mapping[str, Any],
    name: str,
    tier_key: str | None,
    language: str | None,
) -> bytes:
    """One picture of the faces, as `passes.images.preview_picture` names them."""
    return preview_picture(Design.parse(document), name, image_store(session), tier_key, language)


def sample_keys() -> tuple[str, ...]:
    """The samples that there are."""
    return tuple(SAMPLES)


def _has_wide_logo(session: Session, design: Design, tier_key: str | None) -> bool:
    digest = design.pictures(tier_key).get("logo")
    size = image_sizes(session, [digest]).get(digest) if digest else None
    return size is not None and is_wide(*size)
