"""Films for Chromium's fake camera, made from QR codes: a hand, a phone's screen, bad light.

Chromium plays a file of concatenated JPEGs (4:2:0) as a camera, thirty pictures a second, for ever.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from passes.qr import qr_png

SIZE = (1280, 720)
FRAMES = 45  # a second and a half, then again from the start
COUNTER = (104, 90, 74)
WALL = (58, 46, 38)
PHONE = (24, 24, 28)
SEED = 7


@dataclass(frozen=True, slots=True)
class Scene:
    """What the camera sees. `code_width` in pixels of the picture, `turn` in degrees."""

    texts: Sequence[str] = ()
    code_width: int = 300
    sway: int = 4
    turn: float = 3
    blur: float = 0.6
    glare: bool = False
    starts_after: int = 0  # pictures without any code first


STEADY = Scene(sway=1, turn=0, blur=0)
HAND = Scene(sway=26, turn=9, blur=1.1, code_width=260)
GLARE = Scene(sway=10, turn=5, glare=True)


def film(path: Path, scene: Scene, frames: int = FRAMES) -> Path:
    """Writes the film and answers its path."""
    codes = [Image.open(io.BytesIO(qr_png(text))) for text in scene.texts]
    return film_of(path, codes, scene, frames)


def film_of(path: Path, codes: Sequence[Image.Image], scene: Scene, frames: int = FRAMES) -> Path:
    """The same of these very pictures, whatever made them; `scene.texts` does not count."""
    chance = random.Random(SEED)
    phones = [_phone(code, scene.code_width) for code in codes]
    with path.open("wb") as file:
        for number in range(frames):
            shown = phones if number >= scene.starts_after else []
            picture = _picture(shown, scene, chance)
            data = io.BytesIO()
            picture.save(data, "JPEG", quality=82, subsampling=2)
            file.write(data.getvalue())
    return path


def _picture(phones: Sequence[Image.Image], scene: Scene, chance: random.Random) -> Image.Image:
    picture = Image.new("RGB", SIZE, WALL)
    ImageDraw.Draw(picture).rectangle((0, SIZE[1] * 2 // 3, *SIZE), fill=COUNTER)
    for index, phone in enumerate(phones):
        angle = chance.uniform(-scene.turn, scene.turn)
        turned = phone.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        middle = SIZE[0] * (2 * index + 1) // (2 * len(phones))
        left = middle - turned.width // 2 + chance.randint(-scene.sway, scene.sway)
        top = (SIZE[1] - turned.height) // 2 + chance.randint(-scene.sway, scene.sway)
        picture.paste(turned, (left, top), turned)
    if scene.glare:
        picture = _glare(picture, chance)
    if scene.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(scene.blur))
    return picture


def _phone(code: Image.Image, code_width: int) -> Image.Image:
    """A phone that shows a code on a white card."""
    code = code.convert("RGB").resize((code_width, code_width), Image.Resampling.LANCZOS)
    edge = code_width // 14
    phone = Image.new("RGBA", (code_width + 2 * edge, int(code_width * 1.7)), (0, 0, 0, 0))
    outline = (0, 0, phone.width - 1, phone.height - 1)
    ImageDraw.Draw(phone).rounded_rectangle(outline, code_width // 10, fill=PHONE)
    phone.paste(code, (edge, (phone.height - code_width) // 2))
    return phone


def _glare(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A lamp mirrored in the screen: a bright bar that covers part of the code."""
    light = Image.new("L", picture.size, 0)
    left = SIZE[0] // 2 + chance.randint(20, 90)
    corners = [(left, 0), (left + 70, 0), (left - 60, SIZE[1]), (left - 130, SIZE[1])]
    ImageDraw.Draw(light).polygon(corners, fill=150)
    light = light.filter(ImageFilter.GaussianBlur(14))
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, light)
