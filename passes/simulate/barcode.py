"""The code on a card as a phone draws it."""

from __future__ import annotations

import base64

from passes.qr import qr_svg


def qr_picture(message: str) -> str:
    """A data address of an SVG of the message, ready for an `img`."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_svg(message).encode()).decode()
