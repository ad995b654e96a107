"""The rules in the console: told, tried on the past, published, and never over somebody else's."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.program_view import ProgramView, program_view

FIELD = re.compile(r'<input class="input[^>]* name="([^"]+)"[^>]* value="([^"]*)"')


def plain(text: str) -> str:
    """Without tags and with ordinary spaces."""
    bare = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(bare.replace("\u202f", " ").replace("\u00a0", " ").split())


def form_of(page: str) -> dict[str, str]:
    """The form as it stands on the page."""
    typed = dict(FIELD.findall(page))
    after = re.search(r'name="after" value="(\d+)"', page)
    assert after
    return {**typed, "after": after[1], "rounding": "down"}


@pytest.fixture
def marketer(browser: Browser) -> Browser:
    """Emil, at the console."""
    browser.sign_in("emil")
    return browser


def test_a_number_is_turned_tried_and_published(marketer: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 4_000)
    web_cast.now += timedelta(minutes=1)
    page = marketer.get("/console/rules").text
    assert "1 point par euro." in plain(page)
    assert "Publier pour tous" not in page
    form = {**form_of(page), "quantity": "3"}
    tried = marketer.send("/console/rules/try", form, page="/console/rules")
    assert tried.status_code == 200
    said = plain(tried.text)
    assert "Retiré : 1 point par euro. Nouveau : 3 points par euro." in said
    assert "640 points 1 920 points +64 €" in said
    assert "Publier pour tous" in said
    assert program_of(web_cast).rule_version == 1, "trying changes nothing"
    assert "Bruno" not in said, "a marketer sees no single member"
    sent = marketer.send("/console/rules/publish", form, page="/console/rules")
    assert sent.status_code == 303
    assert program_of(web_cast).ruleset.earning[0].quantity == 3
    shown = plain(marketer.get("/console/rules").text)
    assert "La version 2 des règles est en vigueur." in shown
    assert "Emil" in shown


def test_two_people_do_not_overwrite_each_other(
    marketer: Browser, web_cast: Cast, open_browser: Callable[..., Browser]
) -> None:
    form = form_of(marketer.get("/console/rules").text)
    odile = open_browser()
    odile.sign_in("odile")
    first = odile.send("/console/rules/publish", {**form, "quantity": "2"}, page="/console/rules")
    assert first.status_code == 303
    second = marketer.send(
        "/console/rules/publish", {**form, "welcome": "9"}, page="/console/rules"
    )
    assert second.status_code == 409
    assert "Quelqu’un d’autre a publié" in plain(second.text)
    assert program_of(web_cast).ruleset.welcome is None


def test_a_form_that_does_not_say_what_it_saw_publishes_nothing(
    marketer: Browser, web_cast: Cast
) -> None:
    form = {**form_of(marketer.get("/console/rules").text), "quantity": "2", "after": ""}
    answer = marketer.send("/console/rules/publish", form, page="/console/rules")
    assert answer.status_code == 409
    assert program_of(web_cast).rule_version == 1


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("quantity", text) for text in ("0", "-1", "many", "1.5", "100001")),
        *(("per", text) for text in ("0", "x", "1.234", "-2", "9" * 30)),
        *(("expiry", text) for text in ("0", "121", "٣x")),
        ("pending", "366"),
        ("welcome", "<script>alert(1)</script>"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(marketer: Browser, name: str, typed: str) -> None:
    form = {**form_of(marketer.get("/console/rules").text), name: typed}
    for act in ("try", "publish"):
        answer = marketer.send(f"/console/rules/{act}", form, page="/console/rules")
        assert answer.status_code == 422
        assert f'id="{name}-error"' in answer.text
        assert html.escape(typed) in answer.text, "what was typed stays"
        assert "<script>alert" not in answer.text


def test_what_is_weak_is_said_with_a_way_out(marketer: Browser) -> None:
    form = {**form_of(marketer.get("/console/rules").text), "expiry": "6"}
    tried = marketer.send("/console/rules/try", form, page="/console/rules").text
    assert 'data-code="expiry_short"' in tried
    assert "Laissez au moins 12 mois" in plain(tried)


def program_of(cast: Cast) -> ProgramView:
    """As it is now."""
    with cast.database.reading() as session:
        return program_view(session, cast.program.id)
