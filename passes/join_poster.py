"""Posters and counter cards with the code by which shoppers join: PDF files ready for a printer.

Sizes are millimetres, type sizes points. Colour stops well inside the sheet, so that any office printer
prints a poster whole, and fonts are embedded. The code is drawn as shapes: sharp at every size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue
from PIL import Image

from passes.colour import CONTRAST_TEXT, Rgb, parse_hex, readable
from passes.poster_fonts import poster_font
from passes.qr import qr_matrix

Format = Literal["a4", "a5", "tent"]

MARGIN_MM = 10.0  # what office printers cannot reach is 5 to 8
CORNER_MM = 6.0
COLUMN_STEP_MM_MAX = 11.0
QR_SIDE_MM_MIN = 30.0  # read from half a metre by any phone
LINE_HEIGHT = 1.18  # of the type size
POINT_MM = 25.4 / 72
TYPE_PT_MIN = 5.0  # smaller is not read; a text that long is cut by nobody, it runs over
SHRINK = 0.94  # of the type size, as often as it takes
# family: (web font, weight)
FAMILIES = {"text": ("inter-latin", 450), "title": ("bricolage-latin", 700)}
LATIN_MAX = 0xFF  # beyond it letters may be in the second file of a font
WHITE = (255, 255, 255)
INK = (28, 28, 30)
MUTED = (92, 92, 98)
SHEETS: dict[Format, tuple[float, float]] = {"a4": (210, 297), "a5": (148, 210), "tent": (210, 297)}


@dataclass(frozen=True, slots=True)
class JoinPoster:
    """What a poster says, in one language. Colours are `#rrggbb`; `logo` is a picture with alpha.

    `address` is what the code holds, `shown_address` what somebody types; `steps` are three at most.
    """

    name: str
    headline: str
    promise: str
    steps: tuple[str, ...]
    type_it: str
    address: str
    shown_address: str
    store: str
    background: str
    foreground: str
    label: str
    logo: Image.Image
    language: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet, in millimetres from its top left corner."""

    x: float
    y: float
    w: float
    h: float

    def inset(self, by: float) -> Box:
        """The rectangle inside it."""
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)


def join_poster_pdf(poster: JoinPoster, format_: Format, fonts: Path) -> bytes:
    """One page. `fonts` is the folder of the web fonts (variable WOFF2: Inter and Bricolage Grotesque)."""
    sheet = SHEETS[format_]
    pdf = _document(poster, sheet, fonts)
    page = Box(0, 0, *sheet)
    if format_ == "tent":
        half = sheet[1] / 2
        lower = Box(0, half, sheet[0], half)
        _wide_face(pdf, poster, lower.inset(MARGIN_MM))
        # Folded along the middle it stands by itself, one face for each side of the counter.
        with pdf.rotation(180, sheet[0] / 2, half):
            _wide_face(pdf, poster, lower.inset(MARGIN_MM))
        _fold_line(pdf, half, sheet[0])
    else:
        _tall_face(pdf, poster, page.inset(MARGIN_MM))
    return bytes(pdf.output())


def _document(poster: JoinPoster, sheet: tuple[float, float], fonts: Path) -> FPDF:
    pdf = FPDF(unit="mm", format=sheet)
    pdf.set_creation_date(poster.made_at)
    pdf.set_title(f"{poster.name} – {poster.headline}")
    pdf.set_lang(poster.language)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    for family, (file, weight) in FAMILIES.items():
        pdf.add_font(family, fname=poster_font(fonts / f"{file}.woff2", weight))
    if any(ord(letter) > LATIN_MAX for letter in _all_words(poster)):
        for family, (file, weight) in FAMILIES.items():
            more = fonts / f"{file}-ext.woff2"
            pdf.add_font(f"{family}-more", fname=poster_font(more, weight))
        pdf.set_fallback_fonts([f"{family}-more" for family in FAMILIES], exact_match=False)
    pdf.add_page()
    return pdf


def _all_words(poster: JoinPoster) -> str:
    said = (poster.name, poster.headline, poster.promise, *poster.steps, poster.store)
    return "".join(said)


# --- The two faces --------------------------------------------------------------------------------


