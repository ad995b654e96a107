"""What tills offer and say: amounts under one key, the talk, objections and questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet.actions.program.catalogue import change_till_words, facts_of_till
from wallet.actions.program.changes import fingerprint
from wallet.actions.program_view import ProgramView
from wallet.actions.till_settings import (
    QUICK_COUNT,
    TillSettings,
    coach_as_typed,
    quick_amounts,
)
from wallet.errors import Refusal
from wallet.rules.coach import DEFAULTS, PARTS, TEXT_LENGTH_MAX, coach
from wallet.rules.money import to_decimal
from wallet.web.console.amounts import minor_amount
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.wish import new_form_id, wish
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import write

Typed = Mapping[str, str]
_TOLD = ("quick_amounts_invalid", "coach_too_long", "changed_meanwhile")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What may be said in one language; pairs are (what customers say, the answer)."""

    script: list[str]
    objections: list[tuple[str, str]]
    questions: list[tuple[str, str]]


def till_words() -> str:
    """GET /console/till-words."""
    program = own_program()
    return _page(program, _as_it_is(program))


def save_till_words() -> Response | str | tuple[str, int]:
    """POST /console/till-words: the form again, with the reason, when something cannot be."""
    program, typed, asked = own_program(), request.form.to_dict(), wish()
    if typed.get("act") == "look":
        return _page(program, typed, looks=True)
    amounts = [typed.get(f"quick_{at}", "").strip() for at in range(QUICK_COUNT)]
    read_amounts = [minor_amount(program.currency, text) for text in amounts if text]
    try:
        if None in read_amounts:
            raise Refusal("quick_amounts_invalid")
        settings = TillSettings([each for each in read_amounts if each is not None], _texts(typed))
        write(lambda session: change_till_words(session, program.id, settings, asked))
    except Refusal as refusal:
        if refusal.code not in _TOLD:
            raise
        return _page(program, typed, sentence(refusal.code)), refusal.status
    flash(_("Saved. Tills show it from the next time they open."), "ok")
    return redirect(url_for("console.till_words"), 303)


def _texts(typed: Typed) -> dict[str, dict[str, str]]:
    """As typed; what is word for word ours stays ours, so that it is kept up to date."""
    texts: dict[str, dict[str, str]] = {}
    for language in own_program().locales:
        ours = DEFAULTS.get(language, {})
        for part in PARTS:
            said = typed.get(f"{part}_{language}", "").replace("\r\n", "\n").strip()
            texts.setdefault(language, {})[part] = "" if said == ours.get(part) else said
    return texts


def _as_it_is(program: ProgramView) -> dict[str, str]:
    typed = {
        f"{part}_{language}": text
        for language in program.locales
        for part, text in coach_as_typed(program, language).items()
    }
    sign = "," if current_language() == "fr" else "."
    for at, amount in enumerate(quick_amounts(program)):
        typed[f"quick_{at}"] = str(to_decimal(amount, program.currency)).replace(".", sign)
    return typed


def _page(program: ProgramView, typed: Typed, error: str = "", *, looks: bool = False) -> str:
    return console_page(
        "console/till_words.html",
        program,
        typed=typed,
        error=error,
        quick_count=QUICK_COUNT,
        longest=TEXT_LENGTH_MAX,
        form_id=new_form_id(),
        seen=fingerprint(facts_of_till(own_program())),
        looks=looks,
        shown={
            language: _as_cashiers_see(program, typed, language) for language in program.locales
        },
    )


def _as_cashiers_see(program: ProgramView, typed: Typed, language: str) -> Spoken:
    """The words of the form; an empty part shows ours, as tills do."""
    ours = DEFAULTS.get(language, {})
    texts = {
        part: typed.get(f"{part}_{language}", "").replace("\r\n", "\n").strip()
        or ours.get(part, "")
        for part in PARTS
    }
    said = coach(texts, program.name)
    objections, questions = (
        [(one.title, one.answer) for one in part] for part in (said.objections, said.questions)
    )
    return Spoken(list(said.script), objections, questions)
