"""Who is asking, what they may do, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache, wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from passes.safe_picture import UPLOAD_BYTES_MAX
from wallet import clock
from wallet.actions.actor import Actor
from wallet.actions.api_access import KeyHolder, KnownKeys, key_holder, note_key_use
from wallet.actions.staff_access import SignedIn, is_to_be_renewed, renew_session, signed_in
from wallet.errors import Refusal
from wallet.web.problems import wants_json
from wallet.web.static_files import plain_path
from wallet.web.tills import current_till, is_till_door
from wallet.web.wiring import read, settings, wiring

P = ParamSpec("P")
R = TypeVar("R")

BODY_BYTES_MAX = 256 * 1024  # the largest basket is far below; uploads have their own limit
PHOTO_BYTES_MAX = 8 * 1024 * 1024  # a phone's own JPEG; the till's page sends a smaller one
UPLOADS = {
    "/till/api/photo": PHOTO_BYTES_MAX,
    "/console/design/pictures": UPLOAD_BYTES_MAX,
}
# Coarse, per address: a shop with ten tills stays far below; a script in a loop does not.
FLOOD_LIMIT = "1200 per minute"
CONSOLE_ROLES = ("owner", "manager", "marketer")
_KNOWN_KEYS = "known_keys"
TILL_ROLES = ("owner", "manager", "cashier")

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to https; plain http (development) has none."""
    return "__Host-staff" if settings().public_url.startswith("https://") else "staff"


def current_staff() -> SignedIn | None:
    """The person signed in on this browser, looked up once a request."""
    if "staff" not in g:
        token = request.cookies.get(cookie_name(), "")
        now = clock.now()
        found = read(lambda session: signed_in(session, token, now)) if token else None
        g.staff = found if found is not None and _is_good_here(found) else None
        if g.staff:
            g.staff_locale = g.staff.locale
            if read(lambda session: is_to_be_renewed(session, token, now)):
                wiring().database.run(lambda session: renew_session(session, token, now))
    return cast("SignedIn | None", g.staff)


def _is_good_here(found: SignedIn) -> bool:
    """A session that a PIN opened is good at its till and nowhere else: not in the console, not in
    another browser."""
    if found.till_id is None:
        return True
    till = current_till() if is_till_door() else None
    return till is not None and till.is_open and till.id == found.till_id


def staff() -> SignedIn:
    """The person signed in, behind `require_role`."""
    found = current_staff()
    assert found is not None
    return found


