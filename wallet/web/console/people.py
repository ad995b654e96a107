"""The people of the program: let in, changed, shut out, given another password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet.actions.identify import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX
from wallet.actions.program.changes import fingerprint
from wallet.actions.program.people import (
    PersonSaid,
    add_person,
    edit_person,
    facts_of_person,
    may_look_after,
    person_said,
    renew_password,
    roles_given_by,
    turn_person,
)
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.web.console.forms.ask import Ask, Form, Section
from wallet.web.console.forms.reading import typed_in, typed_of, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.console.wish import as_it_is_now, new_form_id, wish
from wallet.web.locale import LANGUAGES, current_language
from wallet.web.problems import sentence
from wallet.web.security import staff_actor
from wallet.web.staff import role_names
from wallet.web.wiring import read, write

_FIELD_OF = {
    "staff_name_missing": "name",
    "name_invalid": "name",
    "email_invalid": "email",
    "staff_exists": "email",
    "role_unknown": "role",
    "owner_is_last": "role",
    "store_not_found": "store",
    "staff_too_many": "form",
    "changed_meanwhile": "form",
}
_NOT_TURNED = ("owner_is_last", "staff_is_self")


def new_person() -> str:
    """GET /console/team/new."""
    program = own_program()
    values = {"role": "cashier", "store": "", "locale": current_language()}
    return _form(program, "", typed_of(_sections(program), values, tongue_of(program)), {})


def add() -> tuple[str, int] | Response:
    """POST /console/team/new: their first password is shown this once."""
    program, asked = own_program(), wish()
    said, typed, errors = _said(program)
    if said is None:
        return _form(program, "", typed, errors), 422
    try:
        password = write(lambda session: add_person(session, program.id, said, asked))
    except Refusal as refusal:
        return _refused(program, "", typed, refusal)
    if not password:
        flash(_("They are let in already. A new password is one click away."), "ok")
        return redirect(url_for("console.team"), 303)
    return _shown(program, said.name, said.email, password), 201


def person(staff_id: str) -> str:
    """GET /console/team/ID."""
    program = own_program()
    said, _is_active = _known(program, staff_id)
    typed = typed_of(_sections(program), _values(said), tongue_of(program))
    return _form(program, staff_id, typed, {})


def save(staff_id: str) -> tuple[str, int] | Response:
    """POST /console/team/ID."""
    program, asked = own_program(), wish()
    _known(program, staff_id)
    number = private_id("stf", staff_id) or 0
    said, typed, errors = _said(program)
    if said is None:
        return _form(program, staff_id, typed, errors), 422
    try:
        write(lambda session: edit_person(session, program.id, number, said, asked))
    except Refusal as refusal:
        return _refused(program, staff_id, typed, refusal)
    flash(_("Saved: it counts at once."), "ok")
    return redirect(url_for("console.team"), 303)


def shut_out(staff_id: str) -> Response:
    """POST /console/team/ID/shut-out: at once, everywhere."""
    return _turn(staff_id, is_active=False)


def let_in(staff_id: str) -> Response:
    """POST /console/team/ID/let-in: with the password and the PIN they had."""
    return _turn(staff_id, is_active=True)


def new_password(staff_id: str) -> tuple[str, int] | Response:
    """POST /console/team/ID/password: shown this once."""
    program, number, asked = own_program(), private_id("stf", staff_id) or 0, wish()
    said, _is_active = _known(program, staff_id)
    password = write(lambda session: renew_password(session, program.id, number, asked))
    if not password:
        flash(_("This password was given already, and shown once."), "ok")
        return redirect(url_for("console.team"), 303)
    return _shown(program, said.name, said.email, password), 201


def _turn(staff_id: str, *, is_active: bool) -> Response:
    program, number, asked = own_program(), private_id("stf", staff_id) or 0, wish()
    try:
        write(lambda session: turn_person(session, program.id, number, asked, is_active=is_active))
    except Refusal as refusal:
        if refusal.code not in _NOT_TURNED:
            raise
        flash(sentence(refusal.code), "bad")
        return redirect(url_for("console.person", staff_id=staff_id), 303)
    flash(_("They may sign in again.") if is_active else _("They are signed out everywhere."), "ok")
    return redirect(url_for("console.team"), 303)


def _known(program: ProgramView, staff_id: str) -> tuple[PersonSaid, bool]:
    """The person, where whoever asks decides about them."""
    number = private_id("stf", staff_id) or 0
    said, is_active = read(lambda session: person_said(session, program.id, number))
    if not may_look_after(staff_actor(), said.role):
        raise Refusal("forbidden")
    return said, is_active


def _said(program: ProgramView) -> tuple[PersonSaid | None, dict[str, Any], dict[str, str]]:
    sections, tongue = _sections(program), tongue_of(program)
    typed = typed_in(sections, request.form, tongue)
    values, errors = values_of(sections, typed, tongue)
    if errors:
        return None, typed, errors
    store = private_id("sto", values["store"])
    said = PersonSaid(values["name"], values["email"], values["role"], store, values["locale"])
    return said, typed, {}


def _refused(
    program: ProgramView, staff_id: str, typed: Mapping[str, Any], refusal: Refusal
) -> tuple[str, int]:
    if refusal.code not in _FIELD_OF:
        raise refusal
    errors = {_FIELD_OF[refusal.code]: sentence(refusal.code)}
    if refusal.code == "changed_meanwhile":
        said, _is_active = _known(program, staff_id)
        errors |= as_it_is_now(_sections(program), typed, _values(said), tongue_of(program))
    return _form(program, staff_id, typed, errors), refusal.status


def _form(
    program: ProgramView, staff_id: str, typed: Mapping[str, Any], errors: Mapping[str, str]
) -> str:
    said, is_active = _known(program, staff_id) if staff_id else (None, True)
    return console_page(
        "console/person.html",
        program,
        staff_id=staff_id,
        name=said.name if said else "",
        is_active=is_active,
        is_self=staff_id == public_id("stf", staff_actor().staff_id or 0),
        form=Form(_sections(program), typed, program.locales, program.locale, errors),
        form_id=new_form_id(),
        seen=fingerprint(facts_of_person(said, is_active=is_active)) if said else "",
    )


def _shown(program: ProgramView, name: str, email: str, password: str) -> str:
    return console_page("console/password.html", program, name=name, email=email, password=password)


def _values(said: PersonSaid) -> dict[str, Any]:
    store = public_id("sto", said.store_id) if said.store_id else ""
    return {
        "name": said.name,
        "email": said.email,
        "role": said.role,
        "store": store,
        "locale": said.locale,
    }


def _sections(program: ProgramView) -> list[Section]:
    names = role_names()
    spoken = {"fr": _("French"), "en": _("English")}
    stores = [(public_id("sto", store.id), store.name) for store in program.stores]
    return [
        Section(
            "",
            [
                Ask("name", _("Name"), required=True, longest=NAME_LENGTH_MAX),
                Ask(
                    "email",
                    _("E-mail"),
                    required=True,
                    longest=EMAIL_LENGTH_MAX,
                    hint=_("They sign in with it."),
                ),
                Ask(
                    "role",
                    _("Role"),
                    "choice",
                    choices=[(role, names[role]) for role in roles_given_by(staff_actor())],
                ),
                Ask("store", _("Store"), "choice", choices=[("", _("Every store")), *stores]),
                Ask(
                    "locale",
                    _("Language"),
                    "choice",
                    choices=[(key, spoken[key]) for key in LANGUAGES],
                ),
            ],
            note=_(
                "Cashiers: the till. Marketers: card, rules, rewards, figures. Managers: "
                "members, tills and cashiers too. Owners: everything."
            ),
        )
    ]
