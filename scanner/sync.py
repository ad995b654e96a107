"""What a till sends later: the sales it saved without a connection, and the question who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from scanner.bodies import Batch, SavedLine, read_body
from scanner.guard import till_alone
from scanner.hub import changes, grouped
from wallet import clock
from wallet.actions.program_view import program_view
from wallet.actions.receive_till_line import (
    Reporter,
    SavedReward,
    SavedSale,
    count_new,
    receive_till_line,
)
from wallet.actions.throttle import LINES_OF_REVOKED_TILL, count_attempt
from wallet.actions.till_line_views import LineFate, fate_of
from wallet.actions.tills.flags import raise_flag
from wallet.actions.tills.pair import PairedTill
from wallet.errors import CODES, Refusal
from wallet.ids import private_id, public_id
from wallet.web.security import current_staff
from wallet.web.tills import current_till
from wallet.web.wiring import write


@till_alone
def who() -> Response:
    """GET /till/api/session: a fresh token for a page that was kept while there was no connection,
    and who is signed in; nobody at a locked till."""
    person, till = current_staff(), current_till()
    store_id = till.store_id if till else person.store_id if person else None
    return jsonify(
        csrf=generate_csrf(),
        staff=public_id("stf", person.staff_id) if person else None,
        store=public_id("sto", store_id) if store_id else None,
    )


@till_alone
def receive_batch() -> Response:
    """POST /till/api/sync: what became of each line. Each stands alone: one that is refused keeps no
    other from counting, and a batch that was cut off is simply sent again.

    A paired till needs nobody before it for this. One that was revoked may still hand over what it
    saved: all of that goes to a manager, and none of it into the ledger by itself.
    """
    batch = read_body(Batch)
    till = current_till()
    if till is not None and not till.is_open:
        ids = [line.op_id for line in batch.lines]
        write(lambda session: _count_revoked(session, till, ids))
    return jsonify(lines=[_receive(batch.till, line) for line in batch.lines])


def _count_revoked(session: Session, till: PairedTill, op_ids: list[str]) -> None:
    """Each line once, however often it is sent: a lost answer makes no list longer."""
    now = clock.now()
    for _line in range(count_new(session, till.program_id, op_ids)):
        count_attempt(session, LINES_OF_REVOKED_TILL, str(till.id), now)
    raise_flag(session, till.program_id, "revoked_till", public_id("til", till.id), now)


def _receive(browser: str, said: SavedLine) -> dict[str, Any]:
    person, till = current_staff(), current_till()
    saved = SavedSale(
        op_id=said.op_id,
        till=browser,
        seq=said.seq,
        amount_minor=said.amount_minor,
        more=said.model_dump(include={"items", "receipt", "found_by"}, exclude_defaults=True),
        occurred_at=said.occurred_at,
        age_ms=said.age_ms,
        query=said.query,
        member_id=said.member_id,
        staff_id=private_id("stf", said.staff) if said.staff else None,
        store_id=private_id("sto", said.store) if said.store else None,
        till_id=private_id("til", said.paired) if said.paired else None,
        reward=SavedReward(said.reward.reward_id, said.reward.hold) if said.reward else None,
    )
    program_id = person.program_id if person else till.program_id if till else 0
    reporter = Reporter(
        store_id=till.store_id if till else person.store_id if person else None,
        till_id=till.id if till and till.program_id == program_id else None,
    )
    try:
        fate = write(
            lambda session: fate_of(
                session,
                program := program_view(session, program_id),
                receive_till_line(session, program, saved, reporter, clock.now()),
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
