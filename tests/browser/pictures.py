"""`python -m tests.browser.pictures [till] [designer]`: the pictures in docs/images, made anew.

The cast's café in real Chromium, on a phone and on a desktop, in French and in English.
"""

from __future__ import annotations

import io
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.benchmarks.shop import open_shop
from tests.browser.conftest import CAMERA, CHROMIUM, FLAGS
from tests.browser.pages import Shop, TillPage, wait
from tests.browser.test_till_people import enter, give_pins, is_open, pair, waiting_till
from tests.scanner.treats import with_holds
from wallet.config import ROOT
from wallet.ids import public_id

IMAGES = ROOT / "docs" / "images"
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
TABLET = (820, 1180)
QUALITY = 80  # of WebP: text stays crisp, a picture weighs some 20 kB
WIDTH_MAX = {"phone": 390, "desktop": 1000, "tablet": 500}  # pixels
Shoot = Callable[[str], None]


def main() -> int:
    """Every state in every size and language."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.stderr.write("no Chromium on this machine\n")
        return 1
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    subjects = sys.argv[1:] or list(SUBJECTS)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS, CAMERA])
        for subject, size, language in product(subjects, SIZES, ("fr", "en")):
            (IMAGES / subject).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder)) as shop:
                SUBJECTS[subject](browser, shop, size, language)
        browser.close()
    return 0


def _till(browser: Browser, shop: Shop, size: str, language: str) -> None:
    with _visit(browser, size, language) as context:
        till = TillPage.open(shop, context, puppet=True, language=language)

        def shoot(state: str) -> None:
            _keep(till.page.screenshot(), size, IMAGES / "till" / f"{state}-{size}-{language}")

        _serving(till, shop, shoot)
        _around(till, shoot)
    _with_people(browser, shop, size, language)
    _held(browser, shop, size, language)


def _serving(till: TillPage, shop: Shop, shoot: Shoot) -> None:
    """A customer with a card."""
    page = till.page
    page.locator("#start").click()
    till.wait_for_camera("live")
    till.show_codes(shop.cast.view("ada").code)
    till.wait_for("member")
    page.evaluate("window.puppet.show([])")
    till.part("amount").fill("12,50")
    shoot("member")
    till.part("accrue").click()
    till.wait_for("done")
    page.wait_for_timeout(400)  # the colour has flooded the page
    shoot("done")
    page.locator("#flip-open").click()
    wait(page.locator("#flip").is_visible, "the customer's view")
    shoot("customer")
    page.locator("#flip-back").click()
    till.wait_for("idle")
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.part("amount").fill("12,50")
    till.part("accrue").click()
    till.wait_for("asking")
    page.wait_for_timeout(400)
    shoot("again")
    page.locator("#question-no").click()
    page.locator(".hub__close").click()
    till.wait_for("idle")


def _around(till: TillPage, shoot: Shoot) -> None:
    """Somebody new, a sale without a connection, what to say."""
    page = till.page
    till.find("06 98 76 54 32")
    till.wait_for("refused")
    page.locator("#outcome-join").click()
    till.part("join-name").fill("Zoé")
    shoot("join")
    till.part("join-go").click()
    till.wait_for("member")
    till.part("amount").fill("20")
    till.part("accrue").click()
    till.wait_for("done")
    till.go_on()
    wait(till.part("card-code").is_visible, "the card's code")
    shoot("card")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    till.find("06 11 22 33 44")
    till.wait_for("member")
    till.part("amount").fill("8")
    till.part("accrue").click()
    till.wait_for("done")
    page.wait_for_timeout(400)
    shoot("saved")
    page.context.set_offline(False)
    page.locator("#coach-open").click()
    wait(page.locator("#coach").is_visible, "what to say")
    shoot("coach")


def _held(browser: Browser, shop: Shop, size: str, language: str) -> None:
    """Points that a till holds, and a reward that it gives without a connection."""
    shop.cast.later(days=2)  # the card was used often just now, and would be held for no more
    with_holds(shop.cast)
    with _visit(browser, size, language) as context:
        till = TillPage.open(shop, context, language=language)
        page = till.page

        def shoot(state: str) -> None:
            _keep(page.screenshot(), size, IMAGES / "till" / f"{state}-{size}-{language}")

        till.find(shop.cast.view("ada").number)
        till.wait_for("member")
        hold = till.part("hold")
        hold.click()
        wait(lambda: hold.get_attribute("aria-pressed") == "true", "the till to hold it")
        page.wait_for_timeout(400)
        shoot("held")
        context.set_offline(True)
        page.locator("[data-reward]", has_text="30").last.click()
        till.wait_for("done")
        page.wait_for_timeout(400)
        shoot("given")
        context.set_offline(False)


def _with_people(browser: Browser, shop: Shop, size: str, language: str) -> None:
    """A paired till: the wall, a manager's word, and a tablet that shows the customer what they have."""
    give_pins(shop.cast, "dora", "marc")
    _number, code = waiting_till(shop.cast)
    with _visit(browser, size, language) as context, _visit(browser, "tablet", language) as other:
        till = pair(shop, context, code, language)

        def shoot(state: str) -> None:
            _keep(till.page.screenshot(), size, IMAGES / "till" / f"{state}-{size}-{language}")

        till.page.locator(".wall__name", has_text="Dora").click()
        till.page.locator("[data-digit='4']").click()
        shoot("pin")
        till.page.locator("#wall-back").click()
        enter(till, "Dora")
        wait(lambda: not is_open(till), "the wall to go")
        tablet = _connect(till, shop, other.new_page(), language)
        for _ in range(3):
            _take(till, shop)
            till.wait_for("done")
            till.go_on()
        _take(till, shop)
        till.wait_for("confirming")
        wait(lambda: till.page.locator("#consent-who option").count() > 0, "the managers")
        till.page.wait_for_timeout(400)
        shoot("manager")
        till.page.locator("#consent-back").click()
        till.wait_for("member")
        wait(lambda: tablet.locator(".face[data-kind=member]").is_visible(), "the customer")
        if size == "phone":
            _keep(tablet.screenshot(), "tablet", IMAGES / "till" / f"screen-tablet-{language}")


