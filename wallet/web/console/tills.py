"""The tills of a program: add one and show its code, give another code, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.identify import NAME_LENGTH_MAX
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.pair import (
    CODE_LIFE,
    LOCK_MINUTES,
    LOCK_MINUTES_DEFAULT,
    NewTill,
    TillView,
    add_till,
    renew_code,
    revoke_till,
    spoken_code,
    till_seen,
    tills,
)
from wallet.actions.tills.screens import (
    ScreenView,
    add_screen,
    revoke_screen,
    screen_seen,
    screens,
)
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.web.console.forms.ask import Ask, Form, Section
from wallet.web.console.forms.reading import typed_in, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.locale import current_language
from wallet.web.present import code_picture, spell_time
from wallet.web.problems import sentence
from wallet.web.security import staff_actor
from wallet.web.wiring import read, settings, write

CREATED = 201
_FIELD_OF = {
    "till_name_missing": "name",
    "name_invalid": "name",
    "store_not_found": "store",
    "body_invalid": "lock_minutes",
}

Kind = Literal["till", "screen"]


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """A screen before the customers of a till, in words."""

    id: str
    words: str
    kind: str
    seen: str


@dataclass(frozen=True, slots=True)
class TillRow:
    """A till in words. `kind` is the badge's colour."""

    id: str
    name: str
    store: str
    state: str
    words: str
    kind: str
    seen: str
    locks: str
    screens: list[ScreenRow]


@dataclass(frozen=True, slots=True)
class FreshCode:
    """A code that was just made, of a till or of a screen: it is shown this once. `follow` is where
    the page asks whether the device has come."""

    kind: Kind
    follow: str
    name: str
    spoken: str
    address: str
    picture: Markup
    minutes: int


def tills_page() -> str:
    """GET /console/tills."""
    return _page(own_program())


def add() -> tuple[str, int]:
    """POST /console/tills: a till that waits for its device, with its code."""
    program = own_program()
    tongue, asks = tongue_of(program), _sections(program)
    usual = {"lock_minutes": str(LOCK_MINUTES_DEFAULT)}
    typed = typed_in(asks, MultiDict({**usual, **request.form.to_dict()}), tongue)
    values, errors = values_of(asks, typed, tongue)
    if errors:
        return _page(program, typed=typed, errors=errors), 422
    store_id = private_id("sto", values["store"]) or 0
    new = NewTill(values["name"], store_id, int(values["lock_minutes"]))
    try:
        till, code = write(
            lambda session: add_till(session, program, new, staff_actor(), clock.now())
        )
    except Refusal as refusal:
        if refusal.code not in _FIELD_OF:
            raise
        errors = {_FIELD_OF[refusal.code]: sentence(refusal.code)}
        return _page(program, typed=typed, errors=errors), refusal.status
    return _page(program, _fresh(till, code)), CREATED


def give_code(till_id: str) -> tuple[str, int]:
    """POST /console/tills/ID/code: another code; the device that uses it is the till from then on."""
    program = own_program()
    number = private_id("til", till_id) or 0
    till, code = write(lambda session: renew_code(session, program, number, clock.now()))
    return _page(program, _fresh(till, code)), CREATED


def revoke(till_id: str) -> Response:
    """POST /console/tills/ID/revoke: its next request is refused."""
    program = own_program()
    number = private_id("til", till_id) or 0
    till = write(lambda session: revoke_till(session, program, number, staff_actor(), clock.now()))
    flash(
        _("“%(till)s” is revoked. What it saved will wait under Saved sales.", till=till.name), "ok"
    )
    return redirect(url_for("console.tills"), 303)


def till_state(till_id: str) -> Response:
    """GET /console/tills/ID/state: whether the device has come, for the page that shows the code."""
    program = own_program()
    number = private_id("til", till_id) or 0
    till = read(lambda session: till_seen(session, program, number, clock.now()))
    return jsonify(state=till.state, waits=till.has_code)


