"""The till's page in a real Chromium against its budgets: how soon a card is read and its member on
the screen, how many hard pictures are read, and whether memory stays flat.

Wall time of the whole chain, so a busy machine shows; CPU throttling slows the page's own thread.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from passes.qr import qr_png
from tests.benchmarks.crowd import APART_SECONDS, First, copy_members
from tests.benchmarks.scenes import shots
from tests.benchmarks.shop import open_shop
from tests.browser.conftest import CAMERA, CHROMIUM, FLAGS
from tests.browser.pages import Shop, TillPage, wait
from tests.factories import Cast
from wallet.db import Base
from wallet.rules.member_code import make_code

ROUNDS = 24
CROWD = 1_000_000  # members
SALES_EACH = 2  # of each of them
SCENES_EACH = 40  # of six widths: 240 frames
FRAMES = 2_000
WARM_FRAMES = 200
# The moment at which the code is drawn, and those at which the till changes its state.
LOG = """
  window.times = [];
  addEventListener("DOMContentLoaded", () => {
    const main = document.getElementById("main");
    const note = () => window.times.push([main.dataset.desk, performance.now()]);
    new MutationObserver(note).observe(main, { attributeFilter: ["data-desk"] });
  });
"""
SHOW = """async (address) => {
  window.times.length = 0;
  await window.puppet.show([address]);
  window.times.push(["shown", performance.now()]);
}"""
BLOB = """
  const blob = (base64) => new Blob([Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))]);
