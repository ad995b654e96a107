"""A photo of a card, read here: for browsers that cannot run the code reader themselves."""

from __future__ import annotations

import io
import warnings

import zxingcpp
from flask import Response, jsonify, request
from PIL import Image, UnidentifiedImageError

from scanner.guard import somebody_at_till
from wallet.errors import Refusal

PIXELS_MAX = 50_000_000  # the largest phone cameras; more is a bomb
SIDE_MAX = 1600  # pixels that are looked at: larger finds nothing more and costs time
FORMATS = ("JPEG", "PNG", "WEBP")
CODES_MAX = 2  # two cards in one picture are asked about, as before the camera


@somebody_at_till
def read_photo() -> Response:
    """POST /till/api/photo with the picture as the body: `{"texts": [...]}`. It is kept nowhere.

    How large it may be is decided before anybody looks into it: see `UPLOADS`."""
    texts = codes_in(request.get_data())
    if not texts:
        raise Refusal("photo_without_code")
    return jsonify(texts=texts)


def codes_in(data: bytes) -> list[str]:
    """The texts of QR codes in a picture, or `photo_unreadable`, `photo_too_large`."""
    picture = _opened(data)
    if picture.width * picture.height > PIXELS_MAX:
        raise Refusal("photo_too_large")
    try:
        picture.draft("L", (SIDE_MAX, SIDE_MAX))  # a JPEG is then decoded no larger than needed
        grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        raise Refusal("photo_unreadable") from None
    grey.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.BILINEAR)
    found = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    )
    return list(dict.fromkeys(code.text for code in found if code.valid))[:CODES_MAX]


def _opened(data: bytes) -> Image.Image:
    """Only its head is read so far: how large it is comes before its pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # counted above
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise Refusal("photo_too_large") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Refusal("photo_unreadable") from None