def give_screen_code(till_id: str) -> str | tuple[str, int]:
    """POST /console/tills/ID/screen: a code for a device that shows the customer what this till shows."""
    program = own_program()
    number, now = private_id("til", till_id) or 0, clock.now()
    till = read(lambda session: till_seen(session, program, number, now))
    try:
        screen, code = write(
            lambda session: add_screen(session, program, number, staff_actor(), now)
        )
    except Refusal as refusal:
        if refusal.code not in ("screens_too_many", "till_revoked"):
            raise
        return _page(program, errors={"form": sentence(refusal.code)}), refusal.status
    follow = url_for("console.screen_state", screen_id=screen.id)
    address = f"{settings().public_url}/till/screen/pair"
    label = _("QR code that connects a screen")
    return _page(program, _code_shown("screen", follow, till.name, address, code, label)), CREATED


def drop_screen(screen_id: str) -> Response:
    """POST /console/screens/ID/revoke: its next request is refused."""
    program, number = own_program(), private_id("scr", screen_id) or 0
    write(lambda session: revoke_screen(session, program, number, staff_actor(), clock.now()))
    flash(_("The screen is disconnected."), "ok")
    return redirect(url_for("console.tills"), 303)


def screen_state(screen_id: str) -> Response:
    """GET /console/screens/ID/state: whether the device has come."""
    program, number = own_program(), private_id("scr", screen_id) or 0
    screen = read(lambda session: screen_seen(session, program, number, clock.now()))
    return jsonify(state=screen.state, waits=screen.has_code)


def _fresh(till: TillView, code: str) -> FreshCode:
    address = f"{settings().public_url}/till/pair"
    follow = url_for("console.till_state", till_id=till.id)
    label = _("QR code that pairs this till")
    return _code_shown("till", follow, till.name, address, code, label)


def _code_shown(
    kind: Kind, follow: str, name: str, address: str, code: str, label: str
) -> FreshCode:
    picture = code_picture(f"{address}#{code}", label)
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return FreshCode(kind, follow, name, spoken_code(code), address, picture, minutes)


def _page(
    program: ProgramView,
    fresh: FreshCode | None = None,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    now = clock.now()
    found, shown = read(
        lambda session: (tills(session, program, now), screens(session, program, now))
    )
    return console_page(
        "console/tills.html",
        program,
        tills=[
            _row(program, till, [one for one in shown if one.till_id == till.id]) for till in found
        ],
        form=Form(
            _sections(program),
            typed or {"lock_minutes": str(LOCK_MINUTES_DEFAULT)},
            program.locales,
            program.locale,
            errors or {},
        ),
        fresh=fresh,
    )


def _sections(program: ProgramView) -> list[Section]:
    """What is asked of another till."""
    return [
        Section(
            "",
            [
                Ask(
                    "name",
                    _("Name"),
                    required=True,
                    longest=NAME_LENGTH_MAX,
                    hint=_("As people in the shop call it, such as Counter 1."),
                ),
                Ask(
                    "store",
                    _("Store"),
                    "choice",
                    choices=[(public_id("sto", one.id), one.name) for one in program.stores],
                ),
                Ask(
                    "lock_minutes",
                    _("Asks who is there"),
                    "choice",
                    choices=[
                        (str(one), _("after %(minutes)s min", minutes=one)) for one in LOCK_MINUTES
                    ],
                ),
            ],
        )
    ]


def _screen_row(program: ProgramView, screen: ScreenView) -> ScreenRow:
    words, kind = {
        "waiting": (_("waits for its device"), "info"),
        "over": (_("the code is over"), "warn"),
        "paired": (_("connected"), "ok"),
        "unused": (_("unused for 30 days: connect it again"), "warn"),
        "revoked": (_("disconnected"), "bad"),
    }[screen.state]
    at = spell_time(screen.at, program.time_zone, current_language()) if screen.at else "–"
    return ScreenRow(screen.id, words, kind, at)


def _row(program: ProgramView, till: TillView, shown: list[ScreenView]) -> TillRow:
    language = current_language()
    words, kind = {
        "waiting": (_("waits for its device"), "info"),
        "over": (_("the code is over"), "warn"),
        "paired": (_("paired"), "ok"),
        "unused": (_("unused for 30 days: pair it again"), "warn"),
        "revoked": (_("revoked"), "bad"),
    }[till.state]
    store = next((store.name for store in program.stores if store.id == till.store_id), "")
    return TillRow(
        till.id,
        till.name,
        store,
        till.state,
        words,
        kind,
        spell_time(till.at, program.time_zone, language) if till.at else "–",
        _("after %(minutes)s min", minutes=till.lock_minutes),
        [_screen_row(program, screen) for screen in shown],
    )
