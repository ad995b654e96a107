"""QR codes are read back by an independent reader."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from passes.qr import QUIET_MODULES, qr_matrix, qr_png, qr_svg, qr_terminal

CODE = "M1ABCDEFGHJKMNPQRSTVWXYZ01"
JOIN_URL = "http://127.0.0.1:8000/p/demo/join?lang=fr"


def read(image: Image.Image) -> zxingcpp.Barcode:
    (barcode,) = zxingcpp.read_barcodes(image)
    return barcode


def rasterise(svg: str) -> Image.Image:
    """Paint the rectangles of our own SVG, four pixels a module."""
    root = ET.fromstring(svg)
    side = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (side * 4, side * 4), 255)
    dark = root.findall("{http://www.w3.org/2000/svg}path")[1].attrib["d"]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", dark):
        left, top = int(x) * 4, int(y) * 4
        image.paste(0, (left, top, left + int(width) * 4, top + 4))
    return image


def test_a_member_code_is_version_2_at_level_q_and_reads_back() -> None:
    barcode = read(rasterise(qr_svg(CODE)))

    assert barcode.text == CODE
    assert barcode.ec_level == "Q"
    assert len(qr_matrix(CODE)) == 25 + 2 * QUIET_MODULES  # version 2 has 25 modules a side


def test_the_png_reads_back() -> None:
    assert read(Image.open(io.BytesIO(qr_png(CODE)))).text == CODE


def test_the_quiet_zone_is_light() -> None:
    rows = qr_matrix(CODE)
    edge = [*rows[:QUIET_MODULES], *rows[-QUIET_MODULES:]]
    assert not any(any(row) for row in edge)
    assert not any(any(row[:QUIET_MODULES]) or any(row[-QUIET_MODULES:]) for row in rows)


@pytest.mark.parametrize("text", [JOIN_URL, "Café ☕", "A"])
def test_any_text_reads_back_from_the_terminal(text: str) -> None:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", qr_terminal(text)).splitlines()
    image = Image.new("L", (len(lines[0]) * 4, len(lines) * 8), 255)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            if block in "█▀":
                image.paste(0, (x * 4, y * 8, x * 4 + 4, y * 8 + 4))
            if block in "█▄":
                image.paste(0, (x * 4, y * 8 + 4, x * 4 + 4, y * 8 + 8))
    assert read(image).text == text


def test_a_picture_is_made_once() -> None:
    assert qr_svg(CODE) is qr_svg(CODE)
