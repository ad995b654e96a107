"""Charities: who may be given to, under which name, and what each got."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet.actions.charities_list import ListedCharity, list_charities
from wallet.actions.create_charity import NAME_LENGTH_MAX
from wallet.actions.program.changes import fingerprint
from wallet.actions.program.charities import (
    add_charity,
    facts_of_charity,
    offer_charity,
    rename_charity,
    retire_charity,
)
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.money import spell_money
from wallet.web.console.forms.ask import Ask, Form, Section
from wallet.web.console.forms.reading import typed_in, typed_of, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.console.wish import as_it_is_now, new_form_id, wish
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, write


@dataclass(frozen=True, slots=True)
class CharityRow:
    """One charity in the list, with its form; `seen` says what that shows."""

    id: str
    name: str
    given: str
    is_active: bool
    form: Form
    seen: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back: of which charity (empty: of a new one), what was typed, what is wrong."""

    charity_id: str
    typed: Mapping[str, Any]
    errors: Mapping[str, str]


def charities() -> str:
    """GET /console/charities: the list, and a form for one more."""
    return _page(own_program(), None)


def add() -> Response | tuple[str, int]:
    """POST /console/charities: one more to give to."""
    program, asked = own_program(), wish()
    sent, status = _kept(
        program, "", lambda session, name: add_charity(session, program.id, name, asked)
    )
    if sent:
        return _page(program, sent), status
    flash(_("Members can give to it from now on."), "ok")
    return redirect(url_for("console.charities"), 303)


def save(charity_id: str) -> Response | tuple[str, int]:
    """POST /console/charities/ID: another name, no longer offered, or offered again."""
    program, asked = own_program(), wish()
    number = private_id("chy", charity_id) or 0
    turns = {
        "retire": (retire_charity, _("It is no longer offered. What it got stays with it.")),
        "offer": (offer_charity, _("It is offered again.")),
    }
    if turn := turns.get(request.form.get("act", "")):
        act, told = turn
        write(lambda session: act(session, program.id, number, asked))
        flash(told, "ok")
        return redirect(url_for("console.charities"), 303)
    sent, status = _kept(
        program,
        charity_id,
        lambda session, name: rename_charity(session, program.id, number, name, asked),
    )
    if sent:
        return _page(program, sent), status
    flash(_("Saved."), "ok")
    return redirect(url_for("console.charities"), 303)


def _kept(
    program: ProgramView, charity_id: str, work: Callable[[Session, Mapping[str, str]], object]
) -> tuple[Sent | None, int]:
    """(nothing where it is done, or the form with its sentences; status)."""
    tongue = tongue_of(program)
    typed = typed_in(_sections(), request.form, tongue)
    values, errors = values_of(_sections(), typed, tongue)
    if errors:
        return Sent(charity_id, typed, errors), 422
    try:
        write(lambda session: work(session, values["name"]))
    except Refusal as refusal:
        if refusal.code != "changed_meanwhile":
            raise
        return Sent(charity_id, typed, {"form": sentence(refusal.code)}), refusal.status
    return None, 200


def _page(program: ProgramView, sent: Sent | None) -> str:
    language = current_language()
    found = read(lambda session: list_charities(session, program.id))
    share = program.ruleset.donation
    fresh = sent if sent and not sent.charity_id else Sent("", {}, {})
    return console_page(
        "console/charities.html",
        program,
        lines=[_row(program, one, sent) for one in found],
        total=spell_money(sum(one.given_minor for one in found), program.currency, language),
        share=f"{share.percent.normalize():f}" if share else "",
        form=_form(program, fresh.typed, fresh.errors),
        form_id=new_form_id(),
    )


def _row(program: ProgramView, one: ListedCharity, sent: Sent | None) -> CharityRow:
    language, tongue = current_language(), tongue_of(program)
    number = public_id("chy", one.id)
    typed: Mapping[str, Any] = typed_of(_sections(), {"name": one.name}, tongue)
    errors: Mapping[str, str] = {}
    if sent and sent.charity_id == number:
        if "form" in sent.errors:
            now = as_it_is_now(_sections(), sent.typed, {"name": one.name}, tongue)
            errors = {**sent.errors, **now}
        else:
            errors = sent.errors
        typed = sent.typed
    return CharityRow(
        id=number,
        name=program.text(one.name, language),
        given=spell_money(one.given_minor, program.currency, language),
        is_active=one.is_active,
        form=_form(program, typed, errors),
        seen=fingerprint(facts_of_charity(one.name, is_offered=one.is_active)),
    )


def _form(program: ProgramView, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Form:
    return Form(_sections(), typed, program.locales, program.locale, errors)


def _sections() -> list[Section]:
    ask = Ask("name", _("Name"), "words", required=True, longest=NAME_LENGTH_MAX)
    return [Section("", [ask])]
