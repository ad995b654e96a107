"""Pictures for programs that uploaded none, drawn in the colours of their design."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont

Size = tuple[int, int]
Colour = tuple[int, int, int]
Layer = tuple[Image.Image, float]

OVERSAMPLING = 2  # drawn larger and reduced: Pillow's own shapes have hard edges
RINGS = 6  # around the drop of the drawn artwork; the outermost is barely seen
WAVES, LANES, LEAVES, ARCHES = 6, 6, 6, 4  # what the other patterns are made of
SKETCHES_CACHED = 6  # patterns × sizes; some 2 MB each
GLOW_PERCENT = 55  # strength of the light behind the drop


@dataclass(frozen=True, slots=True)
class Look:
    """What the pictures of one design and tier depend on; equal looks share their pictures.

    `uploads` pairs roles with hashes of stored uploads.
    """

    background: str
    foreground: str
    monogram: str
    uploads: tuple[tuple[str, str], ...]
    pattern: str = "rings"


def badge(look: Look, side: int) -> Image.Image:
    """A round mark on transparency, to stand beside the logo text."""
    mark = emblem(look, (side, side), fill=look.foreground, ink=look.background).convert("RGBA")
    large = side * OVERSAMPLING
    mask = Image.new("L", (large, large), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, large - 1, large - 1), fill=255)
    mark.putalpha(reduced(mask, (side, side)))
    return mark


def emblem(look: Look, size: Size, *, fill: str, ink: str) -> Image.Image:
    """The monogram on a plain ground. Letters that the built-in font lacks become rings."""
    image = Image.new("RGB", scaled(size, OVERSAMPLING), fill)
    letters = _letters(look.monogram)
    centre = (image.width / 2, image.height / 2)
    draw = ImageDraw.Draw(image)
    if letters:
        font = ImageFont.load_default(image.height * (0.5 if len(letters) == 1 else 0.38))
        weight = max(1, image.height // 90)  # the built-in font is a light one
        # Pillow centres the font's line; the eye wants the letters themselves in the middle.
        left, top, right, bottom = draw.textbbox((0, 0), letters, font)
        corner = (centre[0] - (left + right) / 2, centre[1] - (top + bottom) / 2)
        draw.text(corner, letters, ink, font, stroke_width=weight)
    else:
        for share, colour in ((0.34, ink), (0.24, fill), (0.14, ink)):
            _disc(draw, centre, image.height * share, ImageColor.getrgb(colour)[:3])
    return reduced(image, size)


def artwork(look: Look, size: Size) -> Image.Image:
    """A quiet picture in the card's own colours: a glow at the right and the design's pattern on it.
    The left edge keeps the card's colour, so that words on it stay readable."""
    large = scaled(size, OVERSAMPLING)
    return reduced(_coloured(look, large, _layers(look.pattern, large)), size)


def sketched_artwork(look: Look, size: Size) -> Image.Image:
    """The same for a page that shows it in one colour after the other: what the colours lie on is
    drawn once, and reduced before they are laid on, so that single pixels may differ by a shade."""
    return _coloured(look, size, _sketch(look.pattern, size))


def _coloured(look: Look, size: Size, layers: Iterable[Layer]) -> Image.Image:
    ground, ink = _rgb(look.background), _rgb(look.foreground)
    image = Image.new("RGB", size, ground)
    for mask, share in layers:
        image.paste(_mix(ink, ground, share), (0, 0, *size), mask)
    return image


@lru_cache(maxsize=SKETCHES_CACHED)
def _sketch(pattern: str, size: Size) -> tuple[Layer, ...]:
    large = scaled(size, OVERSAMPLING)
    return tuple((reduced(mask, size), share) for mask, share in _layers(pattern, large))


def _layers(pattern: str, size: Size) -> Iterator[Layer]:
    """The masks of a picture from the lowest, each with how much of the ground is in its colour."""
    width, height = size
    centre = (width * 0.82, height * 0.56)
    glow = Image.radial_gradient("L").point(_fade).resize((height * 3, height * 3))
    corner = (round(centre[0] - glow.width / 2), round(centre[1] - glow.height / 2))
    halo = Image.new("L", size, 0)
    halo.paste(glow, corner)
    yield halo, 0.5
    yield from _PATTERNS[pattern](size)