"""
READ = """async ([base, pictures]) => {BLOB
  const { Decoder } = await import(new URL("decoder.mjs", base).href);
  window.decoder ??= new Decoder();
  const texts = [];
  for (const picture of pictures) {
    const image = await createImageBitmap(blob(picture));
    texts.push((await window.decoder.read(image)).map((reading) => reading.text));
  }
  return texts;
}""".replace("BLOB", BLOB)
PLAY = """async ([base, picture, frames]) => {BLOB
  const { Decoder } = await import(new URL("decoder.mjs", base).href);
  window.decoder ??= new Decoder();
  const source = await createImageBitmap(blob(picture));
  for (let frame = 0; frame < frames; frame += 1) {
    await window.decoder.read(await createImageBitmap(source));
  }
  source.close();
}""".replace("BLOB", BLOB)


def run() -> None:
    """From the card before the camera to the result."""
    with _before_chromium() as (browser, shop):
        for throttle, limit_ms in ((1, 100), (4, 350)):
            _read_and_sell(browser, shop, throttle, limit_ms)


def run_crowd(members: int = CROWD) -> None:
    """Look-up and sale at a till whose café has so many members, each with a card and sales."""
    with _before_chromium() as (browser, shop):
        started = time.perf_counter()
        copy_members(shop.cast.database, _model(shop.cast), members)
        took = round(time.perf_counter() - started)
        sys.stderr.write(f"{members} members after {took} s\n")
        _read_and_sell(browser, shop, 1, 100, among=f"among {members:,} members, ")


def _model(cast: Cast) -> First:
    """A member with two sales, of whom the others are copies."""
    cast.enrol("camille", email="camille@exemple.test", phone="+33612345670")
    for number in range(SALES_EACH):
        time.sleep(APART_SECONDS)
        cast.buy("camille", 1_250 + number)
    member_id = cast.people["camille"]
    account = Base.metadata.tables["account"]
    with cast.database.reading() as session:
        held = select(account.c.id).where(account.c.member_id == member_id)
        code = cast.member(session, "camille").code
        return First(cast.program.id, member_id, session.execute(held).scalar_one(), code)


def run_scan() -> None:
    """The decoder alone: hard pictures, and what it holds after two thousand frames."""
    with _before_chromium() as (browser, shop):
        _hard_pictures(browser, shop)
        _memory(browser, shop)


@contextmanager
def _before_chromium() -> Iterator[tuple[Browser, Shop]]:
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium on this machine")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines are not ours
    with (
        tempfile.TemporaryDirectory() as folder,
        open_shop(Path(folder)) as shop,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS, CAMERA])
        yield browser, shop
        browser.close()


def _read_and_sell(
    browser: Browser, shop: Shop, throttle: int, limit_ms: int, among: str = ""
) -> None:
    """A card is held before the camera, then a sale is confirmed."""
    context = browser.new_context(locale="en", viewport={"width": 390, "height": 844})
    context.grant_permissions(["camera"])
    context.add_init_script(LOG)
    till = TillPage.open(shop, context, puppet=True)
    till.start()
    devtools = context.new_cdp_session(till.page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    read, found, told = [], [], []
    for number in range(ROUNDS):
        code = shop.cast.view(("ada", "bruno")[number % 2]).code
        till.page.evaluate(SHOW, _picture(code))
        wait(lambda: "member" in _times(till.page), "the member")
        times = _times(till.page)
        read.append(times["looking"] - times["shown"])
        found.append(times["member"] - times["looking"])
        till.part("amount").fill(str(50 * throttle + number))
        till.page.evaluate("window.times.length = 0")
        till.page.evaluate("document.getElementById('accrue').click()")
        wait(lambda: "done" in _times(till.page), "the result")
        times = _times(till.page)
        told.append(times["done"] - times["submitting"])
        till.page.evaluate("window.puppet.show([])")
        till.page.locator("#next").click(force=True)
        wait(lambda: till.desk == "idle", "the next customer")
    case = f"{among}at {throttle}x CPU"
    _tell(f"code presented → text, {case}", "ms", read, limit_ms, "median")
    _tell(f"decoded → member on screen, {case}", "ms", found, 500, "p95")
    _tell(f"confirm → result, {case}", "ms", told, 600, "p95")
    context.close()


def _hard_pictures(browser: Browser, shop: Shop) -> None:
    """Version-2 codes of our own renderer, read with the options that the page ships."""
    page = _page(browser, shop)
    program = shop.cast.program
    version, key = program.signing_key
    texts = [make_code(program.id, key, version, 7_919 * number) for number in range(1, 9)]
    frames = shots(texts, SCENES_EACH)
    answers: list[list[str]] = []
    for at in range(0, len(frames), 20):
        pictures = [base64.b64encode(shot.jpeg).decode() for shot in frames[at : at + 20]]
        answers += page.evaluate(READ, [_base(page), pictures])
    right = sum(shot.text in found for shot, found in zip(frames, answers, strict=True))
    wrong = sum(
        any(text != shot.text for text in found)
        for shot, found in zip(frames, answers, strict=True)
    )
    plain = sum(shot.text in _read_plainly(shot.jpeg) for shot in frames)
    share, peer = (round(100 * number / len(frames), 1) for number in (right, plain))
    said = {"frames": len(frames), "native_zxing_cpp_by_default": peer}
    _print("hard pictures read", "% of frames", share, "≥ 71", **said)
    _print("hard pictures misread", "frames", wrong, "0")
    page.context.close()


def _read_plainly(jpeg: bytes) -> list[str]:
    """What the library reads natively, with its own defaults."""
    grey = Image.open(io.BytesIO(jpeg)).convert("L")
    kinds = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    return [code.text for code in zxingcpp.read_barcodes(grey, formats=kinds)]


def _memory(browser: Browser, shop: Shop) -> None:
    """The engine's process and the page's heap after 200 and after 2,000 frames more."""
    page = _page(browser, shop)
    frame = shots([shop.cast.view("ada").code], 1)[4].jpeg
    picture = base64.b64encode(frame).decode()
    page.evaluate(PLAY, [_base(page), picture, WARM_FRAMES])
    before = _held(browser, page)
    page.evaluate(PLAY, [_base(page), picture, FRAMES])
    after = _held(browser, page)
    for name, unit in (("heap", "JS heap of the page"), ("resident", "memory of the renderer")):
        ratio = round(after[name] / before[name], 3)
        said = {"before_mb": round(before[name] / 1e6, 1), "after_mb": round(after[name] / 1e6, 1)}
        _print(f"{unit}, {FRAMES} frames later", "ratio", ratio, "≤ 1.1", **said)
    page.context.close()


def _held(browser: Browser, page: Page) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    heap = devtools.send("Runtime.getHeapUsage")["usedSize"]
    whole = browser.new_browser_cdp_session()
    processes = whole.send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = [_resident(each["id"]) for each in processes if each["type"] == "renderer"]
    return {"heap": float(heap), "resident": float(max(sizes))}


def _resident(process: int) -> int:
    """Bytes; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def _page(browser: Browser, shop: Shop) -> Page:
    context = browser.new_context(locale="en")
    return TillPage.open(shop, context).page


def _base(page: Page) -> str:
    return str(page.evaluate("document.querySelector('script[type=module][src*=till]').src"))


def _times(page: Page) -> dict[str, float]:
    return dict(page.evaluate("window.times"))


def _picture(text: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(qr_png(text)).decode()}"


def _tell(case: str, unit: str, values: list[float], limit: float, which: str) -> None:
    cuts = statistics.quantiles(values, n=20)
    value = statistics.median(values) if which == "median" else cuts[-1]
    said = {"limit": limit, "ratio": round(value / limit, 3), "rounds": len(values)}
    median, p95 = round(statistics.median(values), 1), round(cuts[-1], 1)
    _print(case, f"{unit}, {which}", round(value, 1), f"≤ {limit}", median=median, p95=p95, **said)


def _print(case: str, unit: str, value: float, target: str, **more: Any) -> None:
    line = {"bench": "till", "case": case, "unit": unit, "value": value, "target": target, **more}
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
