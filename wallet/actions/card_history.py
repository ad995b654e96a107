"""The last movements of an account, for the back of the card."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy.orm import Session

from passes.card import Section
from wallet.actions.program_view import ProgramView
from wallet.prepared import Question
from wallet.rules.spell import spell_quantity
from wallet.tables import recent as tables_recent
from wallet.tables.recent import Move, moves_of

__all__ = ["Move", "history_section", "moves_asked", "recent_moves"]

MOVES_MAX = 5  # a card is no statement: the rest is one tap away on the web card

_TITLE = {"fr": "Derniers mouvements", "en": "Last movements"}
_KINDS = {
    "accrual": {"fr": "gagné", "en": "earned"},
    "redemption": {"fr": "utilisé", "en": "used"},
    "refund": {"fr": "remboursement", "en": "refund"},
    "reversal": {"fr": "annulation", "en": "cancelled"},
    "recovery": {"fr": "rattrapage", "en": "made up"},
    "expiry": {"fr": "expiré", "en": "expired"},
}
_OTHER = {"fr": "correction", "en": "correction"}


def recent_moves(session: Session, member_id: int) -> tuple[Move, ...]:
    """The newest movements, newest first."""
    return moves_of(session, member_id, MOVES_MAX)


def moves_asked(member_id: int) -> Question:
    """What `recent_moves` asks."""
    return tables_recent.moves_asked(member_id, MOVES_MAX)


def history_section(
    program: ProgramView, moves: tuple[Move, ...], languages: tuple[str, ...]
) -> Section:
    """One line each: day, what came or went, why."""
    units = {unit.key: unit for unit in program.ruleset.units}
    zone = ZoneInfo(program.time_zone)
    lines: dict[str, list[str]] = {language: [] for language in languages}
    for move in moves:
        if unit := units.get(move.unit):
            day = move.occurred_at.astimezone(zone).date()
            for language, said in lines.items():
                amount = spell_quantity(unit, abs(move.quantity), program.currency, language)
                said.append(_line(move, _day(day, language), amount, language))
    body = {language: "\n".join(said) or "—" for language, said in lines.items()}
    return Section("history", _title(languages), body)


@cache
def _title(languages: tuple[str, ...]) -> dict[str, str]:
    return {language: _TITLE.get(language, _TITLE["en"]) for language in languages}


def _line(move: Move, day: str, amount: str, language: str) -> str:
    kind = _KINDS.get(move.kind, _OTHER)
    sign = "+" if move.quantity > 0 else "−"
    return f"{day}\u00a0: {sign}{amount} ({kind.get(language, kind['en'])})"


@lru_cache(maxsize=1024)
def _day(day: date, language: str) -> str:
    return str(format_date(day, "medium", locale=language))
