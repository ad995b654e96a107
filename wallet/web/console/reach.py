"""Whom a message would reach if it were sent now: what is left of the notification budget."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.google.budget import Reach, notice_reach
from wallet.rules.notices import NOTICES_MAX
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.wiring import read


@dataclass(frozen=True, slots=True)
class Audience:
    """One line of the table."""

    name: str
    reach: Reach


def reach() -> str:
    """Everybody, and each tier."""
    program, now = own_program(), clock.now()

    def _work(session: Session) -> list[Audience]:
        everybody = Audience(_("All members"), notice_reach(session, program, now))
        return [
            everybody,
            *(
                Audience(
                    program.text(tier.name, current_language()),
                    notice_reach(session, program, now, tier.key),
                )
                for tier in program.ruleset.tiers
            ),
        ]

    return console_page(
        "console/reach.html", program, audiences=read(_work), notices_max=NOTICES_MAX
    )