def require_role(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R | AnyResponse]]:
    """Let only these roles in: to the sign-in page when nobody is, 403 when it is the wrong one."""

    def _guard(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
        @wraps(view)
        def _guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
            found = current_staff()
            if found is None:
                if wants_json() or request.method != "GET":
                    raise Refusal("unauthorized")
                return redirect(
                    f"{url_for('staff.sign_in')}?next={quote(request.full_path.rstrip('?'))}"
                )
            if found.role not in roles:
                raise Refusal("forbidden")
            return view(*args, **kwargs)

        setattr(_guarded, "roles", roles)  # noqa: B010  read by the table of routes and roles
        return _guarded

    return _guard


def require_key(view: Callable[P, R]) -> Callable[P, R]:
    """Let only holders of a valid API key in."""

    @wraps(view)
    def _guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        g.key = _holder_of(_secret_of_request(), clock.now())
        return view(*args, **kwargs)

    setattr(_guarded, "roles", ("shop",))  # noqa: B010
    return _guarded


def require_key_once(view: Callable[P, R]) -> Callable[P, R]:
    """The same for views that do all their work in `write_once`: that makes sure of the key within the
    transaction, so that one which was valid a moment ago is good enough here."""

    @wraps(view)
    def _guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        secret, now = _secret_of_request(), clock.now()
        known = _known_keys().holder(secret, now)
        g.key, g.is_key_to_be_checked = known or _holder_of(secret, now), known is not None
        return view(*args, **kwargs)

    setattr(_guarded, "roles", ("shop",))  # noqa: B010
    return _guarded


def key() -> KeyHolder:
    """The shop behind the request's key, behind `require_key` or `require_key_once`."""
    return cast(KeyHolder, g.key)


def is_key_to_be_checked() -> bool:
    """Whether the key is only known from before, and has to be asked for in the transaction."""
    return bool(g.get("is_key_to_be_checked", False))


def _secret_of_request() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Refusal("unauthorized")
    return secret.strip()


def _holder_of(secret: str, now: datetime) -> KeyHolder:
    found = key_holder(wiring().database, secret, now)
    if found is None:
        raise Refusal("unauthorized")
    if found.is_stale:
        wiring().database.run(lambda session: note_key_use(session, secret, now))
    _known_keys().remember(found, now)
    return found


def _known_keys() -> KnownKeys:
    return cast(KnownKeys, current_app.extensions[_KNOWN_KEYS])


def staff_actor() -> Actor:
    """The signed-in person as the author of a change; at a paired till also where that stands."""
    person = staff()
    till = current_till() if is_till_door() else None
    if till is None or not till.is_open or till.program_id != person.program_id:
        return person.actor
    return replace(person.actor, store_id=till.store_id, till_id=till.id)


def keep_session(answer: AnyResponse, token: str, seconds: float) -> None:
    """Let this browser's session begin."""
    answer.set_cookie(
        cookie_name(),
        token,
        max_age=int(seconds),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )


def forget_session(answer: AnyResponse) -> None:
    """The browser need not show it any more; the server has ended it."""
    answer.delete_cookie(
        cookie_name(),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )


def safe_next(target: str, fallback: str) -> str:
    """A path of this site to go to after signing in; anything else is `fallback`."""
    parts = urlsplit(target)
    is_local = not parts.scheme and not parts.netloc and target.startswith("/")
    has_trick = target.startswith("//") or "\\" in target or any(ord(char) < 33 for char in target)
    return target if is_local and not has_trick else fallback


def client_address() -> str:
    """Where the request comes from, for counting; `ProxyFix` has already been asked."""
    return request.remote_addr or "unknown"


def install_security(app: Flask) -> None:
    """Headers on every answer. `wasm-unsafe-eval` only where the till decodes."""
    app.extensions[_KNOWN_KEYS] = KnownKeys()
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_BYTES_MAX
    app.config["MAX_FORM_PARTS"] = 100
    # Before anything looks into a body, as the check of tokens does.
    app.before_request_funcs.setdefault(None, []).insert(0, _allow_upload)
    app.after_request(_headers)


def _allow_upload() -> None:
    if limit := UPLOADS.get(request.path):
        request.max_content_length = limit


def _headers(answer: Response) -> Response:
    asked = request.path
    is_till = plain_path(asked).startswith(("/till", "/static/scanner/", "/static/vendor/zxing/"))
    is_https = settings().public_url.startswith("https://")
    said = {name.lower() for name, _ in answer.headers}
    for name, value in _usual_headers(is_till, is_https, not asked.startswith("/static/")):
        if name.lower() not in said:
            answer.headers.add(name, value)
    return answer


@cache
def _usual_headers(is_till: bool, is_https: bool, is_private: bool) -> list[tuple[str, str]]:
    """What every answer says that does not say otherwise."""
    policy = dict(_POLICY)
    if is_till:
        policy["script-src"] += " 'wasm-unsafe-eval'"
    camera = "camera=(self)" if is_till else "camera=()"
    usual = [
        ("Content-Security-Policy", "; ".join(f"{name} {said}" for name, said in policy.items())),
        ("Permissions-Policy", f"{camera}, microphone=(), geolocation=()"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if is_https:
        usual.append(("Strict-Transport-Security", "max-age=31536000"))
    if is_private:
        usual.append(("Cache-Control", "private, no-store"))
    return usual
