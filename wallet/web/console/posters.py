"""Posters, counter cards and table tents by which shoppers join, ready for the printer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args
from urllib.parse import urlencode, urlsplit

from flask import Response, request
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.utils import secure_filename

from passes.design import Design
from passes.images import print_logo
from passes.join_poster import Format, JoinPoster, join_poster_pdf
from passes.qr import qr_svg
from wallet import clock
from wallet.actions.join_counts import joined_by_poster
from wallet.actions.media import image_store
from wallet.actions.program_view import ProgramView, StoreView
from wallet.config import ASSETS
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.wiring import read, wiring

LANGUAGES = {"fr": "Français", "en": "English"}  # in which a poster can speak
FONTS = ASSETS / "static" / "vendor" / "fonts"
EVERYWHERE = "online"  # in an address, for posters that belong to no store
LATELY = timedelta(days=30)
LOGO_PX = 640  # 13 cm wide on A4 at 120 dpi, and the mark is 3 cm
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the page: `key` is the store's id in addresses."""

    key: str
    name: str
    address: str
    svg: str
    joined: int
    lately: int
    by_format: Mapping[Format, int]


def posters() -> str:
    """GET /console/posters: each store's files, and how many they brought."""
    program = own_program()
    now = clock.now()

    def _work(session: Session) -> list[Place]:
        ever = joined_by_poster(session, program.id)
        lately = joined_by_poster(session, program.id, now - LATELY)
        return [
            Place(
                _key(store),
                store.name if store else _("Anywhere else"),
                store.address if store else _("Window, flyer, parcel, web page"),
                qr_svg(join_address(program, store, "poster")),
                _joined(ever, store),
                _joined(lately, store),
                {key: ever[_id(store), f"poster-{key}"] for key in FORMATS},
            )
            for store in (*program.stores, None)
        ]

    return console_page(
        "console/posters.html",
        program,
        places=read(_work),
        formats=format_names(),
        languages=[(code, name) for code, name in LANGUAGES.items() if code in program.locales],
    )


def poster(place: str, format_: str) -> Response:
    """GET /console/posters/STORE/FORMAT.pdf?lang=fr: the file."""
    program = own_program()
    store = _store(program, place)
    if format_ not in FORMATS:
        raise Refusal("not_found")
    language = request.args.get("lang", "")
    if language not in program.locales or language not in LANGUAGES:
        language = current_language()
    said = _poster(program, store, format_, language)
    answer = Response(join_poster_pdf(said, format_, FONTS), content_type="application/pdf")
    name = secure_filename(
        f"{program.slug}-{store.name if store else EVERYWHERE}-{format_}-{language}.pdf"
    )
    answer.headers.set("Content-Disposition", "inline", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def join_address(program: ProgramView, store: StoreView | None, ref: str) -> str:
    """Where the code leads. It says which poster it was, so that the program learns what works."""
    kept = {"store": _key(store)} if store else {}
    return f"{_join_page(program)}?{urlencode({**kept, 'ref': ref})}"


def format_names() -> dict[Format, tuple[str, str]]:
    """Format → (name, what it is for)."""
    return {
        "a4": (_("Poster"), _("A4, for the door or the wall")),
        "a5": (_("Counter card"), _("A5, beside the till")),
        "tent": (_("Table tent"), _("A4, folded in the middle: two faces")),
    }


def _poster(
    program: ProgramView, store: StoreView | None, format_: str, language: str
) -> JoinPoster:
    design = Design.parse(program.design)
    background, foreground, label = design.colours(None)
    with force_locale(language):
        steps = (
            _("Scan the code with your camera"),
            _("Give your e-mail or mobile number"),
            _("Add the card to your phone"),
        )
        headline, type_it = _("Your loyalty card, in your phone"), _("Or type")
    page = urlsplit(_join_page(program))
    return JoinPoster(
        name=program.name,
        headline=headline,
        promise=_promise(program, language),
        steps=steps,
        type_it=type_it,
        address=join_address(program, store, f"poster-{format_}"),
        shown_address=f"{page.netloc}{page.path}",
        store=store.name if store else "",
        background=background,
        foreground=foreground,
        label=label,
        logo=read(lambda session: print_logo(design, image_store(session), LOGO_PX, language)),
        language=language,
        made_at=clock.now(),
    )


def _promise(program: ProgramView, language: str) -> str:
    """What a member gets, as the join page says it."""
    for key in ("welcome", "tagline"):
        words = program.details.get(key)
        if isinstance(words, dict) and (said := program.text(words, language)):
            return said
    return ""


def _join_page(program: ProgramView) -> str:
    return f"{wiring().settings.public_url}/p/{program.slug}/join"


def _store(program: ProgramView, place: str) -> StoreView | None:
    if place == EVERYWHERE:
        return None
    wanted = private_id("sto", place)
    for store in program.stores:
        if store.id == wanted:
            return store
    raise Refusal("not_found")


def _joined(counts: Counter[tuple[int | None, str]], store: StoreView | None) -> int:
    return sum(count for (place, _label), count in counts.items() if place == _id(store))


def _key(store: StoreView | None) -> str:
    return public_id("sto", store.id) if store else EVERYWHERE


def _id(store: StoreView | None) -> int | None:
    return store.id if store else None