def _tall_face(pdf: FPDF, poster: JoinPoster, box: Box) -> None:
    """Above: who and what for; in the middle the code; below: how."""
    side = max(box.w * 0.5, QR_SIDE_MM_MIN)
    band = Box(box.x, box.y, box.w, box.h * 0.56)
    _ground(pdf, band, poster.background)
    inner = Box(band.x + box.w * 0.09, band.y + box.w * 0.08, box.w * 0.82, 0)
    mark = box.w * 0.13
    pdf.image(poster.logo, inner.x, inner.y, mark, mark, keep_aspect_ratio=True)
    ink, label = _inks(poster)
    name = Box(inner.x + mark * 1.25, inner.y, inner.w - mark * 1.25, mark)
    _write(pdf, poster.name, name, Style("title", mark * 0.42, ink, middle=True))
    below = band.y + band.h - side * 0.42
    headline = Box(inner.x, inner.y + mark * 1.3, inner.w, (below - inner.y - mark * 1.3) * 0.62)
    end = _write(pdf, poster.headline, headline, Style("title", box.w * 0.098, ink, lines=3))
    promise = Box(inner.x, end + box.w * 0.025, inner.w, below - end - box.w * 0.05)
    _write(pdf, poster.promise, promise, Style("text", box.w * 0.04, label, lines=3))
    code = Box(box.x + (box.w - side) / 2, band.y + band.h - side * 0.36, side, side)
    _code(pdf, poster, code)
    top = code.y + code.h + box.w * 0.055
    foot = box.y + box.h
    _steps_in_a_row(pdf, poster, Box(box.x, top, box.w, foot - top - box.w * 0.12))
    _foot(pdf, poster, Box(box.x, foot - box.w * 0.1, box.w, box.w * 0.1), Align.C)


def _wide_face(pdf: FPDF, poster: JoinPoster, box: Box) -> None:
    """Left: who, what for and how; right the code."""
    _ground(pdf, box, poster.background)
    ink, label = _inks(poster)
    pad = box.h * 0.09
    side = max(box.w * 0.4, QR_SIDE_MM_MIN)
    code = Box(box.x + box.w - side - pad, box.y + (box.h - side) / 2 - pad * 0.5, side, side)
    left = Box(box.x + pad, box.y + pad, code.x - box.x - 2 * pad, box.h - 2 * pad)
    mark = box.h * 0.14
    pdf.image(poster.logo, left.x, left.y, mark, mark, keep_aspect_ratio=True)
    name = Box(left.x + mark * 1.25, left.y, left.w - mark * 1.25, mark)
    _write(pdf, poster.name, name, Style("title", mark * 0.4, ink, middle=True))
    top = left.y + mark * 1.25
    headline = Box(left.x, top, left.w, left.h * 0.3)
    end = _write(pdf, poster.headline, headline, Style("title", box.h * 0.088, ink, lines=4))
    promise = Box(left.x, end + pad * 0.25, left.w, left.h * 0.2)
    end = _write(pdf, poster.promise, promise, Style("text", box.h * 0.038, label, lines=4))
    room = Box(left.x, end + pad * 0.35, left.w, left.y + left.h - end - pad * 0.35)
    _steps_in_a_column(pdf, poster, room, ink)
    _code(pdf, poster, code)
    below = Box(code.x, code.y + code.h + pad * 0.25, code.w, pad * 1.1)
    _write(pdf, _typed(poster), below, Style("text", box.h * 0.029, ink, lines=2, align=Align.C))


# --- Parts ------------------------------------------------------------------------------------------


def _ground(pdf: FPDF, box: Box, colour: str) -> None:
    pdf.set_fill_color(*parse_hex(colour))
    pdf.rect(box.x, box.y, box.w, box.h, style="F", round_corners=True, corner_radius=CORNER_MM)


def _inks(poster: JoinPoster) -> tuple[Rgb, Rgb]:
    """The colours of words on the ground, dark or light enough to be read."""
    ground = parse_hex(poster.background)
    return (
        readable(parse_hex(poster.foreground), ground, CONTRAST_TEXT),
        readable(parse_hex(poster.label), ground, CONTRAST_TEXT),
    )


def _code(pdf: FPDF, poster: JoinPoster, box: Box) -> None:
    """The code on white, its quiet zone included."""
    pdf.set_fill_color(*WHITE)
    pdf.set_draw_color(226, 226, 230)
    pdf.set_line_width(0.3)
    pdf.rect(box.x, box.y, box.w, box.h, style="DF", round_corners=True, corner_radius=CORNER_MM)
    rows = qr_matrix(poster.address)
    frame = box.inset(box.w * 0.02)
    unit = frame.w / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for y, start, length in _runs(rows):
        # A hair of overlap: printers leave light seams between rows that only touch.
        pdf.rect(frame.x + start * unit, frame.y + y * unit, length * unit, unit * 1.02, style="F")


def _runs(rows: tuple[tuple[bool, ...], ...]) -> Iterator[Rgb]:
    """(row, first dark module, how many) for every run of dark modules."""
    for y, row in enumerate(rows):
        start = 0
        for x, dark in enumerate((*row, False)):
            if not dark:
                if x > start:
                    yield y, start, x - start
                start = x + 1


