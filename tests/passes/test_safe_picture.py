"""Hostile uploads: each is refused with a reason or becomes plain pixels; none reaches our process."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from passes.colour import contrast, parse_hex
from passes.palette import schemes
from passes.safe_picture import UPLOAD_BYTES_MAX, PictureError, made_safe

PNG = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<script>alert(1)</script>"


def png(size: tuple[int, int] = (40, 40), mode: str = "RGB", **more: object) -> bytes:
    data = io.BytesIO()
    Image.new(mode, size, 120).save(data, "PNG", **more)
    return data.getvalue()


def jpeg(size: tuple[int, int] = (40, 40), mode: str = "RGB", **more: object) -> bytes:
    data = io.BytesIO()
    Image.new(mode, size, 120).save(data, "JPEG", **more)
    return data.getvalue()


def other(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, kind)
    return data.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def bomb() -> bytes:
    """Says that it is small and unpacks to a gigabyte."""
    return header(64, 64) + chunk(b"IDAT", zlib.compress(b"\0" * 50_000_000)) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    body = b"Comment\0\0" + zlib.compress(b"A" * 90_000_000)
    return header(40, 40) + chunk(b"zTXt", body) + png()[33:]


def profile_bomb() -> bytes:
    body = b"ICC\0\0" + zlib.compress(b"A" * 90_000_000)
    return header(40, 40) + chunk(b"iCCP", body) + png()[33:]


def of_a_phone() -> bytes:
    """As phones save photographs now: a JPEG with a second one (brightness, depth) behind it."""
    data = io.BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(data, "MPO", save_all=True, append_images=frames[1:])
    return data.getvalue()


def animated() -> bytes:
    data = io.BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(data, "PNG", save_all=True, append_images=frames[1:])
    return data.getvalue()


def transparent() -> bytes:
    data = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(data, "PNG")
    return data.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "format"),
    "text": (lambda: b"hello", "format"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "format"),
    "html": (lambda: b"<!doctype html>" + SCRIPT, "format"),
    "gif": (lambda: other("GIF"), "format"),
    "bmp": (lambda: other("BMP"), "format"),
    "tiff": (lambda: other("TIFF"), "format"),
    "webp": (lambda: other("WEBP"), "format"),
    "ico": (lambda: other("ICO"), "format"),
    "pdf": (lambda: b"%PDF-1.7\n" + b"0" * 200, "format"),
    "zip": (lambda: b"PK\x03\x04" + b"0" * 200, "format"),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(ls) (r) file", "format"),
    "png behind a space": (lambda: b" " + png(), "format"),
    "too many bytes": (lambda: PNG + b"\0" * UPLOAD_BYTES_MAX, "bytes"),
    "signature alone": (lambda: PNG, "broken"),
    "jpeg start alone": (lambda: b"\xff\xd8\xff", "broken"),
    "cut png": (lambda: png((400, 400))[:120], "broken"),
    "cut jpeg": (lambda: jpeg((400, 400))[:300], "broken"),
    "no size": (lambda: header(0, 0) + chunk(b"IEND", b""), "broken"),
    "largest size": (lambda: header(2**31 - 1, 2**31 - 1) + chunk(b"IEND", b""), "pixels"),
    "wide bomb": (lambda: png((8_000, 8_000), "1"), "pixels"),
    "a line": (lambda: png((4_000, 2)), "small"),
    "a dot": (lambda: png((1, 1)), "small"),
    "animated": (animated, "animated"),
    "transparent": (transparent, "empty"),
    "wrong colour type": (lambda: header(40, 40, 8, 5) + chunk(b"IEND", b""), "broken"),
    "no pixels": (lambda: header(40, 40) + chunk(b"IEND", b""), "broken"),
    "damaged pixels": (lambda: png()[:45] + b"\xff" * 20 + png()[65:], "broken"),
    "text bomb": (text_bomb, "broken"),
    "profile bomb": (profile_bomb, "broken"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_with_its_reason(name: str) -> None:
    make, kind = REFUSED[name]
    with pytest.raises(PictureError) as refused:
        made_safe(make())
    assert refused.value.kind == kind


def with_everything() -> bytes:
    """A photograph that says where it was taken, with a profile, a comment and a second file behind it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the camera
    exif[0x010E] = SCRIPT.decode()
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return jpeg((80, 40), exif=exif, icc_profile=profile, comment=SCRIPT) + b"PK\x03\x04" + SCRIPT


def test_only_pixels_come_back() -> None:
    info = PngInfo()
    info.add_text("Comment", SCRIPT.decode())
    for data in (with_everything(), png((60, 60), pnginfo=info) + SCRIPT):
        safe = made_safe(data)
        assert SCRIPT not in safe.png
        opened = Image.open(io.BytesIO(safe.png))
        assert (opened.format, opened.info) == ("PNG", {})
        assert not opened.getexif()
    assert made_safe(with_everything()).height == 80, "upright, as the camera meant it"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(jpeg(mode="CMYK"), id="cmyk"),
        pytest.param(jpeg(mode="L"), id="grey"),
        pytest.param(png(mode="I;16"), id="16 bits"),
        pytest.param(png(mode="P"), id="palette"),
        pytest.param(bomb(), id="too much data"),
        pytest.param(of_a_phone(), id="photograph with a second picture"),
        pytest.param(jpeg((5_000, 3_000)), id="large"),
    ],
)
def test_honest_kinds_become_a_png_of_modest_size(data: bytes) -> None:
    safe = made_safe(data)
    assert max(safe.width, safe.height) <= 2_048
    assert Image.open(io.BytesIO(safe.png)).mode in ("RGB", "RGBA")


def test_the_part_that_was_chosen_is_cut_out() -> None:
    image = Image.new("RGB", (100, 50), "red")
    image.paste("blue", (50, 0, 100, 50))
    data = io.BytesIO()
    image.save(data, "PNG")
    safe = made_safe(data.getvalue(), (0.5, 0.0, 1.0, 1.0))
    found = Image.open(io.BytesIO(safe.png))
    assert (found.size, found.getpixel((0, 0))) == ((50, 50), (0, 0, 255))


@pytest.mark.parametrize("colour", ["#c8102e", "#ffd400", "#0b0b0b", "#f5f5f5", "#3b7a57"])
def test_colours_of_a_logo_are_its_own_and_read_well(colour: str) -> None:
    logo = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    logo.paste(colour, (10, 10, 50, 50))
    found = schemes(logo)
    assert found
    for one in found:
        ground = parse_hex(one.background)
        assert contrast(parse_hex(one.foreground), ground) >= 4.5
        assert contrast(parse_hex(one.label), ground) >= 4.5
