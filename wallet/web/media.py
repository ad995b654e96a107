"""Pictures that Google fetches by address: named by the hash of their content, kept for ever."""

from __future__ import annotations

from flask import Blueprint, Response

from wallet.actions.media import media_image
from wallet.errors import Refusal
from wallet.web.wiring import read

FOR_EVER_SECONDS = 365 * 24 * 3600  # a new picture has a new address


def media_door() -> Blueprint:
    """The address `/media/{sha256}.png`."""
    door = Blueprint("media", __name__)
    door.add_url_rule("/media/<digest>.png", "image", image)
    return door


def image(digest: str) -> Response:
    """The picture with this hash."""
    data = read(lambda session: media_image(session, digest))
    if data is None:
        raise Refusal("not_found")
    answer = Response(data, content_type="image/png")
    answer.headers["Cache-Control"] = f"public, max-age={FOR_EVER_SECONDS}, immutable"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
