"""Who stands at a paired till: the names on its wall, the PIN, the lock."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from scanner.bodies import Switch, read_body
from scanner.guard import paired_till
from wallet import clock
from wallet.actions.staff_access import SignedIn, sign_out
from wallet.actions.tills.pin import SHIFT, people_at, switch_staff
from wallet.ids import private_id, public_id
from wallet.web.security import cookie_name, forget_session, keep_session
from wallet.web.wiring import read, wiring, write


def people() -> Response:
    """GET /till/api/people: `{"people": [{"id", "name", "role"}]}`, those of this store first."""
    till = paired_till()
    found = read(lambda session: people_at(session, till))
    names = role_words()
    return jsonify(
        people=[
            {
                "id": public_id("stf", one.id),
                "name": one.name,
                "role": names[one.role],
                "is_here": one.is_here,
                "approves": one.role in ("owner", "manager"),
            }
            for one in found
        ]
    )


def switch() -> Response:
    """POST /till/api/switch: this person works here from now on; who worked here before does not."""
    till = paired_till()
    body = read_body(Switch)
    now = clock.now()
    staff_id = private_id("stf", body.staff) or 0
    token, person = switch_staff(wiring().database, till, staff_id, body.pin, now)
    _end_session()
    answer = jsonify(staff=staff_words(person), csrf=generate_csrf())
    keep_session(answer, token, SHIFT.total_seconds())
    return answer


def lock() -> Response:
    """POST /till/api/lock: nobody works here until somebody says who they are."""
    paired_till()
    _end_session()
    answer = jsonify(locked=True)
    forget_session(answer)
    return answer


def staff_words(person: SignedIn) -> dict[str, Any]:
    """The person as the till's page shows them."""
    return {
        "id": public_id("stf", person.staff_id),
        "name": person.name,
        "role": role_words()[person.role],
        "approves": person.role in ("owner", "manager"),
    }


def role_words() -> dict[str, str]:
    """What roles are called at a till."""
    return {
        "owner": _("Owner"),
        "manager": _("Manager"),
        "marketer": _("Marketer"),
        "cashier": _("Cashier"),
    }


def _end_session() -> None:
    token = request.cookies.get(cookie_name(), "")
    if token:
        write(lambda session: sign_out(session, token, clock.now()))
