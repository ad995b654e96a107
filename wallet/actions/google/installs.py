"""The end of the install funnel: cards asked for, saved on a phone, taken off again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.tables.google import install_totals, issued_since
from wallet.tables.wallet_pass import count_passes


@dataclass(frozen=True, slots=True)
class Installs:
    """Since a day: `issued` cards asked for, `saved` and `removed` as Google told. `held` are on
    phones now, whenever they came there."""

    issued: int
    saved: int
    removed: int
    held: int


def installs_of(session: Session, program: ProgramView, provider: str, since: datetime) -> Installs:
    """The funnel of one wallet."""
    counts = install_totals(session, program.id, f"{since:%Y-%m-%d}")
    return Installs(
        issued=issued_since(session, program.id, provider, since),
        saved=counts.get((provider, "save"), 0),
        removed=counts.get((provider, "del"), 0),
        held=count_passes(session, program.id).get(provider, 0),
    )
