"""Styles and scripts: addresses that change with their content, kept for ever, asked for once."""

from __future__ import annotations

import re
from pathlib import Path

from tests.wallet.web.conftest import Browser
from wallet.config import ASSETS
from wallet.web.static_files import content_version, plain_path


def test_pages_name_versioned_addresses_that_browsers_may_keep(browser: Browser) -> None:
    page = browser.get("/p/demo/join").text
    addresses = re.findall(r'(?:src|href)="(/static/[^"#]+)', page)
    assert len(addresses) > 5
    for address in set(addresses):
        assert re.match(r"/static/v-[0-9a-f]{12}/", address), address
        with browser.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "Set-Cookie" not in answer.headers


def test_another_releases_address_is_served_but_not_kept(browser: Browser) -> None:
    for address in ("/static/css/base.css", "/static/v-000000000000/css/base.css"):
        with browser.get(address) as answer:
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
            assert answer.headers["ETag"]


def test_nothing_outside_the_folder_is_served(browser: Browser) -> None:
    for path in (
        "../app.py",
        "v-000000000000/../../app.py",
        "v-000000000000/",
        "css",
        "nothing.css",
    ):
        assert browser.get(f"/static/{path}").status_code == 404, path


def test_the_version_follows_every_byte_and_every_name(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    first = content_version(tmp_path)
    assert content_version(tmp_path) == first
    (tmp_path / "a.css").write_text("b{}")
    second = content_version(tmp_path)
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, content_version(tmp_path)}) == 3


def test_scripts_name_no_address_that_leaves_their_version() -> None:
    own = [*ASSETS.glob("static/**/*.mjs"), *ASSETS.glob("static/css/*.css")]
    # Types in comments are for the checker, which knows them under this name.
    loaded = re.compile(
        r"""(?<!typeof )(?<!\{)(?:from|import|Worker|url)\s*\(?\s*["'](/static/[^"']+)"""
    )
    wrong = {
        file.name: found
        for file in own
        if "vendor" not in file.parts and (found := loaded.findall(file.read_text()))
    }
    assert wrong == {}


def test_the_rules_for_a_folder_hold_whatever_the_version() -> None:
    assert plain_path("/static/v-0123456789ab/scanner/till.mjs") == "/static/scanner/till.mjs"
    assert plain_path("/till/") == "/till/"
