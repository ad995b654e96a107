"""Colours for a card, drawn from a picture: its own strong colours, with inks that can be read."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

from PIL import Image

from passes.colour import Rgb, contrast, readable, to_hex

SIDE = 96  # pixels to which the picture is reduced: colours, not details
CLUSTERS = 12  # colours that the picture is brought to
PROPOSALS_MAX = 4
OPAQUE_FROM = 128  # alpha
APART = 60  # of 441: two grounds nearer than that look the same
WHITE, INK = (255, 255, 255), (28, 24, 22)


@dataclass(frozen=True, slots=True)
class Scheme:
    """Three colours of a card, `#rrggbb`."""

    background: str
    foreground: str
    label: str


def schemes(image: Image.Image) -> list[Scheme]:
    """Proposals for a card of this logo's brand, the strongest first; each reads well."""
    found = _colours(image)
    vivid = sorted(found, key=_weight, reverse=True)
    grounds: list[Rgb] = []
    for colour, _ in vivid:
        for ground in (_deep(colour), _pale(colour)):
            if all(_distance(ground, other) > APART for other in grounds):
                grounds.append(ground)
    accents = [colour for colour, _ in vivid]
    return [_scheme(ground, accents) for ground in grounds[:PROPOSALS_MAX]]


def _scheme(ground: Rgb, accents: list[Rgb]) -> Scheme:
    ink = max((WHITE, INK), key=lambda one: contrast(one, ground))
    # The brand's second colour for the labels, where it has one that stands out.
    accent = max(accents, key=lambda one: contrast(one, ground) * (_distance(one, ground) > APART))
    return Scheme(to_hex(ground), to_hex(readable(ink, ground)), to_hex(readable(accent, ground)))


def _colours(image: Image.Image) -> list[tuple[Rgb, int]]:
    """(colour, pixels) of what is not transparent."""
    small = image.convert("RGBA")
    small.thumbnail((SIDE, SIDE))
    data = small.tobytes()
    pixels = [
        (data[at], data[at + 1], data[at + 2])
        for at in range(0, len(data), 4)
        if data[at + 3] >= OPAQUE_FROM
    ]
    if not pixels:
        return [(INK, 1)]
    row = Image.new("RGB", (len(pixels), 1))
    row.putdata(pixels)
    few = row.quantize(CLUSTERS, Image.Quantize.MEDIANCUT).convert("RGB")
    counted = few.getcolors(len(pixels)) or []
    return [((one[0], one[1], one[2]), count) for count, one in counted if isinstance(one, tuple)]


def _weight(one: tuple[Rgb, int]) -> float:
    """Vivid colours count more than white paper and black letters, whatever their share."""
    (red, green, blue), count = one
    _, light, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    return float(count**0.5 * (0.06 + saturation * (1 - abs(2 * light - 1))))


def _deep(colour: Rgb) -> Rgb:
    return _with_light(colour, 0.12, 0.42)


def _pale(colour: Rgb) -> Rgb:
    return _with_light(colour, 0.92, 0.96)


def _with_light(colour: Rgb, least: float, most: float) -> Rgb:
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    red, green, blue = colorsys.hls_to_rgb(hue, min(max(light, least), most), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _distance(one: Rgb, other: Rgb) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)
