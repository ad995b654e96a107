"""What this till holds of a member, so that a reward can be given if the connection goes."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from scanner.bodies import Hold, Release, read_body
from scanner.confirming import note_shown
from scanner.guard import somebody_at_till
from scanner.till import hub_of
from wallet import clock
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.program_view import program_view
from wallet.actions.redeem_often import OFTEN
from wallet.actions.tills.flags import flag_refused
from wallet.actions.tills.hold import release_hold, take_hold
from wallet.errors import Refusal
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import write

CREATED = 201


@somebody_at_till
def hold() -> tuple[Response, int]:
    """POST /till/api/holds: the member with what is held now; the same id holds once."""
    body = read_body(Hold)

    def _hold(session: Session) -> dict[str, Any]:
        program = program_view(session, staff().program_id)
        member = find_member(session, program, MemberRef(id=body.member_id))
        shown = note_shown(session, program, body.member_id, body.shown)
        take_hold(session, program, member, body.request_id, shown, staff_actor(), clock.now())
        return hub_of(session, program, body.member_id)

    try:
        return jsonify(member=write(_hold)), CREATED
    except Refusal as refusal:
        if refusal.code in OFTEN:
            code, member_id = refusal.code, refusal.facts["member_id"]
            write(lambda session: _flag(session, code, member_id))
        raise


@somebody_at_till
def release() -> tuple[str, int]:
    """POST /till/api/holds/release: nothing is held any more; also where nothing was."""
    body = read_body(Release)

    def _release(session: Session) -> None:
        program = program_view(session, staff().program_id)
        release_hold(session, program, body.hold, staff_actor(), clock.now())

    write(_release)
    return "", 204


def _flag(session: Session, code: str, member_id: str) -> None:
    program = program_view(session, staff().program_id)
    flag_refused(session, program, code, member_id, staff_actor(), clock.now())
