"""A tablet before the customer: connected by a code of the till, it follows it, answers, and is let go."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext

from tests.browser.pages import Shop, TillPage, wait
from tests.browser.test_till_desk import face
from tests.browser.test_till_people import (
    enter,
    fresh_code,
    give_pins,
    is_open,
    pair,
    small_targets,
    waiting_till,
    with_bands,
)
from wallet.actions.actor import SYSTEM
from wallet.actions.tills.screens import revoke_screen, screens
from wallet.ids import private_id, public_id

Visit = Callable[..., BrowserContext]


def test_a_tablet_follows_the_till_answers_and_is_let_go(shop: Shop, visit: Visit) -> None:
    cast = shop.cast
    give_pins(cast, "dora")
    with_bands(cast)
    _number, code = waiting_till(cast)
    till = pair(shop, visit(), code)
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    till.page.locator("#menu summary").click()
    till.page.locator("#open-screen").click()
    till.page.locator("#screens-code").click()
    spoken = till.part("screen-code")
    wait(lambda: bool(spoken.text_content()), "the code")
    assert till.violations() + small_targets(till, "#screens") == []
    # The QR code opens this address: the code lies behind the #.
    tablet = TillPage(visit(820, 1180).new_page())
    tablet.page.goto(f"{shop.address}/till/screen/pair?lang=en#{spoken.text_content()}")
    field = tablet.page.locator("#code")
    wait(lambda: field.input_value() == spoken.text_content(), "the code to be filled in")
    assert tablet.violations() == []
    tablet.page.locator("#pair button").click()
    tablet.page.wait_for_url("**/till/screen")
    assert face(tablet.page, "title") == "Welcome to Café Lumière"
    said = till.page.get_by_text("The screen is connected.")
    wait(said.is_visible, "the till to see it")
    till.page.keyboard.press("Escape")

    till.find(fresh_code(shop, "ada"))
    till.wait_for("member")
    wait(lambda: face(tablet.page, "title") == "Hello Ada", "the name")
    assert face(tablet.page, "balance") == "You have 600\u00a0points"
    till.be_patient()
    till.part(f"reward-{public_id('rwd', cast.reward_id(100))}").click()
    till.wait_for("confirming")
    wait(lambda: face(tablet.page, "title") == "Is that all right?", "the question")
    assert tablet.violations() + small_targets(tablet, ".face__answers") == []
    tablet.page.get_by_role("button", name="Yes", exact=True).click()
    till.wait_for("done")
    wait(lambda: face(tablet.page, "balance") == "You have now 500\u00a0points", "what is left")
    assert cast.balance("ada").available == 500
    till.go_on()

    (shown,) = cast.run(lambda s: screens(s, cast.program, cast.now))
    number = private_id("scr", shown.id) or 0
    cast.run(lambda s: revoke_screen(s, cast.program, number, SYSTEM, cast.now))
    tablet.page.wait_for_url("**/till/screen/pair")
    assert tablet.complaints + till.complaints == []
