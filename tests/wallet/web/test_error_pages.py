"""Error pages: in the reader's language, in our design, for people; problem documents for programs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.wallet.web.conftest import Browser
from wallet.errors import CODES, Refusal

PAGES = {
    "csrf_failed": (400, "La demande est mal arrivée", "That did not arrive as it should"),
    "unauthorized": (401, "Connectez-vous", "Please sign in"),
    "forbidden": (403, "Cet accès ne vous est pas ouvert", "This is not open to you"),
    "not_found": (404, "Il n’y a rien ici", "There is nothing here"),
    "link_expired": (410, "C’est terminé", "This is over"),
    "rate_limited": (429, "Un instant, s’il vous plaît", "One moment, please"),
    "server_error": (500, "Un problème est survenu chez nous", "Something broke on our side"),
    "unavailable": (503, "Il y a du monde au comptoir", "Busy counter"),
}


@pytest.fixture
def refuse(app: Flask) -> None:
    """An address that refuses with any code."""

    def _refuse(code: str) -> str:
        raise Refusal(code, retry_after_seconds=125) if code == "rate_limited" else Refusal(code)

    app.add_url_rule("/refuse/<code>", "refuse", _refuse)


@pytest.mark.parametrize("code", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_refusal_is_a_page_in_the_readers_language(
    open_browser: Callable[..., Browser], refuse: None, code: str, language: str
) -> None:
    status, french, english = PAGES[code]
    answer = open_browser(language).get(f"/refuse/{code}")
    assert answer.status_code == status
    assert f"<h1>{french if language == 'fr' else english}</h1>" in answer.text
    assert f"<code>{code}</code>" in answer.text
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_page(browser: Browser, refuse: None, code: str) -> None:
    answer = browser.get(f"/refuse/{code}")
    assert answer.status_code == CODES[code][0]
    assert re.search(r"<h1>.+</h1>", answer.text)
    english = CODES[code][1]
    assert f"<p>{english}</p>" not in answer.text, "the sentence has no French"


def test_too_many_requests_say_how_long_to_wait(browser: Browser, refuse: None) -> None:
    answer = browser.get("/refuse/rate_limited")
    assert "Réessayez dans 2 minutes." in answer.text
    assert answer.headers["Retry-After"] == "125"


def test_a_program_gets_a_problem_document(browser: Browser, refuse: None) -> None:
    answer = browser.get("/refuse/not_found", Accept="application/json")
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "not_found"


def test_a_crash_shows_nothing_of_itself(app: Flask, browser: Browser) -> None:
    def _crash() -> str:
        raise RuntimeError("the cellar key is under the mat")

    app.add_url_rule("/crash", "crash", _crash)
    answer = browser.get("/crash")
    assert answer.status_code == 500
    assert "cellar" not in answer.text
    assert "Traceback" not in answer.text


def test_a_stale_form_leads_back_to_a_fresh_one(browser: Browser) -> None:
    answer = browser.send_raw("/p/demo/join", {"contact": "nour@exemple.test"})
    assert answer.status_code == 400
    assert 'href="/p/demo/join"' in answer.text
    assert "Recharger la page" in answer.text
