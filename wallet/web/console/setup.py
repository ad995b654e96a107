"""The set-up: what the doctors say of the installation, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext
from flask_babel import gettext as _

from wallet import clock
from wallet.doctor import DOCTORS, Check, Installation, Spoken, State, speak, worst
from wallet.doctor.apple import restart_needed
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.wiring import wiring


@dataclass(frozen=True, slots=True)
class Part:
    """One doctor's findings. `url` is the page with more, where there is one."""

    name: str
    title: str
    url: str
    state: State
    checks: list[Spoken]


def setup() -> str:
    """Every part of the installation at a glance."""
    parts = [examined(name) for name in DOCTORS]
    return console_page(
        "console/setup.html",
        own_program(),
        parts=parts,
        state=worst_of(parts),
    )


def examined(name: str) -> Part:
    """What one doctor says now."""
    found = DOCTORS[name](installation())
    if name == "apple" and wiring().apple_keeper.needs_restart:
        found.append(restart_needed())
    title, endpoint = _titles()[name]
    return Part(name, title, url_for(endpoint) if endpoint else "", worst(found), spoken(found))


def spoken(checks: list[Check]) -> list[Spoken]:
    """Findings in the language of the request."""
    return [speak(check, gettext, current_language()) for check in checks]


def installation() -> Installation:
    """The running installation, as doctors look at it."""
    parts = wiring()
    return Installation(parts.settings, parts.database, clock.now())


def worst_of(parts: list[Part]) -> State:
    """The state of the whole."""
    order: tuple[State, ...] = ("ok", "warn", "fail")
    return max((part.state for part in parts), key=order.index)


def _titles() -> dict[str, tuple[str, str]]:
    """Name of each doctor and the endpoint of its own page."""
    return {
        "service": (_("The service"), ""),
        "apple": (_("Apple Wallet"), "console.setup_apple"),
        "google": (_("Google Wallet"), "console.setup_google"),
    }
