"""A device of its own before the shopper: paired by a code, it asks what its till shows and takes a tap.

It asks every second, which a shop's network bears and every proxy lets through; a connection held open
for each tablet would cost a small server a thread each. A device holds a cookie that is good for this
alone: what is on the screen now, and the yes or no to what the till asks now.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from passes.qr import qr_svg
from scanner.bodies import Face, ScreenAnswer, read_body
from scanner.guard import paired_till, somebody_at_till, till_alone
from scanner.pairing import CODE_TYPED_MAX, said_of
from wallet import clock
from wallet.actions.program_view import program_view
from wallet.actions.tills.pair import CODE_LIFE, spoken_code
from wallet.actions.tills.screens import (
    PairedScreen,
    add_screen,
    answer_from_screen,
    count_screens,
    face_shown,
    note_screen_use,
    pair_screen,
    screen_behind,
    show_face,
)
from wallet.errors import Refusal
from wallet.web.security import client_address, staff_actor
from wallet.web.tills import COOKIE_SECONDS, host_cookie, keep_host_cookie
from wallet.web.wiring import read, settings, wiring, write

CREATED = 201
NO_CONTENT = 204


def screen_cookie() -> str:
    """As the till's own: bound to this host over https."""
    return host_cookie("screen")


def current_screen() -> PairedScreen | None:
    """The screen that this browser is, also a revoked one; its use is written down now and then."""
    token = request.cookies.get(screen_cookie(), "")
    now = clock.now()
    found = read(lambda session: screen_behind(session, token, now)) if token else None
    if found and found.is_open and found.is_stale:
        wiring().database.run(lambda session: note_screen_use(session, found.id, now))
    return found


def open_screen() -> PairedScreen:
    """The same for what a screen asks: `screen_unpaired`, `screen_revoked`."""
    found = current_screen()
    if found is None:
        raise Refusal("screen_unpaired")
    if not found.is_open:
        raise Refusal("screen_revoked")
    return found


def pair_page() -> str | AnyResponse:
    """GET /till/screen/pair: the form. A QR code brings the code behind the address's #."""
    found = current_screen()
    if found is not None and found.is_open:
        return redirect(url_for("till.screen"), 303)
    return _page("")


def pair_now() -> AnyResponse | tuple[str, int]:
    """POST /till/screen/pair: this browser shows what that till shows from now on."""
    code = request.form.get("code", "")[:CODE_TYPED_MAX]
    try:
        token = pair_screen(wiring().database, code, client_address(), clock.now())
    except Refusal as refusal:
        return _page(said_of(refusal)), refusal.status
    answer = redirect(url_for("till.screen"), 303)
    keep_host_cookie(answer, screen_cookie(), token, COOKIE_SECONDS)
    return answer


def look() -> Response | tuple[str, int]:
    """GET /till/screen/api/face?seen=VERSION: `{"version", "face"}`; nothing new is 204."""
    screen, now = open_screen(), clock.now()
    shown = read(lambda session: face_shown(session, screen, now))
    if request.args.get("seen", "") == str(shown.version):
        return "", NO_CONTENT
    return jsonify(version=shown.version, face=shown.face)


def say() -> tuple[str, int]:
    """POST /till/screen/api/answers: the shopper's tap."""
    screen, body, now = open_screen(), read_body(ScreenAnswer), clock.now()
    is_yes = body.answer == "yes"
    write(
        lambda session: answer_from_screen(session, screen, body.question, is_yes=is_yes, now=now)
    )
    return "", NO_CONTENT


@till_alone
def show() -> Response:
    """POST /till/api/face: what the shopper before this till sees now; how many screens show it."""
    body, till, now = read_body(Face), paired_till(), clock.now()
    face: dict[str, Any] = body.model_dump(mode="json", exclude_none=True)
    return jsonify(screens=write(lambda session: show_face(session, till.id, face, now)))


@till_alone
def count() -> Response:
    """GET /till/api/screens: how many devices show what this till shows."""
    till = paired_till()
    return jsonify(screens=read(lambda session: count_screens(session, till.id)))


@somebody_at_till
def invite() -> tuple[Response, int]:
    """POST /till/api/screens: a code for one more."""
    till, now = paired_till(), clock.now()
    _view, code = write(
        lambda session: add_screen(
            session, program_view(session, till.program_id), till.id, staff_actor(), now
        )
    )
    address = f"{settings().public_url}/till/screen/pair"
    minutes = int(CODE_LIFE.total_seconds() // 60)
    svg = qr_svg(f"{address}#{code}")
    said = {"code": spoken_code(code), "address": address, "svg": svg, "minutes": minutes}
    return jsonify(said), CREATED


def _page(error: str) -> str:
    return render_template(
        "scanner/screen_pair.html",
        error=error,
        code_typed_max=CODE_TYPED_MAX,
        title=_("A screen for the customer"),
    )
