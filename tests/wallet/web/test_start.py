"""The guided set-up: from nothing to a live program, a member with points and a console; only once, and only
for whoever has the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from tests.databases import Sqlite
from tests.factories import PUBLIC_URL, SECRET_KEY, Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.first_start import start_code
from wallet.actions.program_advice import offers_of
from wallet.actions.program_view import ProgramView, program_view_by_slug
from wallet.actions.starter_kits import KITS
from wallet.config import Settings
from wallet.rules.advice import advise
from wallet.web.wiring import wiring

CODE = start_code(SECRET_KEY)
FORM = {
    "shop": "Chez Zoé & Fils",
    "kind": "grocer",
    "store": "",
    "address": "1 rue des Essais",
    "owner": "Zoé Exemple",
    "email": "zoe@exemple.test",
    "password": "une phrase facile",
    "code": CODE,
}


@pytest.fixture
def nothing(sqlite: Sqlite, data_dir: Path) -> Iterator[Flask]:
    """The service over an empty database."""
    url = sqlite.migrated()
    settings = Settings.read(
        data_dir=data_dir, database_url=url, secret_key=SECRET_KEY, public_url=PUBLIC_URL
    )
    app = create_app(settings)
    yield app
    with app.app_context():
        wiring().database.dispose()
    sqlite.drop(url)


@pytest.fixture
def merchant(nothing: Flask) -> Browser:
    """Zoé, with the terminal before her."""
    return Browser(nothing.test_client(), "fr", "Mozilla/5.0 (X11; Linux) Firefox/145.0")


def begin(browser: Browser, **said: str) -> int:
    """Send the form; the status."""
    return browser.send("/start", {**FORM, **said}, page=f"/start?code={CODE}").status_code


def program(app: Flask, slug: str = "chez-zoe-fils") -> ProgramView:
    """As it was made."""
    with app.app_context(), wiring().database.reading() as session:
        return program_view_by_slug(session, slug)


def test_from_nothing_to_a_program_with_a_member(merchant: Browser, nothing: Flask) -> None:
    assert "Votre premier programme" in merchant.get("/").text
    assert begin(merchant) == 303
    console = merchant.get("/console/").text
    assert "Premiers pas" in console
    assert "Chez Zoé &amp; Fils" in console
    made = program(nothing)
    assert made.stores[0].name == "Chez Zoé & Fils", "an empty store has the shop's name"
    shopper = Browser(nothing.test_client(), "fr", "Mozilla/5.0 (iPhone)")
    joined = shopper.send(
        "/p/chez-zoe-fils/join", {"contact": "client@exemple.test", "name": "Client"}
    )
    assert joined.status_code == 303
    card = shopper.get(joined.headers["Location"]).text
    assert re.search(r"\b10\b", card), "the welcome gift is on the card"
    assert merchant.get("/console/").text.count("data-done") == 1
    assert "Votre premier programme" not in merchant.get("/").text


@pytest.mark.parametrize("kind", KITS)
def test_each_kind_of_shop_begins_with_a_sound_program(
    merchant: Browser, nothing: Flask, kind: str
) -> None:
    assert begin(merchant, kind=kind) == 303
    made = program(nothing)
    basket = KITS[kind].basket_minor
    assert advise(made.ruleset, offers_of(made), made.currency, basket) == ()
    assert merchant.get("/console/design").status_code == 200


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"shop": ""}, "shop"),
        ({"owner": " "}, "owner"),
        ({"email": "zoe"}, "email"),
        ({"email": ""}, "email"),
        ({"password": "court"}, "password"),
        ({"address": "x" * 201}, "address"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    merchant: Browser, nothing: Flask, said: dict[str, str], field: str
) -> None:
    answer = merchant.send("/start", {**FORM, **said}, page=f"/start?code={CODE}")
    assert answer.status_code in (400, 422)
    assert f'id="{field}-error"' in answer.text
    assert FORM["password"] not in answer.text
    assert "Votre premier programme" in merchant.get("/").text


@pytest.mark.parametrize(
    "shop", ["<script>alert(1)</script>", "مقهى", "店", "☕ Café 🥐", "x" * 64]
)
def test_any_name_is_a_name(merchant: Browser, nothing: Flask, shop: str) -> None:
    assert begin(merchant, shop=shop) == 303
    page = merchant.get("/console/").text
    assert "<script>alert" not in page
    join = re.search(r"/p/([a-z0-9-]+)/join", page)
    assert join
    assert merchant.get(f"/p/{join[1]}/join").status_code == 200


def test_without_the_code_there_is_no_such_page(merchant: Browser) -> None:
    for code in ("", "GUESS", CODE[:-1], f"{CODE}A"):
        assert merchant.get(f"/start?code={code}").status_code == 404
    assert merchant.get(f"/start?code={CODE.lower()}").status_code == 200


def test_pressed_twice_there_is_one_program(merchant: Browser, nothing: Flask) -> None:
    assert begin(merchant) == 303
    again = merchant.send("/start", {**FORM, "shop": "Another"}, page="/console/")
    assert (again.status_code, again.headers["Location"]) == (303, "/staff/sign-in")
    assert merchant.get("/p/another/join").status_code == 404
    assert program(nothing).name == FORM["shop"]


def test_an_installation_with_a_program_is_not_begun_again(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    answer = open_browser().get(f"/start?code={CODE}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/sign-in")
