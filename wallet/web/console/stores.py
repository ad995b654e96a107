"""The stores of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet.actions.identify import NAME_LENGTH_MAX
from wallet.actions.program.changes import fingerprint
from wallet.actions.program.stores import (
    ADDRESS_LENGTH_MAX,
    StoreRow,
    StoreSaid,
    add_store,
    close_store,
    edit_store,
    facts_of_store,
    reopen_store,
    stores_shown,
)
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.web.console.forms.ask import Ask, Form, Section
from wallet.web.console.forms.reading import typed_in, typed_of, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.console.wish import as_it_is_now, new_form_id, wish
from wallet.web.problems import sentence
from wallet.web.wiring import read, write

_FIELD_OF = {
    "store_name_missing": "name",
    "name_invalid": "name",
    "body_invalid": "address",
    "position_invalid": "position",
    "stores_too_many": "form",
}
MAP_ADDRESS_LENGTH_MAX = 2000  # characters; those of Google's maps are long
_NOT_CLOSED = ("store_has_tills", "store_is_last")


def stores() -> str:
    """GET /console/stores: the list, and the form of another one."""
    return _list(own_program(), {}, {})


def add() -> Response | tuple[str, int]:
    """POST /console/stores."""
    program = own_program()
    asked = wish()

    def _work(session: Session, said: StoreSaid) -> None:
        add_store(session, program.id, said, asked)

    typed, errors, status = _kept(program, _work)
    if errors:
        return _list(program, typed, errors), status
    flash(_("The store is open: it has posters, and tills can be added."), "ok")
    return redirect(url_for("console.stores"), 303)


def store(store_id: str) -> str:
    """GET /console/stores/ID."""
    program, row = own_program(), _row(store_id)
    return _form(program, row, typed_of(_sections(), _values(row), tongue_of(program)), {})


def save(store_id: str) -> Response | tuple[str, int]:
    """POST /console/stores/ID."""
    program = own_program()
    _row(store_id)
    number, asked = private_id("sto", store_id) or 0, wish()

    def _work(session: Session, said: StoreSaid) -> None:
        edit_store(session, program.id, number, said, asked)

    typed, errors, status = _kept(program, _work)
    if errors:
        row = _row(store_id)
        if errors.get("form") == sentence("changed_meanwhile"):
            errors |= as_it_is_now(_sections(), typed, _values(row), tongue_of(program))
        return _form(program, row, typed, errors), status
    flash(_("Saved. Cards and pages follow in a minute or two."), "ok")
    return redirect(url_for("console.stores"), 303)


def close(store_id: str) -> Response:
    """POST /console/stores/ID/close: or the reason why not."""
    program, number, asked = own_program(), private_id("sto", store_id) or 0, wish()
    try:
        write(lambda session: close_store(session, program.id, number, asked))
    except Refusal as refusal:
        if refusal.code not in _NOT_CLOSED:
            raise
        flash(sentence(refusal.code), "bad")
        return redirect(url_for("console.store", store_id=store_id), 303)
    flash(_("The store is closed. What was sold there stays."), "ok")
    return redirect(url_for("console.stores"), 303)


def reopen(store_id: str) -> Response:
    """POST /console/stores/ID/reopen."""
    program, number, asked = own_program(), private_id("sto", store_id) or 0, wish()
    write(lambda session: reopen_store(session, program.id, number, asked))
    flash(_("The store is open again."), "ok")
    return redirect(url_for("console.stores"), 303)


def _kept(
    program: ProgramView, work: Callable[[Session, StoreSaid], None]
) -> tuple[dict[str, Any], dict[str, str], int]:
    """(what was typed, sentences by field, status); no sentence where it is done."""
    tongue = tongue_of(program)
    typed = typed_in(_sections(), request.form, tongue)
    values, errors = values_of(_sections(), typed, tongue)
    if errors:
        return typed, errors, 422
    latitude, longitude = values["position"] or (None, None)
    said = StoreSaid(values["name"], values["address"], latitude, longitude)
    try:
        write(lambda session: work(session, said))
    except Refusal as refusal:
        if refusal.code == "changed_meanwhile":
            return typed, {"form": sentence(refusal.code)}, refusal.status
        if refusal.code not in _FIELD_OF:
            raise
        return typed, {_FIELD_OF[refusal.code]: sentence(refusal.code)}, refusal.status
    return typed, {}, 200


def _row(store_id: str) -> StoreRow:
    program = own_program()
    for row in read(lambda session: stores_shown(session, program.id)):
        if row.id == store_id:
            return row
    raise Refusal("store_not_found")


def _list(program: ProgramView, typed: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    return console_page(
        "console/stores.html",
        program,
        rows=read(lambda session: stores_shown(session, program.id)),
        form=Form(_sections(), typed, program.locales, program.locale, errors),
        form_id=new_form_id(),
    )


def _form(
    program: ProgramView, row: StoreRow, typed: Mapping[str, Any], errors: Mapping[str, str]
) -> str:
    return console_page(
        "console/store.html",
        program,
        row=row,
        form=Form(_sections(), typed, program.locales, program.locale, errors),
        form_id=new_form_id(),
        seen=fingerprint(facts_of_store(row.said, is_open=row.is_open)),
    )


def _values(row: StoreRow) -> dict[str, Any]:
    said = row.said
    place = None if said.latitude is None else (said.latitude, said.longitude)
    return {"name": said.name, "address": said.address, "position": place}


def _sections() -> list[Section]:
    return [
        Section(
            "",
            [
                Ask("name", _("Name"), required=True, longest=NAME_LENGTH_MAX),
                Ask(
                    "address",
                    _("Address"),
                    longest=ADDRESS_LENGTH_MAX,
                    hint=_("On cards, posters and tickets."),
                ),
                Ask(
                    "position",
                    _("Position"),
                    "place",
                    longest=MAP_ADDRESS_LENGTH_MAX,
                    hint=_(
                        "The address of a map that shows the store (Google Maps, OpenStreetMap, Apple Maps), or its latitude and longitude: phones nearby then show the card."
                    ),
                ),
            ],
        )
    ]
