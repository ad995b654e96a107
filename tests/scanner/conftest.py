"""A till in front of the cast: the door alone, with the ground it stands on, and a cashier at it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import cast as typed
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from werkzeug.test import TestResponse

from passes.apple.identity import AppleIdentity
from passes.google.identity import GoogleIdentity
from scanner import till_door
from tests.databases import Sqlite
from tests.factories import PASSWORD, PUBLIC_URL, SECRET_KEY, Cast
from wallet import clock
from wallet.actions.staff_access import sign_in
from wallet.config import ASSETS, Settings
from wallet.parts import Parts
from wallet.web.locale import install_locale
from wallet.web.problems import install_error_answers
from wallet.web.security import install_security
from wallet.web.staff import staff_door
from wallet.web.wiring import install


@dataclass
class Till:
    """One browser before the till."""

    client: FlaskClient
    cast: Cast
    csrf: str = ""

    def sign_in(self, who: str) -> None:
        """This person works here from now on."""
        self.come_in()
        token = sign_in(
            self.cast.database, f"{who}@exemple.test", PASSWORD, "127.0.0.1", self.cast.now
        )
        self.client.set_cookie("staff", token)

    def come_in(self) -> None:
        """Look at the sign-in page, in English: nobody yet, but with the token of a page."""
        page = self.client.get("/staff/sign-in?lang=en")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found
        self.csrf = found[1]

    def post(self, verb: str, **body: Any) -> TestResponse:
        """What the page's script sends."""
        return self.client.post(f"/till/api/{verb}", json=body, headers={"X-CSRFToken": self.csrf})

    def sell(self, who: str, amount_minor: Any, **more: Any) -> TestResponse:
        """A sale with a fresh request id unless told otherwise."""
        body = {"request_id": str(uuid4()), "member_id": self.id_of(who), **more}
        return self.post("purchases", amount_minor=amount_minor, **body)

    def redeem(self, who: str, cost: int, **more: Any) -> TestResponse:
        """The reward of this cost."""
        reward = next(reward for reward in self.hub(who)["rewards"] if reward["cost"] == cost)
        body = {"request_id": str(uuid4()), "member_id": self.id_of(who), **more}
        return self.post("redemptions", reward_id=reward["id"], **body)

    def undo(self, undo: dict[str, str], **more: Any) -> TestResponse:
        """What an answer said could be undone."""
        return self.post("undo", **{"request_id": str(uuid4()), **undo, **more})

    def id_of(self, who: str) -> str:
        """The member's public id."""
        return self.cast.view(who).public_id

    def hub(self, who: str) -> dict[str, Any]:
        """The member as the page shows it."""
        return typed(dict[str, Any], told(self.post("lookup", member_id=self.id_of(who)))["member"])


def told(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    said = answer.json
    assert isinstance(said, dict), answer.text
    return said


@pytest.fixture
def engine(sqlite: Sqlite) -> Sqlite:
    """The door is the same on every database; where it may not be, a test asks for both."""
    return sqlite


@pytest.fixture
def app(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The till's door and the staff's, at the cast's time."""
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    settings = Settings(data_dir=tmp_path, public_url=PUBLIC_URL, secret_key=SECRET_KEY)
    parts = Parts(
        settings=settings,
        database=cast.database,
        apple=typed(AppleIdentity, None),  # a till signs no passes
        google=typed(GoogleIdentity, None),
        nudge=lambda: None,
    )
    app = Flask("till", root_path=str(ASSETS))
    app.config.update(SECRET_KEY=SECRET_KEY, WTF_CSRF_TIME_LIMIT=None, TESTING=True)
    install(app, parts)
    install_security(app)
    install_locale(app)
    install_error_answers(app)
    CSRFProtect(app)
    app.register_blueprint(staff_door())
    app.register_blueprint(till_door())
    return app


@pytest.fixture
def open_till(app: Flask, cast: Cast) -> Callable[[], Till]:
    """Makes browsers in which nobody is signed in."""
    return lambda: Till(app.test_client(), cast)


@pytest.fixture
def till(open_till: Callable[[], Till]) -> Till:
    """Dora, a cashier, at the till."""
    opened = open_till()
    opened.sign_in("dora")
    return opened
