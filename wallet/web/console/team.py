"""The team: PINs for the tills, and which cards are the people's own."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.program.people import roles_given_by
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.pin import PIN_LENGTH_MAX, PIN_LENGTH_MIN, set_pin, take_pin
from wallet.actions.tills.team import link_own_card, team
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.web.console.frame import console_page, own_program
from wallet.web.problems import sentence
from wallet.web.security import staff_actor
from wallet.web.staff import role_names
from wallet.web.wiring import read, write

_TOLD = ("pin_invalid", "pin_weak", "card_unclear", "phone_invalid")
CARD_LENGTH_MAX = 200


def team_page() -> str:
    """GET /console/team."""
    return _page(own_program())


def give_pin(staff_id: str) -> str | tuple[str, int]:
    """POST /console/team/ID/pin: the PIN typed here, or one that we draw; it is shown this once."""
    program = own_program()
    number = private_id("stf", staff_id) or 0
    wanted = request.form.get("pin", "").strip()
    try:
        pin = write(
            lambda session: set_pin(session, program, number, wanted, staff_actor(), clock.now())
        )
    except Refusal as refusal:
        return _again(program, staff_id, refusal)
    return _page(program, fresh=(staff_id, pin))


def drop_pin(staff_id: str) -> Response:
    """POST /console/team/ID/no-pin: off the walls, and out of every till."""
    program = own_program()
    number = private_id("stf", staff_id) or 0
    write(lambda session: take_pin(session, program, number, staff_actor(), clock.now()))
    flash(_("The PIN is gone."), "ok")
    return redirect(url_for("console.team"), 303)


def own_card(staff_id: str) -> Response | tuple[str, int]:
    """POST /console/team/ID/card: which card is theirs, and their phone number."""
    program, form = own_program(), request.form
    number = private_id("stf", staff_id) or 0
    card, phone = form.get("card", "")[:CARD_LENGTH_MAX], form.get("phone", "")
    try:
        write(lambda session: link_own_card(session, program, number, card, phone, staff_actor()))
    except Refusal as refusal:
        return _again(program, staff_id, refusal)
    flash(_("Kept. They cannot serve this card themselves."), "ok")
    return redirect(url_for("console.team"), 303)


def _again(program: ProgramView, staff_id: str, refusal: Refusal) -> tuple[str, int]:
    if refusal.code not in _TOLD:
        raise refusal
    return _page(program, error=(staff_id, sentence(refusal.code))), refusal.status


def _page(
    program: ProgramView,
    fresh: tuple[str, str] = ("", ""),
    error: tuple[str, str] = ("", ""),
) -> str:
    return console_page(
        "console/team.html",
        program,
        people=read(lambda session: team(session, program, staff_actor())),
        role_names=role_names(),
        given_roles=roles_given_by(staff_actor()),
        fresh=fresh,
        error=error,
        pin_length_min=PIN_LENGTH_MIN,
        pin_length_max=PIN_LENGTH_MAX,
        card_length_max=CARD_LENGTH_MAX,
    )
