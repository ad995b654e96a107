"""Pictures and translations of a package, checked."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image, UnidentifiedImageError

from passes.finding import Finding
from passes.images import APPLE_POINTS, POSTER_POINTS

PNG = b"\x89PNG\r\n\x1a\n"
OLD_ICON = (29, 29)  # points; what Apple asked for before
RATIO_TOLERANCE = 0.02  # of width to height, before a picture looks cut or squeezed
PICTURE_PIXELS_MAX = 4_000_000
_FITTED = {"logo", "primaryLogo", "secondaryLogo"}  # may be smaller than their box
_NAME = re.compile(r"(?:(?P<language>[^/]+)\.lproj/)?(?P<role>\w+?)(?:@(?P<scale>[23])x)?\.png")
_LINE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;')
_FOLDER = re.compile(r"([^/]+)\.lproj/pass\.strings")
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


def read_strings(files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """Language → text of pass.json → text to show; files that cannot be read are left out."""
    found = {}
    for name, data in files.items():
        if folder := _FOLDER.fullmatch(name):
            pairs = parse_strings(data)
            if pairs is not None:
                found[folder[1]] = pairs
    return found


def parse_strings(data: bytes) -> dict[str, str] | None:
    """The pairs of a pass.strings in UTF-8 or UTF-16; None for what is neither."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding).lstrip("\ufeff")
        text = re.sub(r"\A(\s*/\*.*?\*/)*", "", text, flags=re.DOTALL)
        pairs = _LINE.findall(text)
        if _LINE.sub("", text).strip():
            return None
        return {_unescaped(key): _unescaped(words) for key, words in pairs}
    except ValueError:
        return None


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"', strict=False))


def lint_strings(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Translations that cannot be read, and texts that one language has and another has not."""
    found = read_strings(files)
    for name in files:
        folder = _FOLDER.fullmatch(name)
        if folder and folder[1] not in found:
            yield _finding(
                "strings_unreadable",
                "proven",
                (f"{name} cannot be read as UTF-8 or UTF-16.", f"{name} n’est ni UTF-8 ni UTF-16."),
                (
                    'Write one line a text: "this" = "that";',
                    'Écrivez une ligne par texte : "ceci" = "cela" ;',
                ),
                name,
            )
    every = set().union(*found.values()) if found else set()
    for language, words in found.items():
        if missing := sorted(every - set(words)):
            yield _finding(
                "untranslated",
                "hint",
                (
                    f"{language} has no “{missing[0]}” ({len(missing)} missing).",
                    f"{language} n’a pas « {missing[0]} » ({len(missing)} manquants).",
                ),
                ("Add the translation.", "Ajoutez la traduction."),
                f"{language}.lproj/pass.strings",
            )


def lint_images(files: Mapping[str, bytes], *, is_poster: bool = False) -> Iterator[Finding]:
    """Pictures that are missing, unreadable, or of another size or shape than their place."""
    if "icon.png" not in files and "icon@2x.png" not in files:
        yield _finding(
            "no_icon",
            "proven",
            (
                "The card has no icon: it does not install.",
                "La carte n’a pas d’icône : elle ne s’installe pas.",
            ),
            ("Add icon.png, 38 × 38 pixels.", "Ajoutez icon.png, 38 × 38 pixels."),
            "icon.png",
        )
    places = {**APPLE_POINTS, **(POSTER_POINTS if is_poster else {})}
    for name, data in files.items():
        parts = _NAME.fullmatch(name)
        if parts and parts["role"] in places:
            points = places[parts["role"]]
            yield from _picture(name, data, parts["role"], points, int(parts["scale"] or 1))
    for role in places:
        if f"{role}.png" in files:
            for scale in (2, 3):
                if f"{role}@{scale}x.png" not in files:
                    yield _blurred(role, scale)


def _picture(
    name: str, data: bytes, role: str, points: tuple[int, int], scale: int
) -> Iterator[Finding]:
    size = _size(data)
    if size is None:
        yield _finding(
            "not_png",
            "proven",
            (f"{name} is not a PNG picture.", f"{name} n’est pas une image PNG."),
            ("Upload the picture again.", "Envoyez de nouveau l’image."),
            name,
        )
        return
    width, height = points[0] * scale, points[1] * scale
    old = (OLD_ICON[0] * scale, OLD_ICON[1] * scale)
    if size == (width, height) or (role == "icon" and size == old):
        return
    if role in _FITTED and size[0] <= width and size[1] <= height:
        return
    is_same_shape = abs(size[0] / size[1] - width / height) <= RATIO_TOLERANCE
    is_cut = not is_same_shape and role not in _FITTED
    effect = ("cuts it", "la coupe") if is_cut else ("scales it", "la met à l’échelle")
    yield _finding(
        "picture_shape" if is_cut else "picture_size",
        "hint",
        (
            f"{name} is {size[0]} × {size[1]} pixels, its place {width} × {height}: Wallet {effect[0]}.",
            f"{name} fait {size[0]} × {size[1]} pixels, sa place {width} × {height} : Wallet {effect[1]}.",
        ),
        (f"Use {width} × {height} pixels.", f"Utilisez {width} × {height} pixels."),
        name,
    )


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a whole PNG; None for anything else."""
    if not data.startswith(PNG):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > PICTURE_PIXELS_MAX:
                return image.size
            image.load()
            return image.size
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _blurred(role: str, scale: int) -> Finding:
    name = f"{role}@{scale}x.png"
    return _finding(
        "picture_missing",
        "hint",
        (f"{name} is missing: the picture is blurred.", f"{name} manque : l’image sera floue."),
        (f"Add {name}.", f"Ajoutez {name}."),
        name,
    )


def _finding(
    code: str, severity: Any, sentence: tuple[str, str], fix: tuple[str, str], where: str
) -> Finding:
    english, french = sentence
    return Finding(
        f"apple.{code}",
        severity,
        {"en": english, "fr": french},
        {"en": fix[0], "fr": fix[1]},
        where,
    )
