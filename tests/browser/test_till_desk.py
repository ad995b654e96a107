"""The desk around the sale, in a real browser: joining, the customer's screen, practice, photos."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page

from passes.qr import qr_png
from tests.browser.pages import Shop, TillPage, wait
from tests.browser.test_till import SMALL_TARGETS
from tests.scanner.test_desk import COFFEE, publish, rule
from tests.scanner.treats import unit

Visit = Callable[..., BrowserContext]


@pytest.fixture
def till(shop: Shop, visit: Visit) -> Iterator[TillPage]:
    """Dora at the till, on a phone."""
    opened = TillPage.open(shop, visit(), puppet=True)
    yield opened
    assert opened.complaints == []


def face(page: Page, which: str) -> str:
    return (page.locator(f"#main > .face .face__{which}").text_content() or "").strip()


def test_somebody_new_leaves_with_a_card(till: TillPage, shop: Shop) -> None:
    page = till.page
    till.find("06 98 76 54 32")
    till.wait_for("refused")
    page.get_by_role("button", name="Create a member").click()
    assert till.part("join-contact").input_value() == "06 98 76 54 32"
    assert not till.part("join-consent").is_checked()
    till.part("join-name").fill("Zoé")
    page.locator("#join [data-coach]").click()  # just now somebody minds the advertising
    wait(page.get_by_text("I do not want advertising").is_visible, "the objections")
    page.keyboard.press("Escape")
    wait(lambda: not page.locator("#coach").is_visible(), "the objections to go")
    assert till.part("join-name").input_value() == "Zoé"
    assert till.violations() == []
    till.part("join-go").click()
    till.wait_for("member")
    assert till.text("member-name") == "Zoé"
    till.part("amount").fill("12,50")
    till.part("accrue").click()
    till.wait_for("done")
    till.go_on()
    code = till.part("card-code").locator("img")
    wait(code.is_visible, "the card's code")
    assert "12\u00a0points are on it already" in (page.locator("#card-points").text_content() or "")
    assert till.violations() == []
    page.keyboard.press("Escape")
    wait(lambda: not code.is_visible(), "the sheet to close")
    assert till.desk == "idle"
    # The same number again is the same person, whose card is not handed out a second time.
    page.get_by_role("button", name="New member").click()
    till.part("join-contact").fill("0698765432")
    till.part("join-go").click()
    till.wait_for("member")
    assert till.text("member-name") == "Zoé"
    assert not page.locator("#card-open").is_visible()


def test_what_is_no_address_is_said_beside_the_field(till: TillPage) -> None:
    till.page.get_by_role("button", name="New member").click()
    till.part("join-go").click()
    problem = till.page.locator("#join-problem")
    wait(lambda: "is enough" in (problem.text_content() or ""), "the first sentence")
    till.part("join-contact").fill("zoe@")
    till.part("join-go").click()
    wait(lambda: "not valid" in (problem.text_content() or ""), "the server's sentence")
    assert till.part("join-contact").evaluate("field => field === document.activeElement")


def test_the_customers_screen_keeps_step(till: TillPage, shop: Shop) -> None:
    screen = till.page.context.new_page()
    screen.goto(f"{shop.address}/till/screen?lang=en")
    wait(lambda: face(screen, "title").startswith("Welcome"), "the welcome")
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    wait(lambda: face(screen, "title") == "Hello Bruno", "the name")
    assert face(screen, "next").startswith("30\u00a0points to go")
    till.be_patient()
    till.part("amount").fill("12")
    till.part("accrue").click()
    till.wait_for("done")
    wait(lambda: face(screen, "figure") == "+12\u00a0points", "what was earned")
    assert "12\u00a0points" in face(screen, "balance")
    late = till.page.context.new_page()  # a window that opens in the middle asks for what is on
    late.goto(f"{shop.address}/till/screen?lang=en")
    wait(lambda: face(late, "figure") == "+12\u00a0points", "the same on the late one")
    till.go_on()
    wait(lambda: face(screen, "title").startswith("Welcome"), "the next customer")
    assert TillPage(screen).violations() == []
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.page.get_by_role("button", name="Show the customer").click()
    wait(till.page.get_by_text("Hello Ada").is_visible, "the till turned round")
    assert till.violations() == []
    assert till.page.evaluate(SMALL_TARGETS) == []
    till.page.get_by_role("button", name="Back to the till").click()
    assert till.desk == "member"


def test_practice_is_marked_and_books_nothing(shop: Shop, visit: Visit) -> None:
    before = shop.cast.audit().entries
    till = TillPage.open(shop, visit(), puppet=True)
    till.page.goto(f"{shop.address}/till/practice?lang=en")
    till.seen = 0
    till.find(shop.cast.view("ada").number)  # nobody real comes up
    till.wait_for("member")
    assert till.text("member-name") == "Practice customer"
    assert till.page.get_by_text("nothing counts").first.is_visible()
    till.part("amount").fill("10")
    till.part("accrue").click()
    till.wait_for("done")
    assert till.violations() == []
    till.part("undo").click()
    wait(lambda: "taken back" in till.text("result"), "the undo")
    till.page.context.set_offline(True)
    till.wait_for("member")
    till.part("amount").fill("11")
    till.part("accrue").click()
    till.wait_for("unsent")  # a practice sale is never kept to be sent later
    assert shop.cast.audit().entries == before
    assert till.complaints == []


def test_a_photo_is_read_where_the_camera_cannot(till: TillPage, shop: Shop) -> None:
    page = till.page
    page.evaluate(
        """() => {
          const none = () => Promise.reject(new DOMException('', 'NotFoundError'));
          navigator.mediaDevices.getUserMedia = none;
        }"""
    )
    page.get_by_role("button", name="Start scanning").click()
    till.wait_for_camera("failed")
    wait(page.get_by_role("button", name="Take a photo of the code").is_visible, "the offer")
    code = Image.open(io.BytesIO(qr_png(shop.cast.view("bruno").code)))
    data = io.BytesIO()
    code.save(data, "PNG")
    file: FilePayload = {
        "name": "card.png",
        "mimeType": "image/png",
        "buffer": data.getvalue(),
    }
    page.route("**/*.wasm", lambda route: route.abort())  # no engine here: the server reads it
    page.locator("#photo-input").set_input_files([file])
    till.wait_for("member")
    assert till.text("member-name") == "Bruno"
    assert till.violations() == []


def test_articles_quick_amounts_and_a_receipt(shop: Shop, visit: Visit) -> None:
    cast = shop.cast
    publish(
        cast,
        units=[
            *cast.program.ruleset.model_dump(mode="json")["units"],
            unit("cups", "stamps", "Cups"),
        ],
        earning=[
            rule("per_amount", "points", per_minor=100),
            rule("per_item", "cups", match=COFFEE),
        ],
    )
    till = TillPage.open(shop, visit(320, 568), puppet=True)
    till.find(cast.view("bruno").number)
    till.wait_for("member")
    for _ in range(2):
        till.part("article-coffee").get_by_role("button").click()
    till.page.get_by_role("button", name="€5", exact=True).click()
    till.page.get_by_role("button", name="€10", exact=True).click()
    assert till.part("amount").input_value() == "15.00"
    till.page.get_by_role("button", name="Receipt").click()
    till.part("receipt").fill("T-7")
    assert till.page.evaluate(SMALL_TARGETS) == []
    assert till.violations() == []
    till.part("accrue").click()
    till.wait_for("done")
    wait(lambda: cast.balance("bruno", "cups").available == 2, "the stamps")
    assert cast.balance("bruno").available == 15
    assert till.complaints == []


def test_what_to_say_the_shift_and_the_hand(till: TillPage, shop: Shop) -> None:
    page = till.page
    page.get_by_role("button", name="What to say").click()
    wait(page.get_by_text("I do not want advertising").is_visible, "the objections")
    assert till.violations() == []
    page.keyboard.press("Escape")
    page.locator("#menu summary").click()
    page.keyboard.press("Escape")
    wait(lambda: not page.locator("#hand").is_visible(), "the menu to close")
    assert page.evaluate("document.activeElement.parentElement.id") == "menu"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="For the left hand").click()
    assert page.evaluate("document.documentElement.dataset.hand") == "left"
    assert till.violations() == []
    page.get_by_role("button", name="My shift").click()
    wait(till.part("shift_sales").is_visible, "the shift")
    assert till.violations() == []
    page.reload()
    wait(
        lambda: page.evaluate("document.documentElement.dataset.hand") == "left",
        "the hand to be remembered",
    )
