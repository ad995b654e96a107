"""What the merchant decides about the till: amounts under one key, and what cashiers may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView, touch_program
from wallet.errors import Refusal
from wallet.rules.coach import PARTS, TEXT_LENGTH_MAX, Coach, coach, coach_texts
from wallet.rules.money import AMOUNT_MINOR_MAX, exponent
from wallet.tables.program import program_for_update

QUICK_COUNT = 4  # a column beside the digits
_QUICK_WHOLE = (5, 10, 20, 50)  # in units of the currency: what comes out of a purse


@dataclass(frozen=True, slots=True)
class TillSettings:
    """`quick_minor` are the amounts under one key; `texts` maps language → part → as typed."""

    quick_minor: Sequence[int]
    texts: Mapping[str, Mapping[str, str]]


def quick_amounts(program: ProgramView) -> list[int]:
    """In minor units, at most four."""
    own = program.details.get("till", {}).get("quick_minor")
    if own is not None:
        return [int(amount) for amount in own]
    return [whole * 10 ** exponent(program.currency) for whole in _QUICK_WHOLE]


def coach_as_typed(program: ProgramView, language: str) -> dict[str, str]:
    """The three texts of a language as a form shows them."""
    return coach_texts(program.details.get("till", {}).get("coach", {}), language)


def coach_of(program: ProgramView, language: str) -> Coach:
    """What a cashier who speaks this language may say."""
    return coach(coach_as_typed(program, language), program.name)


def save_till_settings(session: Session, program: ProgramView, settings: TillSettings) -> None:
    """From now on at every till. `quick_amounts_invalid`, `coach_too_long` change nothing. An empty
    part means the text that we bring."""
    amounts = list(dict.fromkeys(settings.quick_minor))
    if len(amounts) > QUICK_COUNT or not all(0 < each <= AMOUNT_MINOR_MAX for each in amounts):
        raise Refusal("quick_amounts_invalid")
    texts = {
        language: {part: said.get(part, "").strip() for part in PARTS}
        for language, said in settings.texts.items()
        if language in program.locales
    }
    if any(len(text) > TEXT_LENGTH_MAX for said in texts.values() for text in said.values()):
        raise Refusal("coach_too_long")
    row = program_for_update(session, program.id)
    assert row is not None
    kept = {"quick_minor": amounts, "coach": texts}
    row.details = {**row.details, "till": {**row.details.get("till", {}), **kept}}
    touch_program(row)
