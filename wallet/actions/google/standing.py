"""How it stands with Google, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.google.gate import gate_name
from wallet.tables.google import class_rows, gate_called, tallies

_PREFIX = "google_"


@dataclass(frozen=True, slots=True)
class GoogleStanding:
    """`tallies` count since the beginning, by name. `pause_reason` is empty while Google takes what
    is sent. `classes` counts by the state of Google's review, refused ones under their reason."""

    tallies: Mapping[str, int]
    pause_reason: str
    paused_seconds: float
    classes: Mapping[str, int]
    check_age_seconds: float


def google_standing(session: Session, issuer_id: str, now: datetime) -> GoogleStanding:
    """Now."""
    gate = gate_called(session, gate_name(issuer_id))
    rows = class_rows(session)
    ended = [row.round_ended_at for row in rows if row.round_ended_at is not None]
    until = gate.paused_until if gate and gate.failures else None
    return GoogleStanding(
        {name.removeprefix(_PREFIX): count for name, count in tallies(session, _PREFIX).items()},
        gate.reason if gate and gate.failures else "",
        max((until - now).total_seconds(), 0.0) if until else 0.0,
        Counter(row.state.lower() or row.reason or "unknown" for row in rows),
        (now - min(ended)).total_seconds() if ended else 0.0,
    )
