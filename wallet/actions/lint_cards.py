"""Check the cards that are out with the design in force, or with one that is about to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from passes.card import Card
from passes.design import Design
from passes.finding import Finding, sorted_findings
from passes.images import google_images
from passes.lint import lint
from passes.lint_uploads import lint_uploads
from wallet.actions.media import image_store
from wallet.actions.program_view import ProgramView
from wallet.tables.design import image_sizes
from wallet.tables.wallet_pass import newest_passes

CARDS_MAX = 50  # the newest: long names and every status are among them, and it takes a second


def lint_cards(
    session: Session, program: ProgramView, document: Mapping[str, Any] | None = None
) -> tuple[int, list[Finding]]:
    """(cards looked at, what to mend). `document` is a design to try instead of the one in force."""
    design = Design.parse(program.design if document is None else document)
    passes = newest_passes(session, program.id, CARDS_MAX)
    store = image_store(session)
    pictures = {
        tier: google_images(design, store, tier) for tier in {one.tier_key for one in passes}
    }
    found = [
        finding
        for one in passes
        for finding in lint(Card.from_json(one.card), design, one.tier_key, pictures[one.tier_key])
    ]
    found += lint_uploads(design, image_sizes(session, design.uploads()))
    return len(passes), sorted_findings(found)
