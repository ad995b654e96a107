"""Uploaded pictures, made anew: decoded in a child process that may do nothing else.

A picture from outside is the one thing here that a C library takes apart byte by byte. So a child with
little memory, little time, no files to write and no children decodes it, and only pixels come back: no
metadata, no second file hidden behind the first. The child is this file, run by itself; it knows
nothing of the product.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageCms, ImageOps

UPLOAD_BYTES_MAX = 10 * 1024 * 1024  # bytes; a photograph of a phone, never a film
PIXELS_MAX = 40_000_000  # a phone's photograph passes, a decompression bomb does not
SIDE_MAX = (
    2_048  # pixels kept of the longer side: three a point of the largest picture and a half more
)
SIDE_MIN = 16  # pixels; below it there is nothing to see
MEMORY_BYTES = 1_000_000_000  # address space of the child: 40 million pixels twice, and Python
CPU_SECONDS = 15
WALL_SECONDS = 45.0  # on a loaded machine; the processor's time is what is really limited
FILES_MAX = 64
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

Crop = tuple[float, float, float, float]  # left, top, right, bottom as shares of the picture
WHOLE: Crop = (0.0, 0.0, 1.0, 1.0)


class PictureError(ValueError):
    """No picture for a card. `kind`: format, bytes, pixels, small, animated, empty, broken."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class SafePicture:
    """A fresh PNG, upright, in sRGB, without anything but pixels."""

    png: bytes
    width: int
    height: int


def made_safe(data: bytes, crop: Crop = WHOLE) -> SafePicture:
    """The picture of an upload, cut and made anew; a `PictureError` for everything else."""
    if len(data) > UPLOAD_BYTES_MAX:
        raise PictureError("bytes")
    if not data.startswith(SIGNATURES):
        raise PictureError("format")
    try:
        done = subprocess.run(  # noqa: S603  this very file, and four numbers
            [sys.executable, "-I", __file__, json.dumps(crop)],
            input=data,
            capture_output=True,
            timeout=WALL_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PictureError("broken") from error
    head, _, png = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        raise PictureError("broken")
    said: dict[str, Any] = json.loads(head)
    if "error" in said:
        raise PictureError(str(said["error"]))
    return SafePicture(png, int(said["width"]), int(said["height"]))


def _child(crop: Crop) -> None:
    """In the child: from standard input to standard output."""
    _give_up_rights()
    head: dict[str, int | str]
    body = b""
    try:
        image = _decoded(sys.stdin.buffer.read(UPLOAD_BYTES_MAX + 1), crop)
    except PictureError as error:
        head = {"error": error.kind}
    except (MemoryError, Image.DecompressionBombError):
        head = {"error": "pixels"}
    except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, OverflowError):
        head = {"error": "broken"}
    else:
        made = io.BytesIO()
        image.save(made, "PNG", compress_level=6)
        head, body = {"width": image.width, "height": image.height}, made.getvalue()
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


def _give_up_rights() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system that has it lower still, or not
            resource.setrlimit(what, (most, most))


def _decoded(data: bytes, crop: Crop) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    if image.width * image.height > PIXELS_MAX:
        raise PictureError("pixels")
    if min(image.size) < SIDE_MIN:
        raise PictureError("small")
    # A photograph's further pictures (brightness, depth) are no film: the first one is meant.
    if image.format == "PNG" and getattr(image, "is_animated", False):
        raise PictureError("animated")
    image.load()
    upright = _srgb(ImageOps.exif_transpose(image))
    left, top, right, bottom = crop
    box = (
        left * upright.width,
        top * upright.height,
        right * upright.width,
        bottom * upright.height,
    )
    cut = upright.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))
    if min(cut.size) < 1:
        raise PictureError("small")
    cut.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    pixels = cut.convert("RGBA")
    if not pixels.getchannel("A").getbbox():
        raise PictureError("empty")
    opaque = pixels.getchannel("A").getextrema()[0] == 255
    plain = pixels.convert("RGB") if opaque else pixels
    plain.info.clear()
    return plain


def _srgb(image: Image.Image) -> Image.Image:
    """In the colours that screens expect, whatever the camera or the printer's file meant."""
    if image.mode in ("I;16", "I", "F"):
        image = image.convert("L")
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            screen = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, meant, screen, outputMode="RGB")
            return found if found is not None else image
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGBA")


if __name__ == "__main__":
    _child(tuple(json.loads(sys.argv[1])))
