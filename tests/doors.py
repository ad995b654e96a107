"""The whole application in this process, and callers of every role before its doors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from tests.factories import PASSWORD, PUBLIC_URL, SECRET_KEY, Cast
from wallet import clock
from wallet.actions.card_link import make_card_link
from wallet.actions.issue_pass import issue_pass
from wallet.actions.registry import Registry
from wallet.actions.staff_access import sign_in
from wallet.config import Settings
from wallet.db import Base, Database
from wallet.tables.wallet_pass import WalletPass
from wallet.web.wiring import wiring

# Who calls, and as whom of the cast: staff by a session, shops by a key.
STAFF = {
    "cashier": "dora",
    "marketer": "emil",
    "manager": "marc",
    "owner": "odile",
    "stranger": "gaelle",  # the owner of the other brand
}
SHOPS = {"shop": "demo", "strange shop": "sillage"}
ROLES = ("anonymous", *STAFF, *SHOPS)
NOBODY_LISTENS = "http://127.0.0.1:1"  # where the simulators are not

# Failures are counted so that they can be limited: the one thing that a refused request may write.
COUNTERS = {"attempts"}
# That a session or a key was used is written down now and then, whatever became of the request.
SEEN = {("staff_session", "seen_at"), ("api_key", "used_at"), ("till", "seen_at")}


@dataclass
class Caller:
    """One browser or shop. `csrf` is the token of the page it stands on."""

    client: FlaskClient
    csrf: str
    key: str = ""

    def send(
        self,
        method: str,
        path: str,
        *,
        csrf: bool = True,
        headers: Mapping[str, str] = {},
        **said: Any,
    ) -> TestResponse:
        """One request, with everything that this caller has to show."""
        shown = {"X-CSRFToken": self.csrf} if csrf else {}
        if self.key:
            shown["Authorization"] = f"Bearer {self.key}"
        return self.client.open(
            path, method=method, headers={**shown, **headers}, buffered=True, **said
        )


@dataclass
class House:
    """The application over the cast."""

    app: Flask
    cast: Cast
    registry: Registry  # what phones do at this application
    callers: dict[str, Caller] = field(default_factory=dict)

    def caller(self, role: str) -> Caller:
        """Somebody of this role; the same one each time."""
        if role not in self.callers:
            self.callers[role] = self._new(role)
        return self.callers[role]

    def _new(self, role: str) -> Caller:
        client = self.app.test_client()
        page = client.get("/p/demo/join").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        if role in STAFF:
            email = f"{STAFF[role]}@exemple.test"
            session = sign_in(self.cast.database, email, PASSWORD, "127.0.0.1", self.cast.now)
            client.set_cookie("staff", session)
        caller = Caller(client, token[1], self.cast.keys.get(SHOPS.get(role, ""), ""))
        caller.send("GET", "/api/v1/rewards")  # that a key is in use is written down now, not later
        return caller

    @property
    def pass_type_id(self) -> str:
        """What Apple calls the kind of pass."""
        with self.app.app_context():
            return wiring().apple.pass_type_id

    def everything(self) -> dict[str, tuple[int, str]]:
        """As `everything_in`, after what phones did a moment ago has been written down."""
        self.registry.notes.flush()
        return everything_in(self.cast.database)

    def dismiss(self, role: str) -> None:
        """Forget a caller whose session may have ended."""
        self.callers.pop(role, None)

    def card_path(self, who: str = "ada") -> str:
        """Where a member's web card is."""
        return self.cast.view(who).card_url.removeprefix(PUBLIC_URL)

    def apple_pass(self, who: str = "ada") -> WalletPass:
        """The member's pass on iPhones."""
        cast = self.cast
        return cast.run(
            lambda session: issue_pass(
                session, cast.program, cast.member(session, who), "apple", cast.now
            )
        )

    def link_path(self, who: str = "ada") -> str:
        """A fresh link to the card, as the mail has it."""
        cast = self.cast
        mail = cast.run(
            lambda session: make_card_link(session, cast.program.id, cast.people[who], cast.now)
        )
        assert mail is not None
        return mail.address.removeprefix(PUBLIC_URL)


@contextmanager
def open_house(cast: Cast, folder: Path) -> Iterator[House]:
    """`create_app` over the cast's database, today: certificates and links are checked by the clock."""
    cast.now = clock.now()
    settings = Settings.read(
        data_dir=folder,
        database_url=cast.database.url,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
        simulator_url=NOBODY_LISTENS,
    )
    registries: list[Registry] = []

    def _registry(*parts: Any) -> Registry:
        registries.append(Registry(*parts))
        return registries[-1]

    with patch("app.Registry", _registry):
        app = create_app(settings)
    try:
        yield House(app, cast, registries[0])
    finally:
        with app.app_context():
            wiring().database.dispose()


def everything_in(database: Database) -> dict[str, tuple[int, str]]:
    """Rows and a digest of their content, table by table: what must be the same after a refusal."""
    found = {}
    with database.reading() as session:
        for name, table in Base.metadata.tables.items():
            if name not in COUNTERS:
                kept = [column for column in table.c if (name, column.name) not in SEEN]
                rows = session.execute(select(*kept).order_by(table.c.id)).all()
                digest = hashlib.sha256(repr(rows).encode()).hexdigest()
                found[name] = (len(rows), digest)
    return found