def _rings(size: Size) -> Iterator[Layer]:
    """Rings around a drop, as it makes them."""
    width, height = size
    centre = (width * 0.82, height * 0.56)
    for step in range(RINGS):
        ring = Image.new("L", size, 0)
        radius = height * (0.30 + 0.19 * step)
        box = [centre[axis] + side * radius for side in (-1, 1) for axis in (0, 1)]
        stroke = max(2, round(height * (0.075 - 0.009 * step)))
        ImageDraw.Draw(ring).ellipse(box, outline=54 - 8 * step, width=stroke)
        yield ring, 0
    drop = Image.new("L", size, 0)
    _disc(ImageDraw.Draw(drop), centre, height * 0.13, 190)
    yield drop, 0.2


def _waves(size: Size) -> Iterator[Layer]:
    """Locks of hair, or water: long bands that swing in from the right."""
    width, height = size
    for step in range(WAVES):
        line = Image.new("L", size, 0)
        points = [
            (
                x,
                height * (0.16 + 0.15 * step)
                + height * 0.13 * math.sin(x / height * 2.1 + step * 0.5),
            )
            for x in range(0, width + 8, 8)
        ]
        stroke = max(2, round(height * (0.02 + 0.009 * step)))
        ImageDraw.Draw(line).line(points, fill=70, width=stroke, joint="curve")
        yield _faded(line), 0.1


def _rays(size: Size) -> Iterator[Layer]:
    """Lanes of a track, leaning forward."""
    width, height = size
    for step in range(LANES):
        lane = Image.new("L", size, 0)
        left, thick = width * (0.42 + 0.105 * step), width * (0.018 + 0.008 * step)
        lean = height * 0.62
        corners = [
            (left + lean, 0),
            (left + lean + thick, 0),
            (left + thick, height),
            (left, height),
        ]
        ImageDraw.Draw(lane).polygon(corners, fill=34 + 22 * step)
        yield _faded(lane), 0


def _leaves(size: Size) -> Iterator[Layer]:
    """A twig with its leaves, each of two arcs."""
    width, height = size
    for step in range(LEAVES):
        leaf = Image.new("L", (height, height), 0)
        radius, shift = height * 0.36, height * 0.21
        halves = []
        for side in (-1, 1):
            half = Image.new("L", leaf.size, 0)
            _disc(
                ImageDraw.Draw(half),
                (height / 2 + side * shift, height / 2),
                radius,
                66 + 14 * step,
            )
            halves.append(half)
        leaf = ImageChops.darker(*halves).rotate(-58 + 34 * step, Image.Resampling.BICUBIC)
        mask = Image.new("L", size, 0)
        at = (width * (0.56 + 0.083 * step), height * (0.34 + 0.24 * (step % 2)))
        mask.paste(leaf, (round(at[0] - height / 2), round(at[1] - height / 2)))
        yield _faded(mask), 0


def _arches(size: Size) -> Iterator[Layer]:
    """A row of shop windows under their arches."""
    width, height = size
    for step in range(ARCHES):
        for inset, strength in ((0.0, 40), (0.055, 26)):
            arch = Image.new("L", size, 0)
            side = height * 0.42
            left = width * 0.46 + step * side * 1.16 + inset * height
            right, top = left + side - 2 * inset * height, height * (0.2 + inset)
            draw = ImageDraw.Draw(arch)
            draw.rounded_rectangle(
                (left, top, right, height * 1.6), (right - left) / 2, fill=strength + 9 * step
            )
            yield _faded(arch), 0


def _faded(mask: Image.Image) -> Image.Image:
    """The mask fading out to the left, where words stand."""
    fade = Image.linear_gradient("L").rotate(90).point(_towards_right).resize(mask.size)
    return ImageChops.multiply(mask, fade)


def _towards_right(level: int) -> int:
    return round(255 * min(1.0, max(0.0, (level / 255 - 0.28) / 0.42)))


_PATTERNS: Mapping[str, Callable[[Size], Iterator[Layer]]] = {
    "rings": _rings,
    "waves": _waves,
    "rays": _rays,
    "leaves": _leaves,
    "arches": _arches,
}


def _fade(distance: float) -> int:
    """Strength of the glow. At 180 Pillow's gradient meets the edge of its square: none there."""
    share: float = max(0.0, 1 - distance / 180) ** 1.5
    return round(share * 255 * GLOW_PERCENT / 100)


def _disc(
    draw: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, ink: int | Colour
) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _letters(monogram: str) -> str:
    """The monogram in the plain letters of the built-in font, or nothing."""
    folded = unicodedata.normalize("NFKD", monogram).encode("ascii", "ignore").decode()
    return folded.strip().upper()


def reduced(image: Image.Image, size: Size) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def scaled(size: Size, factor: float) -> Size:
    return round(size[0] * factor), round(size[1] * factor)


def _rgb(colour: str) -> Colour:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
