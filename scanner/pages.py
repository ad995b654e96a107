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

from scanner.texts import till_texts
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.staff_access import SignedIn, choose_store
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.money import exponent
from wallet.web.locale import current_language
from wallet.web.security import (
    CONSOLE_ROLES,
    TILL_ROLES,
    cookie_name,
    require_role,
    staff,
)
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
                "purpose": purpose,
            }
            for purpose in ("any", "maskable")
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@require_role(*TILL_ROLES)
def page() -> str:
    """GET /till/: one long-lived page; iOS would ask for the camera again after each other one."""
    person = staff()
    program = read(lambda session: program_view(session, person.program_id))
    language = current_language()
    return render_template(
        "scanner/till.html",
        program=program,
        staff=person,
        role=_roles()[person.role],
        store=next((store for store in program.stores if store.id == person.store_id), None),
        stores=[(public_id("sto", store.id), store) for store in program.stores],
        has_console=person.role in CONSOLE_ROLES,
        currency_sign=get_currency_symbol(program.currency, locale=language),
        till_data=_till_data(program, language),
    )


@require_role(*TILL_ROLES)
def stand_in_store() -> Response:
    """POST /till/store: from now on entries of this session say this store."""
    person = staff()
    _check_store(person, store_id := private_id("sto", request.form.get("store", "")))
    token = request.cookies.get(cookie_name(), "")
    write(lambda session: choose_store(session, token, store_id or 0))
    return redirect(url_for("till.page"), 303)


def _check_store(person: SignedIn, store_id: int | None) -> None:
    program = read(lambda session: program_view(session, person.program_id))
    if store_id not in [store.id for store in program.stores]:
        raise Refusal("store_not_found")


def _till_data(program: ProgramView, language: str) -> dict[str, Any]:
    """What the page's scripts need to know before the first scan."""
    return {
        "locale": language,
        "currency": {"code": program.currency, "digits": exponent(program.currency)},
        "api": url_for("till.page") + "api/",
        "sign_in": url_for("staff.sign_in", next=url_for("till.page")),
        "worker": url_for("till.service_worker"),
        "offline": [url_for("static", filename=name) for name in OFFLINE_FILES],
        "staff": public_id("stf", staff().staff_id),
        "store": public_id("sto", store_id) if (store_id := staff().store_id) else None,
        "unit": program.ruleset.main_unit.key,
        "units": {
            unit.key: {
                "one": program.text(unit.one, language),
                "other": program.text(unit.many, language),
            }
            for unit in program.ruleset.units
        },
        "texts": till_texts(),
    }


def _roles() -> dict[str, str]:
    return {
        "owner": _("Owner"),
        "manager": _("Manager"),
        "marketer": _("Marketer"),
        "cashier": _("Cashier"),
    }
