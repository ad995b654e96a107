"""The frame of a program: its name, money, clock, languages, and what its pages say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy.orm import Session

from wallet.actions.identify import clean_name, is_clean
from wallet.actions.program.changes import Change, Wish, begin_change, check_seen, note_change
from wallet.actions.program_view import ProgramView, touch_program
from wallet.errors import Refusal
from wallet.tables.program import Program
from wallet.tables.reports import has_sale

LANGUAGES = ("fr", "en")  # in which pages, cards and tills speak
TEXTS = ("tagline", "welcome", "privacy")
TEXT_LENGTH_MAX = {
    "tagline": 120,
    "welcome": 300,
    "privacy": 4_000,
}  # characters: a line, two, a page
MARGIN_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """`texts` maps each of TEXTS to its words by language. `margin_percent` is what is left of a sale
    on average before rewards, as a decimal text, empty where nobody said it."""

    name: str
    currency: str
    country: str
    time_zone: str
    locale: str
    locales: tuple[str, ...]
    texts: Mapping[str, Mapping[str, str]]
    margin_percent: str = ""


def frame_of(program: ProgramView | Program) -> Frame:
    """As it stands."""
    details = program.details
    return Frame(
        name=program.name,
        currency=program.currency,
        country=program.country,
        time_zone=program.time_zone,
        locale=program.locale,
        locales=tuple(program.locales),
        texts={key: _words(details.get(key), program.locale) for key in TEXTS},
        margin_percent=str(details.get("margin_percent", "")),
    )


def facts_of_frame(frame: Frame) -> dict[str, Any]:
    """The frame as plain data, to be compared and written down."""
    facts = asdict(frame)
    texts = facts.pop("texts")
    return {**facts, "locales": list(frame.locales), **{key: dict(texts[key]) for key in TEXTS}}


def can_change_money(session: Session, program_id: int) -> bool:
    """Whether the currency may still be another one: nothing was sold yet."""
    return not has_sale(session, program_id)


def edit_frame(session: Session, program_id: int, said: Frame, wish: Wish) -> None:
    """`program_invalid` names the fields that are wrong, `currency_in_use` once something was sold,
    `changed_meanwhile` where somebody else was faster."""
    wanted = facts_of_frame(said)
    program = begin_change(session, program_id, wish, wanted)
    if program is None:
        return
    before = facts_of_frame(frame_of(program))
    check_seen(wish, before)
    if problems := _problems(said):
        raise Refusal("program_invalid", fields=problems)
    if said.currency != program.currency and not can_change_money(session, program_id):
        raise Refusal("currency_in_use")
    name = clean_name(said.name)
    program.name, program.currency, program.country = name, said.currency, said.country
    program.time_zone, program.locale = said.time_zone, said.locale
    program.locales = list(said.locales)
    texts = {key: {at: text for at, text in said.texts[key].items() if text} for key in TEXTS}
    program.details = {
        **{key: value for key, value in program.details.items() if key not in texts},
        **{key: words for key, words in texts.items() if words},
        "margin_percent": said.margin_percent,
    }
    touch_program(program)
    after = facts_of_frame(frame_of(program))
    note_change(session, program_id, Change("program.edit", "", name, before, after), wish, wanted)


def margin_of(program: ProgramView) -> Decimal | None:
    """What is left of a sale before rewards, in percent; None where nobody said it."""
    said = str(program.details.get("margin_percent", ""))
    return Decimal(said) if said else None


@cache
def known_currencies() -> frozenset[str]:
    """ISO 4217 codes that a program may count in."""
    return frozenset(list_currencies("en"))


@cache
def known_time_zones() -> frozenset[str]:
    """IANA names of places (`Europe/Paris`)."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def _problems(said: Frame) -> list[str]:
    problems = []
    if not is_clean(said.name) or not clean_name(said.name):
        problems.append("name")
    checks = (
        ("currency", said.currency in known_currencies()),
        ("country", said.country in SUPPORTED_REGIONS),
        ("time_zone", said.time_zone in known_time_zones()),
        ("locales", bool(said.locales) and set(said.locales) <= set(LANGUAGES)),
        ("locale", said.locale in said.locales),
        ("margin_percent", _is_margin(said.margin_percent)),
    )
    problems += [name for name, is_right in checks if not is_right]
    for key, words in said.texts.items():
        longest = TEXT_LENGTH_MAX[key]
        if any(len(text) > longest or not is_clean(_one_line(text)) for text in words.values()):
            problems.append(key)
    return problems


def _is_margin(text: str) -> bool:
    if not text:
        return True
    try:
        number = Decimal(text)
    except ArithmeticError:
        return False
    return number.is_finite() and 0 <= number <= 100 and number == round(number, MARGIN_DECIMALS)


def _one_line(text: str) -> str:
    """Line ends are fine in a text."""
    return text.replace("\r\n", " ").replace("\n", " ")


def _words(said: Any, locale: str) -> dict[str, str]:
    if isinstance(said, Mapping):
        return {str(key): str(text) for key, text in said.items()}
    return {locale: said} if isinstance(said, str) and said else {}
