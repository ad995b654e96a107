"""The till's page, and the choice of the store it stands in."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_symbol
from flask import (
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from scanner.desk_data import desk_data
from scanner.desk_texts import desk_texts
from scanner.guard import paired_till, somebody_at_till, till_alone
from scanner.icons import SIZES
from scanner.people import role_words
from scanner.screen import face_texts
from scanner.texts import till_texts
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.staff_access import SignedIn, choose_store
from wallet.actions.tills.pin import PIN_LENGTH_MAX
from wallet.actions.tills.screens import count_screens
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.money import exponent, spell_money
from wallet.web.locale import current_language
from wallet.web.security import (
    CONSOLE_ROLES,
    cookie_name,
    current_staff,
    staff,
)
from wallet.web.static_files import static_version
from wallet.web.tills import current_till
from wallet.web.wiring import read, write

# What the page loads only when the camera starts; a start without a connection needs it too.
OFFLINE_FILES = (
    "scanner/decode-worker.mjs",
    "vendor/zxing/reader/index.js",
    "vendor/zxing/share.js",
    "vendor/zxing/zxing_reader.wasm",
    "vendor/icons/sprite.svg",
)


def service_worker() -> Response:
    """GET /till/sw.js: beside the page, because a service worker rules only over what lies below it."""
    assert current_app.static_folder is not None
    answer = send_from_directory(current_app.static_folder, "scanner/sw.js")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def manifest() -> Response:
    """GET /till/app.webmanifest: the till as an app on the home screen."""
    answer = jsonify(
        id="/till/",
        name=_("Till"),
        short_name=_("Till"),
        lang=current_language(),
        start_url=url_for("till.page"),
        scope=url_for("till.page"),
        display="standalone",
        background_color="#1a1310",
        theme_color="#1a1310",
        icons=[
            {
                "src": url_for("static", filename="brand/icon.svg"),
                "sizes": "any",
                "type": "image/svg+xml",
                "purpose": "any",
            },
            *(
                {
                    "src": url_for("till.icon", name=f"{size}{'-' * bool(purpose)}{purpose}"),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose or "any",
                }
                for size in SIZES
                for purpose in ("", "maskable")
            ),
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@till_alone
def page() -> str | Response:
    """GET /till/: one long-lived page; iOS would ask for the camera again after each other one. A
    paired till shows it to nobody in particular too, and asks who is there."""
    return _page(is_practice=False)


@till_alone
def practice_page() -> str | Response:
    """GET /till/practice: the same page with a customer who does not exist. Nothing is booked."""
    return _page(is_practice=True)


def _page(*, is_practice: bool) -> str | Response:
    till, person = current_till(), current_staff()
    if till is not None and not till.is_open:
        return redirect(url_for("till.pair"), 303)
    if till is not None and person is not None and till.program_id != person.program_id:
        till = None  # somebody of another brand, with their own sign-in
    program_id = person.program_id if person else paired_till().program_id
    program = read(lambda session: program_view(session, program_id))
    language = current_language()
    store_id = till.store_id if till else person.store_id if person else None
    return render_template(
        "scanner/till.html",
        program=program,
        staff=person,
        till=till,
        role=role_words()[person.role] if person else "",
        store=next((store for store in program.stores if store.id == store_id), None),
        stores=[(public_id("sto", store.id), store) for store in program.stores],
        has_console=person is not None and person.till_id is None and person.role in CONSOLE_ROLES,
        currency_sign=get_currency_symbol(program.currency, locale=language),
        is_practice=is_practice,
        till_data=(said := {**_till_data(program, language, store_id), "practice": is_practice}),
        quick_words=[spell_money(each, program.currency, language) for each in said["quick"]],
    )


@somebody_at_till
def stand_in_store() -> Response:
    """POST /till/store: from now on entries of this session say this store. A paired till stands
    where it was paired for."""
    person = staff()
    if current_till() is not None:
        raise Refusal("forbidden")
    _check_store(person, store_id := private_id("sto", request.form.get("store", "")))
    token = request.cookies.get(cookie_name(), "")
    write(lambda session: choose_store(session, token, store_id or 0))
    return redirect(url_for("till.page"), 303)


def _check_store(person: SignedIn, store_id: int | None) -> None:
    program = read(lambda session: program_view(session, person.program_id))
    if store_id not in [store.id for store in program.stores]:
        raise Refusal("store_not_found")


def _till_data(program: ProgramView, language: str, store_id: int | None) -> dict[str, Any]:
    """What the page's scripts need to know before the first scan."""
    person, till = current_staff(), current_till()
    return {
        "locale": language,
        "currency": {"code": program.currency, "digits": exponent(program.currency)},
        "api": url_for("till.page") + "api/",
        "sign_in": url_for("staff.sign_in", next=url_for("till.page")),
        "release": static_version(),
        "worker": url_for("till.service_worker"),
        "offline": [url_for("static", filename=name) for name in OFFLINE_FILES],
        "staff": public_id("stf", person.staff_id) if person else None,
        "store": public_id("sto", store_id) if store_id else None,
        "paired": public_id("til", till.id) if till else None,
        "pair": url_for("till.pair"),
        "lock_seconds": till.lock_minutes * 60 if till else None,
        "pin_length_max": PIN_LENGTH_MAX,
        "unit": program.ruleset.main_unit.key,
        "units": {
            unit.key: {
                "one": program.text(unit.one, language),
                "other": program.text(unit.many, language),
            }
            for unit in program.ruleset.units
        },
        **desk_data(program, language),
        "screen": url_for("till.screen"),
        "screens": read(lambda session: count_screens(session, till.id)) if till else 0,
        "texts": {**till_texts(), **desk_texts(), **face_texts(program)},
    }
