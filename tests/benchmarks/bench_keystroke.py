"""From a key to changed faces of both wallets on the screen, in a real Chromium against its budget.

Wall time of the whole chain — page, server on the same machine, page, paint — so a busy machine shows:
beside it stands what the same page needs for an empty answer, painted, in the same run, and the CPU time
that a key costs the page's thread. Throttling slows that thread.
"""

from __future__ import annotations

import json
import logging
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.benchmarks.shop import open_shop
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.pages import Shop, wait

BUDGET_MS = 100
THROTTLES = (1, 4)  # times as slow as this machine; four is a cheap laptop
KEYS = 30
# When the key went down; when the first frame after it was on the screen in which both faces show what
# the page knows itself (names, colours), and the first with the server's answer: a task that the frame's
# callback asks for begins once the frame is drawn.
LOG = """
  window.times = { foreseen: [], drawn: [] };
  let pressed = 0;
  addEventListener("input", (event) => { pressed = event.timeStamp; }, true);
  addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("designer");
    for (const what of ["foreseen", "drawn"]) {
      const { port1, port2 } = new MessageChannel();
      const last = { key: 0 };
      port1.onmessage = () => {
        if (last.key === pressed) return;
        last.key = pressed;
        performance.measure(what, { start: pressed, end: performance.now() });
        window.times[what].push(performance.now() - pressed);
      };
      const drawn = () => requestAnimationFrame(() => port2.postMessage(0));
      new MutationObserver(drawn).observe(root, { attributeFilter: [`data-${what}`] });
    }
  });
"""
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


def run() -> None:
    """At each throttle: a letter of a name, a digit of a colour, a letter on the back."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium on this machine")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines are not ours
    with (
        tempfile.TemporaryDirectory() as folder,
        open_shop(Path(folder)) as shop,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS])
        for throttle in THROTTLES:
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
    floor = statistics.median(page.evaluate(EMPTY) for _ in range(KEYS))
    page.focus("[data-path=organization_name]")
    began = _work_ms(devtools)
    times = _keys(page, "ab")
    spent = (_work_ms(devtools) - began) / KEYS
    _tell("a letter of the name", times, throttle, empty_answer_ms=floor, page_cpu_ms=spent)
    page.click("#part-colours summary")
    page.focus("#d-background-hex")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")  # no colour yet: the first digit makes it one again
    times = _keys(page, "29", again="Backspace")
    _tell("a digit of a colour", times, throttle, empty_answer_ms=floor)
    context.close()


def _work_ms(devtools: CDPSession) -> float:
    found = devtools.send("Performance.getMetrics")["metrics"]
    return 1000 * sum(float(one["value"]) for one in found if one["name"] in WORK)


def _keys(page: Page, letters: str, again: str = "") -> dict[str, list[float]]:
    """Milliseconds of each key that led to new faces. `again` is pressed in between, untimed."""
    found: dict[str, list[float]] = {"foreseen": [], "drawn": []}
    for number in range(KEYS):
        page.evaluate("window.times.foreseen.length = window.times.drawn.length = 0")
        page.keyboard.press(letters[number % len(letters)])
        wait(lambda: page.evaluate("window.times.drawn.length") > 0, "the new faces")
        for what, times in page.evaluate("window.times").items():
            found[what] += times[:1]
        if again:
            page.keyboard.press(again)
            wait(lambda: page.is_visible(".designer-fault"), "half a colour to be noticed")
    return found


def _tell(case: str, found: dict[str, list[float]], throttle: int, **more: float) -> None:
    for what, said in (
        ("foreseen", "both faces painted"),
        ("drawn", "the server's answer painted"),
    ):
        times = found[what]
        middle = statistics.median(times)
        line = {
            "bench": "designer",
            "case": f"{case} → {said}, at {throttle}x CPU",
            "unit": "ms",
            "value": round(middle, 1),
            "p95": round(statistics.quantiles(times, n=20)[-1], 1),
            "baseline": BUDGET_MS,
            "baseline_is": "the budget",
            "ratio": round(middle / BUDGET_MS, 3),
            "target": "ratio <= 1",
            "runs": len(times),
            **{name: round(value, 1) for name, value in more.items()},
        }
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
