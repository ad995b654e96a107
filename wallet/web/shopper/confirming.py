"""What a till asks the shopper, on the page of their own card; and the PIN they say yes with elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.member_view import member_with_token
from wallet.actions.program_view import ProgramView, all_programs
from wallet.actions.tills.confirm import (
    Asked,
    answer_on_card,
    open_for_member,
    spell_wanted,
)
from wallet.actions.tills.member_pin import choose_pin, has_pin
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, wiring, write

_TOLD = ("pin_invalid", "pin_weak", "pin_wrong", "pin_locked", "too_many_attempts")


@dataclass(frozen=True, slots=True)
class Question:
    """The question in words: `12,50 €` are to be used, for what, and where."""

    id: str
    quantity: str
    reward: str
    place: str


def question_for(program: ProgramView, member_id: int) -> Question | None:
    """What this member is asked now."""
    asked = read(lambda session: open_for_member(session, program, member_id, clock.now()))
    return _in_words(program, asked) if asked else None


def member_has_pin(member_id: int) -> bool:
    """Whether a PIN was chosen that still works."""
    return read(lambda session: has_pin(session, member_id))


def say(token: str, confirmation_id: str) -> Response:
    """POST /card/{token}/confirm/{id}: yes or no, from the phone that holds the card."""
    number = private_id("cnf", confirmation_id) or 0
    is_yes = request.form.get("answer") == "yes"

    def _say(session: Session) -> None:
        program, member = _holder(session, token)
        answer_on_card(session, program, member, number, is_yes=is_yes, now=clock.now())

    try:
        write(_say)
    except Refusal as refusal:
        if refusal.code != "confirmation_over":
            raise
        flash(sentence(refusal.code), "warn")
    else:
        flash(_("Thank you: the till goes on.") if is_yes else _("Nothing was taken."), "ok")
    return redirect(url_for("shopper.card", token=token), 303)


def keep_pin(token: str) -> Response:
    """POST /card/{token}/pin: the PIN that says yes at a till where the phone is not at hand."""
    member_id = read(lambda session: _holder(session, token)[1].id)
    pin, before = request.form.get("pin", "").strip(), request.form.get("before", "").strip()
    try:
        choose_pin(wiring().database, member_id, pin, before, clock.now())
    except Refusal as refusal:
        if refusal.code not in _TOLD:
            raise
        flash(sentence(refusal.code), "bad")
    else:
        flash(_("Your PIN is kept."), "ok")
    return redirect(url_for("shopper.card", token=token, _anchor="pin"), 303)


def _holder(session: Session, token: str) -> tuple[ProgramView, Any]:
    found = member_with_token(session, token, all_programs(session))
    if found is None:
        raise Refusal("not_found")
    return found


def _in_words(program: ProgramView, asked: Asked) -> Question:
    language = current_language()
    store = next((store.name for store in program.stores if store.id == asked.store_id), "")
    return Question(
        asked.id,
        spell_wanted(program, asked, language),
        program.text(asked.name, language) if asked.name else "",
        " · ".join(part for part in (program.name, store) if part),
    )
