"""A small issuer over real HTTP: one card, PassKit's web service, save links. For the phones' tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, redirect
from werkzeug.serving import WSGIRequestHandler, make_server

from passes.apple.identity import AppleIdentity
from passes.apple.package import MIME_TYPE, PassBuilder
from passes.apple.webservice import apple_web_service
from passes.card import Card, PassIdentity, announced_fact
from passes.images import google_images, no_uploads
from passes.registry import StoredPass
from tests.passes.cast import ADA, DESIGN, IDENTITY

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Shop:
    """One member's card at `{url}/card/{TOKEN}`, its registrations and its changes."""

    TOKEN = "card-of-ada"

    def __init__(self, identity: AppleIdentity) -> None:
        self.card: Card = ADA
        self.modified_at = START
        self.tag = 1
        self.registrations: dict[str, str] = {}  # device → push token
        self.complaints: list[str] = []
        self.save_link = "https://pay.google.com/gp/v/save/none"
        self.web = Flask("shop")
        self._server = make_server("127.0.0.1", 0, self.web, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._identity = identity
        self._builder = PassBuilder(identity, DESIGN, no_uploads, f"{self.url}/apple")
        service = apple_web_service(self, self.build, identity.pass_type_id)
        self.web.register_blueprint(service, url_prefix="/apple")
        self.web.get(f"/card/{self.TOKEN}/apple.pkpass")(self._download)
        self.web.get(f"/card/{self.TOKEN}/google")(lambda: redirect(self.save_link))
        self.web.get("/media/<role>.png")(self._picture)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def credit(self, points: int) -> None:
        """The member has another balance now; nobody is told yet."""
        balance = replace(
            self.card.balance,
            value={"fr": f"{points} points", "en": f"{points} points"},
            number=points,
        )
        self.change(replace(self.card, balance=balance))

    def change(self, card: Card) -> None:
        """The card says something else now; one of the changes speaks, as when it is stored."""
        announced = announced_fact(self.card.to_json(), card.to_json())
        self.card = replace(card, announced=announced)
        self.tag += 1
        self.modified_at += timedelta(seconds=1)

    def package(self, card: Card | None = None, issued: PassIdentity = IDENTITY) -> bytes:
        """The signed pass of a card."""
        return self._builder.build(card or self.card, None, issued, datetime.now(UTC))

    def build(self, stored: StoredPass) -> bytes:
        return self.package(Card.from_json(stored.card))

    def find(self, serial: str) -> StoredPass | None:
        if serial != IDENTITY.serial:
            return None
        return StoredPass(
            serial=serial,
            auth_token=IDENTITY.auth_token,
            card=self.card.to_json(),
            design=DESIGN.model_dump(),
            tier_key=None,
            modified_at=self.modified_at,
        )

    def token_of(self, serial: str) -> str | None:
        return IDENTITY.auth_token if serial == IDENTITY.serial else None

    def may_announce(self, serial: str, version: int) -> bool:
        return True

    def fetched(self, serial: str, version: int) -> None:
        """Of no interest here."""

    def register(self, device: str, push_token: str, serial: str) -> bool:
        new = device not in self.registrations
        self.registrations[device] = push_token
        return new

    def unregister(self, device: str, serial: str) -> None:
        self.registrations.pop(device, None)

    def updated_since(self, device: str, tag: int | None) -> tuple[int, Sequence[str]]:
        changed = device in self.registrations and (tag is None or tag < self.tag)
        return self.tag, [IDENTITY.serial] if changed else []

    def log(self, messages: Sequence[str]) -> None:
        self.complaints.extend(messages)

    def _download(self) -> Response:
        return Response(self.package(), mimetype=MIME_TYPE)

    def _picture(self, role: str) -> Response:
        return Response(google_images(DESIGN, no_uploads)[role], mimetype="image/png")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's name
        """Say nothing."""
