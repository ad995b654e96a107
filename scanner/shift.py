"""The cashier's own shift, for closing the till."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from scanner.guard import somebody_at_till
from wallet import clock
from wallet.actions.program_view import program_view
from wallet.actions.shift_report import day_of, in_all, shift_report
from wallet.rules.periods import local_time
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import read


@somebody_at_till
def own_shift() -> Response:
    """GET /till/api/shift: what the person signed in did today, in all stores together."""
    return jsonify(read(_own))


def _own(session: Session) -> dict[str, Any]:
    program = program_view(session, staff().program_id)
    day = local_time(clock.now(), program.time_zone).date()
    found = shift_report(session, program, *day_of(program, day), only=staff_actor().label)
    total = in_all(found)
    return {
        "day": day.isoformat(),
        "sales": total.sales,
        "amount_minor": total.amount_minor,
        "given": total.given,
        "used": total.used,
        "enrolled": total.enrolled,
        "enrolled_per_hundred": total.enrolled_per_hundred,
        "without_card": total.without_card,
        "undone": total.undone,
    }
