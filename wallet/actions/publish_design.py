"""Publish a card design: a new version that every card of the program takes from now on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.design import Design
from passes.errors import DesignError
from wallet.actions.program_view import touch_program
from wallet.actions.refresh_cards import ask_for_refresh
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.design import CardDesign, image_with_hash, published_design
from wallet.tables.program import program_for_update


def publish_design(
    session: Session, program_id: int, document: Mapping[str, Any], by: str, now: datetime
) -> int:
    """The new version's number. Cards in phones follow, scans first; `DesignError` with a sentence for
    the marketer when the document is no design or names a picture that was not uploaded."""
    program = program_for_update(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    design = Design.parse(document)
    _require_pictures(session, design)
    before = published_design(session, program_id)
    before.status = "retired"
    made = CardDesign(
        id=new_id(),
        program_id=program_id,
        version=before.version + 1,
        status="published",
        document=design.model_dump(mode="json"),
        created_at=now,
        created_by=by,
        published_at=now,
    )
    session.add(made)
    touch_program(program)
    session.flush()
    ask_for_refresh(session, program_id, made.id, now)
    return made.version


def _require_pictures(session: Session, design: Design) -> None:
    wanted = {*design.images.values()}
    for look in design.tiers.values():
        wanted.update(look.images.values())
    for images in design.images_by_language.values():
        wanted.update(images.values())
    missing = sorted(digest for digest in wanted if image_with_hash(session, digest) is None)
    if missing:
        raise DesignError(f"The design names a picture that was never uploaded: {missing[0]}.")
