"""Refusals as answers: `application/problem+json` (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, json, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from wallet.errors import CODES, Refusal

log = structlog.get_logger()
PROBLEM_JSON = "application/problem+json"
BUSY_RETRY_SECONDS = 2
FLOOD_RETRY_SECONDS = 60  # the window of the flood limits
_BY_STATUS = {
    400: "json_invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "media_type_unsupported",
    422: "body_invalid",
    429: "rate_limited",
    503: "unavailable",
}


def sentence(code: str) -> str:
    """The refusal's sentence in the language of the reader."""
    return gettext(CODES[code][1])


def problem(code: str, **facts: Any) -> Response:
    """A problem document. `facts` become members of it."""
    status = CODES[code][0]
    if code == "body_invalid" and "field" in facts and "errors" not in facts:
        # Found where value moves, not where the body was read: said in the same place.
        message = gettext("This value cannot be used.")
        facts["errors"] = [{"field": facts["field"], "message": message}]
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": sentence(code),
        **{key: _plain(value) for key, value in facts.items()},
    }
    answer = Response(json.dumps(body), status=status, content_type=PROBLEM_JSON)
    if "retry_after_seconds" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after_seconds"])
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="comptoir"'
    return answer


def wants_json() -> bool:
    """Whether a program is asking: by address, or by what it says it accepts."""
    path = request.path
    if path.startswith(("/api/", "/hooks/", "/apple/", "/google/")) or "/api/" in path:
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json"], default="text/html"
    )
    return best == "application/json"


def answer_refusal(code: str, **facts: Any) -> Response:
    """A problem document or an error page, whichever the reader can use."""
    if wants_json():
        return problem(code, **facts)
    status = CODES[code][0]
    page = render_template(
        "errors/error.html", code=code, status=status, sentence=sentence(code), facts=facts
    )
    answer = make_response(page, status)
    if "retry_after_seconds" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after_seconds"])
    return answer


def install_error_answers(app: Flask) -> None:
    """Every way out of a request that is not an answer of its own."""
    handlers: dict[type[Exception], Callable[[Any], Response]] = {
        Refusal: lambda error: answer_refusal(error.code, **error.facts),
        CSRFError: lambda error: answer_refusal("csrf_failed"),
        OperationalError: _busy,
        HTTPException: _http,
        Exception: _crash,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def _busy(error: OperationalError) -> Response:
    log.warning("database_busy", error=str(error.orig))
    return answer_refusal("unavailable", retry_after_seconds=BUSY_RETRY_SECONDS)


def _http(error: HTTPException) -> Response:
    code = _BY_STATUS.get(error.code or 500)
    if code is None:
        return make_response(error.get_response())
    wait = {"retry_after_seconds": FLOOD_RETRY_SECONDS} if code == "rate_limited" else {}
    answer = answer_refusal(code, **wait)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _crash(error: Exception) -> Response:
    log.error("crash", path=request.path, exc_info=error)
    return answer_refusal("server_error")


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
