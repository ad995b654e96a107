"""From a key to changed faces of both wallets on the screen, in a real Chromium against its budget: a
field of each kind that the design's form has.

Wall time of the whole chain — page, server on the same machine, page, paint — so a busy machine shows:
beside it stand the load, what the same page needs for an empty answer, painted, in the same run, and the
CPU time that a key costs the page's thread. Throttling slows that thread.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.benchmarks.shop import open_shop
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.pages import Shop, wait

BUDGET_MS = 100
THROTTLES = (1, 4)  # times as slow as this machine; four is a cheap laptop
KEYS = 16
PARTS = "document.querySelectorAll('#form details').forEach((one) => { one.name = ''; })"
# When the key went down; when the first and the last frame were on the screen in which something of the
# phones was new, and the first with the server's answer: a task that the frame's callback asks for begins once the frame
# is drawn. A picture counts when it is there.
LOG = """
  window.key = { pressed: 0, first: 0, changed: 0, answered: 0, quiet: 0 };
  addEventListener("keydown", (event) => Object.assign(window.key, { pressed: event.timeStamp, first: 0, changed: 0, answered: 0 }), true);
  addEventListener("DOMContentLoaded", () => {
    const painted = (name) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        window.key[name] = window.key.quiet = performance.now();
        if (name === "changed") window.key.first ||= window.key.changed;
      };
      port2.postMessage(0);
    });
    const stage = document.getElementById("stage");
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(() => painted("changed")).observe(stage, all);
    stage.addEventListener("load", () => painted("changed"), true);
    const answered = { attributeFilter: ["data-drawn"] };
    new MutationObserver(() => painted("answered")).observe(document.getElementById("designer"), answered);
  });
  window.settled = (rest, most) => new Promise((resolve, reject) => {
    const look = () => {
      const { pressed, first, changed, answered, quiet } = window.key;
      if (performance.now() - pressed > most) return reject(new Error("nothing came of a key"));
      if (!answered || performance.now() - quiet < rest) return setTimeout(look, rest / 4);
      resolve({ first: first && first - pressed, changed: changed && changed - pressed, answered: answered - pressed });
    };
    look();
  });
"""
MOST_MS = 10_000
REST_MS = 150  # nothing new on the screen for so long: nothing more will come of this key
# The same way there and back for nothing: the least that a key could take on this machine now.
EMPTY = """async () => {
  const began = performance.now();
  await (await fetch("/healthz")).text();
  document.getElementById("state").style.opacity = String(0.9 + Math.random() / 10);
  await new Promise((resolve) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  }));
  return performance.now() - began;
}"""
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")  # seconds of the thread


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form: the `part` to open, clicks before it, the `view` of the phones that shows it,
    and two `keys` in turns. `again` is pressed between them, untimed: with it the field holds no value."""

    name: str
    part: str
    field: str
    keys: tuple[str, str] = ("a", "Backspace")
    view: str = "front"
    clicks: tuple[str, ...] = ()
    again: str = ""


ARROWS = ("ArrowDown", "ArrowUp")
BACK = ("#add-back",)
FIELDS = (
    Field("a letter of the name", "texts", "[data-path=organization_name]"),
    Field("a letter beside the logo", "texts", "[data-path='logo_text.fr']"),
    Field("a letter of the description", "texts", "[data-path='description.fr']"),
    Field("a letter of the initials", "texts", "[data-path=monogram]"),
    Field("a digit of a colour", "colours", "#d-background-hex", ("2", "9"), again="Backspace"),
    Field("another pattern", "colours", "#d-pattern", ARROWS),
    Field("a fact's place", "facts", "[data-fact=next_reward] select", ARROWS),
    Field(
        "a letter of a title of the back",
        "back",
        "#back > :first-child [data-back='title.fr']",
        view="back",
    ),
    Field(
        "a letter of a text of the back",
        "back",
        "#back > :first-child [data-back='body.fr']",
        view="back",
    ),
    Field(
        "a letter of a link of the back",
        "back",
        "#back > :first-child [data-back=url]",
        view="back",
    ),
    Field(
        "a letter of a sentence of the lock screen",
        "news",
        "[data-path='announce.balance.fr']",
        view="lock",
        clicks=("#own-balance",),
    ),
    Field(
        "a digit of a status's colour",
        "tiers",
        "[data-tier] [data-hex]",
        ("2", "9"),
        clicks=("[data-own-tier]",),
        again="Backspace",
    ),
    Field(
        "a fact of the full-size look",
        "more",
        "[data-fact-list='poster.footer'] select",
        ("ArrowUp", "ArrowDown"),
        view="poster",
        clicks=("#switch-poster",),
    ),
    Field("a digit of the distance", "stores", "#d-distance", ("5", "Backspace")),
)


