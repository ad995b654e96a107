"""`python -m tests.browser.console_pictures URL [FOLDER]`: every page of the console outside the designer, of the
demo that `dev.py run` serves at URL, on a phone and on a desktop, in French and in English.

Without FOLDER the pages that docs/console.md shows are made anew in docs/images/console.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from wallet.actions.load_demo import PASSWORD, STAFF
from wallet.config import ROOT

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
WIDTH_MAX = {"phone": 390, "desktop": 1000}  # pixels
HEIGHT_MAX = 2_400  # pixels: longer pages are cut, the rest repeats itself
QUALITY = 72  # of WebP: text stays crisp, a page weighs some 30 kB
PAGES = {
    "overview": "",
    "members": "members",
    "rewards": "rewards",
    "reward": "rewards/new",
    "rules": "rules",
    "rule": "rules/earning/own_cup",
    "status": "rules/tiers/gold",
    "spending": "rules/spending/all",
    "posters": "posters",
    "reach": "reach",
    "tills": "tills",
    "team": "team",
    "person": "team/new",
    "journal": "journal",
    "shifts": "shifts",
    "words": "till-words",
    "delivery": "delivery",
    "charities": "charities",
    "program": "program",
    "stores": "stores",
    "changes": "changes",
    "saved-sales": "saved-sales",
    "duplicates": "duplicates",
    "setup": "setup/",
    "setup-apple": "setup/apple",
    "setup-google": "setup/google",
}
# What the documents show: one of each kind.
SHOWN = (
    "overview",
    "rules",
    "rule",
    "rewards",
    "stores",
    "team",
    "words",
    "posters",
    "changes",
    "program",
)


def main(arguments: list[str]) -> int:
    """Look at each page in every size and language."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None or not arguments:
        sys.stderr.write(f"{__doc__}\nIt needs Chromium.\n")
        return 1
    url = arguments[0].rstrip("/")
    folder = Path(arguments[1]) if len(arguments) > 1 else ROOT / "docs" / "images" / "console"
    names = tuple(PAGES) if len(arguments) > 1 else SHOWN
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        for language in ("fr", "en"):
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    locale=language,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                _sign_in(page, url, language)
                for name in names:
                    page.goto(f"{url}/console/{PAGES[name]}")
                    _keep(page, size, folder / f"{name}-{size}-{language}.webp")
                context.close()
        browser.close()
    return 0


def _sign_in(page: Page, url: str, language: str) -> None:
    page.goto(f"{url}/staff/sign-in?lang={language}")
    page.fill("#email", STAFF[0][0])
    page.fill("#password", PASSWORD)
    page.click("#sign-in button[type=submit]")
    page.wait_for_url(re.compile("/console/"))


def _keep(page: Page, size: str, file: Path) -> None:
    """The whole page; the bar at the side stays at its top."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), HEIGHT_MAX)
    width, usual = SIZES[size]
    page.set_viewport_size({"width": width, "height": max(height, usual)})
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.set_viewport_size({"width": width, "height": usual})
    narrow = WIDTH_MAX[size]
    if picture.width > narrow:
        picture = picture.resize((narrow, round(picture.height * narrow / picture.width)))
    picture.save(file, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
