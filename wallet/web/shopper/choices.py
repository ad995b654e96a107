"""What members choose on their own card: benefits of a set, a charity; and what they may open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.choose_charity import choose_charity
from wallet.actions.choose_perks import choose_perks
from wallet.actions.hand_over import hand_over
from wallet.actions.member_view import member_with_token
from wallet.actions.program_view import ProgramView, all_programs
from wallet.errors import Refusal
from wallet.web.problems import sentence
from wallet.web.shopper.message import Link, Message, message_page
from wallet.web.wiring import read, write

# What a refusal of a choice is about is on the page itself.
_TOLD = ("picks_too_many", "reward_not_found", "charity_not_found", "member_closed")


def pick_perks(token: str) -> Response:
    """POST: the benefits that this member has from now on."""

    def _work(session: Session, now: datetime) -> None:
        program, member = _holder(session, token)
        picks = request.form.getlist("perk")
        choose_perks(session, program, member, request.form.get("choice", ""), picks, now)

    return _chosen(token, _work, _("Your choice is kept."), "perks")


def pick_charity(token: str) -> Response:
    """POST: who gets donations from now on."""

    def _work(session: Session, now: datetime) -> None:
        program, member = _holder(session, token)
        choose_charity(session, program, member, request.form.get("charity") or None, now)

    return _chosen(token, _work, _("Your choice is kept."), "charity")


def open_reward(token: str, reward_id: str) -> str | tuple[str, int]:
    """What a reward holds back, for whoever took it: a partner's code, the address of content."""
    now = clock.now()
    program = read(lambda session: _holder(session, token)[0])
    back = Link(url_for("shopper.card", token=token), _("Back to my card"))

    def _read(session: Session) -> dict[str, str]:
        program, member = _holder(session, token)
        return {k: str(v) for k, v in hand_over(session, program, member, reward_id, now).items()}

    try:
        secret = read(_read)
    except Refusal as refusal:
        said = Message("circle-alert", _("Not now"), (sentence(refusal.code),), links=(back,))
        return message_page(program, said), refusal.status
    links = (Link(secret["url"], _("Open it")), back) if "url" in secret else (back,)
    code = (_("Your code: %(code)s", code=secret["code"]),) if "code" in secret else ()
    return message_page(program, Message("gift", _("This is yours"), code, links=links))


def _holder(session: Session, token: str) -> tuple[ProgramView, Any]:
    found = member_with_token(session, token, all_programs(session))
    if found is None:
        raise Refusal("not_found")
    return found


def _chosen(
    token: str, work: Callable[[Session, datetime], None], said: str, anchor: str
) -> Response:
    now = clock.now()
    try:
        write(lambda session: work(session, now))
    except Refusal as refusal:
        if refusal.code not in _TOLD:
            raise
        flash(sentence(refusal.code), "bad")
    else:
        flash(said, "ok")
    return redirect(url_for("shopper.card", token=token, _anchor=anchor), 303)
