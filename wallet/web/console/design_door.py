"""The designer's routes."""

from __future__ import annotations

from flask import Blueprint

from wallet.web.console.design import design
from wallet.web.console.design_api import add_picture, discard, findings, picture, preview, save
from wallet.web.console.design_release_api import (
    effect,
    progress,
    publish,
    roll_back,
    test_card,
    widen,
    withdraw,
)
from wallet.web.security import CONSOLE_ROLES, require_role


def add_design(door: Blueprint) -> None:
    """The card designer: for everybody who works on the brand."""
    guard = require_role(*CONSOLE_ROLES)
    door.add_url_rule("/design", "design", guard(design))
    door.add_url_rule("/design/pictures/<name>.png", "design_picture", guard(picture))
    door.add_url_rule("/design/progress", "design_progress", guard(progress))
    for path, name, view, method in (
        ("effect", "design_effect", effect, "POST"),
        ("publish", "design_publish", publish, "POST"),
        ("widen", "design_widen", widen, "POST"),
        ("withdraw", "design_withdraw", withdraw, "POST"),
        ("roll-back", "design_roll_back", roll_back, "POST"),
        ("test-card", "design_test_card", test_card, "POST"),
        ("preview", "design_preview", preview, "POST"),
        ("findings", "design_findings", findings, "POST"),
        ("draft", "design_save", save, "PUT"),
        ("draft/discard", "design_discard", discard, "POST"),
        ("pictures", "design_add_picture", add_picture, "POST"),
    ):
        door.add_url_rule(f"/design/{path}", name, guard(view), methods=[method])
