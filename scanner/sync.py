"""What a till sends later: the sales it saved without a connection, and the question who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from scanner.bodies import Batch, SavedLine, read_body
from scanner.hub import changes, grouped
from wallet import clock
from wallet.actions.program_view import program_view
from wallet.actions.receive_till_line import SavedSale, receive_till_line
from wallet.actions.till_line_views import LineFate, fate_of
from wallet.errors import CODES, Refusal
from wallet.ids import private_id, public_id
from wallet.web.security import TILL_ROLES, require_role, staff, staff_actor
from wallet.web.wiring import write


@require_role(*TILL_ROLES)
def who() -> Response:
    """GET /till/api/session: a fresh token for a page that was kept while there was no connection."""
    person = staff()
    return jsonify(
        csrf=generate_csrf(),
        staff=public_id("stf", person.staff_id),
        store=public_id("sto", person.store_id) if person.store_id else None,
    )


@require_role(*TILL_ROLES)
def receive_batch() -> Response:
    """POST /till/api/sync: what became of each line. Each stands alone: one that is refused keeps no
    other from counting, and a batch that was cut off is simply sent again."""
    batch = read_body(Batch)
    return jsonify(lines=[_receive(batch.till, line) for line in batch.lines])


def _receive(till: str, said: SavedLine) -> dict[str, Any]:
    saved = SavedSale(
        op_id=said.op_id,
        till=till,
        seq=said.seq,
        amount_minor=said.amount_minor,
        occurred_at=said.occurred_at,
        age_ms=said.age_ms,
        query=said.query,
        member_id=said.member_id,
        staff_id=private_id("stf", said.staff) if said.staff else None,
        store_id=private_id("sto", said.store) if said.store else None,
    )
    try:
        fate = write(
            lambda session: fate_of(
                session,
                program := program_view(session, staff().program_id),
                receive_till_line(session, program, saved, staff_actor(), clock.now()),
            )
        )
    except Refusal as refusal:
        return {"op_id": said.op_id, "state": "rejected", **_reason(refusal.code)}
    return {"op_id": said.op_id, "state": fate.state, **_reason(fate.reason), **_gave(fate)}


def _reason(code: str) -> dict[str, Any]:
    return {"reason": code, "sentence": _(CODES[code][1]) if code else ""}


def _gave(fate: LineFate) -> dict[str, Any]:
    return {
        "changes": changes(fate.movements),
        "member": (
            {
                "id": public_id("mbr", fate.member_id),
                "name": fate.member_name,
                "number": grouped(fate.member_number),
            }
            if fate.member_id is not None
            else None
        ),
    }
