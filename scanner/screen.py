"""The shopper's screen: a second window of the till's browser that shows what the customer may see."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from scanner.far_screen import current_screen
from scanner.guard import paired_till, till_alone
from wallet.actions.program_view import ProgramView, program_view
from wallet.web.locale import current_language
from wallet.web.security import current_staff
from wallet.web.wiring import read


def screen() -> str | Response:
    """GET /till/screen: on a device that was paired as a screen it asks what its till shows; in the
    till's own browser the till's page keeps it in step and it asks the server nothing."""
    found = current_screen()
    if found is None:
        return _second_window()
    if not found.is_open:
        return redirect(url_for("till.pair_screen"), 303)
    return _page(found.program_id, {"far": url_for("till.screen") + "/api/"})


@till_alone
def _second_window() -> str:
    person = current_staff()
    return _page(person.program_id if person else paired_till().program_id, {"far": None})


def _page(program_id: int, where: dict[str, Any]) -> str:
    program = read(lambda session: program_view(session, program_id))
    return render_template(
        "scanner/screen.html",
        program=program,
        screen_data={**screen_data(program), **where},
    )


def screen_data(program: ProgramView) -> dict[str, Any]:
    """What the window's script needs; the figures come from the till."""
    return {
        "locale": current_language(),
        "pair": url_for("till.pair_screen"),
        "texts": face_texts(program),
    }


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
        "face_lost": _("One moment, the connection comes back"),
        "face_card": _("Your card"),
        "face_card_text": _("Scan this code with your phone's camera to take your card away."),
    }
