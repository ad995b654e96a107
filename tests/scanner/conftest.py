"""A till in front of the cast: the door alone, with the ground it stands on, and a cashier at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import cast as typed
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from tests.databases import Sqlite
from tests.factories import PASSWORD, PUBLIC_URL, SECRET_KEY, Cast
from wallet import clock
from wallet.actions.staff_access import sign_in
from wallet.config import Settings
from wallet.web.wiring import wiring


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


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with one development identity: making keys takes time."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def app(cast: Cast, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The service over the cast, at its time."""
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    settings = Settings.read(
        data_dir=data_dir,
        database_url=cast.database.url,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
    )
    made = create_app(settings)
    yield made
    with made.app_context():
        wiring().database.dispose()


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
