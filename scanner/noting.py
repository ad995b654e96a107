"""Every act at a till goes into the journal of tills, in the transaction of the act itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.flags import flag_often
from wallet.actions.tills.journal import Act, note_act
from wallet.ids import private_id
from wallet.web.security import staff_actor

VERBS = {
    "purchases": "sale",
    "redemptions": "redemption",
    "vouchers": "voucher",
    "activities": "activity",
    "undo": "undo",
}


def noted(
    session: Session, program: ProgramView, verb: str, facts: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """The answer as it is, once the journal has the act behind it."""
    actor, now = staff_actor(), clock.now()
    about = {**facts, **(answer.get("undo") or {})}
    act = Act(
        VERBS[verb],
        till_id=actor.till_id,
        store_id=actor.store_id,
        staff_id=actor.staff_id,
        member_id=private_id("mbr", answer["member_id"]),
        purchase_id=private_id("pur", about.get("purchase_id") or ""),
        entry_id=private_id("ent", about.get("entry_id") or ""),
        amount_minor=about.get("amount_minor"),
        changes=answer["changes"],
    )
    note_act(session, program.id, act, now)
    if act.verb == "sale" and act.member_id is not None:
        flag_often(session, program, act.member_id, actor, now)
    return answer
