"""What every page of the console needs: the program, the person, the way around."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import gettext

from wallet import clock
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.review_till_lines import count_to_review
from wallet.actions.tills.flags import count_flags
from wallet.doctor import speak
from wallet.doctor.apple import ending
from wallet.web.console.forms.reading import Tongue
from wallet.web.locale import current_language
from wallet.web.security import TILL_ROLES, staff
from wallet.web.staff import role_names
from wallet.web.wiring import read, wiring

# Marketers work with aggregates; single members are for those who serve them.
SEES_PEOPLE = ("owner", "manager")
# Certificates, accounts and phones' complaints: for those who can do something about them.
SEES_SETUP = ("owner", "manager")


def own_program() -> ProgramView:
    """The program of the person signed in: there is no other way to choose one."""
    program_id = staff().program_id
    return read(lambda session: program_view(session, program_id))


def tongue_of(program: ProgramView) -> Tongue:
    """How its forms are written and read."""
    return Tongue(program.locales, program.locale, program.currency)


def console_page(template: str, program: ProgramView, **values: Any) -> str:
    """A page inside the console's frame."""
    person = staff()
    ending_soon = ending(wiring().apple, clock.now()) if person.role in SEES_SETUP else None
    sees_people = person.role in SEES_PEOPLE
    return render_template(
        template,
        program=program,
        person=person,
        role_name=role_names()[person.role],
        sees_people=sees_people,
        to_look_at=read(lambda session: count_flags(session, program.id)) if sees_people else 0,
        to_review=read(lambda session: count_to_review(session, program.id)) if sees_people else 0,
        sees_setup=person.role in SEES_SETUP,
        ending_soon=speak(ending_soon, gettext, current_language()) if ending_soon else None,
        has_till=person.role in TILL_ROLES,
        **values,
    )
