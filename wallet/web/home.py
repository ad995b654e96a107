"""The front page of the installation."""

from __future__ import annotations

from flask import render_template

from wallet.actions.first_start import is_untouched
from wallet.actions.load_demo import SLUG
from wallet.web.wiring import read, settings


def home() -> str:
    """What this is and where to go; the demo's doors only where the demo runs."""
    return render_template(
        "home.html",
        is_untouched=read(is_untouched),
        is_demo=settings().demo,
        demo_slug=SLUG,
        has_simulator=bool(settings().simulator_url),
    )
