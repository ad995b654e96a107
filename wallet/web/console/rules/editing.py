"""The form of one part of the rules: shown, kept in the draft, taken out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet.actions.program.rule_draft import draft_of, edit_draft
from wallet.errors import Refusal
from wallet.rules.sentences import sentences
from wallet.web.console.amounts import count_typed
from wallet.web.console.forms.ask import Form
from wallet.web.console.forms.reading import typed_in, typed_of, values_of
from wallet.web.console.frame import console_page, own_program, tongue_of
from wallet.web.console.rules.earning import EARNING, MULTIPLIERS
from wallet.web.console.rules.general import COUNTING, GIFTS, SPENDING
from wallet.web.console.rules.part import NEW, Here, Part, WrongError
from wallet.web.console.rules.statuses import PLANS, POLICY, TIERS
from wallet.web.console.rules.units import UNITS
from wallet.web.console.rules.words import problem_sentences
from wallet.web.console.wish import new_form_id, wish
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, write

PARTS: Mapping[str, Part] = {
    "units": UNITS,
    "earning": EARNING,
    "multipliers": MULTIPLIERS,
    "tiers": TIERS,
    "statuses": POLICY,
    "plans": PLANS,
    "gifts": GIFTS,
    "counting": COUNTING,
    "spending": SPENDING,
}


def rule_part(part: str, key: str) -> str:
    """GET /console/rules/PART/KEY."""
    one, here, revision = _found(part, key)
    sections = one.sections(here)
    typed = typed_of(sections, one.values(here), tongue_of(here.program))
    return _page(part, here, typed, {}, revision)


def save_rule_part(part: str, key: str) -> Response | tuple[str, int]:
    """POST /console/rules/PART/KEY: into the draft, or the form again with the reasons."""
    one, here, revision = _found(part, key)
    if request.form.get("act") == "remove":
        return _remove(part, one, here, revision)
    sections, tongue = one.sections(here), tongue_of(here.program)
    typed = typed_in(sections, request.form, tongue)
    values, errors = values_of(sections, typed, tongue)
    if errors:
        return _page(part, here, typed, errors, revision), 422
    asked, seen = wish(), count_typed(request.form.get("revision", ""))

    def _edit(document: dict[str, Any]) -> None:
        one.keep(here, document, values)

    try:
        write(
            lambda session: edit_draft(
                session, here.program.id, _edit, -1 if seen is None else seen, asked
            )
        )
    except WrongError as wrong:
        return _page(part, here, typed, {wrong.name: wrong.sentence}, revision), 422
    except Refusal as refusal:
        return _page(part, here, typed, {"form": _why(refusal)}, revision), refusal.status
    flash(_("Noted in the draft. Nothing changes for anybody until it is published."), "ok")
    return redirect(url_for("console.rules"), 303)


def _remove(part: str, one: Part, here: Here, revision: int) -> Response | tuple[str, int]:
    if one.remove is None or here.is_new:
        raise Refusal("not_found")
    take_out, asked = one.remove, wish()
    seen = count_typed(request.form.get("revision", ""))

    def _edit(document: dict[str, Any]) -> None:
        take_out(here, document)

    try:
        write(
            lambda session: edit_draft(
                session, here.program.id, _edit, -1 if seen is None else seen, asked
            )
        )
    except (WrongError, Refusal) as error:
        said = error.sentence if isinstance(error, WrongError) else _why(error)
        status = 409 if isinstance(error, WrongError) else error.status
        typed = typed_of(one.sections(here), one.values(here), tongue_of(here.program))
        return _page(part, here, typed, {"form": said}, revision), status
    flash(_("Taken out of the draft. Nothing changes for anybody until it is published."), "ok")
    return redirect(url_for("console.rules"), 303)


def _why(refusal: Refusal) -> str:
    if refusal.code == "rules_invalid":
        return problem_sentences(refusal.facts.get("problems", ()))
    if refusal.code != "draft_conflict":
        raise refusal
    return sentence(refusal.code)


def _found(part: str, key: str) -> tuple[Part, Here, int]:
    program = own_program()
    one = PARTS.get(part)
    if one is None:
        raise Refusal("not_found")
    draft = read(lambda session: draft_of(session, program))
    here = Here(program, draft.rules, key)
    is_new = key == NEW and one.remove is not None
    if not (is_new or one.has(here)):
        raise Refusal("not_found")
    return one, here, draft.revision


def _page(
    part: str, here: Here, typed: Mapping[str, Any], errors: Mapping[str, str], revision: int
) -> str:
    one, program, language = PARTS[part], here.program, current_language()
    told = [
        said.text
        for said in sentences(here.rules, program.currency, language)
        if said.key == here.key and not here.is_new
    ]
    return console_page(
        "console/rule_part.html",
        program,
        part=part,
        key=here.key,
        title=one.title(here),
        told=told,
        form=Form(one.sections(here), typed, program.locales, program.locale, errors),
        form_id=new_form_id(),
        revision=revision,
        can_remove=one.remove is not None and not here.is_new,
    )
