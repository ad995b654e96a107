"""From typed words to values, with a sentence beside each field that cannot be read; and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from wallet.actions.identify import is_clean
from wallet.rules.money import exponent, spell_money
from wallet.rules.spell import spell_number
from wallet.web.console.amounts import count_typed, minor_amount
from wallet.web.console.forms.ask import Ask, Section, asks_of, field_names
from wallet.web.console.forms.map_place import place_in
from wallet.web.locale import current_language

NAMES_MAX = 500  # of one list


@dataclass(frozen=True, slots=True)
class Tongue:
    """How a program writes: its languages, the one that must be there, its currency."""

    languages: Sequence[str]
    main: str
    currency: str


def typed_in(
    sections: Sequence[Section], form: MultiDict[str, str], tongue: Tongue
) -> dict[str, Any]:
    """What the browser sent, field by field; what nobody asked for is left out."""
    typed: dict[str, Any] = {}
    for ask in asks_of(sections):
        for name in field_names(ask, tongue.languages):
            if ask.kind == "ticks":
                typed[name] = form.getlist(name)
            else:
                typed[name] = form.get(name, "").replace("\r\n", "\n").strip()
    return typed


def values_of(
    sections: Sequence[Section], typed: Mapping[str, Any], tongue: Tongue
) -> tuple[dict[str, Any], dict[str, str]]:
    """(values by the names of asks, sentences by the names of fields). A field that is empty and may
    be gives None, an empty list or an empty mapping."""
    errors: dict[str, str] = {}
    values = {
        ask.name: _READERS[ask.kind](ask, typed, tongue, errors)
        for section in sections
        for ask in section.asks
        if _is_asked(ask, section, typed)
    }
    return values, errors


def typed_of(
    sections: Sequence[Section], values: Mapping[str, Any], tongue: Tongue
) -> dict[str, Any]:
    """The values as they would have been typed."""
    typed: dict[str, Any] = {}
    for ask in asks_of(sections):
        value = values.get(ask.name)
        if ask.kind in ("words", "long_words", "lists"):
            for language in tongue.languages:
                said = (value or {}).get(language, "")
                typed[f"{ask.name}_{language}"] = said if isinstance(said, str) else "\n".join(said)
        else:
            typed[ask.name] = _shown(ask, value, tongue)
    return typed


def _is_asked(ask: Ask, section: Section, typed: Mapping[str, Any]) -> bool:
    """Whether the field belongs to the kind that was chosen."""
    kind = typed.get("kind", "")
    return all(kind in only.split() for only in (ask.only, section.only) if only)


def _shown(ask: Ask, value: Any, tongue: Tongue) -> Any:
    if ask.kind == "ticks":
        return list(value or ())
    if ask.kind == "yes":
        return "yes" if value else ""
    return "" if value is None else _WRITERS.get(ask.kind, _plainly)(value, tongue)


def _plainly(value: Any, tongue: Tongue) -> str:
    return str(value)


def _shown_decimal(value: Any, tongue: Tongue) -> str:
    text = f"{Decimal(value).normalize():f}" if str(value) else ""
    return text.replace(".", ",") if current_language() == "fr" else text


_WRITERS: Mapping[str, Callable[[Any, Tongue], str]] = {
    "money": lambda value, tongue: shown_money(int(value), tongue.currency),
    "names": lambda value, tongue: "\n".join(value),
    "place": lambda value, tongue: f"{value[0]}, {value[1]}",
    "decimal": _shown_decimal,
    "clock": lambda value, tongue: str(value)[:5],
    "day": lambda value, tongue: str(value)[:10],
}


def shown_money(minor: int, currency: str) -> str:
    """As it is typed: `2,50` in French, `2.50` in English, no decimals where there are none."""
    digits = exponent(currency)
    amount = Decimal(minor).scaleb(-digits)
    text = f"{amount:.{digits}f}" if minor % 10**digits else f"{amount:.0f}"
    return text.replace(".", ",") if current_language() == "fr" else text


# --- one reader a kind -----------------------------------------------------------------------------

Errors = MutableMapping[str, str]


def _text(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    text = _checked(ask, ask.name, typed.get(ask.name, ""), errors, required=ask.required)
    return text or (None if ask.kind != "text" else "")


def _checked(ask: Ask, name: str, text: str, errors: Errors, *, required: bool) -> str:
    one = text if ask.kind == "text" or ask.kind == "words" else text.replace("\n", " ")
    if required and not text:
        errors[name] = _("Please fill this in.")
    elif not is_clean(one):
        errors[name] = _("Please use ordinary characters.")
    elif len(text) > ask.longest:
        errors[name] = _(
            "At most %(count)s characters, please.",
            count=spell_number(ask.longest, current_language()),
        )
    return text


def _words(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    found = {}
    for language in tongue.languages:
        name = f"{ask.name}_{language}"
        required = ask.required and language == tongue.main
        text = _checked(ask, name, typed.get(name, ""), errors, required=required)
        if text:
            found[language] = text
    return found


def _lists(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    found = {}
    for language in tongue.languages:
        name = f"{ask.name}_{language}"
        lines = [line.strip() for line in typed.get(name, "").split("\n") if line.strip()]
        if any(len(line) > ask.longest or not is_clean(line) for line in lines):
            errors[name] = _(
                "Ordinary characters, please, and at most %(count)s a line.", count=ask.longest
            )
        if len(lines) > NAMES_MAX:
            errors[name] = _("At most %(count)s lines, please.", count=NAMES_MAX)
        if lines:
            found[language] = lines
    return found


def _names(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    parts = re.split(r"[\n,;]", typed.get(ask.name, ""))
    names = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if any(len(name) > ask.longest or not is_clean(name) for name in names):
        errors[ask.name] = _(
            "Ordinary characters, please, and at most %(count)s a line.", count=ask.longest
        )
    elif len(names) > NAMES_MAX:
        errors[ask.name] = _("At most %(count)s lines, please.", count=NAMES_MAX)
    elif ask.required and not names:
        errors[ask.name] = _("Please fill this in.")
    return names


def _number(
    ask: Ask, typed: Mapping[str, Any], errors: Errors, read: Callable[[str], int | None], said: str
) -> int | None:
    """`said` is the sentence for whatever cannot be."""
    text = typed.get(ask.name, "")
    if not text:
        if ask.required:
            errors[ask.name] = _("Please fill this in.")
        return None
    found = read(text)
    low, high = ask.least, ask.most
    if found is None or (low is not None and found < low) or (high is not None and found > high):
        errors[ask.name] = said
        return None
    return found


def _count(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    language = current_language()
    said = _(
        "A whole number from %(least)s to %(most)s, please.",
        least=spell_number(ask.least or 0, language),
        most=spell_number(ask.most if ask.most is not None else 10**9, language),
    )
    return _number(ask, typed, errors, count_typed, said)


def _money(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    language = current_language()
    said = _(
        "An amount of money from %(least)s to %(most)s, please, like 12.50.",
        least=spell_money(ask.least or 0, tongue.currency, language),
        most=spell_money(ask.most if ask.most is not None else 10**12, tongue.currency, language),
    )
    return _number(ask, typed, errors, lambda text: minor_amount(tongue.currency, text), said)


def _decimal(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    text = typed.get(ask.name, "")
    if not text:
        if ask.required:
            errors[ask.name] = _("Please fill this in.")
        return None
    low, high = ask.least or 0, ask.most if ask.most is not None else 10**9
    number = _decimal_typed(text)
    if number is None or not low <= number <= high or number != round(number, ask.decimals):
        errors[ask.name] = _(
            "A number from %(least)s to %(most)s with at most %(decimals)s decimals, please.",
            least=low,
            most=spell_number(high, current_language()),
            decimals=ask.decimals,
        )
        return None
    return f"{number.normalize():f}"


def _decimal_typed(text: str) -> Decimal | None:
    bare = text.replace(",", ".").rstrip("% \u00a0\u202f")
    if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", bare, re.ASCII):
        return None
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None


def _choice(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    text = typed.get(ask.name, "")
    if text not in [key for key, _name in ask.choices]:
        errors[ask.name] = _("Please choose one.")
    return text


def _ticks(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    known = [key for key, _name in ask.choices]
    chosen = typed.get(ask.name, ())
    if any(one not in known for one in chosen) or (ask.required and not chosen):
        errors[ask.name] = _("Please choose from the list.")
    return [one for one in known if one in chosen]


def _yes(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    return typed.get(ask.name) == "yes"


def _day(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    return _calendar(ask, typed, errors, date.fromisoformat, _("Please type a date."))


def _clock(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    found = _calendar(ask, typed, errors, time.fromisoformat, _("Please type a time like 17:30."))
    return f"{found:%H:%M}" if found else None


def _calendar(
    ask: Ask, typed: Mapping[str, Any], errors: Errors, read: Callable[[str], Any], said: str
) -> Any:
    text = typed.get(ask.name, "")
    if not text:
        if ask.required:
            errors[ask.name] = _("Please fill this in.")
        return None
    try:
        return read(text)
    except ValueError:
        errors[ask.name] = said
        return None


def _place(ask: Ask, typed: Mapping[str, Any], tongue: Tongue, errors: Errors) -> Any:
    text = typed.get(ask.name, "")
    if not text:
        return None
    found = place_in(text)
    if found is None:
        errors[ask.name] = _(
            "This says no place: please paste the address of a map that shows the store, or two numbers like 48.8566, 2.3522."
        )
        return None
    return list(found)


_READERS: Mapping[str, Callable[[Ask, Mapping[str, Any], Tongue, Errors], Any]] = {
    "text": _text,
    "long": _text,
    "words": _words,
    "long_words": _words,
    "lists": _lists,
    "names": _names,
    "count": _count,
    "money": _money,
    "decimal": _decimal,
    "choice": _choice,
    "ticks": _ticks,
    "yes": _yes,
    "day": _day,
    "clock": _clock,
    "place": _place,
}
