"""What tests do on pages, in one place: sign in, wait, read, check."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, Locator, Page

from passes.qr import qr_png
from tests.factories import PASSWORD, Cast
from wallet.actions.staff_access import sign_in

WAIT_SECONDS = 60.0  # for what will come: a loaded machine may be slow, and nothing measures here
POLL_SECONDS = 0.02
KEY_SECONDS = 0.005  # between two keys of a hand scanner
PUPPET = Path(__file__).with_name("puppet_camera.js")
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# States that end by themselves: one that came and went while nobody looked has been there.
PASSING = ("looking", "submitting", "done", "refused")
# What the desk was, in order; and, where a test says so, results that stay until somebody goes on: a loaded machine
# may look later than the page leaves them (`NEXT_AFTER_MS`, `NEXT_AFTER_REFUSAL_MS` in till.mjs).
DESK_LOG = """
  window.deskLog = [];
  window.isPatient = false;
  const soon = window.setTimeout;
  window.setTimeout = (what, ms, ...of) =>
    soon(what, window.isPatient && [2500, 4000].includes(ms) ? 2 ** 31 - 1 : ms, ...of);
  addEventListener("DOMContentLoaded", () => {
    const main = document.getElementById("main");
    const note = () => main.dataset.desk && window.deskLog.push(main.dataset.desk);
    if (main) new MutationObserver(note).observe(main, { attributeFilter: ["data-desk"] });
  });
"""
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Shop:
    """The running service and the people in it."""

    address: str
    cast: Cast

    def let_in(self, context: BrowserContext, who: str = "dora") -> None:
        """This person is signed in in that browser."""
        email = f"{who}@exemple.test"
        token = sign_in(self.cast.database, email, PASSWORD, "127.0.0.1", self.cast.now)
        context.add_cookies([{"name": "staff", "value": token, "url": self.address}])


@dataclass
class TillPage:
    """The till in one tab. `complaints` are what the console said about policy and scripts."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    seen: int = 0  # how much of the desk's log was waited for

    @classmethod
    def open(
        cls,
        shop: Shop,
        context: BrowserContext,
        *,
        puppet: bool = False,
        language: str = "en",
        until: Literal["commit", "load"] = "load",
    ) -> TillPage:
        """Signed in as Dora, at the till."""
        shop.let_in(context)
        page = context.new_page()
        till = cls(page)
        page.on("pageerror", lambda error: till.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                till.complaints.append(said.text)
                if "Content Security Policy" in said.text
                else None
            ),
        )
        page.add_init_script(DESK_LOG)
        if puppet:
            page.add_init_script(path=PUPPET)
        page.goto(f"{shop.address}/till/?lang={language}", wait_until=until)
        return till

    def part(self, name: str) -> Locator:
        """A part by its test id."""
        return self.page.get_by_test_id(name)

    def text(self, name: str) -> str:
        """The text of a part."""
        return (self.part(name).text_content() or "").strip()

    @property
    def desk(self) -> str:
        """What the till is doing."""
        return str(self.page.evaluate("document.getElementById('main').dataset.desk ?? 'idle'"))

    @property
    def camera(self) -> str:
        """What the camera is doing."""
        return str(self.page.evaluate("document.getElementById('stage').dataset.camera"))

    def wait_for(self, desk: str) -> None:
        """Until the till does this, or has done it since the last wait."""
        wait(lambda: self._has_been(desk), lambda: f"the till to be {desk}, it is {self.desk}")

    def _has_been(self, desk: str) -> bool:
        log: list[str] = self.page.evaluate(
            "window.deskLog ?? [document.getElementById('main').dataset.desk ?? 'idle']"
        )
        fresh = log[min(self.seen, len(log)) :]
        if desk in PASSING and desk in fresh:
            self.seen = len(log) - len(fresh) + fresh.index(desk) + 1
            return True
        if (log[-1] if log else "idle") != desk:
            return False
        self.seen = len(log)
        return True

    def be_patient(self) -> None:
        """Results stay on the screen until `go_on`."""
        self.page.evaluate("window.isPatient = true")

    def go_on(self, to: str = "idle") -> None:
        """Past the result, whether the page has gone on by itself meanwhile or not."""
        self.page.evaluate("document.getElementById('next').click()")
        self.wait_for(to)

    def wait_for_camera(self, state: str) -> None:
        """Until the camera does this."""
        wait(lambda: self.camera == state, lambda: f"the camera to be {state}, it is {self.camera}")

    def start(self) -> None:
        """The one tap of the shift."""
        self.page.get_by_role("button", name="Start scanning").click()
        self.wait_for_camera("live")

    def find(self, query: str) -> None:
        """Type it and press Enter."""
        self.part("scan-input").fill(query)
        self.part("scan-input").press("Enter")

    def show_codes(self, *texts: str) -> None:
        """Hold these before the puppet camera."""
        addresses = [
            f"data:image/png;base64,{base64.b64encode(qr_png(text)).decode()}" for text in texts
        ]
        self.page.evaluate("addresses => window.puppet.show(addresses)", addresses)

    def scan_by_wedge(self, strokes: list[tuple[str, str]]) -> None:
        """A hand scanner: (character, key) pairs, one every 5 ms, then Enter. The keys say themselves when
        they were pressed, as those of a keyboard do, however late the browser comes to them."""
        keys = self.page.context.new_cdp_session(self.page)
        start = time.time()
        for at, (character, code) in enumerate([*strokes, ("\r", "Enter")]):
            key = "Enter" if code == "Enter" else character
            stroke: dict[str, Any] = {
                "key": key,
                "code": code,
                "timestamp": start + at * KEY_SECONDS,
            }
            keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **stroke})
            keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **stroke})
        keys.detach()

    def violations(self) -> list[str]:
        """What axe finds wrong now. Run through the debugger: the page's policy stays as it is."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", AXE_RULES
        )
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


def wait(
    is_so: Callable[[], bool], what: str | Callable[[], str], seconds: float = WAIT_SECONDS
) -> None:
    """Until it is so. Polls: the page's policy forbids Playwright's own way of waiting."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds} s for {said}")
        time.sleep(POLL_SECONDS)
