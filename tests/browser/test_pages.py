"""The shopper's and the staff's pages in a real browser: they fit, read well, and stay alive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.pages import AXE, AXE_RULES, Shop, wait

Visit = Callable[..., BrowserContext]

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
SIZES = ((320, 640), (390, 844), (768, 1024), (1280, 800))
PAGES = {
    "home": "/",
    "join": "/p/demo/join",
    "privacy": "/p/demo/privacy",
    "find card": "/p/demo/find-card",
    "card": "card",
    "sign-in": "/staff/sign-in",
    "overview": "/console/",
    "members": "/console/members",
    "nobody": "/console/members?q=nobody",
    "member": "member",
    "designer": "/console/design",
    "rewards": "/console/rewards",
    "rules": "/console/rules",
    "posters": "/console/posters",
    "reach": "/console/reach",
    "delivery": "/console/delivery",
    "saved sales": "/console/saved-sales",
    "set-up": "/console/setup/",
    "set-up of Apple": "/console/setup/apple",
    "lost": "/nothing/here",
}


TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
IS_STILL = "document.getAnimations().every(one => !(one instanceof CSSTransition))"


def address_of(shop: Shop, path: str) -> str:
    view = shop.cast.view("ada")
    if path == "card":
        return f"{shop.address}/card/{view.card_url.rsplit('/', 1)[1]}"
    if path == "member":
        return f"{shop.address}/console/members/{view.public_id}"
    return shop.address + path


@pytest.mark.parametrize("page_name", PAGES)
def test_pages_fit_and_anybody_can_use_them(shop: Shop, visit: Visit, page_name: str) -> None:
    shop.cast.buy("ada", 1000)
    context = visit(locale="fr", reduced_motion="reduce")
    if PAGES[page_name].startswith(("/console", "member")):
        shop.let_in(context, "odile")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    page.goto(address_of(shop, PAGES[page_name]))
    assert page.evaluate("document.documentElement.lang") == "fr"
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"sideways scrolling at {width} px"
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert violations(page) == []
    darken(page)
    assert violations(page) == []
    assert complaints == []


def darken(page: Page) -> None:
    """The dark colours, once they are on the screen."""
    before = page.evaluate("getComputedStyle(document.body).color")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wait(lambda: page.evaluate("getComputedStyle(document.body).color") != before, "the dark")
    # Elements in each other take the colour of the one around them a frame later each.
    page.evaluate(
        "async () => {"
        " for (let frame = 0; frame < 8; frame++) {"
        "  await new Promise(requestAnimationFrame);"
        "  await Promise.allSettled(document.getAnimations().map(one => one.finished));"
        " }"
        "}"
    )


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", AXE_RULES
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def test_from_the_form_to_a_card_that_follows(shop: Shop, visit: Visit) -> None:
    page = visit(user_agent=IPHONE, locale="fr").new_page()
    page.goto(f"{shop.address}/p/demo/join")
    page.fill("#contact", "nour@exemple.test")
    assert page.is_visible("#consent_email")
    assert not page.is_visible("#consent_sms"), "a text message needs a phone number"
    page.fill("#name", "Nour")
    page.click("button[type=submit]")
    wait(lambda: "/card/" in page.url, "the card")
    assert page.text_content("[data-number]") == "0"
    first = page.locator("[data-wallet]").first
    assert first.get_attribute("data-wallet") == "apple"
    box = first.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 844, "the wallet button is above the fold"

    shop.cast.people["nour"] = newest_member(shop)
    shop.cast.buy("nour", 4250)
    balance = page.locator("[data-number]")
    wait(lambda: balance.get_attribute("data-number") == "42", "the card to follow")
    wait(lambda: "42" in (page.text_content("#news") or ""), "the news to be told")
    assert "42,50" in (page.text_content("[data-live=movements]") or "")


def newest_member(shop: Shop) -> int:
    with shop.cast.database.reading() as session:
        return int(session.connection().exec_driver_sql("SELECT max(id) FROM member").scalar_one())


def test_the_card_stays_on_the_screen_without_a_network(shop: Shop, visit: Visit) -> None:
    context = visit(locale="fr")
    page = context.new_page()
    page.goto(address_of(shop, "card"))
    context.set_offline(True)
    wait(lambda: page.is_visible("#offline"), "the page to notice")
    assert page.is_visible(".code svg")
    context.set_offline(False)
    wait(lambda: not page.is_visible("#offline"), "the page to recover")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 390, 430])
def test_the_code_is_large_and_black_on_white(
    shop: Shop, visit: Visit, theme: str, width: int
) -> None:
    page = visit(width, 800, color_scheme=theme).new_page()
    page.goto(address_of(shop, "card"))
    box = page.locator(".code svg").bounding_box()
    assert box
    modules = 33  # version 2 with its quiet zone
    assert box["width"] * (modules - 8) / modules >= 0.58 * width
    assert box["width"] % modules == 0, "whole pixels for each module"
    back = page.evaluate("getComputedStyle(document.querySelector('.code')).backgroundColor")
    assert back == "rgb(255, 255, 255)"


def test_switching_the_language_keeps_what_was_typed(shop: Shop, visit: Visit) -> None:
    page = visit(locale="fr").new_page()
    page.goto(f"{shop.address}/p/demo/join")
    page.fill("#contact", "06 12")
    page.fill("#name", "Zoé")
    page.click(".language-switch a")
    wait(lambda: page.evaluate("document.documentElement.lang") == "en", "the page in English")
    wait(lambda: page.input_value("#contact") == "06 12", "the contact to be kept")
    assert page.input_value("#name") == "Zoé"
    assert not page.is_visible("#consent_email")
