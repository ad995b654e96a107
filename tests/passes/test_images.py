"""Pictures have the sizes the wallets document, come out the same each time and are made once."""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import get_args

import pytest
from PIL import Image, ImageChops, ImageStat

from passes.artwork import Look, artwork, sketched_artwork
from passes.design import Design, Pattern
from passes.errors import DesignError
from passes.images import (
    APPLE_POINTS,
    apple_images,
    check_upload,
    google_images,
    media,
    media_hash,
    no_uploads,
)
from tests.passes.cast import DESIGN


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def picture(size: tuple[int, int], colour: str = "red", kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", size, colour).save(data, kind)
    return data.getvalue()


def with_uploads(**uploads: bytes) -> tuple[Design, dict[str, bytes]]:
    stored = {hashlib.sha256(data).hexdigest(): data for data in uploads.values()}
    images = {role: hashlib.sha256(data).hexdigest() for role, data in uploads.items()}
    return DESIGN.model_copy(update={"images": images}), stored


def test_every_apple_picture_has_its_documented_size() -> None:
    files = apple_images(DESIGN, None, no_uploads)

    assert len(files) == 9
    for name, png in files.items():
        role, _, scale = name.removesuffix(".png").partition("@")
        factor = int(scale.removesuffix("x") or 1)
        width, height = (points * factor for points in APPLE_POINTS[role])
        image = opened(png)
        assert image.format == "PNG"
        assert image.height == height
        assert image.width <= width if role == "logo" else image.width == width


def test_a_lettering_becomes_googles_wide_logo_and_a_round_mark_does_not() -> None:
    def made(size: tuple[int, int]) -> set[str]:
        data = io.BytesIO()
        Image.new("RGBA", size, "#c0392b").save(data, "PNG")
        design = DESIGN.model_copy(update={"images": {"logo": f"{size}"}})
        files = google_images(design, lambda digest: data.getvalue())
        if "wide" in files:
            assert opened(files["wide"]).size == (1280, 400)
        return set(files)

    assert made((900, 300)) == {"logo", "hero", "wide"}
    assert made((300, 300)) == {"logo", "hero"}


def test_google_pictures_have_their_documented_sizes() -> None:
    files = google_images(DESIGN, no_uploads)
    assert {name: opened(png).size for name, png in files.items()} == {
        "logo": (660, 660),
        "hero": (1032, 336),
    }


def test_the_same_look_is_drawn_once_and_another_tier_anew() -> None:
    base = apple_images(DESIGN, None, no_uploads)
    same = apple_images(DESIGN.model_copy(update={"logo_text": "Other"}), None, no_uploads)
    assert same is base
    assert apple_images(DESIGN, "gold", no_uploads)["icon.png"] != base["icon.png"]


def test_drawn_pictures_carry_the_colours_of_the_design() -> None:
    icon = opened(apple_images(DESIGN, None, no_uploads)["icon@3x.png"])
    assert icon.getpixel((2, 2)) == (0x3B, 0x24, 0x17)
    assert len(set(icon.get_flattened_data())) > 10  # a monogram, not a plain square


@pytest.mark.parametrize("pattern", get_args(Pattern))
def test_a_picture_that_a_page_tries_colours_on_is_the_one_that_goes_out(pattern: str) -> None:
    look = Look("#3b2417", "#f7ead8", "CL", (), pattern)
    difference = ImageChops.difference(
        sketched_artwork(look, (375, 144)), artwork(look, (375, 144))
    )
    assert max(difference.tobytes()) <= 16  # of 255, at single edges
    assert max(ImageStat.Stat(difference).mean) < 0.5
    other = Look("#f7ead8", "#3b2417", "CL", (), pattern)
    assert sketched_artwork(other, (375, 144)).getpixel((0, 0)) == (0xF7, 0xEA, 0xD8)


def test_a_monogram_beyond_the_built_in_font_becomes_a_mark() -> None:
    plain = DESIGN.model_copy(update={"monogram": "中"})
    accent = DESIGN.model_copy(update={"monogram": "É"})
    folded = DESIGN.model_copy(update={"monogram": "E"})

    def icon(design: Design) -> bytes:
        return apple_images(design, None, no_uploads)["icon@3x.png"]

    assert icon(accent) == icon(folded) != icon(plain)
    colours = {colour for _, colour in opened(icon(plain)).getcolors(9999) or []}
    assert (0xF7, 0xEA, 0xD8) in colours


def test_uploads_are_fitted() -> None:
    design, stored = with_uploads(
        icon=picture((300, 200)),
        logo=picture((900, 100)),
        strip=picture((2000, 500), "blue", "JPEG"),
    )
    apple = apple_images(design, None, stored.__getitem__)
    google = google_images(design, stored.__getitem__)

    assert opened(apple["icon@2x.png"]).size == (76, 76)
    assert opened(apple["icon@2x.png"]).getpixel((38, 38)) == (255, 0, 0)
    assert opened(apple["logo@3x.png"]).size == (480, 150)
    assert opened(apple["strip.png"]).size == (375, 144)
    assert opened(google["hero"]).size == (1032, 336)
    red, green, blue = opened(google["hero"]).convert("RGB").getpixel((500, 100))  # type: ignore[misc]
    assert blue > 240
    assert red < 10
    assert green < 10


def test_a_missing_upload_is_said_in_words() -> None:
    design, _ = with_uploads(strip=picture((10, 10)))
    with pytest.raises(DesignError, match=r"strip image .* missing"):
        apple_images(design, None, no_uploads)


def animated() -> bytes:
    data = io.BytesIO()
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(data, "PNG", save_all=True, append_images=frames[1:])
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not a readable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable"),
        (picture((60, 60))[:80], "not a readable"),
        (picture((9, 9), "#00000000"), "transparent"),
        (animated(), "animated"),
        (b"\0" * (10 * 1024 * 1024 + 1), "larger than"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(DesignError, match=word):
        check_upload(data)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked() -> None:
    data = io.BytesIO()
    Image.new("1", (9000, 9000)).save(data, "PNG")
    with pytest.raises(DesignError, match="too many pixels"):
        check_upload(data.getvalue())


def test_media_has_each_tier_under_the_hash_of_its_bytes() -> None:
    found = media(DESIGN, no_uploads)
    assert len(found) == 4  # logo and hero, in two looks
    assert all(media_hash(png) == name for name, png in found.items())


def test_a_bomb_that_pillow_itself_refuses_is_said_in_the_same_words() -> None:
    ihdr = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x01\0\0\0\0"
    checked = ihdr + zlib.crc32(ihdr).to_bytes(4, "big")
    data = b"\x89PNG\r\n\x1a\n\0\0\0\r" + checked + b"\0\0\0\x08IDAT" + b"\0" * 12
    with pytest.raises(DesignError, match="too many pixels"):
        check_upload(data)


def test_the_store_is_asked_once_and_only_when_needed() -> None:
    design, stored = with_uploads(strip=picture((375, 144), "green"))
    asked: list[str] = []

    def store(digest: str) -> bytes:
        asked.append(digest)
        return stored[digest]

    for _ in range(3):
        apple_images(design, None, store)
    assert asked == list(stored)
