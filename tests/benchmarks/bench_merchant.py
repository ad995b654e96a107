"""A merchant's first minutes against their limit of five, at the pace of somebody who sees every page for the first
time: so long to find the next thing, so long for a key. The pages themselves are the rest."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.new_merchant import Journey, Pace
from tests.databases import Sqlite
from tests.factories import SECRET_KEY
from tests.service import from_nothing
from wallet.actions.first_start import start_code

LIMIT_SECONDS = 300.0
PACE = Pace(look_seconds=3.0, key_seconds=0.25)  # forty words a minute is five keys a second


def run() -> None:
    """One line a step, then the whole."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.stderr.write("merchant: no Chromium on this machine\n")
        return
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as driver,
        from_nothing(Sqlite(Path(folder)).migrated(), Path(folder)) as (url, _database),
    ):
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))

        def visit(width: int, height: int, **more: object) -> BrowserContext:
            return browser.new_context(
                viewport={"width": width, "height": height},
                **more,  # type: ignore[arg-type]
            )

        journey = Journey(url, start_code(SECRET_KEY), visit, PACE)
        journey.go()
        browser.close()
    for step, seconds in journey.took:
        _tell("merchant step", step=step, seconds=round(seconds, 1))
    total = sum(seconds for _step, seconds in journey.took)
    _tell(
        "merchant",
        seconds=round(total, 1),
        limit_seconds=LIMIT_SECONDS,
        ratio=round(total / LIMIT_SECONDS, 3),
    )


def _tell(name: str, **said: object) -> None:
    sys.stdout.write(json.dumps({"benchmark": name, **said}) + "\n")
    sys.stdout.flush()
