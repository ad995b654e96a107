"""The whole line, as an operator runs it: join, scan, points, both phones. Nothing is replaced here
but Apple, Google, two phones and the light that falls into the camera."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.camera import HAND, Scene, film, film_of
from tests.browser.pages import TillPage, wait
from tests.databases import Sqlite
from tests.factories import PASSWORD
from tests.service import FOLLOWS_SECONDS_MAX, Service, running

Visit = Callable[..., BrowserContext]
Launch = Callable[..., Browser]

PHONE = ViewportSize(width=390, height=844)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
BALANCES = {
    "iPhone": '[data-phone="iphone"] .pass__group--header dd',
    "Android": '[data-phone="android"] .gcard__cell:has(dt:text-is("Points")) dd',
}


@pytest.fixture(scope="module")
def service(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`comptoir serve`, `comptoir worker` and the simulators."""
    folder = tmp_path_factory.mktemp("whole-line")
    with running(sqlite.migrated(), folder, web="process", worker="process") as service:
        yield service
        assert service.counter.audit().findings == []


def _join(page: Page, service: Service, name: str) -> None:
    """A shopper's own hands; ends on the card."""
    page.goto(f"{service.url}/p/demo/join")
    page.get_by_label("E-mail or mobile number").fill(service.new_contact())
    page.get_by_label("First name").fill(name)
    page.get_by_role("button", name="Get my card").click()
    wait(lambda: "/card/" in page.url, "the card", FOLLOWS_SECONDS_MAX)


def _code_on(page: Page) -> Image.Image:
    """The code as it is lit on the shopper's screen."""
    shot = page.locator(".code svg").screenshot(scale="device")
    return Image.open(io.BytesIO(shot))


def _till(context: BrowserContext, service: Service) -> TillPage:
    """A cashier signs in by the form and is at the till."""
    page = context.new_page()
    till = TillPage(page)
    page.on("pageerror", lambda error: till.complaints.append(str(error)))
    page.goto(f"{service.url}/till/?lang=en")
    assert "/staff/sign-in" in page.url
    page.get_by_label("E-mail").fill("cashier@exemple.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    wait(lambda: page.url.partition("?")[0].endswith("/till/"), "the till")
    page.wait_for_load_state("load")  # from here on its scripts listen
    return till


def _shown(page: Page) -> dict[str, str]:
    """The balance that each simulated phone shows."""
    return {
        phone: (found.first.text_content() or "") if (found := page.locator(place)).count() else ""
        for phone, place in BALANCES.items()
    }


def _wait_for_phones(page: Page, points: str) -> None:
    wanted = dict.fromkeys(BALANCES, points)
    wait(lambda: _shown(page) == wanted, f"both phones to show {points}", FOLLOWS_SECONDS_MAX)


def test_from_the_join_to_both_phones(
    service: Service, visit: Visit, launch: Launch, tmp_path: Path
) -> None:
    shopper = visit(user_agent=IPHONE, device_scale_factor=2).new_page()
    _join(shopper, service, "Nour")
    assert shopper.text_content("[data-number]") == "0"
    code = _code_on(shopper)
    (read,) = zxingcpp.read_barcodes(code)
    assert re.fullmatch(r"M[0-9A-HJKMNP-TV-Z]{25}|R1[0-9A-Z]{34}", read.text)  # renewed or not

    shopper.get_by_role("link", name="See it on the simulated phones").click()
    _wait_for_phones(shopper, "0")

    camera = launch(film_of(tmp_path / "card.mjpeg", [code], HAND))
    context = camera.new_context(locale="en", viewport=PHONE, permissions=["camera"])
    till = _till(context, service)
    till.wait_for("member")
    assert till.text("member-name") == "Nour"
    assert till.text("member-tier") == "Bronze"
    assert till.text("member-balance") == "0"

    till.part("amount").press_sequentially("42,50")
    till.part("accrue").click()
    till.wait_for("done")
    assert till.text("member-balance") == "42"
    _wait_for_phones(shopper, "42")

    till.part("undo").click()
    till.wait_for("member")
    assert till.text("member-balance") == "0"
    _wait_for_phones(shopper, "0")
    assert till.complaints == []
    assert service.phones.problems() == []
    camera.close()


def test_the_same_card_by_hand_scanner_and_by_number(service: Service, visit: Visit) -> None:
    shopper = visit(user_agent=IPHONE, device_scale_factor=2).new_page()
    _join(shopper, service, "Inès")
    (read,) = zxingcpp.read_barcodes(_code_on(shopper))
    number = re.sub(r"\D", "", shopper.text_content(".code__number") or "")

    till = _till(visit(), service)
    till.page.keyboard.type(read.text, delay=5)
    till.page.keyboard.press("Enter")
    till.wait_for("member")
    assert till.text("member-name") == "Inès"
    till.part("amount").press_sequentially("8")
    till.part("accrue").click()
    till.wait_for("done")
    till.page.keyboard.press("Escape")
    till.wait_for("idle")

    till.find(number)
    till.wait_for("member")
    assert (till.text("member-name"), till.text("member-balance")) == ("Inès", "8")
    wait(lambda: shopper.text_content("[data-number]") == "8", "the web card", FOLLOWS_SECONDS_MAX)


def test_a_code_from_elsewhere_is_only_a_hint(
    service: Service, launch: Launch, tmp_path: Path
) -> None:
    camera = launch(film(tmp_path / "menu.mjpeg", Scene(["https://example.org/menu?table=4"])))
    context = camera.new_context(locale="en", viewport=PHONE, permissions=["camera"])
    till = _till(context, service)
    wait(till.page.get_by_text("This is not a member code").is_visible, "the hint")
    assert (till.desk, till.camera) == ("idle", "live")
    camera.close()


def test_without_a_camera_the_till_says_so_and_goes_on(service: Service, launch: Launch) -> None:
    browser = launch(has_camera=False)
    context = browser.new_context(locale="en", viewport=PHONE, permissions=["camera"])
    till = _till(context, service)
    till.wait_for_camera("failed")
    assert till.page.get_by_text("No camera found").is_visible()
    till.find("nobody of this name")
    till.wait_for("refused")
    browser.close()
