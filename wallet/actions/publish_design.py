"""Publish a card design: to a share of the cards, to all, back to an earlier version, or not after all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.design import Design
from passes.errors import DesignError
from wallet.actions.program_view import touch_program
from wallet.actions.recompose_cards import need_no_composing
from wallet.actions.refresh_cards import ask_for_refresh
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.rollout import SHARES
from wallet.tables.design import (
    CardDesign,
    design_numbered,
    image_with_hash,
    newest_designs,
    published_design,
    staged_design,
)
from wallet.tables.google import removals
from wallet.tables.program import Program, program_for_update

NOTE_LENGTH_MAX = 200  # characters
ALL = SHARES[-1]


@dataclass(frozen=True, slots=True)
class Release:
    """To how many percent of the cards, and why."""

    share_percent: int = ALL
    note: str = ""


def publish_design(
    session: Session,
    program_id: int,
    document: Mapping[str, Any],
    by: str,
    now: datetime,
    release: Release = Release(),
) -> int:
    """The new version's number. Cards in phones follow, scans first; `DesignError` with a sentence for
    the marketer when the document is no design or names a picture that was not uploaded.

    A version that was staged before gives way to this one.
    """
    program = _locked(session, program_id)
    if release.share_percent not in SHARES or len(release.note) > NOTE_LENGTH_MAX:
        raise Refusal("body_invalid")
    design = Design.parse(document)
    _require_pictures(session, design)
    if staged := staged_design(session, program_id):
        staged.status = "withdrawn"
    is_staged = release.share_percent != ALL
    if not is_staged:
        published_design(session, program_id).status = "retired"
    made = CardDesign(
        id=new_id(),
        program_id=program_id,
        version=newest_designs(session, program_id, 1)[0].version + 1,
        status="staged" if is_staged else "published",
        document=design.model_dump(mode="json"),
        created_at=now,
        created_by=by,
        published_at=now,
        share_percent=release.share_percent,
        note=release.note,
        removed_before=removals(session, program_id),
    )
    session.add(made)
    _spread(session, program, made, now)
    return made.version


def widen_design(
    session: Session, program_id: int, version: int, share_percent: int, now: datetime
) -> None:
    """The staged version reaches more cards; with all of them it is the one in force."""
    program = _locked(session, program_id)
    staged = _staged(session, program_id, version)
    if share_percent not in SHARES or share_percent <= staged.share_percent:
        raise Refusal("body_invalid")
    staged.share_percent = share_percent
    if share_percent == ALL:
        published_design(session, program_id).status = "retired"
        staged.status = "published"
    _spread(session, program, staged, now)


def withdraw_design(session: Session, program_id: int, version: int, now: datetime) -> None:
    """The staged version goes; its cards show the one in force again."""
    program = _locked(session, program_id)
    _staged(session, program_id, version).status = "withdrawn"
    _spread(session, program, published_design(session, program_id), now)


def roll_back_design(
    session: Session, program_id: int, version: int, by: str, now: datetime, note: str
) -> int:
    """An earlier version is published again, to all cards, under a new number."""
    found = design_numbered(session, program_id, version) if version > 0 else None
    if found is None or found.status not in ("retired", "withdrawn"):
        raise Refusal("design_not_found")
    return publish_design(session, program_id, found.document, by, now, Release(ALL, note))


def _locked(session: Session, program_id: int) -> Program:
    program = program_for_update(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    return program


def _staged(session: Session, program_id: int, version: int) -> CardDesign:
    staged = staged_design(session, program_id)
    if staged is None or staged.version != version:
        raise Refusal("design_not_found")
    return staged


def _spread(session: Session, program: Program, design: CardDesign, now: datetime) -> None:
    touch_program(program)
    session.flush()
    need_no_composing(session, program.id, program.revision)
    ask_for_refresh(session, program.id, design.id, now)


def _require_pictures(session: Session, design: Design) -> None:
    missing = sorted(
        digest for digest in design.uploads() if image_with_hash(session, digest) is None
    )
    if missing:
        raise DesignError(f"The design names a picture that was never uploaded: {missing[0]}.")
