"""The API as a shop sees it: an application on a fresh database, and a shop with a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from apiflask import APIFlask
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

from app import create_app
from tests.databases import Postgres, Sqlite
from tests.factories import PUBLIC_URL, SECRET_KEY, Cast
from wallet import clock
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.config import Settings
from wallet.ids import public_id
from wallet.web.floods import EXTENSION
from wallet.web.wiring import install, wiring


@dataclass
class Shop:
    """A caller with a key. Every write gets a fresh Idempotency-Key unless it is said, and every
    answer is held against the document that the API gives of itself."""

    app: Flask
    key: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def send(
        self, method: str, path: str, headers: dict[str, str | None] | None = None, **said: Any
    ) -> TestResponse:
        """One request; a header that is None is left out."""
        wanted = {
            "Authorization": f"Bearer {self.key}",
            "Accept-Language": "en",
            "Idempotency-Key": f"test-{next(self._numbers)}" if method == "POST" else None,
            **(headers or {}),
        }
        kept = {name: value for name, value in wanted.items() if value is not None}
        client = self.app.test_client()
        answer = client.open(f"/api/v1{path}", method=method, headers=kept, **said)
        check_documented(self.app, method, f"/api/v1{path}", answer)
        return answer

    def get(self, path: str, **headers: str | None) -> TestResponse:
        """Read."""
        return self.send("GET", path, _names(headers))

    def post(self, path: str, body: Any, **headers: str | None) -> TestResponse:
        """Write."""
        return self.send("POST", path, _names(headers), json=body)

    def put(self, path: str, body: Any, **headers: str | None) -> TestResponse:
        """Choose."""
        return self.send("PUT", path, _names(headers), json=body)

    def patch(self, path: str, body: Any, **headers: str | None) -> TestResponse:
        """Change."""
        return self.send("PATCH", path, _names(headers), json=body)


def _names(headers: dict[str, str | None]) -> dict[str, str | None]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def check_documented(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """The status is one that the document lists, and the body has the form that it describes."""
    assert isinstance(app, APIFlask)
    document = app._get_spec()
    assert isinstance(document, dict)
    operation = next(
        operations[method.lower()]
        for template, operations in sorted(
            document["paths"].items(), key=lambda pair: "{" in pair[0]
        )
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path.partition("?")[0])
        and method.lower() in operations
    )
    described = operation["responses"][str(answer.status_code)]["content"][answer.mimetype]
    schema = {**described["schema"], "components": document["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(answer.get_json())


def sale(**said: Any) -> dict[str, Any]:
    """A sale of 40 euros to Bruno."""
    return {
        "member": {"email": "bruno@exemple.test"},
        "source": "shop",
        "external_id": "10042",
        "channel": "online",
        "amount_minor": 4000,
        "currency": "EUR",
        **said,
    }


def code_of(answer: TestResponse) -> tuple[int, str]:
    """(status, code) of a problem document."""
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return answer.status_code, problem["code"]


@pytest.fixture
def engine(sqlite: Sqlite) -> Sqlite | Postgres:
    """Most calls cannot tell the databases apart; modules where they can ask for both."""
    return sqlite


@pytest.fixture(scope="session")
def service(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The whole service, made once; each test gives it a database of its own."""
    url = sqlite.migrated()
    made = create_app(
        Settings.read(
            data_dir=tmp_path_factory.mktemp("data"),
            database_url=url,
            secret_key=SECRET_KEY,
            public_url=PUBLIC_URL,
        )
    )
    yield made
    with made.app_context():
        wiring().database.dispose()


@pytest.fixture
def app(service: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The service on the cast's database, at the cast's time, without limits on floods."""
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    monkeypatch.setattr(service.extensions[EXTENSION], "enabled", False)
    with service.app_context():
        own = wiring()
    install(service, replace(own, database=cast.database, nudge=lambda: None))
    yield service
    install(service, own)


@pytest.fixture
def shop(app: Flask, cast: Cast) -> Shop:
    """The café's web shop."""
    return Shop(app, cast.keys["demo"])


CREDIT = {
    "key": "credit",
    "kind": "credit",
    "name": {"fr": "Avoir", "en": "Store credit"},
    "one": {"fr": "avoir", "en": "credit"},
    "many": {"fr": "avoir", "en": "credit"},
}


@pytest.fixture
def club(cast: Cast) -> Cast:
    """The cast in a program that has everything: credit, activities, a VIP plan and referrals."""
    rules = PROGRAM.rules
    review = {
        "key": "review", "kind": "activity", "activity": "review", "unit": "points", "quantity": 20,
        "name": {"fr": "Un avis", "en": "A review"}, "caps": [{"per": "month", "times": 2}],
    }  # fmt: skip
    cashback = {
        "key": "cashback", "kind": "per_amount", "unit": "credit", "quantity": 5, "per_minor": 100,
        "name": {"fr": "Avoir de 5 %", "en": "5% back"},
    }  # fmt: skip
    richer = {
        **rules,
        "units": [*rules["units"], CREDIT],
        "earning": [*rules["earning"], cashback, review],
        "credit": {"unit": "credit", "share_max_percent": 50},
        "plans": [{"key": "vip", "name": {"fr": "VIP", "en": "VIP"}, "tier": "gold", "months": 12}],
        "referral": {"unit": "points", "referrer_quantity": 50, "friend_quantity": 30},
    }
    cast.run(lambda session: publish_rules(session, cast.program.id, richer, "test", cast.now))
    cast.program = cast.run(lambda session: program_view(session, cast.program.id))
    return cast


@pytest.fixture
def other_shop(app: Flask, cast: Cast) -> Shop:
    """The other brand's."""
    return Shop(app, cast.keys["sillage"])


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    """First name → public id of the member."""
    return {
        **{name: public_id("mbr", number) for name, number in cast.people.items()},
        "fatou": public_id("mbr", cast.other.people["fatou"]),
    }
