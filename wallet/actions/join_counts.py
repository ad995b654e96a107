"""How many members each store's posters brought."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.tables.reports import joined_by

SELF = "self:"  # joined by themselves, through an address that says where it was printed


def joined_by_poster(
    session: Session, program_id: int, since: datetime | None = None
) -> Counter[tuple[int | None, str]]:
    """(store or None, what the address calls itself) → members who joined through it."""
    found = joined_by(session, program_id, f"{SELF}poster", since)
    return Counter({(store, label.removeprefix(SELF)): count for store, label, count in found})
