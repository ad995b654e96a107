"""What `app.py` hands to the doors, kept on the Flask application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from wallet.config import Settings
from wallet.parts import Parts

T = TypeVar("T")
_KEY = "comptoir"


def install(app: Flask, parts: Parts) -> None:
    """Called once, by `app.py`."""
    app.extensions[_KEY] = parts


def wiring() -> Parts:
    """The parts of the running application."""
    return cast(Parts, current_app.extensions[_KEY])


def write(work: Callable[[Session], T]) -> T:
    """Do `work` in one transaction, again when a race was lost; then wake the worker if it has to
    tell phones. The door's way to every action that writes."""
    parts = wiring()
    wants: list[bool] = []

    def _work(session: Session) -> T:
        session.info["nudge"] = False
        result = work(session)
        wants.append(bool(session.info.get("nudge")))
        return result

    result = parts.database.run(_work)
    if wants[-1]:
        parts.nudge()
    return result


def read(work: Callable[[Session], T]) -> T:
    """Do `work` in one read-only snapshot."""
    with wiring().database.reading() as session:
        return work(session)


def settings() -> Settings:
    """The settings of the running application."""
    return wiring().settings
