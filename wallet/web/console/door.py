"""The console's routes and who may take them."""

from __future__ import annotations

from flask import Blueprint

from wallet.web.console.frame import SEES_PEOPLE
from wallet.web.console.members import member, members
from wallet.web.console.overview import overview
from wallet.web.security import CONSOLE_ROLES, require_role


def console_door() -> Blueprint:
    """`/console/`: the overview and the members."""
    door = Blueprint("console", __name__, url_prefix="/console")
    door.add_url_rule("/", "overview", require_role(*CONSOLE_ROLES)(overview))
    door.add_url_rule("/members", "members", require_role(*SEES_PEOPLE)(members))
    door.add_url_rule("/members/<member_id>", "member", require_role(*SEES_PEOPLE)(member))
    return door
