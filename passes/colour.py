"""Colours as people see them: contrast after WCAG 2.2, and the nearest colour that can be read."""

from __future__ import annotations

CONTRAST_TEXT = 4.5  # WCAG 2.2, 1.4.3: text of normal size
CONTRAST_LARGE = 3.0  # the same for text of 24 px and more
STEPS = 100  # how finely a readable shade is looked for

Rgb = tuple[int, int, int]


def parse_hex(colour: str) -> Rgb:
    """`#rrggbb`."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def to_hex(colour: Rgb) -> str:
    """`#rrggbb`."""
    return f"#{bytes(colour).hex()}"


def luminance(colour: Rgb) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition of "relative luminance")."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(ink: Rgb, ground: Rgb, ratio: float = CONTRAST_TEXT) -> Rgb:
    """The shade of `ink`, towards black or white, that first reaches the ratio on `ground`."""
    ends: tuple[Rgb, Rgb] = ((0, 0, 0), (255, 255, 255))
    end = max(ends, key=lambda one: contrast(one, ground))
    for step in range(STEPS + 1):
        red, green, blue = (
            round(a + (b - a) * step / STEPS) for a, b in zip(ink, end, strict=True)
        )
        if contrast((red, green, blue), ground) >= ratio:
            return red, green, blue
    return end


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
