"""From nothing to a live program, a card on both phones and a first scan: every step by the pages alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.browser.new_merchant import SHOP, Journey
from tests.databases import Sqlite
from tests.factories import SECRET_KEY
from tests.service import from_nothing
from wallet.actions.first_start import start_code
from wallet.actions.program_view import program_view_by_slug


def test_from_nothing_to_the_first_sale(
    sqlite: Sqlite, tmp_path: Path, visit: Callable[..., BrowserContext]
) -> None:
    with from_nothing(sqlite.migrated(), tmp_path) as (url, database):
        journey = Journey(url, start_code(SECRET_KEY), visit)
        journey.go()
        assert len(journey.took) == 8
        with database.reading() as session:
            made = program_view_by_slug(session, "chez-zoe")
        assert made.name == SHOP
        assert made.details["margin_percent"] == "35"
        assert (made.stores[0].latitude, made.stores[0].longitude) == (48.8566, 2.3522)
        desk = visit(1280, 800).new_page()
        desk.goto(f"{url}/p/chez-zoe/join")
        assert SHOP in (desk.text_content("body") or "")
