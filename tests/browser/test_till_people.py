"""Paired tills in a real browser: pairing, PINs, locks, revoking while a queue waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext
from sqlalchemy.orm import Session

from tests.browser.pages import DESK_LOG, Shop, TillPage, wait
from tests.factories import PUBLIC_URL, Cast
from wallet import clock
from wallet.actions.actor import SYSTEM
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.review_till_lines import lines_to_review
from wallet.actions.rotating_codes import draw_code
from wallet.actions.throttle import PIN_PER_PERSON
from wallet.actions.tills.pair import NewTill, add_till, revoke_till
from wallet.actions.tills.pin import set_pin
from wallet.ids import private_id, public_id

PIN = "4729"
Visit = Callable[..., BrowserContext]


def waiting_till(cast: Cast) -> tuple[int, str]:
    """A till that waits for its device, and its code."""
    new = NewTill("Counter 1", cast.program.stores[0].id, lock_minutes=1)
    view, code = cast.run(lambda s: add_till(s, cast.program, new, SYSTEM, cast.now))
    return private_id("til", view.id) or 0, code


def give_pins(cast: Cast, *people: str) -> None:
    """The same PIN for each: what they type is not what is tested."""

    def _give(session: Session) -> None:
        for who in people:
            set_pin(session, cast.program, cast.staff[who], PIN, SYSTEM, cast.now)

    cast.run(_give)


def pair(shop: Shop, context: BrowserContext, code: str, language: str = "en") -> TillPage:
    """The page of a till that was paired by its QR code."""
    page = context.new_page()
    till = TillPage(page)
    page.on("pageerror", lambda error: till.complaints.append(str(error)))
    page.add_init_script(DESK_LOG)
    page.goto(f"{shop.address}/till/pair?lang={language}#{code}")
    assert till.violations() == []
    wait(lambda: page.locator("#code").input_value() == code, "the code to be filled in")
    page.locator("#pair button").click()
    page.wait_for_url("**/till/")
    return till


def enter(till: TillPage, name: str, pin: str = PIN) -> None:
    """Tap a name, type the PIN on the pad."""
    till.page.locator(".wall__name", has_text=name).click()
    for digit in pin:
        till.page.locator(f"[data-digit='{digit}']").click()
    till.page.locator(".wall__ok").click()


def is_open(till: TillPage) -> bool:
    return till.page.locator("#wall").is_visible()


def small_targets(till: TillPage, sheet: str = ".wall") -> list[str]:
    """What of a sheet a thumb could miss."""
    found: list[str] = till.page.evaluate(
        """(sheet) => [...document.querySelectorAll(sheet + " :is(button, a, input:not([type=radio]), label:has(input), select, summary)")]
          .filter((one) => one.offsetParent && (one.offsetWidth < 44 || one.offsetHeight < 44))
          .map((one) => one.className)""",
        sheet,
    )
    return found


def who(till: TillPage) -> str:
    return (till.page.locator("[data-staff-name]").first.text_content() or "").strip()


@pytest.fixture
def paired(shop: Shop, visit: Visit) -> tuple[TillPage, int]:
    """A till on the wall of names."""
    give_pins(shop.cast, "dora", "marc")
    till_id, code = waiting_till(shop.cast)
    return pair(shop, visit(), code), till_id


def test_from_the_consoles_code_to_the_first_sale_and_to_a_colleague(
    shop: Shop, visit: Visit
) -> None:
    give_pins(shop.cast, "dora", "marc")
    office = visit(1200, 900)
    shop.let_in(office, "odile")
    console = office.new_page()
    console.goto(f"{shop.address}/console/tills?lang=en")
    console.get_by_label("Name").fill("Counter 1")
    console.get_by_role("button", name="Add and show the code").click()
    code = (console.get_by_test_id("pairing-code").text_content() or "").replace("-", "")
    till = pair(shop, visit(), code)
    # The office sees that the device has come.
    wait(lambda: console.locator(".badge", has_text="paired").count() == 1, "the console to follow")
    assert is_open(till)
    wait(lambda: till.page.locator(".wall__name").count() == 2, "the names")
    assert till.violations() + small_targets(till) == []
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    assert who(till) == "Dora"
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("12")
    # Somebody else takes over with the customer still there: nothing on the page is lost.
    till.page.locator("#menu summary").click()
    till.page.locator("#switch").click()
    wait(lambda: is_open(till), "the wall")
    enter(till, "Marc")
    wait(lambda: not is_open(till), "the wall to go")
    assert who(till) == "Marc"
    assert till.part("amount").input_value() == "12"
    till.part("accrue").click()
    till.wait_for("done")
    assert "12\xa0points added for Bruno" in till.text("result")
    assert till.complaints == []


def test_wrong_pins_and_the_keyboard(paired: tuple[TillPage, int]) -> None:
    till, _till_id = paired
    wait(lambda: till.page.locator(".wall__name").count() == 2, "the names")
    till.page.locator(".wall__name", has_text="Dora").focus()
    till.page.keyboard.press("Enter")
    problem = till.page.locator("#wall-problem")
    for _miss in range(PIN_PER_PERSON.count):
        till.page.evaluate("document.getElementById('wall-problem').textContent = ''")
        till.page.keyboard.type("9182")
        till.page.keyboard.press("Enter")
        wait(lambda: problem.text_content() == "The PIN is not right.", "the PIN to be refused")
    till.page.keyboard.type(PIN)
    till.page.keyboard.press("Enter")
    wait(lambda: "Please wait 15 min" in (problem.text_content() or ""), "the door to close")
    assert till.violations() + small_targets(till) == []
    till.page.keyboard.press("Escape")
    enter(till, "Marc")
    wait(lambda: not is_open(till), "the wall to go")


def test_a_sale_that_meets_a_locked_till_goes_on_after_the_pin(
    paired: tuple[TillPage, int], shop: Shop
) -> None:
    till, _till_id = paired
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    shop.cast.later(minutes=20)  # nobody asked the server anything for so long
    till.part("amount").fill("7")
    till.part("accrue").click()
    wait(lambda: is_open(till), "the wall")
    assert "type your PIN" in (till.page.locator("#wall-text").text_content() or "")
    enter(till, "Dora")
    till.wait_for("done")
    assert shop.cast.balance("bruno").available == 7


def test_revoked_while_a_queue_waits(paired: tuple[TillPage, int], shop: Shop) -> None:
    till, till_id = paired
    cast = shop.cast
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    till.find(cast.view("bruno").number)
    till.wait_for("member")
    till.page.context.set_offline(True)
    wait(lambda: till.text("connection") == "offline", "the sign to say offline")
    till.part("amount").fill("12")
    till.part("accrue").click()
    till.wait_for("done")
    assert till.text("queue-count") == "1"
    cast.run(lambda s: revoke_till(s, cast.program, till_id, SYSTEM, cast.now))
    till.page.context.set_offline(False)
    wait(lambda: till.text("queue-count") == "0", "the line to be handed over")
    with cast.database.reading() as session:
        (line,) = lines_to_review(session, cast.program)
    assert (line.reason, line.amount_minor) == ("till_line_revoked", 1200)
    assert cast.balance("bruno").available == 0
    till.go_on()
    till.find(cast.view("ada").number)
    question = till.page.locator("#question")
    wait(question.is_visible, "the sentence")
    assert "This till was revoked" in (question.text_content() or "")
    assert till.violations() == []
    question.get_by_role("button", name="Pair it again").click()
    till.page.wait_for_url("**/till/pair")
    assert till.violations() == []


def test_without_a_connection_a_locked_till_still_sells(
    paired: tuple[TillPage, int], shop: Shop
) -> None:
    till, _till_id = paired
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    till.page.context.set_offline(True)
    till.page.locator("#menu summary").click()
    till.page.locator("#switch").click()
    alone = till.page.get_by_role("button", name="Go on without a PIN")
    wait(alone.is_visible, "the way on")
    assert till.violations() == []
    alone.click()
    assert who(till) == "Nobody"
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("12")
    till.part("accrue").click()
    till.wait_for("done")
    till.page.context.set_offline(False)
    wait(lambda: till.text("queue-count") == "0", "the line to be handed over")
    with shop.cast.database.reading() as session:
        (line,) = lines_to_review(session, shop.cast.program)
    assert line.reason == "till_line_author"


BANDS: list[dict[str, Any]] = [{"needs": "confirmation", "up_to": 200}, {"needs": "approval"}]


def with_bands(cast: Cast) -> None:
    """The customer is asked, and above 200 points a manager too."""
    document = {
        **cast.program.ruleset.model_dump(mode="json", exclude_none=True),
        "spending": {"rotating": True, "bands": BANDS},
    }

    def _publish(session: Session) -> ProgramView:
        publish_rules(session, cast.program.id, document, "system", cast.now)
        return program_view(session, cast.program.id)

    cast.program = cast.run(_publish)


def choose(till: TillPage, shop: Shop, cost: int) -> None:
    """Ada's hub, and the reward of this cost."""
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.part(f"reward-{public_id('rwd', shop.cast.reward_id(cost))}").click()
    till.wait_for("confirming")


