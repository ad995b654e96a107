"""The guided set-up: a merchant's first program, from nothing to a console, on one page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from passes.starters import STARTERS
from wallet import clock
from wallet.actions.first_start import (
    Opening,
    is_start_code,
    is_untouched,
    open_first_program,
)
from wallet.actions.staff_access import PASSWORD_LENGTH_MIN, SESSION_LONGEST, sign_in
from wallet.errors import Refusal
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.security import client_address, keep_session
from wallet.web.wiring import read, settings, wiring, write

FIELDS = ("shop", "kind", "store", "address", "owner", "email", "password")
FIRST_KIND = "cafe"


def start_door() -> Blueprint:
    """`/start`: for whoever has the code of the terminal, while there is no program."""
    door = Blueprint("start", __name__)
    door.add_url_rule("/start", "start", start, methods=["GET"])
    door.add_url_rule("/start", "open_program", open_program, methods=["POST"])
    return door


def start() -> Response | str:
    """The form."""
    _require_code(request.args.get("code", ""))
    if not read(is_untouched):
        return redirect(url_for("staff.sign_in"), 303)
    return _page({"kind": FIRST_KIND}, {})


def open_program() -> Response | tuple[str, int]:
    """A program and its owner, signed in; or the form again with the reasons."""
    code = request.form.get("code", "")
    _require_code(code)
    if not read(is_untouched):
        return redirect(url_for("staff.sign_in"), 303)  # pressed twice: it is there already
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    typed["password"] = request.form.get("password", "")
    errors = _missing(typed)
    if errors:
        return _page(typed, errors), 422
    opening = Opening(**typed, locale=current_language())
    try:
        write(lambda db: _open(db, opening))
    except Refusal as refusal:
        return _page(typed, _errors(refusal)), refusal.status
    token = sign_in(
        wiring().database, opening.email, opening.password, client_address(), clock.now()
    )
    session.clear()
    flash(_("Welcome! Your program is live: these are your first steps."), "ok")
    answer = redirect(url_for("console.overview"), 303)
    keep_session(answer, token, SESSION_LONGEST.total_seconds())
    return answer


def _open(db: Session, opening: Opening) -> None:
    open_first_program(db, opening, clock.now())


def _require_code(code: str) -> None:
    """For any other code there is no such page."""
    if not is_start_code(settings().secret_key, code):
        raise Refusal("not_found")


def _missing(typed: Mapping[str, str]) -> dict[str, str]:
    wanted = {
        "shop": _("Please say what your shop is called."),
        "owner": _("Please give your name."),
        "email": _("Please type your e-mail."),
    }
    errors = {name: said for name, said in wanted.items() if not typed[name]}
    if len(typed["password"]) < PASSWORD_LENGTH_MIN:
        errors["password"] = _(
            "At least %(count)s characters: a sentence is easy to remember.",
            count=PASSWORD_LENGTH_MIN,
        )
    if typed["kind"] not in STARTERS:
        errors["kind"] = _("Please choose one.")
    return errors


def _errors(refusal: Refusal) -> dict[str, str]:
    """The sentence beside the field that it is about."""
    fields = {"email_invalid": "email", "staff_exists": "email", "password_too_short": "password"}
    if refusal.code == "body_invalid":
        return {
            str(refusal.facts.get("field", "form")): _("Please use ordinary letters, up to 200.")
        }
    return {fields.get(refusal.code, "form"): sentence(refusal.code)}


def _page(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "start.html",
        code=request.values.get("code", ""),
        typed={**dict.fromkeys(FIELDS, ""), **typed, "password": ""},
        errors=errors,
        kinds=kind_names(),
        starters=STARTERS,
        password_min=PASSWORD_LENGTH_MIN,
    )


def kind_names() -> dict[str, tuple[str, str]]:
    """Kind of shop → (name, icon)."""
    return {
        "cafe": (_("Café"), "coins"),
        "boutique": (_("Boutique"), "shopping-bag"),
        "salon": (_("Salon"), "sparkles"),
        "grocer": (_("Grocer"), "store"),
        "sports": (_("Sports shop"), "zap"),
    }
