"""Posters: the code is read from the printed page, the words fit, the sheet is a printer's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from passes.artwork import Look, badge
from passes.join_poster import SHEETS, Format, JoinPoster, join_poster_pdf
from wallet.config import ROOT

FONTS = ROOT / "static" / "vendor" / "fonts"
POINT_MM = 25.4 / 72
POSTER = JoinPoster(
    name="Café Lumière",
    headline="Votre carte de fidélité, dans votre téléphone",
    promise="1 point par euro, en boutique comme en ligne. Le premier café offert arrive à 30 points.",
    steps=("Scannez le code", "Donnez votre e-mail ou votre mobile", "Ajoutez la carte"),
    type_it="Ou tapez",
    address="https://fidelite.exemple.test/p/demo/join?store=sto_12345678901234567890&ref=poster-a4",
    shown_address="fidelite.exemple.test/p/demo/join",
    store="Boutique du Canal",
    background="#1d3b34",
    foreground="#fff8ec",
    label="#e8c98b",
    logo=badge(Look("#1d3b34", "#fff8ec", "L", ()), 300),
    language="fr",
    made_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
)
LONG = replace(
    POSTER,
    name="Établissements Anticonstitutionnellement & Fils, successeurs",
    headline="Programme de fidélité intergouvernementalisationnellement avantageux",
    promise="Des points à chaque achat, partout, tout le temps, et " * 8,
    steps=("Scannez tranquillement le code avec l’appareil photo de votre téléphone portable",) * 3,
    shown_address="un-nom-de-domaine-vraiment-tres-long.exemple.test/p/etablissements/join",
)
ABROAD = replace(POSTER, name="Łódź & Œuvre", background="#fdf6e3", foreground="#ffffff")


POSTERS = {"plain": POSTER, "long": LONG, "abroad": ABROAD}


class Printed(NamedTuple):
    """A poster's only page, as a document and as 150 dots an inch."""

    poster: JoinPoster
    format_: Format
    document: pypdfium2.PdfDocument
    picture: Image.Image


@pytest.fixture(
    scope="module",
    params=[(name, format_) for name in POSTERS for format_ in SHEETS],
    ids="-".join,
)
def printed(request: pytest.FixtureRequest) -> Iterator[Printed]:
    name, format_ = request.param
    poster = POSTERS[name]
    with pypdfium2.PdfDocument(join_poster_pdf(poster, format_, FONTS)) as document:
        assert len(document) == 1
        yield Printed(poster, format_, document, document[0].render(scale=150 / 72).to_pil())


def test_the_code_is_read_from_the_page(printed: Printed) -> None:
    found = zxingcpp.read_barcodes(printed.picture)
    assert {one.text for one in found} == {printed.poster.address}
    assert len(found) == (2 if printed.format_ == "tent" else 1)  # a tent has two faces
    size = tuple(round(side * POINT_MM) for side in printed.document[0].get_size())
    assert size == SHEETS[printed.format_]


def test_the_words_are_all_there_and_on_the_sheet(printed: Printed) -> None:
    poster, picture = printed.poster, printed.picture
    text = " ".join(printed.document[0].get_textpage().get_text_bounded().split())
    said = (poster.name, poster.headline, *poster.steps, poster.shown_address)
    for words in said:
        assert " ".join(words.split()) in text
    # Nothing comes near the edge, where office printers cannot print.
    edge = round(5 / 25.4 * 150)
    band = [
        picture.crop((0, 0, picture.width, edge)),
        picture.crop((0, picture.height - edge, picture.width, picture.height)),
        picture.crop((0, 0, edge, picture.height)),
        picture.crop((picture.width - edge, 0, picture.width, picture.height)),
    ]
    fold = printed.format_ == "tent"  # its line goes from edge to edge
    for strip in band[: 2 if fold else 4]:
        assert strip.convert("L").getextrema() == (255, 255)


def test_the_same_poster_is_the_same_file() -> None:
    assert join_poster_pdf(POSTER, "a5", FONTS) == join_poster_pdf(POSTER, "a5", FONTS)