def test_the_customer_says_yes_on_their_phone_and_above_that_a_manager(
    paired: tuple[TillPage, int], shop: Shop, visit: Visit
) -> None:
    till, _till_id = paired
    cast = shop.cast
    with_bands(cast)
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    path = cast.view("ada").card_url.removeprefix(PUBLIC_URL)
    phone = visit().new_page()
    phone.goto(f"{shop.address}{path}?lang=en")
    choose(till, shop, 100)
    yes = phone.get_by_role("button", name="Yes, use them")
    wait(yes.is_visible, "the card to be asked")  # by itself: the open card follows
    card = TillPage(phone)
    assert card.violations() == []
    assert till.violations() + small_targets(till, ".consent") == []
    yes.click()
    till.wait_for("done")
    assert "100\xa0points used" in till.text("result")
    wait(lambda: not yes.is_visible(), "the answer to be taken")
    till.go_on()

    choose(till, shop, 400)
    wait(yes.is_visible, "the card to be asked again")
    yes.click()
    said = till.page.locator("#consent-state")
    wait(lambda: "a manager has to allow it" in (said.text_content() or ""), "the next step")
    reason = till.page.locator("#consent-reason")
    wait(reason.is_visible, "the manager's form to open by itself")
    reason.fill("regular customer")
    till.page.locator("#consent-who").select_option(label="Marc")
    till.page.locator("#consent-manager-pin").fill("9182")
    till.page.get_by_role("button", name="Allow", exact=True).click()
    problem = till.page.locator("#consent-problem")
    wait(lambda: problem.text_content() == "The PIN is not right.", "the refusal")
    assert till.violations() + small_targets(till, ".consent") == []
    till.page.locator("#consent-manager-pin").fill(PIN)
    till.page.get_by_role("button", name="Allow", exact=True).click()
    till.wait_for("done")
    assert cast.balance("ada").available == 100
    assert till.complaints == []


