"""Staff sign-in and sign-out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.load_demo import PASSWORD, STAFF
from wallet.actions.staff_access import SESSION_LONGEST, sign_out
from wallet.actions.staff_access import sign_in as check_and_open
from wallet.errors import Refusal
from wallet.web.problems import sentence
from wallet.web.security import (
    client_address,
    cookie_name,
    current_staff,
    forget_session,
    keep_session,
    safe_next,
)
from wallet.web.wiring import settings, wiring, write

EMAIL_LENGTH_MAX = 254  # RFC 5321


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, offered for one-click filling."""

    email: str
    name: str
    role: str
    password: str


def staff_door() -> Blueprint:
    """`/staff/sign-in` and `/staff/sign-out`."""
    door = Blueprint("staff", __name__, url_prefix="/staff")
    door.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET"])
    door.add_url_rule("/sign-in", "open_session", open_session, methods=["POST"])
    door.add_url_rule("/sign-out", "sign_out", close_session, methods=["POST"])
    return door


def sign_in() -> Response | str:
    """The form; who is signed in already goes on."""
    found = current_staff()
    if found:
        return redirect(_after(found.role), 303)
    return _page("", "")


def open_session() -> Response | tuple[str, int]:
    """A new session for the right e-mail and password; one answer for everything else."""
    email = request.form.get("email", "").strip()[:EMAIL_LENGTH_MAX]
    password = request.form.get("password", "")
    try:
        token = check_and_open(wiring().database, email, password, client_address(), clock.now())
    except Refusal as refusal:
        return _page(email, _refused(refusal)), refusal.status
    session.clear()  # what an earlier person left in this browser ends here
    answer = redirect(safe_next(request.form.get("next", ""), url_for("staff.sign_in")), 303)
    keep_session(answer, token, SESSION_LONGEST.total_seconds())
    return answer


def close_session() -> Response:
    """Ends the session on the server, not only in the browser."""
    token = request.cookies.get(cookie_name(), "")
    if token:
        write(lambda db: sign_out(db, token, clock.now()))
    session.clear()
    flash(_("You are signed out."), "ok")
    answer = redirect(url_for("staff.sign_in"), 303)
    forget_session(answer)
    return answer


def _after(role: str) -> str:
    """Where a person goes who did not ask for a page."""
    wanted = safe_next(request.args.get("next", ""), "")
    return wanted or (url_for("console.overview") if role != "cashier" else url_for("till.page"))


def _refused(refusal: Refusal) -> str:
    wait = refusal.facts.get("retry_after_seconds")
    if wait is None:
        return sentence(refusal.code)
    minutes = max(1, round(int(wait) / 60))
    return _("Too many attempts. Please try again in %(minutes)s min.", minutes=minutes)


def _page(email: str, error: str) -> str:
    wanted = request.form.get("next") or request.args.get("next", "")
    return render_template(
        "staff/sign_in.html",
        email=email,
        error=error,
        next=safe_next(wanted, ""),
        demo_accounts=[DemoAccount(address, name, role, PASSWORD) for address, name, role in STAFF]
        if settings().demo
        else [],
        role_names=role_names(),
    )


def role_names() -> dict[str, str]:
    """What roles are called on pages."""
    return {
        "owner": _("Owner"),
        "manager": _("Manager"),
        "marketer": _("Marketer"),
        "cashier": _("Cashier"),
    }
