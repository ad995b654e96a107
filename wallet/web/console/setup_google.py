"""Google Wallet's set-up on one page: what is known here, and on request what Google says now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.google.installs import Installs, installs_of
from wallet.doctor import DOCTORS, worst
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.setup import installation, spoken
from wallet.web.wiring import read

COUNTED = timedelta(days=30)


def google() -> str:
    """What can be told without asking."""
    return _page(online=False)


def ask_google() -> str:
    """Google and the public address are asked; takes some seconds."""
    return _page(online=True)


def _page(*, online: bool) -> str:
    program, now = own_program(), clock.now()
    found = DOCTORS["google"](replace(installation(), online=online))

    def _work(session: Session) -> Installs:
        return installs_of(session, program, "google", now - COUNTED)

    return console_page(
        "console/google.html",
        program,
        checks=spoken(found),
        state=worst(found),
        was_asked=online,
        installs=read(_work),
        days=COUNTED.days,
    )
