"""The wallets' official buttons, where the merchant put Apple's and Google's files into a folder.

Their artwork may be used only as it comes from them, so none of it is part of this program. A file is
found by wallet and language: `apple-fr.svg`, `google-en.svg`, …; without it our own plain button shows.
"""

from __future__ import annotations

import re
from pathlib import Path

from flask import Response, send_from_directory, url_for

from wallet.errors import Refusal
from wallet.web.wiring import settings

WALLETS = ("apple", "google")
ENDINGS = ("svg", "png")
KEPT_SECONDS = 3600  # a merchant who replaces a file sees it within the hour
_NAME = re.compile(rf"^(?:{'|'.join(WALLETS)})-[a-z]{{2}}\.(?:{'|'.join(ENDINGS)})$")


def badges_of(language: str) -> dict[str, str]:
    """Wallet → address of its official button in this language, as far as there is one."""
    folder = badges_folder()
    found = {}
    for wallet in WALLETS:
        for ending in ENDINGS:
            name = f"{wallet}-{language}.{ending}"
            if wallet not in found and (folder / name).is_file():
                found[wallet] = url_for("shopper.badge", name=name)
    return found


def badge(name: str) -> Response:
    """GET: one of the files, and nothing else of the folder."""
    if not _NAME.match(name) or not (badges_folder() / name).is_file():
        raise Refusal("not_found")
    answer = send_from_directory(badges_folder(), name)
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer


def badges_folder() -> Path:
    """`badges` in the data folder."""
    return Path(settings().data_dir).resolve() / "badges"