def run() -> None:
    """Every field at each throttle."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium on this machine")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines are not ours
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS])
        for throttle in THROTTLES:  # each with a draft of its own: it saves itself
            with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder)) as shop:
                _type(browser, shop, throttle)
        browser.close()


def _type(browser: Browser, shop: Shop, throttle: int) -> None:
    context = browser.new_context(locale="en", viewport={"width": 1440, "height": 1000})
    context.add_init_script(LOG)
    shop.let_in(context, "emil")
    page = context.new_page()
    page.goto(f"{shop.address}/console/design")
    wait(lambda: page.get_attribute("#designer", "aria-busy") == "false", "the first faces")
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    page.evaluate(PARTS)
    _write_back(page)
    floor = statistics.median(page.evaluate(EMPTY) for _ in range(KEYS))
    for field in FIELDS:
        _at(page, field)
        _tell(field, throttle, _keys(page, devtools, field), floor)
    context.close()


def _write_back(page: Page) -> None:
    """A text with a link, for the fields of the back."""
    page.click("#part-back > summary")
    page.click("#add-back")
    row = "#back > :last-child"
    for name in ("title.fr", "title.en", "body.fr", "body.en"):
        page.fill(f"{row} [data-back='{name}']", "Terms")
    page.fill(f"{row} [data-back=url]", "https://shop.example/terms")
    page.click("#part-back > summary")


def _at(page: Page, field: Field) -> None:
    """Its part alone is open, the phones show where it is seen, and everything is at rest."""
    page.evaluate(
        "(name) => document.querySelectorAll('#form > details').forEach((one) => { one.open = one.dataset.part === name; })",
        field.part,
    )
    for click in field.clicks:
        page.click(click)
        page.wait_for_timeout(1_000)
    page.evaluate("(view) => document.querySelector(`[data-view=${view}]`).click()", field.view)
    page.evaluate(
        "(where) => document.querySelector(where).closest('details').open = true", field.field
    )
    page.focus(field.field)
    page.keyboard.press("End" if not field.keys[0].startswith("Arrow") else "Shift")
    page.wait_for_timeout(1_500)
    if field.again:
        _press_again(page, field)


def _press_again(page: Page, field: Field) -> None:
    page.keyboard.press(field.again)
    wait(lambda: page.is_visible(".designer-fault"), "half a value to be noticed")


def _keys(page: Page, devtools: CDPSession, field: Field) -> Mapping[str, list[float]]:
    """Milliseconds of each key: until the phones showed something of it and all of it, until the answer
    was there, and of the page's thread."""
    found: dict[str, list[float]] = {"first": [], "changed": [], "answered": [], "work": []}
    for number in range(KEYS):
        began = _work_ms(devtools)
        page.keyboard.press(field.keys[number % 2])
        for what, time in page.evaluate(f"settled({REST_MS}, {MOST_MS})").items():
            found[what].append(time)
        found["work"].append(_work_ms(devtools) - began)
        if field.again:
            _press_again(page, field)
    if field.again:
        page.keyboard.press(field.keys[0])
    return found


def _work_ms(devtools: CDPSession) -> float:
    found = devtools.send("Performance.getMetrics")["metrics"]
    return 1000 * sum(float(one["value"]) for one in found if one["name"] in WORK)


def _tell(field: Field, throttle: int, found: Mapping[str, list[float]], floor: float) -> None:
    is_seen = any(found["changed"])
    times = [time for time in found["changed" if is_seen else "answered"] if time]
    middle = statistics.median(times)
    line = {
        "bench": "designer",
        "case": f"{field.name} → {'both phones' if is_seen else 'nothing to draw, the answer'}, at {throttle}x CPU",
        "unit": "ms",
        "value": round(middle, 1),
        "p50": round(middle, 1),
        "p95": round(statistics.quantiles(times, n=20)[-1], 1),
        "baseline": BUDGET_MS,
        "baseline_is": "the budget",
        "ratio": round(middle / BUDGET_MS, 3),
        "target": "ratio <= 1",
        "runs": len(times),
        "first_p50": round(statistics.median(found["first"]), 1),
        "answer_p50": round(statistics.median(found["answered"]), 1),
        "empty_answer_ms": round(floor, 1),
        "page_cpu_ms": round(statistics.median(found["work"]), 1),
        "load": round(os.getloadavg()[0], 1),
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
