"""Every page of the console outside the designer, and the doors to it, in a real browser: anybody can use them, in
light and dark, on a phone and a desk; nothing scrolls sideways; and whatever is typed runs nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from app import create_app
from tests.browser.pages import Shop, wait
from tests.browser.test_pages import darken, violations
from tests.databases import Sqlite
from tests.factories import PUBLIC_URL, SECRET_KEY, Cast, make_cast, open_database
from tests.fakes.http import serve
from wallet import clock
from wallet.actions.first_start import start_code
from wallet.config import Settings
from wallet.ids import public_id
from wallet.web.wiring import wiring

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
PARTS = (
    "earning/new",
    "earning/base",
    "multipliers/new",
    "tiers/gold",
    "statuses/all",
    "plans/new",
    "units/points",
    "gifts/all",
    "counting/all",
    "spending/all",
)
PAGES = (
    *("program", "stores", "changes", "team", "team/new", "tills", "journal", "shifts"),
    *("till-words", "rewards/new", "rules/trial", "charities", "setup/google", "duplicates"),
    *(f"rules/{part}" for part in PARTS),
)
SETTLES_SECONDS = 30.0  # a window that was made smaller is drawn anew
TOO_MUCH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_WIDE = """[...document.querySelectorAll('main *')]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
  .map((one) => `${one.tagName}.${one.className}`).slice(0, 5)"""
HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


@pytest.fixture(scope="module")
def shop(sqlite: Sqlite, data_dir: Path) -> Iterator[Shop]:
    """The service over the cast, once for all pages."""
    database = open_database(sqlite.migrated())
    cast: Cast = make_cast(database)
    app = create_app(_settings(database.url, data_dir))
    with pytest.MonkeyPatch.context() as patch, serve(app) as address:
        patch.setattr(clock, "now", lambda: cast.now)
        yield Shop(address, cast)
    with app.app_context():
        wiring().database.dispose()
    database.dispose()


def _settings(url: str, folder: Path) -> Settings:
    return Settings.read(
        data_dir=folder, database_url=url, secret_key=SECRET_KEY, public_url=PUBLIC_URL
    )


def _looked_at(page: Page, where: str, *, turned: bool = False) -> list[str]:
    """What axe and the width of the page say: light at one size, dark at the other (`turned` the other way
    round)."""
    wrong = []
    sizes = (PHONE, DESK) if turned else (DESK, PHONE)
    for size, is_dark in zip(sizes, (False, True), strict=True):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        try:
            wait(lambda: page.evaluate(TOO_MUCH) <= 0, "the page to fit", SETTLES_SECONDS)
        except AssertionError:
            wrong.append(f"{where}: sideways at {size['width']} px: {page.evaluate(TOO_WIDE)}")
        if is_dark:
            darken(page)
        wrong += [f"{where}, {size['width']} px, dark {is_dark}: {one}" for one in violations(page)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return wrong


def test_anybody_can_use_every_page(shop: Shop, visit: Callable[..., BrowserContext]) -> None:
    context = visit(locale="fr", reduced_motion="reduce")
    shop.let_in(context, "odile")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    store = public_id("sto", shop.cast.program.stores[0].id)
    dora = public_id("stf", shop.cast.staff["dora"])
    wrong = []
    for at, path in enumerate((*PAGES, f"stores/{store}", f"team/{dora}")):
        answer = page.goto(f"{shop.address}/console/{path}")
        assert answer
        assert (answer.status, "/console/" in page.url) == (200, True), path
        # What is folded is looked at too.
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wrong += _looked_at(page, path, turned=bool(at % 2))
    assert wrong == []
    assert complaints == []


def test_anybody_can_start(
    sqlite: Sqlite, data_dir: Path, visit: Callable[..., BrowserContext]
) -> None:
    """The very first page, where there is no program yet, also with every field refused."""
    app = create_app(_settings(sqlite.migrated(), data_dir))
    with serve(app) as address:
        page = visit(locale="fr", reduced_motion="reduce").new_page()
        page.goto(f"{address}/start?code={start_code(SECRET_KEY)}")
        wrong = _looked_at(page, "start")
        page.fill("#shop", HOSTILE)
        page.click("form button[type=submit]")
        wait(lambda: page.locator(".field__error").count() >= 3, "the reasons")
        wrong += _looked_at(page, "start, refused", turned=True)
        assert page.input_value("#shop") == HOSTILE[:64]
        assert page.title() != "run"
    with app.app_context():
        wiring().database.dispose()
    assert wrong == []


def test_what_is_typed_runs_nowhere(shop: Shop, visit: Callable[..., BrowserContext]) -> None:
    """Kept names that are code, on every page that shows them."""
    context = visit(1280, 800, locale="fr")
    shop.let_in(context, "odile")
    page = context.new_page()
    page.goto(f"{shop.address}/console/stores")
    page.fill("#name", HOSTILE[:60])
    page.fill("#address", HOSTILE)
    page.get_by_role("button", name="Ouvrir la boutique").click()
    wait(lambda: "affiches" in (page.text_content(".notice--ok") or ""), "the store to be open")
    page.goto(f"{shop.address}/console/rules/multipliers/new")
    page.fill("#name_fr", HOSTILE[:80])
    page.fill("#factor", "2")
    page.get_by_role("button", name="Noter dans le brouillon").click()
    wait(lambda: page.url.endswith("/console/rules"), "the rules")
    for path in ("rules", "stores", "changes", "posters", "tills", "team/new", "rules/trial"):
        page.goto(f"{shop.address}/console/{path}")
        assert page.title() != "run", path
        assert page.locator("img[src=x]").count() == 0, path
