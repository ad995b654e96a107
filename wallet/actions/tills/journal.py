"""The journal of the tills: every act with who did it, at which till, in which store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.ids import new_id
from wallet.tables.till import TillAct


@dataclass(frozen=True, slots=True)
class Act:
    """What was done. See `TillAct` for the words."""

    verb: str
    till_id: int | None = None
    store_id: int | None = None
    staff_id: int | None = None
    member_id: int | None = None
    purchase_id: int | None = None
    entry_id: int | None = None
    amount_minor: int | None = None
    changes: Sequence[dict[str, Any]] = ()
    approved_by: int | None = None
    confirmed: str = ""
    reason: str = ""


def note_act(session: Session, program_id: int, act: Act, now: datetime) -> None:
    """Write it down, in the transaction of the act itself."""
    row = TillAct(
        id=new_id(),
        program_id=program_id,
        at=now,
        verb=act.verb,
        till_id=act.till_id,
        store_id=act.store_id,
        staff_id=act.staff_id,
        member_id=act.member_id,
        purchase_id=act.purchase_id,
        entry_id=act.entry_id,
        amount_minor=act.amount_minor,
        changes=list(act.changes),
        approved_by=act.approved_by,
        confirmed=act.confirmed,
        reason=act.reason,
    )
    session.add(row)
    session.flush()
