"""What each form of the console brings besides its fields: its own id, and what it showed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _

from wallet import clock
from wallet.actions.program.changes import Wish
from wallet.web.console.forms.ask import Section
from wallet.web.console.forms.reading import Tongue, typed_of
from wallet.web.security import staff_actor


def new_form_id() -> str:
    """A form that is sent twice by a nervous finger says the same id twice."""
    return secrets.token_urlsafe(16)


def wish() -> Wish:
    """Of the request."""
    said = request.form
    return Wish(staff_actor(), clock.now(), said.get("form_id", ""), said.get("seen", ""))


def as_it_is_now(
    sections: list[Section], typed: Mapping[str, Any], now: Mapping[str, Any], tongue: Tongue
) -> dict[str, str]:
    """Sentences beside the fields that somebody else changed, or that this form would change."""
    found = typed_of(sections, now, tongue)
    return {
        name: _("Now: %(what)s", what=value or "–")
        for name, value in found.items()
        if isinstance(value, str) and value != typed.get(name, "")
    }
