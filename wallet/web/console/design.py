"""The card designer's page."""

from __future__ import annotations

from typing import Any

from flask import url_for

from passes.design import DISTANCE_M_MAX, Design
from passes.design_parts import ROW_FACTS_MAX, ROWS, ROWS_MAX, Poster
from wallet.actions.design_draft import design_draft
from wallet.actions.near_stores import PLACES_MAX, sentences, store_key
from wallet.actions.program_view import ProgramView
from wallet.actions.publish_design import NOTE_LENGTH_MAX
from wallet.rules.rollout import SHARES
from wallet.web.console.design_api import draft_json, pictures
from wallet.web.console.design_words import (
    action_names,
    art_names,
    code_names,
    fact_names,
    news_names,
    page_texts,
    patterns,
    percent,
    places,
    samples,
    starter_names,
)
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.wiring import read, settings

URLS = (
    *("preview", "findings", "save", "discard", "add_picture", "effect", "publish", "widen"),
    *("withdraw", "roll_back", "progress", "test_card"),
)
STORES_SEEN_AT_ONCE = 12  # with more, one looks for them by name


def design() -> str:
    """The draft's form and both phones."""
    program, language = own_program(), current_language()
    draft = read(lambda session: design_draft(session, program))
    starters = starter_names()
    return console_page(
        "console/design.html",
        program,
        tiers=[(tier.key, program.text(tier.name, language)) for tier in program.ruleset.tiers],
        facts=fact_names(program, language),
        news=news_names(program, language),
        art=art_names(),
        codes=code_names(),
        actions=action_names(),
        poster=Poster().model_dump(mode="json"),
        limits={"distance_m": DISTANCE_M_MAX},
        google_rows={"rows": ROWS_MAX, "facts": ROW_FACTS_MAX, "usual": ROWS},
        places=places(),
        samples=samples(),
        patterns=patterns(),
        starters=[
            (key, name, pictures(_started(program, document), None, language)["strip"], document)
            for key, name, document in starters
        ],
        state=_state(program, draft_json(draft), {key: one for key, _, one in starters}),
        stores=[(store_key(one.id), one) for one in program.stores],
        near={
            "words": sentences(program),
            "at_google": settings().google_store_locations,
            "find_from": STORES_SEEN_AT_ONCE,
            "told": PLACES_MAX,
        },
        shares=[(share, percent(share)) for share in SHARES],
        note_length_max=NOTE_LENGTH_MAX,
        script_texts=page_texts(),
    )


def _started(program: ProgramView, starter: Any) -> Design:
    """The program's design as this starter would make it, without pictures."""
    return Design.parse({**program.design, **starter, "images": {}, "tiers": {}})


def _state(program: ProgramView, draft: dict[str, Any], starters: dict[str, Any]) -> dict[str, Any]:
    """What the script begins with."""
    return {
        "draft": draft,
        "live": Design.parse(program.design).model_dump(mode="json"),
        "starters": starters,
        "locales": list(program.locales),
        "language": current_language(),
        "zone": program.time_zone,
        "urls": {name: url_for(f"console.design_{name}") for name in URLS},
    }
