"""Sales that tills saved without a connection and that wait for a manager's word."""

from __future__ import annotations

from typing import Literal

from flask import redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.find_member import look_up
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.review_till_lines import (
    Decision,
    ReviewedLine,
    decide_till_line,
    lines_decided,
    lines_to_review,
)
from wallet.errors import CODES, Refusal
from wallet.ids import public_id
from wallet.rules.money import spell_money
from wallet.rules.spell import spell_quantity
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import spell_time
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import read, write

NOTE_LENGTH_MAX = 200
WHO_LENGTH_MAX = 200


def saved_sales(error: str = "", op_id: str = "", said: dict[str, str] | None = None) -> str:
    """GET /console/saved-sales: what waits, then what was decided lately."""
    program = own_program()
    waiting = read(lambda session: lines_to_review(session, program))
    decided = read(lambda session: lines_decided(session, program))
    return console_page(
        "console/saved_sales.html",
        program,
        waiting=[_row(program, line) for line in waiting],
        decided=[_row(program, line) for line in decided],
        error=error,
        error_op=op_id,
        said=said or {},
        note_length_max=NOTE_LENGTH_MAX,
        who_length_max=WHO_LENGTH_MAX,
    )


def decide(op_id: str) -> tuple[str, int] | Response:
    """POST /console/saved-sales/ID: let it count, for whom it says or for another, or say why not."""
    form = request.form
    who = form.get("who", "").strip()
    note = form.get("note", "")

    def _decide(session: Session) -> None:
        program = program_view(session, staff().program_id)
        member_id = None
        if who and form.get("verdict") == "record":
            found = look_up(session, program, who)
            if len(found) != 1:
                raise Refusal("till_line_ambiguous" if found else "member_not_found")
            member_id = public_id("mbr", found[0].id)
        decision = Decision(op_id, _verdict(form.get("verdict")), note, member_id)
        decide_till_line(session, program, decision, staff_actor(), clock.now())

    try:
        write(_decide)
    except Refusal as refusal:
        if refusal.code in ("till_line_not_found", "body_invalid"):
            raise
        said = {"who": who, "note": note}
        return saved_sales(_(refusal.sentence), op_id, said), refusal.status
    return redirect(url_for("console.saved_sales"), 303)


def _verdict(text: str | None) -> Literal["record", "dismiss"]:
    if text == "record":
        return "record"
    if text == "dismiss":
        return "dismiss"
    raise Refusal("body_invalid", field="verdict")


def _row(program: ProgramView, line: ReviewedLine) -> dict[str, object]:
    language = current_language()
    return {
        "line": line,
        "amount": _what(program, line, language),
        "happened": spell_time(line.occurred_at, program.time_zone, language),
        "received": spell_time(line.received_at, program.time_zone, language),
        "decided": spell_time(line.decided_at, program.time_zone, language)
        if line.decided_at
        else "",
        "reason": _(CODES[line.reason][1]) if line.reason else "",
    }


def _what(program: ProgramView, line: ReviewedLine, language: str) -> str:
    """The amount of a sale, or the reward and what it costs."""
    reward = line.reward
    if reward is None:
        return spell_money(line.amount_minor, program.currency, language)
    unit = next((unit for unit in program.ruleset.units if unit.key == reward.unit), None)
    if unit is None:
        return str(_("A reward"))
    cost = spell_quantity(unit, reward.cost, program.currency, language)
    return f"{program.text(reward.name, language)} · {cost}"
