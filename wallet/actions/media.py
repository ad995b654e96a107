"""Pictures of the designs, for wallets that fetch them by address."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from passes.design import Design
from passes.images import media
from wallet.actions.program_view import all_programs
from wallet.tables.design import image_with_hash, newest_designs

DESIGNS_SERVED = 3  # newest versions, besides those in use: some of them are just being replaced


def image_store(session: Session) -> Callable[[str], bytes]:
    """Uploads by the hash of their bytes; KeyError when there is none."""

    def _find(digest: str) -> bytes:
        found = image_with_hash(session, digest)
        if found is None:
            raise KeyError(digest)
        return found.data

    return _find


def media_image(session: Session, digest: str) -> bytes | None:
    """The picture with this name, in any design that cards show or showed of late; None when no
    design has it. While a new version spreads, Google still asks for pictures of the one before."""
    for program in all_programs(session):
        shown = {program.design_id: program.design}
        if program.staged:
            shown[program.staged.id] = program.staged.document
        for row in newest_designs(session, program.id, DESIGNS_SERVED):
            shown.setdefault(row.id, row.document)
        for design_id, document in shown.items():
            found = _pictures(session, design_id, document).get(digest)
            if found:
                return found
    return None


_made: dict[int, Mapping[str, bytes]] = {}


def _pictures(
    session: Session, design_id: int, document: Mapping[str, object]
) -> Mapping[str, bytes]:
    # A design version never changes, so its pictures are made once a process.
    if design_id not in _made:
        _made[design_id] = media(Design.parse(document), image_store(session))
    return _made[design_id]
