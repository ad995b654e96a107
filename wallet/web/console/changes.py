"""Who changed what in the set-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from wallet.actions.program.changes import ChangeView, changes_shown
from wallet.actions.program_view import ProgramView
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import spell_time
from wallet.web.staff import role_names
from wallet.web.wiring import read

LENGTH_SHOWN_MAX = 120  # characters of one value: a text of the privacy page is a page


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change in words; `parts` are (what, before, after)."""

    when: str
    by: str
    what: str
    name: str
    parts: list[tuple[str, str, str]]


def changes_page() -> str:
    """GET /console/changes."""
    program = own_program()
    before = request.args.get("before", "")
    found, next_before = read(lambda session: changes_shown(session, program.id, before))
    return console_page(
        "console/changes.html",
        program,
        rows=[_row(program, one) for one in found],
        next_before=next_before,
        is_first=not before,
    )


def _row(program: ProgramView, one: ChangeView) -> ChangeRow:
    names = _field_names()
    parts = [
        (
            names.get(name, name),
            _value(name, one.before.get(name)),
            _value(name, one.after.get(name)),
        )
        for name in one.after
        if name in names
    ]
    return ChangeRow(
        spell_time(one.at, program.time_zone, current_language()),
        one.by or _("Set-up"),
        _verb_names().get(one.verb, one.verb),
        one.name,
        parts,
    )


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return _short(" / ".join(str(_value("", text)) for text in value.values()))
    if isinstance(value, list):
        return _short(", ".join(str(one) for one in value))
    if name == "role":
        return role_names().get(str(value), str(value))
    return _short("" if value is None else str(value))


def _short(text: str) -> str:
    return text if len(text) <= LENGTH_SHOWN_MAX else f"{text[: LENGTH_SHOWN_MAX - 1]}…"


def _verb_names() -> dict[str, str]:
    return {
        "program.edit": _("Program changed"),
        "store.add": _("Store opened"),
        "store.edit": _("Store changed"),
        "store.close": _("Store closed"),
        "store.reopen": _("Store opened again"),
        "staff.add": _("Person let in"),
        "staff.edit": _("Person changed"),
        "staff.shut_out": _("Person shut out"),
        "staff.let_in": _("Person let in again"),
        "staff.password": _("New password"),
        "reward.add": _("Reward offered"),
        "reward.edit": _("Reward changed"),
        "reward.pause": _("Reward paused"),
        "reward.offer": _("Reward offered again"),
        "charity.add": _("Charity offered"),
        "charity.edit": _("Charity renamed"),
        "charity.retire": _("Charity no longer offered"),
        "charity.offer": _("Charity offered again"),
        "rules.publish": _("Rules published"),
        "rules.discard": _("Draft of the rules thrown away"),
        "till_words.edit": _("What tills say"),
    }


def _field_names() -> dict[str, str]:
    """What can be told in a line; the others are told by what was done alone."""
    return {
        "name": _("Name"),
        "currency": _("Currency"),
        "country": _("Country of phone numbers"),
        "time_zone": _("Time zone"),
        "locale": _("Language"),
        "locales": _("Languages that are offered"),
        "tagline": _("In a line"),
        "welcome": _("Why join, in a sentence or two"),
        "privacy": _("What becomes of data"),
        "margin_percent": _("Usual margin, in percent"),
        "address": _("Address"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "is_open": _("Open"),
        "is_offered": _("Offered"),
        "email": _("E-mail"),
        "role": _("Role"),
        "is_active": _("May sign in"),
        "description": _("What it is, in a sentence"),
        "kind": _("Kind"),
        "mode": _("How it is used"),
        "cost": _("Price"),
        "unit": _("In what"),
        "stock": _("How many are left"),
        "per_member": _("Times a member"),
        "per_member_days": _("Within how many days"),
        "starts_at": _("Offered from"),
        "ends_at": _("Last day"),
        "voucher_days": _("Days to use a voucher"),
        "version": _("Version"),
        "sentences": _("Sentences"),
        "script": _("The talk"),
        "objections": _("Objections"),
        "questions": _("Questions"),
        "quick_minor": _("Amounts under one key"),
    }
