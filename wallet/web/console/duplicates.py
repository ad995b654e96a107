"""Who may be one person with two cards: the likeliest pairs first, merged with one button."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from wallet.actions.suggest_duplicates import TEXTS, suggest_duplicates
from wallet.ids import public_id
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import grouped
from wallet.web.wiring import read

PAGE = 25
START_MAX = 100_000  # pairs: nobody turns that many pages


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members and why they may be one; the newer one would go into the older one."""

    older: tuple[str, str, str]
    newer: tuple[str, str, str]
    score: int
    reasons: list[str]


def duplicates() -> str:
    """The list."""
    program = own_program()
    typed = request.args.get("from", "0")
    start = min(int(typed), START_MAX) if typed.isascii() and typed.isdigit() else 0

    def _read(session: Session) -> tuple[list[Pair], int | None]:
        found, following = suggest_duplicates(session, program, start, PAGE)
        language = current_language()
        pairs = [
            Pair(
                older=_person(one.older.id, one.older.name, one.older.number),
                newer=_person(one.newer.id, one.newer.name, one.newer.number),
                score=one.score,
                reasons=[program.text(TEXTS[reason], language) for reason in one.reasons],
            )
            for one in found
        ]
        return pairs, following

    pairs, following = read(_read)
    return console_page(
        "console/duplicates.html", program, pairs=pairs, following=following, start=start
    )


def _person(number: int, name: str, card: str) -> tuple[str, str, str]:
    """(public id, name, number on the card)."""
    return public_id("mbr", number), name, grouped(card)