def _steps_in_a_row(pdf: FPDF, poster: JoinPoster, box: Box) -> None:
    ground = readable(parse_hex(poster.background), WHITE, CONTRAST_TEXT)
    width = box.w / max(len(poster.steps), 1)
    disc = box.w * 0.062
    places = [
        Box(box.x + (at + 0.06) * width, box.y + disc * 1.25, width * 0.88, box.h - disc * 1.25)
        for at in range(len(poster.steps))
    ]
    style = _one_size(
        pdf, poster.steps, places, Style("text", box.w * 0.032, INK, lines=4, align=Align.C)
    )
    for at, (step, place) in enumerate(zip(poster.steps, places, strict=True)):
        _number(pdf, at + 1, place.x + place.w / 2, box.y + disc / 2, disc, (ground, WHITE))
        _write(pdf, step, place, style)


def _steps_in_a_column(pdf: FPDF, poster: JoinPoster, box: Box, ink: Rgb) -> None:
    height = min(box.h / max(len(poster.steps), 1), COLUMN_STEP_MM_MAX)
    disc = height * 0.66
    places = [
        Box(box.x + disc * 1.45, box.y + at * height, box.w - disc * 1.45, height)
        for at in range(len(poster.steps))
    ]
    style = _one_size(
        pdf, poster.steps, places, Style("text", height * 0.46, ink, lines=2, middle=True)
    )
    ground = parse_hex(poster.background)
    for at, (step, place) in enumerate(zip(poster.steps, places, strict=True)):
        _number(pdf, at + 1, box.x + disc / 2, place.y + height / 2, disc, (ink, ground))
        _write(pdf, step, place, style)


def _one_size(pdf: FPDF, texts: Sequence[str], places: Sequence[Box], style: Style) -> Style:
    """The style at the size at which each text fits its place: side by side they look alike."""
    sizes = [_fitting(pdf, text, place, style) for text, place in zip(texts, places, strict=True)]
    return replace(style, size=min(sizes, default=style.size / POINT_MM) * POINT_MM)


def _number(
    pdf: FPDF, number: int, x: float, y: float, disc: float, colours: tuple[Rgb, Rgb]
) -> None:
    """A number on a disc; `colours` are the disc's and the number's."""
    ground, ink = colours
    pdf.set_fill_color(*ground)
    pdf.circle(x, y, disc / 2, style="F")
    box = Box(x - disc / 2, y - disc / 2, disc, disc)
    _write(pdf, str(number), box, Style("title", disc * 0.56, ink, middle=True, align=Align.C))


def _foot(pdf: FPDF, poster: JoinPoster, box: Box, align: Align) -> None:
    size = box.h * 0.3
    _write(
        pdf,
        _typed(poster),
        Box(box.x, box.y, box.w, box.h * 0.5),
        Style("text", size, MUTED, align=align),
    )
    store = Box(box.x, box.y + box.h * 0.5, box.w, box.h * 0.5)
    _write(pdf, poster.store, store, Style("text", size, MUTED, align=align))


def _typed(poster: JoinPoster) -> str:
    return f"{poster.type_it} {poster.shown_address}"


def _fold_line(pdf: FPDF, y: float, width: float) -> None:
    pdf.set_draw_color(160, 160, 166)
    pdf.set_line_width(0.2)
    pdf.set_dash_pattern(dash=2, gap=2)
    pdf.line(0, y, width, y)
    pdf.set_dash_pattern()


# --- Words that fit -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Style:
    """How words look: `size` is the type's height in mm at most, `lines` as many as it may take."""

    family: Literal["title", "text"]
    size: float
    ink: Rgb
    lines: int = 1
    align: Align = Align.L
    middle: bool = False


def _write(pdf: FPDF, text: str, box: Box, style: Style) -> float:
    """The text, smaller where it would not fit the box; where its last line ends (mm)."""
    if not text:
        return box.y
    pdf.set_text_color(*style.ink)
    size = _fitting(pdf, text, box, style)
    pdf.set_font(style.family, size=size)
    step = size * POINT_MM * LINE_HEIGHT
    height = len(_rows(pdf, text, box.w)) * step
    y = box.y + (box.h - height) / 2 if style.middle else box.y
    pdf.set_xy(box.x, y)
    pdf.multi_cell(box.w, step, text, align=style.align)
    return y + height


def _fitting(pdf: FPDF, text: str, box: Box, style: Style) -> float:
    """The type size in points at which the text fits the box."""
    size = style.size / POINT_MM
    while size > TYPE_PT_MIN:
        pdf.set_font(style.family, size=size)
        rows = len(_rows(pdf, text, box.w))
        widest = max(pdf.get_string_width(word) for word in text.split())
        height = rows * size * POINT_MM * LINE_HEIGHT
        if rows <= style.lines and height <= box.h and widest <= box.w:
            break
        size *= SHRINK
    return size


def _rows(pdf: FPDF, text: str, width: float) -> list[str]:
    """The lines that the text takes at the size of the moment."""
    rows = pdf.multi_cell(
        width, 1, text, align=Align.L, dry_run=True, output=MethodReturnValue.LINES
    )
    return cast("list[str]", rows)
