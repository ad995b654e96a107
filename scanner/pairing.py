"""A browser becomes a till: the page where the console's code is typed, or opened by its QR code."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.tills.pair import pair
from wallet.errors import Refusal
from wallet.web.problems import sentence
from wallet.web.security import client_address, forget_session
from wallet.web.tills import current_till, forget_till, keep_till
from wallet.web.wiring import wiring

CODE_TYPED_MAX = 20  # with whatever people put between the letters


def pair_page() -> str | Response:
    """GET /till/pair: the form. A QR code brings the code behind the address's #, which no log sees."""
    till = current_till()
    if till is not None and till.is_open:
        return redirect(url_for("till.page"), 303)
    return _page("")


def pair_now() -> Response | tuple[str, int]:
    """POST /till/pair: this browser is that till from now on; whoever was signed in here is not."""
    code = request.form.get("code", "")[:CODE_TYPED_MAX]
    try:
        token, _till = pair(wiring().database, code, client_address(), clock.now())
    except Refusal as refusal:
        return _page(said_of(refusal)), refusal.status
    answer = redirect(url_for("till.page"), 303)
    keep_till(answer, token)
    forget_session(answer)
    return answer


def said_of(refusal: Refusal) -> str:
    """Why a code was not taken, for the page where it was typed."""
    if refusal.code != "too_many_attempts":
        return sentence(refusal.code)
    minutes = max(1, round(int(refusal.facts["retry_after_seconds"]) / 60))
    return _("Too many attempts. Please try again in %(minutes)s min.", minutes=minutes)


def leave() -> Response:
    """POST /till/leave: this browser is no till any more. What it saved stays in it, and goes to
    the server with whoever signs in next."""
    answer = redirect(url_for("staff.sign_in", next=url_for("till.page")), 303)
    forget_till(answer)
    return answer


def _page(error: str) -> str:
    till = current_till()
    return render_template(
        "scanner/pair.html",
        error=error,
        was=till.name if till is not None and not till.is_open else "",
        code_typed_max=CODE_TYPED_MAX,
    )
