"""The code on the web card, where the program wants it to change by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response, jsonify
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.member_view import member_with_token
from wallet.actions.program_view import ProgramView, all_programs
from wallet.actions.rotating_codes import Drawn, draw_code, make_code_key
from wallet.errors import Refusal
from wallet.web.present import code_picture
from wallet.web.wiring import read, write


@dataclass(frozen=True, slots=True)
class CardCode:
    """The picture, and after how many seconds the next one is due; 0 where it never changes."""

    picture: Markup
    seconds_left: int = 0


def card_code(program: ProgramView, member_id: int, static_code: str, *, is_open: bool) -> CardCode:
    """What the web card shows to the till now. The key of a card is made when it is first drawn."""
    label = _("QR code of your card")
    if not (program.ruleset.spending.rotating and is_open):
        return CardCode(code_picture(static_code, label))
    now = clock.now()
    drawn = read(lambda session: draw_code(session, member_id, "web", now))
    drawn = drawn or write(lambda session: _first(session, program, member_id, now))
    return CardCode(code_picture(drawn.value, label), drawn.seconds_left)


def next_code(token: str) -> Response:
    """GET /card/{token}/code: `{"svg": …, "seconds_left": …}`."""

    def _find(session: Session) -> tuple[ProgramView, int, str, bool]:
        found = member_with_token(session, token, all_programs(session))
        if found is None:
            raise Refusal("not_found")
        program, member = found
        return program, member.id, member.code, member.status == "active"

    program, member_id, static_code, is_open = read(_find)
    code = card_code(program, member_id, static_code, is_open=is_open)
    answer = jsonify(svg=str(code.picture), seconds_left=code.seconds_left)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _first(session: Session, program: ProgramView, member_id: int, now: datetime) -> Drawn:
    make_code_key(session, program, member_id, "web", now)
    drawn = draw_code(session, member_id, "web", now)
    assert drawn is not None
    return drawn
