"""The till's icon as home screens want it: PNG, drawn from the shapes of the brand's icon."""

from __future__ import annotations

import io
from functools import lru_cache

from flask import Response
from PIL import Image, ImageDraw

from wallet.errors import Refusal

SIZES = (192, 512)  # what Chromium asks of an app; others scale one of them
FINER = 4  # drawn so many times larger: Pillow draws edges without half tones
UNITS = 32  # side of static/brand/icon.svg
SAFE = 0.8  # of a maskable icon: a circle of this width stays, whatever shape cuts it out
KEPT_SECONDS = 24 * 3600
GREEN, CREAM, BRASS = "#17503d", "#f7efe1", "#d9a441"
# The awning's three scallops and the counter, in the SVG's units: x, y, width, height.
SCALLOPS = ((6, CREAM), (12.67, BRASS), (19.33, CREAM))
SCALLOP_WIDTH, SCALLOP_TOP, SCALLOP_EDGE = 6.67, 7, 14.5
COUNTER = (6, 22, 26, 25.4)
CORNER, COUNTER_CORNER = 8, 1.7


def icon(name: str) -> Response:
    """GET /till/icon-192.png, icon-512.png, icon-512-maskable.png."""
    size, _, purpose = name.partition("-")
    if not size.isdecimal() or int(size) not in SIZES or purpose not in ("", "maskable"):
        raise Refusal("not_found")
    answer = Response(icon_png(int(size), maskable=purpose == "maskable"), mimetype="image/png")
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer


@lru_cache(maxsize=8)
def icon_png(size: int, *, maskable: bool) -> bytes:
    """The picture; a maskable one is green to its edges and keeps its drawing in the middle."""
    side = size * FINER
    canvas = Image.new("RGBA", (side, side), GREEN if maskable else (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    if not maskable:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), CORNER * side / UNITS, GREEN)
    scale = side / UNITS * (SAFE if maskable else 1)
    shift = side * (1 - SAFE) / 2 if maskable else 0

    def place(*units: float) -> tuple[float, ...]:
        return tuple(shift + unit * scale for unit in units)

    for left, colour in SCALLOPS:
        right, radius = left + SCALLOP_WIDTH, SCALLOP_WIDTH / 2
        pen.rectangle(place(left, SCALLOP_TOP, right, SCALLOP_EDGE), colour)
        pen.ellipse(place(left, SCALLOP_EDGE - radius, right, SCALLOP_EDGE + radius), colour)
    pen.rounded_rectangle(place(*COUNTER), COUNTER_CORNER * scale, CREAM)
    data = io.BytesIO()
    canvas.resize((size, size), Image.Resampling.LANCZOS).save(data, "PNG", optimize=True)
    return data.getvalue()
