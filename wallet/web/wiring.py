"""What `app.py` hands to the doors, kept on the Flask application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import Flask, current_app
from passes.google.identity import GoogleIdentity
from sqlalchemy.orm import Session

from passes.apple.identity import AppleIdentity
from wallet.config import Settings
from wallet.db import Database

T = TypeVar("T")
_KEY = "comptoir"


@dataclass(frozen=True, slots=True)
class Wiring:
    """One set of parts for the whole application."""

    settings: Settings
    database: Database
    nudge: Callable[[], None]  # wake the worker after a commit that left it work
    apple: AppleIdentity
    google: GoogleIdentity


def install(app: Flask, wiring: Wiring) -> None:
    """Called once, by `app.py`."""
    app.extensions[_KEY] = wiring


def wiring() -> Wiring:
    """The parts of the running application."""
    return cast(Wiring, current_app.extensions[_KEY])


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
