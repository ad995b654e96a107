"""Fonts for print: instances of the variable web fonts, made once in a process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont


@cache
def poster_font(file: Path, weight: int) -> Path:
    """The TrueType font of that weight of a variable WOFF2 font."""
    font = TTFont(file)
    axes = {"wght": weight} | {
        axis.axisTag: None for axis in font["fvar"].axes if axis.axisTag != "wght"
    }
    made = instantiateVariableFont(font, axes)
    made.flavor = None
    place = _folder() / f"{file.stem}-{weight}.ttf"
    made.save(place)
    return place


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="comptoir-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
