"""The shopper's screen: a second window of the till's browser that shows what the customer may see."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import gettext as _

from scanner.guard import paired_till, till_alone
from wallet.actions.program_view import ProgramView, program_view
from wallet.web.locale import current_language
from wallet.web.security import current_staff
from wallet.web.wiring import read


@till_alone
def screen() -> str:
    """GET /till/screen: kept in step by the till's page itself; it asks the server nothing."""
    person = current_staff()
    program_id = person.program_id if person else paired_till().program_id
    program = read(lambda session: program_view(session, program_id))
    return render_template(
        "scanner/screen.html",
        program=program,
        screen_data=screen_data(program),
    )


def screen_data(program: ProgramView) -> dict[str, Any]:
    """What the window's script needs; the figures come from the till."""
    return {"locale": current_language(), "texts": face_texts(program)}


def face_texts(program: ProgramView) -> dict[str, str]:
    """What the customer reads, on the second screen and on the till turned round."""
    return {
        "face_welcome": _("Welcome to {program}").replace("{program}", program.name),
        "face_welcome_text": _("Your card, please"),
        "face_hello": _("Hello {name}"),
        "face_hello_nameless": _("Hello"),
        "face_balance": _("You have"),
        "face_balance_now": _("You have now"),
        "face_missing": _("{count} to go: {reward}"),
        "face_ready": _("Yours whenever you like: {reward}"),
        "face_done": _("Thank you, {name}"),
        "face_done_nameless": _("Thank you"),
        "face_taken": _("For you: {reward}"),
        "face_undone": _("Corrected"),
        "face_saved": _("Saved. The points follow shortly."),
        "face_agree": _("Is that all right?"),
        "face_agree_elsewhere": _("Say yes on the page of your card, or with your PIN."),
        "face_refused": _("One moment, please"),
        "face_card": _("Your card"),
        "face_card_text": _("Scan this code with your phone's camera to take your card away."),
    }
