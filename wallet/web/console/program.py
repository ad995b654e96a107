"""The frame of the program: its name, money, clock, languages, and what its pages say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from phonenumbers import SUPPORTED_REGIONS
from werkzeug.wrappers import Response

from wallet.actions.program.changes import fingerprint
from wallet.actions.program.frame import (
    TEXT_LENGTH_MAX,
    Frame,
    can_change_money,
    edit_frame,
    facts_of_frame,
    frame_of,
    known_currencies,
    known_time_zones,
)
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.web.console.forms.ask import Ask, Choices, Form, Section
from wallet.web.console.forms.reading import typed_in, typed_of, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.console.wish import as_it_is_now, new_form_id, wish
from wallet.web.locale import LANGUAGES, current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, write

_TOLD = ("program_invalid", "currency_in_use", "changed_meanwhile", "name_invalid")
# Offered first: where most merchants of the product are.
_NEAR_MONEY = ("EUR", "CHF", "GBP", "USD", "CAD")
_NEAR_ZONES = ("Europe/Paris", "Europe/Brussels", "Europe/Zurich", "Europe/London")


def program_page() -> str:
    """GET /console/program."""
    program = own_program()
    sections = _sections(program)
    return _page(program, sections, typed_of(sections, _values(program), tongue_of(program)), {})


def save_program() -> Response | tuple[str, int]:
    """POST /console/program: kept, or the form again with the reasons beside the fields."""
    program = own_program()
    sections, tongue = _sections(program), tongue_of(program)
    typed = typed_in(sections, request.form, tongue)
    values, errors = values_of(sections, typed, tongue)
    if errors:
        return _page(program, sections, typed, errors), 422
    said = _frame(program, values)
    asked = wish()
    try:
        write(lambda session: edit_frame(session, program.id, said, asked))
    except Refusal as refusal:
        if refusal.code not in _TOLD:
            raise
        now = own_program()
        return _page(now, sections, typed, _errors(now, sections, typed, refusal)), refusal.status
    flash(_("Saved. Cards and pages follow in a minute or two."), "ok")
    return redirect(url_for("console.program"), 303)


def _errors(
    program: ProgramView, sections: list[Section], typed: Mapping[str, Any], refusal: Refusal
) -> dict[str, str]:
    if refusal.code == "changed_meanwhile":
        found = as_it_is_now(sections, typed, _values(program), tongue_of(program))
        return {**found, "form": sentence(refusal.code)}
    if refusal.code == "currency_in_use":
        return {"currency": sentence(refusal.code)}
    names = refusal.facts.get("fields", ["name"])
    return {str(name): _("Please check this.") for name in names}


def _page(
    program: ProgramView, sections: list[Section], typed: Mapping[str, Any], errors: dict[str, str]
) -> str:
    return console_page(
        "console/program.html",
        program,
        form=Form(sections, typed, program.locales, program.locale, errors),
        form_id=new_form_id(),
        seen=fingerprint(facts_of_frame(frame_of(program))),
        join_path=url_for("shopper.join", slug=program.slug),
    )


def _values(program: ProgramView) -> dict[str, Any]:
    facts = facts_of_frame(frame_of(program))
    return {**facts, "margin_percent": facts["margin_percent"] or None}


def _frame(program: ProgramView, values: Mapping[str, Any]) -> Frame:
    before = frame_of(program)
    texts = {key: {**before.texts[key], **_only(program, values[key])} for key in before.texts}
    return Frame(
        name=values["name"],
        currency=values.get("currency", program.currency),
        country=values["country"],
        time_zone=values["time_zone"],
        locale=values["locale"],
        locales=tuple(values["locales"]),
        texts=texts,
        margin_percent=values["margin_percent"] or "",
    )


def _only(program: ProgramView, words: Mapping[str, str]) -> dict[str, str]:
    """What was typed in the languages of the form; the others stay."""
    return {language: words.get(language, "") for language in program.locales}


def _sections(program: ProgramView) -> list[Section]:
    names = {"fr": _("French"), "en": _("English")}
    spoken = [(key, names[key]) for key in LANGUAGES]
    may_change_money = read(lambda session: can_change_money(session, program.id))
    money_hint = "" if may_change_money else _("Something was sold in it already: it stays.")
    return [
        Section(
            _("The program"),
            [
                Ask("name", _("Name"), required=True, longest=64, autocomplete="organization"),
                Ask(
                    "margin_percent",
                    _("Usual margin, in percent"),
                    "decimal",
                    hint=_("What is left of a sale before rewards. Only you see it."),
                    least=0,
                    most=100,
                    decimals=2,
                ),
            ],
        ),
        Section(
            _("Languages"),
            [
                Ask(
                    "locales",
                    _("Languages that are offered"),
                    "ticks",
                    choices=spoken,
                    required=True,
                ),
                Ask(
                    "locale",
                    _("Default language"),
                    "choice",
                    choices=spoken,
                    hint=_("For whoever speaks another one."),
                ),
            ],
        ),
        Section(
            _("Place and money"),
            [
                Ask("currency", _("Currency"), "choice", hint=money_hint, choices=_currencies()),
                Ask(
                    "country",
                    _("Country of phone numbers"),
                    "choice",
                    choices=_countries(),
                ),
                Ask("time_zone", _("Time zone"), "choice", choices=_zones()),
            ],
        ),
        _page_section(),
    ]


def _page_section() -> Section:
    """The merchant's own words on public pages."""
    lengths = TEXT_LENGTH_MAX
    return Section(
        _("What pages say"),
        [
            Ask(
                "tagline",
                _("In a line"),
                "words",
                longest=lengths["tagline"],
            ),
            Ask(
                "welcome",
                _("Why join, in a sentence or two"),
                "long_words",
                hint=_("On the page where shoppers join, and on posters."),
                longest=lengths["welcome"],
            ),
            Ask(
                "privacy",
                _("What becomes of data"),
                "long_words",
                hint=_("Your own words on the page about data protection."),
                longest=lengths["privacy"],
                rows=5,
            ),
        ],
    )


def _currencies() -> Choices:
    names = Locale.parse(current_language()).currencies
    near = [(code, f"{code} · {names.get(code, code)}") for code in _NEAR_MONEY]
    others = sorted(known_currencies() - set(_NEAR_MONEY))
    return near + [(code, f"{code} · {names.get(code, code)}") for code in others]


def _countries() -> Choices:
    names = Locale.parse(current_language()).territories
    found = [(code, str(names.get(code, code))) for code in SUPPORTED_REGIONS]
    return sorted(found, key=lambda pair: pair[1].casefold())


def _zones() -> Choices:
    others = sorted(known_time_zones() - set(_NEAR_ZONES))
    return [(name, name.replace("_", " ")) for name in (*_NEAR_ZONES, *others)]
