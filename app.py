"""create_app: wires the doors to the parts. Imported by nobody."""

from __future__ import annotations

import sys

from apiflask import APIFlask
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from passes.apple.webservice import apple_web_service
from passes.errors import IdentityError
from passes.google.callback import RootKeys
from scanner import till_door
from wallet import clock
from wallet.actions.registry import Registry
from wallet.actions.schema_state import SchemaError, require_schema
from wallet.config import ASSETS, Settings, SettingsError
from wallet.log import configure_logging
from wallet.parts import (
    Parts,
    apple_keeper,
    google_callback_keys_url,
    google_identity,
    make_database,
)
from wallet.waker import Waker, make_huey
from wallet.web.api import api_door, caller, key_limit
from wallet.web.console import console_door
from wallet.web.floods import Floods
from wallet.web.google_callback import google_callback_door
from wallet.web.json_answers import QuickJson
from wallet.web.locale import install_locale
from wallet.web.media import media_door
from wallet.web.operations import install_operations
from wallet.web.pass_maker import PassMaker, save_links
from wallet.web.problems import install_error_answers
from wallet.web.security import FLOOD_LIMIT, client_address, install_security
from wallet.web.sessions import QuickSessions
from wallet.web.shopper import shopper_door
from wallet.web.shopper.card import Wallets
from wallet.web.simulate import simulate_door
from wallet.web.staff import staff_door
from wallet.web.start import start_door
from wallet.web.static_files import install_static_files
from wallet.web.wiring import install

PROXIES = (
    1  # the one reverse proxy of docs/operations.md; more would let callers choose their address
)


def served() -> Flask:
    """`create_app` for `comptoir serve`: what may be wrong with an installation ends it with one line."""
    try:
        return create_app()
    except (SettingsError, SchemaError, IdentityError, SQLAlchemyError, OSError) as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        sys.exit(f"Error: {first[0]}")


def create_app(settings: Settings | None = None) -> Flask:
    """The whole service for one process."""
    settings = settings or Settings.read()
    configure_logging(settings.log_format)
    database = make_database(settings)
    require_schema(database)
    waker = Waker(make_huey(settings))
    parts = Parts(
        settings, database, apple_keeper(settings), google_identity(settings), waker.nudge
    )
    app = _flask(settings)
    install(app, parts)
    install_security(app)
    install_locale(app)
    install_static_files(app, ASSETS / "static")
    install_error_answers(app)
    install_operations(app)
    _doors(app, parts)
    return app


def _flask(settings: Settings) -> APIFlask:
    app = APIFlask(
        "comptoir",
        root_path=str(ASSETS),
        title="Comptoir",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        WTF_CSRF_TIME_LIMIT=None,  # a till stays open all day; the session's own end is enough
        WTF_CSRF_SSL_STRICT=False,  # Referrer-Policy is no-referrer: there is nothing to compare
        SESSION_COOKIE_NAME="comptoir",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.session_interface, app.json = QuickSessions(), QuickJson(app)
    if not settings.is_loopback:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=PROXIES, x_proto=PROXIES)  # type: ignore[method-assign]
    return app


def _doors(app: APIFlask, parts: Parts) -> None:
    settings = parts.settings
    csrf = CSRFProtect(app)
    floods = Floods(settings.rate_limit_url, FLOOD_LIMIT, client_address)
    floods.install(app)
    maker = PassMaker(parts)
    registry = Registry(parts.database, clock.now)
    apple = apple_web_service(registry, maker.build, parts.apple.pass_type_id)
    api = api_door()
    floods.limit(api, key_limit, caller)
    keys = RootKeys(google_callback_keys_url(settings), clock.now)
    google = google_callback_door(keys, parts.google.issuer_id)
    machine_doors = [(apple, "/apple"), (google, None), (api, None)]
    for door, prefix in machine_doors:
        csrf.exempt(door)
        app.register_blueprint(door, url_prefix=prefix)
    floods.exempt(google)  # a campaign is saved by many at once; what is not signed costs little
    floods.exempt(apple)  # ten thousand phones may ask at once; they carry their own tokens
    for door in (
        shopper_door(Wallets(maker.pkpass, save_links(parts).link)),
        staff_door(),
        start_door(),
        till_door(),
        console_door(),
        media_door(),
    ):
        app.register_blueprint(door)
    if settings.simulator_url:
        simulated = simulate_door(settings)
        floods.exempt(simulated)
        csrf.exempt(simulated)  # nothing behind it is worth forging: two phones that do not exist
        app.register_blueprint(simulated)
