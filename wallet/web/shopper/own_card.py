"""The card of this very browser: a cookie that leads back to it from the program's pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from wallet.actions.member_view import member_with_token
from wallet.actions.program_view import ProgramView
from wallet.web.wiring import read, settings

COOKIE_SECONDS = 365 * 24 * 3600
JOINED_SECONDS = 24 * 3600  # a link to an older card arrives within minutes


def card_path(address: str) -> str:
    """The way to a card on this very host. Under another name of the host (localhost, an address in
    the shop's network) the page's policy lets no form lead to the public one."""
    return urlsplit(address).path


def remember_card(answer: Response, program: ProgramView, address: str) -> Response:
    """Keep the way to the card, readable by this program's pages only and by no script."""
    answer.set_cookie(
        _cookie(program),
        card_path(address).rsplit("/", 1)[1],
        max_age=COOKIE_SECONDS,
        path=f"/p/{program.slug}",
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )
    return answer


def remember_join(answer: Response, program: ProgramView, address: str) -> Response:
    """The same for a card just got, and for a while on the pages of mailed links too: whoever opens
    the link to an older card here has both."""
    answer.set_cookie(
        _joined_cookie(program),
        card_path(address).rsplit("/", 1)[1],
        max_age=JOINED_SECONDS,
        path="/link",
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )
    return remember_card(answer, program, address)


def joined_token(program: ProgramView) -> str:
    """The token of the card that this browser got lately; empty when there is none."""
    return request.cookies.get(_joined_cookie(program), "")


def own_token(program: ProgramView) -> str:
    """The token of the card that was opened here before; empty when there is none."""
    return request.cookies.get(_cookie(program), "")


def own_card(program: ProgramView) -> str:
    """The path of the card that was opened here before; empty when there is none."""
    token = own_token(program)
    if not token or not read(lambda session: member_with_token(session, token, [program])):
        return ""
    return url_for("shopper.card", token=token)


def _cookie(program: ProgramView) -> str:
    return f"card_{program.slug}"


def _joined_cookie(program: ProgramView) -> str:
    return f"joined_{program.slug}"
