"""The till behind a request: a cookie that a browser got when it was paired."""

from __future__ import annotations

from typing import cast

from flask import g, request
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.tills.pair import PairedTill, note_till_use, till_behind
from wallet.web.wiring import read, settings, wiring

COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one; revoking is the server's
DOOR = "/till"  # a PIN is asked for, and means something, below this address only


def till_cookie() -> str:
    """`__Host-` binds the cookie to this host and to https; plain http (development) has none."""
    return host_cookie("till")


def host_cookie(name: str) -> str:
    """The name of a cookie that only this host reads."""
    return f"__Host-{name}" if _is_https() else name


def current_till() -> PairedTill | None:
    """The till of this browser, looked up once a request; also a revoked one."""
    if "till" not in g:
        token = request.cookies.get(till_cookie(), "")
        now = clock.now()
        g.till = found = read(lambda session: till_behind(session, token, now)) if token else None
        if found and found.is_open and found.is_stale:
            wiring().database.run(lambda session: note_till_use(session, found.id, now))
    return cast("PairedTill | None", g.till)


def is_till_door() -> bool:
    """Whether the request is for the till and what belongs to it."""
    return request.path == DOOR or request.path.startswith(DOOR + "/")


def keep_till(answer: Response, token: str) -> None:
    """This browser is that till from now on."""
    keep_host_cookie(answer, till_cookie(), token, COOKIE_SECONDS)


def keep_host_cookie(answer: Response, name: str, token: str, seconds: int) -> None:
    """A token that no script reads."""
    answer.set_cookie(
        name,
        token,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_is_https(),
    )


def forget_till(answer: Response) -> None:
    """This browser is no till any more."""
    answer.delete_cookie(till_cookie(), path="/", httponly=True, samesite="Lax", secure=_is_https())


def _is_https() -> bool:
    return settings().public_url.startswith("https://")
