"""Staff sign-in over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import PASSWORD, Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.staff_access import SESSION_IDLE, SESSION_LONGEST


@pytest.mark.parametrize(
    ("name", "place"),
    [("odile", "/console/"), ("marc", "/console/"), ("emil", "/console/"), ("dora", "/till/")],
)
def test_each_role_lands_where_it_works(browser: Browser, name: str, place: str) -> None:
    answer = browser.sign_in(name)
    assert answer.status_code == 303
    assert browser.get(answer.location).location == place
    assert browser.get(place).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("dora@exemple.test", "une-autre-phrase"),
        ("nobody@exemple.test", PASSWORD),
        ("dora@exemple.test", ""),
        ("dora@exemple.test", "x" * 5000),
        ("dora\x00@exemple.test", PASSWORD),
    ],
)
def test_every_wrong_pair_gets_the_same_words(browser: Browser, email: str, password: str) -> None:
    answer = browser.send("/staff/sign-in", {"email": email, "password": password})
    assert answer.status_code == 401
    assert "L’e-mail ou le mot de passe est incorrect." in answer.text
    assert password not in answer.text or not password
    assert browser.get("/console/").status_code == 302


def test_guessing_is_slowed_down_and_says_for_how_long(browser: Browser, web_cast: Cast) -> None:
    for _ in range(8):
        assert browser.sign_in("dora", password="faux").status_code == 401
    refused = browser.sign_in("dora")
    assert refused.status_code == 429
    assert "15 min" in refused.text.replace("\u00a0", " ")
    web_cast.now += timedelta(minutes=15)
    assert browser.sign_in("dora").status_code == 303


def test_the_wanted_page_comes_after_signing_in(browser: Browser) -> None:
    sent = browser.get("/console/members?q=ada")
    assert sent.status_code == 302
    assert "next=" in sent.location
    page = browser.get(sent.location).text
    assert 'name="next" value="/console/members?q=ada"' in page
    answer = browser.sign_in("odile", next="/console/members?q=ada")
    assert answer.location == "/console/members?q=ada"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        " //evil.example",
        "///evil.example",
        "evil.example",
        "/ok\r\nSet-Cookie: a=b",
    ],
)
def test_only_paths_of_this_site_are_gone_to(browser: Browser, target: str) -> None:
    assert browser.sign_in("odile", next=target).location == "/staff/sign-in"


def test_the_cookie_is_for_http_only_and_same_site(browser: Browser) -> None:
    cookie = next(
        value
        for value in browser.sign_in("dora").headers.getlist("Set-Cookie")
        if value.startswith("staff=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_signing_out_ends_the_session_on_the_server(
    open_browser: Callable[..., Browser], browser: Browser, app: Flask
) -> None:
    browser.sign_in("odile")
    stolen = browser.client.get_cookie("staff")
    assert stolen
    answer = browser.send("/staff/sign-out", {}, page="/console/")
    assert answer.status_code == 303
    assert "Vous êtes déconnecté" in browser.get(answer.location).text
    thief = open_browser()
    thief.client.set_cookie("staff", stolen.value)
    assert thief.get("/console/").status_code == 302


def test_an_idle_session_ends(browser: Browser, web_cast: Cast) -> None:
    browser.sign_in("odile")
    web_cast.now += SESSION_IDLE - timedelta(minutes=1)
    assert browser.get("/console/").status_code == 200
    web_cast.now += SESSION_IDLE - timedelta(minutes=1)
    assert browser.get("/console/").status_code == 200, "use renews it"
    web_cast.now += SESSION_IDLE
    assert browser.get("/console/").status_code == 302


def test_no_session_lasts_longer_than_a_week(browser: Browser, web_cast: Cast) -> None:
    browser.sign_in("odile")
    for _ in range(int(SESSION_LONGEST / timedelta(hours=11))):
        web_cast.now += timedelta(hours=11)
        assert browser.get("/console/").status_code == 200
    web_cast.now += timedelta(hours=11)
    assert browser.get("/console/").status_code == 302


def test_without_the_forms_token_nobody_signs_in_or_out(browser: Browser) -> None:
    form = {"email": "dora@exemple.test", "password": PASSWORD}
    assert browser.send_raw("/staff/sign-in", form).status_code == 400
    browser.sign_in("odile")
    assert browser.send_raw("/staff/sign-out", {}).status_code == 400
    assert browser.get("/console/").status_code == 200


def test_demo_accounts_are_offered_in_the_demo_only(browser: Browser) -> None:
    assert "comptoir-demo" not in browser.get("/staff/sign-in").text
    assert "/p/demo/join" not in browser.get("/").text


class TestDemo:
    """The same pages where the demo runs."""

    @pytest.fixture
    def settings_of_app(self) -> dict[str, object]:
        return {"demo": True, "simulator_url": "http://127.0.0.1:9"}

    def test_accounts_fill_the_form_and_the_front_page_leads_everywhere(
        self, browser: Browser
    ) -> None:
        page = browser.get("/staff/sign-in").text
        for email in ("owner@demo.test", "marketer@demo.test", "cashier@demo.test"):
            assert f'data-email="{email}"' in page
        front = browser.get("/").text
        for place in ("/p/demo/join", "/till/", "/console/", "/simulate/", "/api/docs"):
            assert f'href="{place}"' in front

    def test_the_card_leads_to_the_simulated_phones(self, browser: Browser, web_cast: Cast) -> None:
        page = browser.get(web_cast.view("ada").card_url).text
        assert "/simulate/?card=http%3A%2F%2F127.0.0.1%3A8000%2Fcard%2F" in page
