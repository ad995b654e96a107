"""The till in a real browser: camera, hand scanner, typing, and everything that can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from tests.browser.camera import GLARE, HAND, STEADY, Scene, film
from tests.browser.pages import Shop, TillPage, wait
from tests.scanner.treats import voucher_for, with_treats

Visit = Callable[..., BrowserContext]

SIZES = {"phone": (390, 844), "small": (320, 568), "lying": (844, 390), "desk": (1366, 650)}
AZERTY_DIGITS = "à&é\"'(-è_ç"  # the digit row of a French keyboard without Shift
AZERTY_LETTERS = {"A": "q", "Q": "a", "W": "z", "Z": "w", "M": ","}


@pytest.fixture
def till(shop: Shop, visit: Visit) -> Iterator[TillPage]:
    """Dora at the till, on a phone, with a camera on strings."""
    opened = TillPage.open(shop, visit(), puppet=True)
    yield opened
    assert opened.complaints == []


# --- The camera --------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", [STEADY, HAND, GLARE], ids=["steady", "hand", "glare"])
def test_a_card_before_the_camera_gets_its_points(
    shop: Shop, launch: Callable[..., Browser], tmp_path: Path, scene: Scene
) -> None:
    code = shop.cast.view("bruno").code
    seen = Scene(
        [code], scene.code_width, scene.sway, scene.turn, scene.blur, scene.glare, starts_after=6
    )
    browser = launch(film(tmp_path / "card.mjpeg", seen))
    context = browser.new_context(locale="en", viewport={"width": 390, "height": 844})
    context.grant_permissions(["camera"])
    till = TillPage.open(shop, context)
    till.wait_for("member")  # the camera was allowed before, so it starts by itself
    assert till.text("member-name") == "Bruno"
    assert till.text("member-tier") == "Bronze"
    assert till.text("member-balance") == "0"
    till.part("amount").fill("12,50")
    till.part("accrue").click()
    till.wait_for("done")
    assert till.text("member-balance") == "12"
    assert "12\u00a0points added for Bruno" in till.text("result")
    assert shop.cast.balance("bruno").available == 12
    till.part("undo").click()
    wait(lambda: shop.cast.balance("bruno").available == 0, "the undo")
    till.wait_for("member")
    assert till.text("member-balance") == "0"
    assert till.complaints == []
    browser.close()


def test_the_first_tap_asks_for_the_camera(till: TillPage) -> None:
    assert till.camera == "off"
    till.start()
    assert till.part("scan-camera").evaluate("video => !video.paused && video.videoWidth > 0")


def test_a_tap_on_the_picture_starts_the_camera_too(till: TillPage) -> None:
    till.part("scan-camera").click()
    till.wait_for_camera("live")


def test_one_card_is_one_customer_however_long_it_stays(till: TillPage, shop: Shop) -> None:
    till.start()
    till.show_codes(shop.cast.view("ada").code)
    till.wait_for("member")
    till.page.keyboard.press("Escape")
    till.wait_for("idle")
    hint = till.page.get_by_text("Same card still in view")
    wait(hint.is_visible, "the hint")
    assert till.desk == "idle"
    till.page.get_by_role("button", name="Open this card again").click()
    till.wait_for("member")


def test_two_cards_are_asked_about(till: TillPage, shop: Shop) -> None:
    till.start()
    till.show_codes(shop.cast.view("ada").code, shop.cast.view("bruno").code)
    till.wait_for("choosing")
    assert till.page.get_by_text("Two cards in view").is_visible()
    till.page.get_by_role("button", name="Bruno").click()
    till.wait_for("member")
    assert till.text("member-name") == "Bruno"


def test_a_foreign_code_is_only_a_hint(till: TillPage) -> None:
    till.start()
    till.show_codes("https://example.org/menu")
    hint = till.page.get_by_text("This is not a member code")
    wait(hint.is_visible, "the hint")
    assert (till.desk, till.camera) == ("idle", "live")


def test_a_forged_card_is_refused_and_the_till_goes_on(till: TillPage, shop: Shop) -> None:
    till.start()
    till.show_codes(shop.cast.other.view("fatou").code)
    till.wait_for("refused")
    assert "not a member code" in till.text("result")
    till.show_codes()
    till.wait_for("idle")
    till.wait_for_camera("live")


def test_a_camera_that_cannot_be_had_says_why_and_can_be_tried_again(
    till: TillPage, shop: Shop
) -> None:
    for error, sentence in (
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "No camera found"),
        ("NotReadableError", "Another app is using the camera"),
    ):
        till.page.evaluate("name => window.puppet.breakWith(name)", error)
        till.page.locator("#start").click()
        wait(till.page.get_by_text(sentence).is_visible, sentence)
        till.wait_for_camera("failed")
    till.find(shop.cast.view("ada").number)  # the sale goes on without it
    till.wait_for("member")
    till.page.keyboard.press("Escape")
    till.page.evaluate("window.puppet.breakWith('')")
    till.page.get_by_role("button", name="Try again").click()
    till.wait_for_camera("live")


def test_a_frozen_picture_is_started_anew_and_then_reported(till: TillPage) -> None:
    till.start()
    till.page.evaluate("window.puppet.freeze(true)")
    wait(lambda: till.page.evaluate("window.puppet.starts()") == 2, "a second start")
    till.wait_for_camera("failed")
    till.page.evaluate("window.puppet.freeze(false)")
    till.page.get_by_role("button", name="Try again").click()
    till.wait_for_camera("live")


def test_the_real_browser_without_permission(shop: Shop, visit: Visit) -> None:
    till = TillPage.open(shop, visit())
    till.page.get_by_role("button", name="Start scanning").click()
    till.wait_for_camera("failed")
    assert till.page.get_by_text("The camera is blocked").is_visible()


def test_the_camera_sleeps_in_the_background_and_wakes(till: TillPage) -> None:
    till.start()
    hide = """on => {
      Object.defineProperty(document, 'hidden', {value: on, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    till.page.evaluate(hide, True)
    till.wait_for_camera("off")
    till.page.evaluate(hide, False)
    till.wait_for_camera("live")


# --- The hand scanner ---------------------------------------------------------------------------


def us(text: str) -> list[tuple[str, str]]:
    """A scanner and a computer that agree."""
    return [(char, f"Digit{char}" if char.isdigit() else f"Key{char}") for char in text]


def azerty(text: str) -> list[tuple[str, str]]:
    """A scanner set to US keys on a French computer."""
    return [
        (
            AZERTY_DIGITS[int(char)] if char.isdigit() else AZERTY_LETTERS.get(char, char.lower()),
            f"Digit{char}" if char.isdigit() else f"Key{char}",
        )
        for char in text
    ]


def caps_lock(text: str) -> list[tuple[str, str]]:
    """The same with caps lock on."""
    return [(char.lower(), key) for char, key in us(text)]


def test_a_hand_scanner_works_wherever_the_cursor_is(till: TillPage, shop: Shop) -> None:
    for layout in (us, azerty, caps_lock):
        till.scan_by_wedge(layout(shop.cast.view("ada").code))
        wait(lambda: till.text("member-name") == "Ada", f"Ada by {layout.__name__}")
        till.part("amount").fill("7,30")
        till.scan_by_wedge(layout(shop.cast.view("bruno").code))  # the next customer, by mistake
        wait(lambda: till.text("member-name") == "Bruno", f"Bruno by {layout.__name__}")
        assert till.part("amount").input_value() == ""
    assert shop.cast.balance("bruno").available == 0


def test_a_hand_scanner_never_types_into_the_amount(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.part("amount").fill("7.30")
    till.page.route("**/till/api/lookup", lambda route: route.abort())
    code = shop.cast.view("bruno").code
    till.scan_by_wedge(us(code))  # the next customer, whom nobody can look up
    wait(lambda: till.text("member-name").endswith(code[-4:]), "the next customer")
    assert till.part("amount").input_value() == ""


def test_a_hand_scanner_in_the_search_field_leaves_no_rubbish(till: TillPage, shop: Shop) -> None:
    till.part("scan-input").focus()
    till.scan_by_wedge(azerty(shop.cast.view("ada").code))
    till.wait_for("member")
    assert till.part("scan-input").input_value() == ""


def test_an_article_is_not_a_member(till: TillPage) -> None:
    till.scan_by_wedge(us("3017620422003"))
    till.wait_for("refused")


def test_a_scan_before_the_scripts_are_there_is_not_lost(shop: Shop, visit: Visit) -> None:
    context = visit()
    held: list[Route] = []
    context.route("**/scanner/till.mjs", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks it
    till = TillPage.open(shop, context, until="commit")
    wait(lambda: bool(till.page.evaluate("'takeEarlyKeys' in window")), "the page")
    wait(lambda: bool(held), "the script to be asked for")
    till.scan_by_wedge(us(shop.cast.view("ada").code))
    held[0].continue_()
    till.wait_for("member")
    assert till.text("member-name") == "Ada"
    assert till.complaints == []


def test_the_next_card_may_come_while_the_server_is_busy(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")

    held: list[Route] = []
    till.page.route("**/till/api/purchases", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks it
    till.part("amount").fill("10")
    till.part("amount").press("Enter")
    wait(lambda: bool(held), "the sale to be sent")
    till.scan_by_wedge(us(shop.cast.view("bruno").code))
    held[0].continue_()
    wait(lambda: till.text("member-name") == "Bruno", "Bruno")
    till.wait_for("member")
    assert shop.cast.balance("ada").available == 615  # gold counts one and a half times


# --- Typing ------------------------------------------------------------------------------------


def test_who_has_no_card_with_them_is_found_by_typing(till: TillPage, shop: Shop) -> None:
    for query in (shop.cast.view("ada").number, "Ada", "+33 6 12 34 56 78", "ada@exemple.test"):
        till.find(query)
        till.wait_for("member")
        assert till.text("member-name") == "Ada", query
        till.page.keyboard.press("Escape")
        till.wait_for("idle")


def test_a_name_of_several_members_gives_a_choice(till: TillPage, shop: Shop) -> None:
    shop.cast.enrol("adam")
    till.find("ad")
    till.wait_for("refused")
    assert "at least three letters" in till.text("result")
    till.go_on()
    till.find("ada")
    till.wait_for("choosing")
    # Nothing on the screen speaks of what was typed before.
    assert till.page.locator("#outcome").get_attribute("data-size") == "gone"
    till.page.get_by_role("button", name="Adam").click()
    till.wait_for("member")
    assert till.text("member-name") == "Adam"


def test_a_fast_typist_with_a_name_like_a_code_is_no_scanner(till: TillPage) -> None:
    for name in ("Marechal", "Margaret", "Mathamer Bergeac"):
        till.part("scan-input").fill("")
        till.part("scan-input").focus()
        till.page.keyboard.type(name, delay=15)
        assert till.part("scan-input").input_value() == name


def test_nobody_found_says_so_and_keeps_what_was_typed(till: TillPage) -> None:
    till.find("Zénobie")
    till.wait_for("refused")
    assert "No member was found" in till.text("result")
    till.wait_for("idle")
    assert till.part("scan-input").input_value() == "Zénobie"


def test_typed_amounts_are_money(till: TillPage, shop: Shop) -> None:
    """How they are read is tested beside `amount.mjs`; here that keys and Enter get there."""
    given = 0
    for typed, amount_minor in (("12,50", 1250), ("€ 3.20", 320), ("1 234,56", 123456)):
        till.find(shop.cast.view("bruno").number)
        till.wait_for("member")
        till.part("amount").press_sequentially(typed)
        till.part("amount").press("Enter")
        till.wait_for("done")
        given += amount_minor // 100
        assert shop.cast.balance("bruno").available == given
        till.go_on()


def test_the_keypad_pushes_cents(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    for key in ("1", "2", "5", "0", "0"):
        till.page.locator(f"[data-key='{key}']").click()
    till.page.locator("[data-key='back']").click()
    assert till.part("amount").input_value() == "12.50"
    assert "€12.50" in till.text("accrue")
    till.part("accrue").click()
    till.wait_for("done")
    assert shop.cast.balance("bruno").available == 12


def test_an_amount_that_is_none_is_asked_for_again(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    for typed in ("0", "0,00", ",", "1,2,3", "12.345"):
        till.part("amount").fill(typed)
        assert till.page.locator("#amount-problem").text_content() == ""
        till.part("amount").press("Enter")
        assert till.page.get_by_text("Type an amount like 12.50.").is_visible(), typed
        assert till.desk == "member"


# What looks round every ten seconds does so all the time, and counts.
LOOKING_ROUND = """
window.rounds = 0;
const every = window.setInterval;
window.setInterval = (what, ms, ...of) =>
  ms === 10000 ? every(() => { what(); window.rounds += 1; }, 50) : every(what, ms, ...of);
"""


def test_nobody_stays_on_the_screen_of_a_till_that_was_left(shop: Shop, visit: Visit) -> None:
    context = visit()
    context.add_init_script(LOOKING_ROUND)
    till = TillPage.open(shop, context)
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("5")
    context.clock.set_system_time(datetime.now(tz=UTC) + timedelta(minutes=3))
    seen = till.page.evaluate("window.rounds")
    wait(lambda: till.page.evaluate("window.rounds") > seen + 1, "the till to look round")
    assert till.desk == "member", "a sale that was begun stays"
    till.part("amount").evaluate("field => { field.value = ''; }")  # without a key: that is a touch
    till.wait_for("idle")


# --- Results -----------------------------------------------------------------------------------


def test_after_the_result_the_till_is_ready_by_itself(till: TillPage, shop: Shop) -> None:
    till.start()
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.wait_for_camera("held")
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("done")
    till.wait_for("idle")
    assert till.part("undo").is_visible(), "the undo stays for its thirty seconds"
    till.wait_for_camera("live")
    assert "5\u00a0points added for Bruno" in till.text("result")


def test_a_tap_skips_the_wait(till: TillPage, shop: Shop) -> None:
    till.be_patient()
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("done")
    till.page.get_by_role("button", name="Next customer").click()
    assert till.desk == "idle"


def test_a_reward_takes_two_taps_after_the_scan_and_can_be_undone(
    till: TillPage, shop: Shop
) -> None:
    reward = min(shop.cast.program.rewards, key=lambda each: each.cost)
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    button = till.page.locator("[data-testid^='reward-rwd_']").last
    assert reward.name["en"] in (button.text_content() or "")
    button.click()
    till.wait_for("done")
    assert shop.cast.balance("ada").available == 600 - reward.cost
    assert reward.name["en"] in till.text("result")
    till.part("undo").click()
    wait(lambda: shop.cast.balance("ada").available == 600, "the undo")
    till.wait_for("member")


def test_only_what_the_member_can_afford_is_offered(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    assert till.page.locator("[data-testid^='reward-']").count() == 0
    wait(till.page.locator("#next-reward-text").is_visible, "what is missing")
    assert "30\u00a0points to go" in (till.page.locator("#next-reward-text").text_content() or "")


def test_an_undo_while_the_next_customer_is_served(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("done")
    till.find(shop.cast.view("ada").number)
    wait(lambda: till.text("member-name") == "Ada", "Ada")
    till.wait_for("member")
    till.part("undo").click()
    wait(lambda: shop.cast.balance("bruno").available == 0, "the undo")
    wait(lambda: till.desk == "member" and till.text("member-name") == "Ada", "Ada again")


def test_the_same_amount_again_is_asked_about_once(till: TillPage, shop: Shop) -> None:
    for answer in ("done", "asking"):
        till.find(shop.cast.view("bruno").number)
        till.wait_for("member")
        till.part("amount").fill("5")
        till.part("accrue").click()
        till.wait_for(answer)
        if answer == "done":
            till.go_on()
    assert till.page.get_by_text("by Dora").is_visible()
    till.page.get_by_role("button", name="Add again").click()
    till.wait_for("done")
    assert shop.cast.balance("bruno").available == 10


def test_no_is_an_answer_to_the_same_question(till: TillPage, shop: Shop) -> None:
    shop.cast.buy("bruno", 500)
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("asking")
    till.page.get_by_role("button", name="No, keep one").click()
    till.wait_for("member")
    assert shop.cast.balance("bruno").available == 5


# --- The line ----------------------------------------------------------------------------------


def test_a_reward_without_a_line_is_not_said_to_be_done(till: TillPage, shop: Shop) -> None:
    shop.cast.buy("bruno", 9_000)
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    coffee = till.page.get_by_role("button", name="A free coffee")
    till.page.context.set_offline(True)
    wait(lambda: till.text("connection") == "offline", "the sign")
    coffee.click()
    till.wait_for("refused")  # it never left: nothing is open
    assert "Rewards need a connection. The points are safe." in till.text("result")
    assert till.page.locator("#next-word").text_content() == "Go on with Bruno"
    till.go_on("member")
    till.page.context.set_offline(False)
    wait(lambda: till.text("connection") == "online", "the sign")
    # A line that looks well and carries nothing: it may have arrived.
    till.page.route("**/till/api/redemptions", lambda route: route.abort())
    coffee.click()
    till.wait_for("unsent")
    assert till.page.get_by_text("No answer yet").is_visible()
    till.page.unroute("**/till/api/redemptions")
    till.page.get_by_role("button", name="Try again").click()
    till.wait_for("done")
    assert till.text("connection") == "online"
    assert shop.cast.balance("bruno").available < 90


def test_an_answer_lost_on_its_way_does_not_count_twice(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")

    def swallow(route: Route) -> None:
        route.fetch()  # the server hears it
        route.abort()  # the till hears nothing

    till.page.route("**/till/api/purchases", swallow)
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("done")
    assert till.text("result").startswith("Saved")
    wait(lambda: till.text("queue-count") == "0", "the sale to be sent again")
    assert shop.cast.balance("bruno").available == 5


def test_who_was_signed_out_is_told_and_nothing_is_done(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    till.page.context.clear_cookies(name="staff")
    till.part("amount").fill("5")
    till.part("accrue").click()
    wait(till.page.get_by_text("You are signed out").is_visible, "the sentence")
    till.page.get_by_role("button", name="Sign in").click()
    wait(lambda: "/staff/sign-in" in till.page.url, "the sign-in page")
    assert shop.cast.balance("bruno").available == 0


# --- Form --------------------------------------------------------------------------------------


def states(till: TillPage, shop: Shop) -> Iterator[str]:
    """The till in each of its states, one after the other."""
    yield "ready"
    till.start()
    yield "scanning"
    shop.cast.enrol("adam")
    till.find("ada")
    till.wait_for("choosing")
    yield "choosing"
    ada = till.page.get_by_text("Ada", exact=True)
    till.page.locator(".choice").filter(has=ada).click()
    till.wait_for("member")
    yield "member"
    till.part("amount").fill("12,50")
    till.page.locator("#receipt-open").click()
    till.part("receipt").fill("T-1042")
    yield "amount"
    till.part("accrue").click()
    till.wait_for("done")
    yield "done"
    till.wait_for("idle")
    yield "docked"
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.part("amount").fill("12,50")
    till.part("accrue").click()
    till.wait_for("asking")
    yield "asking"
    till.page.get_by_role("button", name="No, keep one").click()
    till.wait_for("member")
    till.part("amount").fill("9 999 999")
    till.part("accrue").click()
    till.wait_for("refused")
    yield "refused"


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("phone", "light"),
        ("phone", "dark"),
        ("small", "dark"),
        ("lying", "light"),
        ("desk", "dark"),
    ],
)
def test_every_state_fits_and_is_accessible(
    shop: Shop, visit: Visit, size: str, scheme: str
) -> None:
    till = TillPage.open(
        shop, visit(*SIZES[size], color_scheme=scheme, reduced_motion="reduce"), puppet=True
    )
    for state in states(till, shop):
        till.page.wait_for_timeout(60)
        assert till.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
        small = till.page.evaluate(SMALL_TARGETS)
        assert small == [], f"{state}: {small}"
        if state in ("member", "amount"):
            assert till.page.evaluate(COVERED_KEYS) == [], state
        assert till.violations() == [], state
    assert till.complaints == []


# What can be tapped and is smaller than 44 by 44 pixels.
SMALL_TARGETS = """() => [...document.querySelectorAll('button, a[href], input, summary')]
  .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest('.skip-link, details:not([open]) > div'))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 43.5 || box.height < 43.5))
  .map(([each, box]) => `${each.id || each.className} ${box.width}x${box.height}`)"""


# Keys of the amount under something else, at their upper or lower edge.
COVERED_KEYS = """() => [...document.querySelectorAll('#keypad .key, #amount, #accrue')]
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => [box.top + 3, box.bottom - 3].some(
    y => !each.contains(document.elementFromPoint(box.left + box.width / 2, y))))
  .map(([each, box]) => `${each.id || each.textContent.trim()} ${box.top}-${box.bottom}`)"""


def test_the_till_speaks_french(shop: Shop, visit: Visit) -> None:
    till = TillPage.open(shop, visit(locale="fr"), puppet=True, language="fr")
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    assert till.part("amount").get_attribute("placeholder") == "0,00"
    till.part("amount").fill("12,50")
    assert "12,50\u00a0€" in till.text("accrue")


def test_a_whole_sale_with_the_keyboard_alone(till: TillPage, shop: Shop) -> None:
    page = till.page
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "scan-input":
            break
    page.keyboard.type(shop.cast.view("bruno").number, delay=60)
    page.keyboard.press("Enter")
    till.wait_for("member")
    assert page.evaluate("document.activeElement.id") == "amount"
    page.keyboard.type("12.50", delay=60)
    page.keyboard.press("Enter")
    till.wait_for("done")
    assert shop.cast.balance("bruno").available == 12


def test_muted_stays_muted(till: TillPage) -> None:
    till.page.get_by_role("button", name="Sound off").click()
    till.page.reload()
    assert till.page.get_by_role("button", name="Sound on").get_attribute("aria-pressed") == "true"


# --- Vouchers, credit, activities -------------------------------------------------------------


def test_a_voucher_a_bill_in_credit_and_an_own_cup(shop: Shop, visit: Visit) -> None:
    cast = with_treats(shop.cast)
    cast.buy("ada", 10_000, channel="online", source="shop")
    code = voucher_for(cast, "ada")
    till = TillPage.open(shop, visit(), puppet=True)
    till.start()
    till.show_codes(code)
    till.wait_for("member")
    voucher = till.part(f"voucher-{code}")
    assert "reward--shown" in (voucher.get_attribute("class") or "")
    assert till.violations() == []
    till.part("amount").fill("25")
    voucher.click()
    till.wait_for("done")
    assert "Voucher used: Ten percent for Ada" in till.text("result")
    till.wait_for("member")
    till.part("activity-own_cup").click()
    till.wait_for("done")
    assert "Own cup: 5\u00a0points added for Ada" in till.text("result")
    till.wait_for("member")
    till.part("amount").fill("12")
    till.part("credit-use").check()
    assert till.part("credit-amount").input_value() == "6.00"
    assert till.text("credit-left") == "Left to pay: €6.00"
    assert till.page.evaluate(COVERED_KEYS) == []
    assert till.violations() == []
    till.part("credit-amount").fill("7")
    till.part("accrue").click()
    wait(till.page.get_by_text("At most €6.00 of this bill").is_visible, "the objection")
    assert till.page.evaluate(COVERED_KEYS) == [], "nor is one beside the objection and the undo"
    till.part("credit-amount").fill("5")
    till.part("accrue").click()
    till.wait_for("done")
    wait(lambda: cast.balance("ada", "credit").available == 1000, "the credit")
    assert till.complaints == []
