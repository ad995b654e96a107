"""Charities: who may be given to, under which name, and what each got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet.actions.charities_list import list_charities
from wallet.actions.create_charity import NAME_LENGTH_MAX, create_charity, edit_charity
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.money import spell_money
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, write


@dataclass(frozen=True, slots=True)
class CharityRow:
    """One charity in the list."""

    id: str
    name: str
    names: Mapping[str, str]
    given: str
    is_active: bool


def charities() -> str:
    """The list, and a form for one more."""
    return _page(own_program())


def add_charity() -> Response | tuple[str, int]:
    """POST: one more to give to."""
    program = own_program()
    names = _names(program)
    try:
        write(lambda session: create_charity(session, program.id, names).id)
    except Refusal as refusal:
        return _page(program, names, sentence(refusal.code)), refusal.status
    flash(_("Members can give to it from now on."), "ok")
    return redirect(url_for("console.charities"), 303)


def save_charity(charity_id: str) -> Response | tuple[str, int]:
    """POST: another name, no longer offered, or offered again."""
    program = own_program()
    number = private_id("chy", charity_id) or 0
    act = request.form.get("act", "")
    is_active = {"retire": False, "offer": True}.get(act)
    names = _names(program) if is_active is None else None
    try:
        write(
            lambda session: (
                edit_charity(session, program.id, number, name=names, is_active=is_active).id
            )
        )
    except Refusal as refusal:
        if refusal.code == "charity_not_found":
            raise
        return _page(program, {}, sentence(refusal.code)), refusal.status
    told = {
        "retire": _("It is no longer offered. What it got stays with it."),
        "offer": _("It is offered again."),
    }
    flash(told.get(act, _("Saved.")), "ok")
    return redirect(url_for("console.charities"), 303)


def _names(program: ProgramView) -> dict[str, str]:
    return {
        at: text for at in program.locales if (text := request.form.get(f"name_{at}", "").strip())
    }


def _page(program: ProgramView, typed: Mapping[str, str] | None = None, error: str = "") -> str:
    language = current_language()
    found = read(lambda session: list_charities(session, program.id))
    share = program.ruleset.donation
    return console_page(
        "console/charities.html",
        program,
        lines=[
            CharityRow(
                id=public_id("chy", one.id),
                name=program.text(one.name, language),
                names=one.name,
                given=spell_money(one.given_minor, program.currency, language),
                is_active=one.is_active,
            )
            for one in found
        ],
        total=spell_money(sum(one.given_minor for one in found), program.currency, language),
        share=f"{share.percent.normalize():f}" if share else "",
        typed=typed or {},
        error=error,
        name_length_max=NAME_LENGTH_MAX,
    )
