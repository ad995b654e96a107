"""Pictures for programs that uploaded none, drawn in the colours of their design."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont

Size = tuple[int, int]
Colour = tuple[int, int, int]

OVERSAMPLING = 2  # drawn larger and reduced: Pillow's own shapes have hard edges
RINGS = 6  # around the drop of the drawn artwork; the outermost is barely seen
WAVES, LANES, LEAVES, ARCHES = 6, 6, 6, 4  # what the other patterns are made of
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
    width, height = scaled(size, OVERSAMPLING)
    ground, ink = _rgb(look.background), _rgb(look.foreground)
    image = Image.new("RGB", (width, height), ground)
    centre = (width * 0.82, height * 0.56)

    glow = Image.radial_gradient("L").point(_fade).resize((height * 3, height * 3))
    corner = (round(centre[0] - glow.width / 2), round(centre[1] - glow.height / 2))
    halo = Image.new("L", image.size, 0)
    halo.paste(glow, corner)
    image.paste(Image.new("RGB", image.size, _mix(ground, ink, 0.5)), (0, 0), halo)
    _PATTERNS[look.pattern](image, ink, ground)
    return reduced(image, size)


def _rings(image: Image.Image, ink: Colour, ground: Colour) -> None:
    """Rings around a drop, as it makes them."""
    width, height = image.size
    centre = (width * 0.82, height * 0.56)
    for step in range(RINGS):
        ring = Image.new("L", image.size, 0)
        radius = height * (0.30 + 0.19 * step)
        box = [centre[axis] + side * radius for side in (-1, 1) for axis in (0, 1)]
        stroke = max(2, round(height * (0.075 - 0.009 * step)))
        ImageDraw.Draw(ring).ellipse(box, outline=54 - 8 * step, width=stroke)
        image.paste(Image.new("RGB", image.size, ink), (0, 0), ring)
    drop = Image.new("L", image.size, 0)
    _disc(ImageDraw.Draw(drop), centre, height * 0.13, 190)
    image.paste(Image.new("RGB", image.size, _mix(ink, ground, 0.2)), (0, 0), drop)


def _waves(image: Image.Image, ink: Colour, ground: Colour) -> None:
    """Locks of hair, or water: long bands that swing in from the right."""
    width, height = image.size
    for step in range(WAVES):
        line = Image.new("L", image.size, 0)
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
        _lay(image, line, _mix(ink, ground, 0.1))


def _rays(image: Image.Image, ink: Colour, ground: Colour) -> None:
    """Lanes of a track, leaning forward."""
    width, height = image.size
    for step in range(LANES):
        lane = Image.new("L", image.size, 0)
        left, thick = width * (0.42 + 0.105 * step), width * (0.018 + 0.008 * step)
        lean = height * 0.62
        corners = [
            (left + lean, 0),
            (left + lean + thick, 0),
            (left + thick, height),
            (left, height),
        ]
        ImageDraw.Draw(lane).polygon(corners, fill=34 + 22 * step)
        _lay(image, lane, ink)


def _leaves(image: Image.Image, ink: Colour, ground: Colour) -> None:
    """A twig with its leaves, each of two arcs."""
    width, height = image.size
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
        mask = Image.new("L", image.size, 0)
        at = (width * (0.56 + 0.083 * step), height * (0.34 + 0.24 * (step % 2)))
        mask.paste(leaf, (round(at[0] - height / 2), round(at[1] - height / 2)))
        _lay(image, mask, ink)


def _arches(image: Image.Image, ink: Colour, ground: Colour) -> None:
    """A row of shop windows under their arches."""
    width, height = image.size
    for step in range(ARCHES):
        for inset, strength in ((0.0, 40), (0.055, 26)):
            arch = Image.new("L", image.size, 0)
            side = height * 0.42
            left = width * 0.46 + step * side * 1.16 + inset * height
            right, top = left + side - 2 * inset * height, height * (0.2 + inset)
            draw = ImageDraw.Draw(arch)
            draw.rounded_rectangle(
                (left, top, right, height * 1.6), (right - left) / 2, fill=strength + 9 * step
            )
            _lay(image, arch, ink)


def _lay(image: Image.Image, mask: Image.Image, colour: Colour) -> None:
    """Colour over the picture where the mask is. It fades out to the left, where words stand."""
    fade = Image.linear_gradient("L").rotate(90).point(_towards_right).resize(image.size)
    image.paste(Image.new("RGB", image.size, colour), (0, 0), ImageChops.multiply(mask, fade))


def _towards_right(level: int) -> int:
    return round(255 * min(1.0, max(0.0, (level / 255 - 0.28) / 0.42)))


_PATTERNS: Mapping[str, Callable[[Image.Image, Colour, Colour], None]] = {
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
