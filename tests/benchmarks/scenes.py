"""Phones before a cashier's camera, as hard as shops make them: far, tilted, shining, blurred, noisy.

Seeded, so that every run sees the same. One frame each; a real scan has a dozen a second.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from passes.qr import QUIET_MODULES, qr_png

SIZE = (1280, 720)
WIDTHS = (80, 110, 150, 200, 270, 360)  # pixels of the code alone, without its quiet zone
TURN_MAX, TILT_MAX = 30, 38  # degrees
DISTANCE = 3.0  # of the camera, in widths of the code
SEED = 20_261


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame as JPEG, and what it shows."""

    jpeg: bytes
    text: str
    width: int


def shots(texts: list[str], each: int) -> list[Shot]:
    """`each` frames for every width, over these texts in turn."""
    chance = random.Random(SEED)
    found = []
    for width in WIDTHS:
        for number in range(each):
            text = texts[number % len(texts)]
            found.append(Shot(_frame(text, width, chance), text, width))
    return found


def _frame(text: str, width: int, chance: random.Random) -> bytes:
    code = Image.open(io.BytesIO(qr_png(text))).convert("L")
    modules = code.width // 10
    whole = round(width * modules / (modules - 2 * QUIET_MODULES))
    screen = _screen(code, chance)
    frame = Image.new("L", SIZE, chance.randint(35, 120))
    _place(frame, screen, whole, chance)
    frame = _light(frame, width, chance)
    return _taken(frame, width, chance)


def _screen(code: Image.Image, chance: random.Random) -> Image.Image:
    """A code on a phone: lifted blacks, a grid of pixels."""
    black, white = chance.randint(10, 70), chance.randint(170, 255)
    screen = code.resize((480, 480), Image.Resampling.NEAREST)
    screen = screen.point(lambda value: black + value * (white - black) // 255)
    if chance.random() < 0.5:
        pitch = chance.choice((3, 4, 5))
        pen = ImageDraw.Draw(screen)
        for at in range(0, 480, pitch):
            pen.line((at, 0, at, 480), fill=max(black - 8, 0))
            pen.line((0, at, 480, at), fill=max(black - 8, 0))
        screen = Image.blend(screen, screen.filter(ImageFilter.BoxBlur(1)), 0.5)
    return screen


def _place(frame: Image.Image, screen: Image.Image, width: int, chance: random.Random) -> None:
    """Turned, tilted and panned, somewhere in the middle of the picture."""
    turn = chance.uniform(-TURN_MAX, TURN_MAX)
    middle = (SIZE[0] / 2 + chance.uniform(-120, 120), SIZE[1] / 2 + chance.uniform(-60, 60))
    lean = [chance.uniform(-TILT_MAX, TILT_MAX) for _ in range(2)]
    corners = [
        _seen(x * width / 2, y * width / 2, width, turn, lean, middle)
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    side = screen.width
    source = [(0, 0), (side, 0), (side, side), (0, side)]
    numbers = _homography(corners, [(float(x), float(y)) for x, y in source])
    kind = Image.Transform.PERSPECTIVE
    small = screen if width > side // 3 else screen.filter(ImageFilter.BoxBlur(side / width / 4))
    placed = small.transform(SIZE, kind, numbers, Image.Resampling.BICUBIC)
    mask = Image.new("L", screen.size, 255).transform(SIZE, kind, numbers)
    frame.paste(placed, (0, 0), mask)


def _seen(
    x: float,
    y: float,
    width: int,
    turn: float,
    lean: list[float],
    middle: tuple[float, float],
) -> tuple[float, float]:
    """Where a point of the card lands in the picture."""
    flat = complex(x, y) * _unit(turn)
    pan, tilt = (_unit(angle) for angle in lean)
    across, depth = flat.real * pan.real, flat.real * pan.imag
    down, depth = (
        flat.imag * tilt.real - depth * tilt.imag,
        flat.imag * tilt.imag + depth * tilt.real,
    )
    nearness = DISTANCE * width / (DISTANCE * width + depth)
    return middle[0] + across * nearness, middle[1] + down * nearness


def _unit(degrees: float) -> complex:
    return complex(2.718281828459045 ** (1j * degrees * 3.141592653589793 / 180))


def _homography(
    seen: list[tuple[float, float]], source: list[tuple[float, float]]
) -> tuple[float, ...]:
    """The eight numbers that lead from the picture back to the card."""
    rows = []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):
        best = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(8):
            if other != at:
                factor = rows[other][at]
                pairs = zip(rows[other], rows[at], strict=True)
                rows[other] = [value - factor * pivot for value, pivot in pairs]
    return tuple(row[8] for row in rows)


def _light(frame: Image.Image, width: int, chance: random.Random) -> Image.Image:
    """No glare, a haze, a bar or a spot: a quarter each."""
    kind = chance.choice(("none", "haze", "bar", "spot"))
    if kind == "none":
        return frame
    white = Image.new("L", SIZE, 255)
    if kind == "haze":
        return Image.blend(frame, white, chance.uniform(0.15, 0.4))
    light = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(light)
    x, y = SIZE[0] / 2 + chance.uniform(-width, width) / 2, SIZE[1] / 2
    strength = chance.randint(110, 215)
    if kind == "bar":
        wide, lean = width * chance.uniform(0.06, 0.16), width * chance.uniform(-0.8, 0.8)
        top, foot = (x + lean, 0), (x - lean, SIZE[1])
        pen.polygon([top, (top[0] + wide, 0), (foot[0] + wide, SIZE[1]), foot], fill=strength)
    else:
        radius = width * chance.uniform(0.06, 0.17)
        y += chance.uniform(-width, width) / 3
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=strength)
    light = light.filter(ImageFilter.GaussianBlur(max(width / 18, 3)))
    return Image.composite(white, frame, light)


def _taken(frame: Image.Image, width: int, chance: random.Random) -> bytes:
    """What the camera adds: out of focus, a moving hand, noise, compression."""
    module = width / 25
    frame = frame.filter(ImageFilter.GaussianBlur(module * chance.uniform(0.05, 0.35)))
    moved = module * chance.uniform(0, 0.6)
    if moved >= 1:
        frame = frame.filter(ImageFilter.BoxBlur((moved / 2, moved / 4)))
    noise = Image.effect_noise(SIZE, chance.uniform(4, 18))
    frame = ImageChops.add(frame, noise, 1, -128)
    data = io.BytesIO()
    frame.save(data, "JPEG", quality=chance.randint(45, 90))
    return data.getvalue()