def _connect(till: TillPage, shop: Shop, page: Page, language: str) -> Page:
    """A tablet that shows what this till shows."""
    till.page.locator("#menu summary").click()
    till.page.locator("#open-screen").click()
    till.page.locator("#screens-code").click()
    code = till.part("screen-code")
    wait(lambda: bool(code.text_content()), "the code")
    page.goto(f"{shop.address}/till/screen/pair?lang={language}#{code.text_content()}")
    page.locator("#pair button").click()
    page.wait_for_url("**/till/screen")
    wait(lambda: not code.text_content(), "the till to see it")
    till.page.keyboard.press("Escape")
    return page


def _take(till: TillPage, shop: Shop) -> None:
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    till.part(f"reward-{public_id('rwd', shop.cast.reward_id(30))}").click()


@contextmanager
def _visit(browser: Browser, size: str, language: str) -> Iterator[BrowserContext]:
    width, height = {**SIZES, "tablet": TABLET}[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        reduced_motion="reduce",
    )
    yield context
    context.close()


def _keep(png: bytes, size: str, name: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((WIDTH_MAX[size], 2_000), Image.Resampling.LANCZOS)
    picture.save(name.with_suffix(".webp"), "WEBP", quality=QUALITY, method=6)


def _designer(browser: Browser, shop: Shop, size: str, language: str) -> None:
    """The designer: each view, the parts of the form, publishing and what follows."""
    with _visit(browser, size, language) as context:
        shop.let_in(context, "emil")
        page = context.new_page()
        page.on("dialog", lambda asked: asked.accept())
        page.goto(f"{shop.address}/console/design?lang={language}")
        wait(lambda: page.locator(".gcard").count() == 1, "both phones")

        def shoot(state: str, *, of: str = "") -> None:
            page.wait_for_timeout(600)  # pictures have come, and nothing moves
            png = page.locator(of).screenshot() if of else page.screenshot()
            _keep(png, size, IMAGES / "designer" / f"{state}-{size}-{language}")

        shoot("start")
        phones = "#preview"
        if size == "phone":
            phones = "#stage"  # above the form, where only its upper part stays in sight
            page.click("#whole")
        for view in ("front", "back", "stack", "lock", "watch"):
            page.click(f"[data-view={view}]")
            shoot(view, of=phones)
        page.click("[data-view=front]")
        for part in ("colours", "art", "facts", "tiers"):
            page.click(f"#part-{part} > summary")
            shoot(part, of=f"#part-{part}")
        page.click("#part-stores > summary")
        page.check("#near-some")
        page.locator("[data-near-store]").first.uncheck()
        page.check("#switch-near_words")
        page.click(".designer-fold > summary")
        page.click("[data-add=periods]")
        page.fill("[data-row=starts_at]", "2026-12-24T09:00")
        wait(page.locator(".designer-fault").is_visible, "what is wrong with the day")
        shoot("stores", of="#part-stores")
        page.click("[data-drop]")
        page.uncheck("#switch-near_words")
        page.check("#near-all")
        page.click("#part-more > summary")
        shoot("more", of="#part-more")
        page.check("#switch-poster")
        page.click("[data-view=poster]")
        wait(lambda: page.locator(".fullcard__code").count() == 1, "the full-size look")
        shoot("ios27", of=phones)
        page.uncheck("#switch-poster")
        page.click("#part-start > summary")
        page.click("[data-starter=salon]")
        page.click("#publish")
        wait(lambda: page.locator("#compare .gcard").count() == 2, "the comparison")
        shoot("publish")
        page.check("#share-5")
        page.click("#publish-do")
        wait(page.locator("[data-act=withdraw]").is_visible, "the staged version")
        shoot("versions", of=".designer-versions")
        page.click("#try")
        wait(page.locator("#try-dialog").is_visible, "the test card")
        shoot("test-card")


SUBJECTS = {"till": _till, "designer": _designer}


if __name__ == "__main__":
    sys.exit(main())
