"""Every act at a till goes into the journal of tills, in the transaction of the act itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.once import Ask
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.confirm import word_behind
from wallet.actions.tills.flags import flag_often
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.own_card import refuse_own_card
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
    session: Session, program: ProgramView, ask: Ask, facts: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """The answer as it is, once the journal has the act behind it; `own_card` where the cashier
    would have served themselves, and then nothing of it happened."""
    actor, now = staff_actor(), clock.now()
    verb = VERBS[ask.scope.removeprefix("till:")]
    member_id = private_id("mbr", answer["member_id"]) or 0
    if verb != "undo":
        member = find_member(session, program, MemberRef(id=answer["member_id"]))
        refuse_own_card(session, member, actor)
    confirmed, approved_by, reason = word_behind(session, program, ask.request_id)
    about = {**facts, **(answer.get("undo") or {})}
    act = Act(
        verb,
        till_id=actor.till_id,
        store_id=actor.store_id,
        staff_id=actor.staff_id,
        member_id=member_id,
        purchase_id=private_id("pur", about.get("purchase_id") or ""),
        entry_id=private_id("ent", about.get("entry_id") or ""),
        amount_minor=about.get("amount_minor"),
        changes=answer["changes"],
        approved_by=approved_by,
        confirmed=confirmed,
        reason=reason,
    )
    note_act(session, program.id, act, now)
    if verb == "sale":
        flag_often(session, program, member_id, actor, now)
    return answer