def fresh_code(shop: Shop, who: str) -> str:
    """What this member's web card shows now."""
    cast = shop.cast
    path = cast.view(who).card_url.removeprefix(PUBLIC_URL)
    with urlopen(shop.address + path) as page:  # the card's key is made when it is first drawn
        page.read()
    with cast.database.reading() as session:
        drawn = draw_code(session, cast.people[who], "web", clock.now())
    assert drawn is not None
    return drawn.value


def test_the_second_screen_asks_and_takes_the_answer(
    paired: tuple[TillPage, int], shop: Shop
) -> None:
    """Beside a code that turned a moment ago a tap on the shop's own screen is enough."""
    till, _till_id = paired
    cast = shop.cast
    with_bands(cast)
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    screen = TillPage(till.page.context.new_page())
    screen.page.goto(f"{shop.address}/till/screen?lang=en")
    title = screen.page.locator("#main > .face .face__title")
    till.find(fresh_code(shop, "ada"))
    till.wait_for("member")
    till.part(f"reward-{public_id('rwd', cast.reward_id(100))}").click()
    till.wait_for("confirming")
    wait(lambda: title.text_content() == "Is that all right?", "the question")
    assert "100\xa0points" in (screen.page.locator("#main .face__text").text_content() or "")
    yes = screen.page.get_by_role("button", name="Yes", exact=True)
    wait(yes.is_visible, "the answers")
    assert screen.violations() + small_targets(screen, ".face__answers") == []
    yes.click()
    till.wait_for("done")
    wait(lambda: title.text_content() != "Is that all right?", "the question to go")
    assert not yes.is_visible()
    assert cast.balance("ada").available == 500
    assert screen.complaints + till.complaints == []


def test_a_no_and_ones_own_card(paired: tuple[TillPage, int], shop: Shop) -> None:
    till, _till_id = paired
    cast = shop.cast
    with_bands(cast)
    cast.enrol("dora")  # the cashier's own card, by her e-mail
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    choose(till, shop, 60)
    till.page.get_by_role("button", name="The customer says no").click()
    till.wait_for("refused")
    assert "The customer said no" in till.text("result")
    till.go_on("member")
    till.find(cast.view("dora").number)
    till.wait_for("refused")
    assert "This is your own card" in till.text("result")
    assert cast.balance("ada").available == 600
    assert till.violations() == []


def test_a_manager_takes_back_what_is_too_late_to_undo(
    paired: tuple[TillPage, int], shop: Shop
) -> None:
    till, _till_id = paired
    cast = shop.cast
    cast.buy("bruno", 1500)
    enter(till, "Dora")
    wait(lambda: not is_open(till), "the wall to go")
    till.find(cast.view("bruno").number)
    till.wait_for("member")
    till.page.get_by_role("button", name="With a manager").click()
    choice = till.page.locator("#manager-movements label")
    wait(lambda: choice.count() == 1, "the movement")
    assert till.violations() + small_targets(till, "#manager") == []
    choice.click()
    assert not till.page.locator("#manager-amount").is_visible()
    till.page.locator("#manager-reason").fill("typed twice")
    till.page.locator("#manager-pin").fill(PIN)
    till.page.get_by_role("button", name="Write it down").click()
    till.wait_for("done")
    assert "15\xa0points taken from Bruno by a manager" in till.text("result")
    assert cast.balance("bruno").available == 0
    assert till.complaints == []
