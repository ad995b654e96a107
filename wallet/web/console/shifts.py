"""Shifts: what each person did at the tills of each store on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import request, url_for
from flask_babel import gettext as _

from wallet import clock
from wallet.actions.program_view import ProgramView
from wallet.actions.shift_report import Shift, day_of, in_all, shift_report
from wallet.rules.money import spell_money
from wallet.rules.periods import local_time
from wallet.rules.spell import spell_number, spell_quantity
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.wiring import read


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift in words."""

    name: str
    store: str
    sales: str
    amount: str
    given: str
    used: str
    enrolled: str
    rate: str
    without_card: str
    undone: str


def shifts() -> str:
    """GET /console/shifts?day=2026-03-14: that day, today without one."""
    program = own_program()
    today = local_time(clock.now(), program.time_zone).date()
    day = min(_day(request.args.get("day", ""), today), today)
    found = read(lambda session: shift_report(session, program, *day_of(program, day)))
    language = current_language()
    after = day + timedelta(days=1)
    return console_page(
        "console/shifts.html",
        program,
        day=day.isoformat(),
        today=today.isoformat(),
        day_words=format_date(day, "full", locale=language),
        before=url_for("console.shifts", day=(day - timedelta(days=1)).isoformat()),
        after=url_for("console.shifts", day=after.isoformat()) if after <= today else "",
        rows=[_row(program, shift, shift.name or "–", language) for shift in found],
        total=_row(program, in_all(found), _("In all"), language) if len(found) > 1 else None,
    )


def _day(said: str, today: date) -> date:
    try:
        return date.fromisoformat(said) if said else today
    except ValueError:
        return today


def _row(program: ProgramView, shift: Shift, name: str, language: str) -> ShiftRow:
    stores = {store.id: store.name for store in program.stores}
    unit = program.ruleset.main_unit
    rate = shift.enrolled_per_hundred
    return ShiftRow(
        name=name,
        store=stores.get(shift.store_id or 0, ""),
        sales=spell_number(shift.sales, language),
        amount=spell_money(shift.amount_minor, program.currency, language),
        given=spell_quantity(unit, shift.given, program.currency, language),
        used=spell_quantity(unit, shift.used, program.currency, language),
        enrolled=spell_number(shift.enrolled, language),
        rate="–" if rate is None else format_decimal(rate, locale=language),
        without_card=spell_number(shift.without_card, language),
        undone=spell_number(shift.undone, language),
    )
