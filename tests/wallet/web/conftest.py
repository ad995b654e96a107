"""The whole service over one fresh SQLite file, and browsers that talk to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from tests.databases import Sqlite, migrate
from tests.factories import PASSWORD, PUBLIC_URL, SECRET_KEY, Cast, make_cast, open_database
from wallet import clock
from wallet.config import Settings

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36"


class Browser:
    """A visitor: keeps cookies, sends forms with the token of the page they stand on."""

    def __init__(self, client: FlaskClient, language: str, user_agent: str) -> None:
        self.client = client
        self._headers = {"Accept-Language": language, "User-Agent": user_agent}

    def get(self, path: str, **headers: str) -> TestResponse:
        """A page."""
        return self.client.get(_path(path), headers={**self._headers, **headers})

    def send(self, path: str, form: dict[str, str], page: str | None = None) -> TestResponse:
        """A form; its token, and what it says it showed, come from `page`, by default from the address
        that takes it."""
        shown = self.get(page or path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        assert token, f"no form on {page or path}"
        seen = re.search(r'name="seen" value="([^"]*)"', shown)
        hidden = {"seen": seen[1]} if seen else {}
        return self.send_raw(path, {**hidden, **form, "csrf_token": token[1]})

    def send_raw(self, path: str, form: dict[str, str]) -> TestResponse:
        """A form exactly as given."""
        return self.client.post(_path(path), data=form, headers=self._headers)

    def sign_in(self, name: str, **form: str) -> TestResponse:
        """As somebody of the cast's staff."""
        said = {"email": f"{name}@exemple.test", "password": PASSWORD, **form}
        return self.send("/staff/sign-in", said)


def _path(address: str) -> str:
    return address.removeprefix(PUBLIC_URL)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with one development identity: making keys takes time."""
    return tmp_path_factory.mktemp("data")


def _cast_in(url: str) -> Cast:
    migrate(url)
    database = open_database(url)
    made = make_cast(database)
    database.dispose()
    return made


@pytest.fixture
def web_cast(sqlite: Sqlite) -> Iterator[Cast]:
    """The cast on SQLite: what both databases must do alike is tested below the doors."""
    url, made = sqlite.filled(_cast_in)
    database = open_database(url)
    yield made.moved_to(database)
    database.dispose()
    sqlite.drop(url)


@pytest.fixture
def settings_of_app() -> dict[str, object]:
    """What a test wants set otherwise."""
    return {}


@pytest.fixture
def app(
    web_cast: Cast,
    data_dir: Path,
    settings_of_app: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    """The service as `comptoir serve` runs it, at the time of the cast."""
    monkeypatch.setattr(clock, "now", lambda: web_cast.now)
    settings = Settings.read(
        data_dir=data_dir,
        database_url=web_cast.database.url,
        secret_key=SECRET_KEY,
        **{"public_url": PUBLIC_URL, **settings_of_app},
    )
    return create_app(settings)


@pytest.fixture
def open_browser(app: Flask) -> Callable[..., Browser]:
    """A new visitor, by default French and at a desk."""

    def _open(
        language: str = "fr", user_agent: str = "Mozilla/5.0 (X11; Linux) Firefox/145.0"
    ) -> Browser:
        return Browser(app.test_client(), language, user_agent)

    return _open


@pytest.fixture
def browser(open_browser: Callable[..., Browser]) -> Browser:
    """A visitor."""
    return open_browser()
