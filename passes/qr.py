"""QR codes of member codes and addresses, as SVG, PNG and text for a terminal."""

from __future__ import annotations

import io
from functools import lru_cache

import qrcode
from PIL import Image
from qrcode import constants, util

QUIET_MODULES = 4  # ISO/IEC 18004 asks for four light modules on each side
CACHED_CODES = 4096  # codes; an SVG weighs about 4 kB, so 16 MB at most

Matrix = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=CACHED_CODES)
def qr_svg(payload: str) -> str:
    """An SVG picture, dark on white with its quiet zone, one unit a module."""
    rows = qr_matrix(payload)
    side = len(rows)
    dark = "".join(_row_path(row, y) for y, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path fill="#000" d="{dark}"/></svg>'
    )


@lru_cache(maxsize=CACHED_CODES)
def qr_png(payload: str, pixels_per_module: int = 10) -> bytes:
    """A black and white PNG of the same code."""
    rows = qr_matrix(payload)
    image = Image.new("1", (len(rows), len(rows)), 1)
    image.putdata([0 if dark else 1 for row in rows for dark in row])
    side = len(rows) * pixels_per_module
    data = io.BytesIO()
    image.resize((side, side), Image.Resampling.NEAREST).save(data, "PNG", optimize=True)
    return data.getvalue()


def qr_terminal(text: str) -> str:
    """The code in half blocks, two modules a character; the colours are set, so that it can be
    read on dark and light terminals alike."""
    rows = qr_matrix(text)
    if len(rows) % 2:
        rows = (*rows, (False,) * len(rows[0]))
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        blocks = "".join(_half_block(*pair) for pair in zip(upper, lower, strict=True))
        lines.append(f"\x1b[30;107m{blocks}\x1b[0m")
    return "\n".join(lines) + "\n"


def qr_matrix(payload: str) -> Matrix:
    """Dark modules row by row, quiet zone included.

    A member code stays version 2 at level Q: it is in the alphanumeric set (29 characters fit).
    """
    data = payload.encode()
    alphanumeric = util.RE_ALPHA_NUM.match(data) is not None
    code = qrcode.QRCode(
        # Addresses are long and shown on a screen: level M keeps their modules large.
        error_correction=constants.ERROR_CORRECT_Q if alphanumeric else constants.ERROR_CORRECT_M,
        border=QUIET_MODULES,
    )
    code.add_data(util.QRData(data, mode=2 if alphanumeric else 4))  # alphanumeric or bytes
    code.make(fit=True)
    return tuple(tuple(bool(dark) for dark in row) for row in code.get_matrix())


def _row_path(row: tuple[bool, ...], y: int) -> str:
    """Runs of dark modules as unit-high rectangles."""
    path, x = [], 0
    while x < len(row):
        run = x
        while run < len(row) and row[run]:
            run += 1
        if run > x:
            path.append(f"M{x} {y}h{run - x}v1h-{run - x}z")
        x = max(run, x + 1)
    return "".join(path)


def _half_block(upper: bool, lower: bool) -> str:
    return {(True, True): "█", (True, False): "▀", (False, True): "▄"}.get((upper, lower), " ")
