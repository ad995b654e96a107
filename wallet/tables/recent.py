"""The newest movements of one member, in one statement."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from wallet.prepared import Prepared, Question
from wallet.tables.ledger import Entry


class Move(NamedTuple):
    """One movement of an account: `quantity` is positive for what came in."""

    unit: str
    kind: str
    quantity: int
    occurred_at: datetime


_entry = cast(Table, Entry.__table__)


# By id, which grows with the time of writing and has the index: a sale that an offline till sends
# late is news to its shopper all the same.
@cache
def _newest(limit: int) -> Prepared:
    return Prepared(
        select(_entry.c.unit, _entry.c.kind, _entry.c.quantity, _entry.c.occurred_at)
        .where(_entry.c.member_id == bindparam("member"), _entry.c.quantity != 0)
        .order_by(_entry.c.id.desc())
        .limit(limit)
    )


def moves_of(session: Session, member_id: int, limit: int) -> tuple[Move, ...]:
    """Newest first."""
    return tuple(
        Move(*row) for row in _newest(limit).rows(session, moves_asked(member_id, limit)[1])
    )


def moves_asked(member_id: int, limit: int) -> Question:
    """What `moves_of` asks."""
    return _newest(limit), {"member": member_id}
