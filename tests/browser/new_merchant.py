"""A merchant's first minutes, by their own hands: from nothing to a card on both phones and a first sale. The
test goes as fast as the pages do; the benchmark types like somebody who never saw them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser.pages import TillPage, wait
from tests.service import FOLLOWS_SECONDS_MAX

PIN = "472913"
SHOP = "Chez Zoé"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
BALANCES = (
    '[data-phone="iphone"] .pass__group--header dd',
    '[data-phone="android"] .gcard__cell:has(dt:text-is("Points")) dd',
)

Visit = Callable[..., BrowserContext]


@dataclass(frozen=True, slots=True)
class Pace:
    """How somebody goes: seconds to find the next thing on a page, and for one key."""

    look_seconds: float = 0.0
    key_seconds: float = 0.0


@dataclass
class Journey:
    """The whole way. `took` is (step, seconds) of each, in order."""

    url: str
    code: str
    visit: Visit
    pace: Pace = field(default_factory=Pace)
    took: list[tuple[str, float]] = field(default_factory=list)
    shown: str = ""  # the code on the shopper's card

    def go(self) -> None:
        """Everything, one step after the other."""
        desk = self.visit(1280, 800, locale="en").new_page()
        with self._step("The start page: shop, kind, store, owner, password"):
            self._start(desk)
        with self._step("Program: the usual margin"):
            self._program(desk)
        with self._step("Store: its position on the map"):
            self._store(desk)
        with self._step("Team: a PIN for the owner"):
            self._pin(desk)
        tablet = self.visit(820, 1180, locale="en").new_page()
        with self._step("Tills: a code in the console, typed on the tablet; name and PIN"):
            till = self._till(desk, tablet)
        shopper = self.visit(390, 844, locale="en", user_agent=IPHONE, device_scale_factor=2)
        phone = shopper.new_page()
        with self._step("A shopper scans the poster and joins"):
            self._join(desk, phone)
        with self._step("The card is on the iPhone and on the Android phone"):
            self._phones(phone)
        with self._step("The first scan and sale; both phones follow"):
            self._sale(till, phone)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.took.append((name, time.monotonic() - began))

    def _type(self, place: Locator, text: str) -> None:
        self._look()
        place.press_sequentially(text, delay=self.pace.key_seconds * 1000)

    def _click(self, place: Locator) -> None:
        self._look()
        place.click()

    def _look(self) -> None:
        if self.pace.look_seconds:
            time.sleep(self.pace.look_seconds)

    def _start(self, page: Page) -> None:
        page.goto(f"{self.url}/start?code={self.code}&lang=en")
        for name, text in (
            ("shop", SHOP),
            ("store", "Rue Neuve"),
            ("address", "1 rue Neuve, 75000 Paris"),
            ("owner", "Zoé Exemple"),
            ("email", "zoe@exemple.test"),
            ("password", "une phrase facile"),
        ):
            self._type(page.locator(f"#{name}"), text)
        self._click(page.get_by_role("radio", name="Grocer"))
        self._click(page.get_by_role("button", name="Open the program"))
        page.wait_for_url("**/console/")
        assert page.get_by_role("heading", name="First steps").is_visible()

    def _program(self, page: Page) -> None:
        self._click(page.get_by_role("link", name="Program", exact=True))
        self._type(page.locator("#margin_percent"), "35")
        self._click(page.get_by_role("button", name="Save"))
        wait(page.get_by_text("Cards and pages follow").is_visible, "the program to be kept")

    def _store(self, page: Page) -> None:
        self._click(page.get_by_role("link", name="Stores", exact=True))
        self._click(page.get_by_role("link", name="Change Rue Neuve"))
        self._type(page.locator("#position"), "48.8566, 2.3522")
        self._click(page.get_by_role("button", name="Save"))
        wait(page.get_by_text("Cards and pages follow").is_visible, "the store to be kept")

    def _pin(self, page: Page) -> None:
        self._click(page.get_by_role("link", name="Tills", exact=True))
        self._click(page.get_by_role("link", name="Team", exact=True))
        self._type(page.locator("#pin-1"), PIN)
        self._click(page.get_by_role("button", name="Set the PIN of Zoé Exemple"))
        wait(page.get_by_test_id("new-pin").is_visible, "the PIN")

    def _till(self, page: Page, tablet: Page) -> TillPage:
        self._click(page.get_by_label("Tills").get_by_role("link", name="Tills", exact=True))
        self._type(page.locator("#name"), "Counter")
        self._click(page.get_by_role("button", name="Add and show the code"))
        code = page.get_by_test_id("pairing-code").text_content() or ""
        till = TillPage(tablet)
        tablet.on("pageerror", lambda error: till.complaints.append(str(error)))
        tablet.goto(f"{self.url}/till/pair?lang=en")
        self._type(tablet.locator("#code"), code.strip())
        self._click(tablet.locator("#pair button"))
        tablet.wait_for_url("**/till/")
        tablet.wait_for_load_state("load")
        self._click(tablet.locator(".wall__name", has_text="Zoé"))
        for digit in PIN:
            tablet.locator(f"[data-digit='{digit}']").click(delay=self.pace.key_seconds * 1000)
        self._click(tablet.locator(".wall__ok"))
        wait(lambda: not tablet.locator("#wall").is_visible(), "the till to open")
        wait(
            lambda: (
                "/console/tills" in page.url and not page.get_by_test_id("pairing-code").count()
            ),
            "the console to see the till",
        )
        return till

    def _join(self, page: Page, phone: Page) -> None:
        """By the very code that is on the page of posters."""
        self._click(page.get_by_role("link", name="Posters"))
        shot = page.get_by_role("img", name="Code of Rue Neuve").screenshot()
        (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))
        phone.goto(read.text)
        self._type(phone.locator("#contact"), "client@exemple.test")
        self._type(phone.locator("#name"), "Client")
        self._click(phone.locator("button[type=submit]"))
        wait(lambda: "/card/" in phone.url, "the card", FOLLOWS_SECONDS_MAX)
        card = Image.open(io.BytesIO(phone.locator(".code svg").screenshot(scale="device")))
        self.shown = zxingcpp.read_barcodes(card)[0].text

    def _phones(self, phone: Page) -> None:
        self._click(phone.get_by_role("link", name="See it on the simulated phones"))
        self._wait_for(phone, "10")  # the welcome gift

    def _sale(self, till: TillPage, phone: Page) -> None:
        self._look()
        till.page.keyboard.type(self.shown)  # a hand scanner types it
        till.page.keyboard.press("Enter")
        till.wait_for("member")
        assert till.text("member-name") == "Client"
        self._type(till.part("amount"), "42,50")
        self._click(till.part("accrue"))
        till.wait_for("done")
        self._wait_for(phone, "52")
        assert till.complaints == []

    def _wait_for(self, phone: Page, points: str) -> None:
        def _shown() -> list[str]:
            return [
                (found.first.text_content() or "")
                if (found := phone.locator(place)).count()
                else ""
                for place in BALANCES
            ]

        wait(
            lambda: _shown() == [points, points],
            f"both phones to show {points}",
            FOLLOWS_SECONDS_MAX,
        )
