"""The draft of a program's design: one, saved while it is worked on, by whoever works on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.design import Design
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.design import DRAFT_VERSION, CardDesign, draft_design, image_with_hash
from wallet.tables.program import program_for_update


@dataclass(frozen=True, slots=True)
class Draft:
    """What is worked on. `revision` 0: nothing was saved yet, the document is the one in force."""

    document: Mapping[str, Any]
    revision: int
    saved_at: datetime | None = None
    saved_by: str = ""


def design_draft(session: Session, program: ProgramView) -> Draft:
    """The draft, or the design in force where nobody began one. It comes complete: what an older
    document does not say is said."""
    row = draft_design(session, program.id)
    if row is None or row.status != "draft":
        document = Design.parse(program.design).model_dump(mode="json")
        return Draft(document, row.revision if row else 0)
    document = Design.parse(row.document).model_dump(mode="json")
    return Draft(document, row.revision, row.created_at, row.created_by)


def save_draft(
    session: Session,
    program_id: int,
    document: Mapping[str, Any],
    revision: int,
    by: str,
    now: datetime,
) -> Draft:
    """Keep it, if nobody saved since `revision`; `draft_conflict` says who did and when."""
    row = _locked_draft(session, program_id)
    if revision != (row.revision if row else 0):
        raise Refusal("draft_conflict", by=row.created_by if row else "")
    design = Design.parse(document)
    if any(image_with_hash(session, digest) is None for digest in design.uploads()):
        raise Refusal("picture_missing")
    if row is None:
        row = CardDesign(
            id=new_id(),
            program_id=program_id,
            version=DRAFT_VERSION,
            status="draft",
            revision=0,
            created_at=now,
            created_by=by,
            document={},
        )
        session.add(row)
    row.status = "draft"
    row.document = design.model_dump(mode="json")
    row.revision += 1
    row.created_at, row.created_by = now, by
    session.flush()
    return Draft(row.document, row.revision, now, by)


def draft_to_publish(session: Session, program_id: int, revision: int) -> Mapping[str, Any]:
    """The draft's document, if it still is the one that was looked at."""
    row = _locked_draft(session, program_id)
    if row is None or row.status != "draft" or row.revision != revision:
        raise Refusal("draft_conflict", by=row.created_by if row else "")
    return row.document


def drop_draft(session: Session, program_id: int) -> None:
    """Begin again from the design in force. The count of savings goes on: a page that is still open
    elsewhere must not take its old draft for the newest."""
    row = _locked_draft(session, program_id)
    if row is not None:
        row.status = "dropped"
        row.revision += 1


def _locked_draft(session: Session, program_id: int) -> CardDesign | None:
    if program_for_update(session, program_id) is None:
        raise Refusal("program_not_found")
    return draft_design(session, program_id)
