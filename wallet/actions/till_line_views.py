"""A saved sale or reward as the till that sent it sees it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.tables.ledger import entries_of_purchase
from wallet.tables.member import member_with_id
from wallet.tables.reward import Redemption
from wallet.tables.till_line import TillLine


@dataclass(frozen=True, slots=True)
class LineFate:
    """What became of a line: its state, the code of what kept it from counting, what it gave."""

    state: str
    reason: str
    movements: tuple[tuple[str, int], ...] = ()
    member_id: int | None = None
    member_name: str = ""
    member_number: str = ""


def fate_of(session: Session, program: ProgramView, line: TillLine) -> LineFate:
    """The member is named only where the sale counts: a code that was never looked up online must not
    tell a name afterwards."""
    counts = line.purchase_id is not None or line.redemption_id is not None
    if line.state != "accepted" or line.member_id is None or not counts:
        return LineFate(line.state, line.reason)
    member = member_with_id(session, program.id, line.member_id)
    assert member is not None
    return LineFate(
        line.state,
        line.reason,
        _movements(session, line),
        member.id,
        member.name or "",
        member.number,
    )


def _movements(session: Session, line: TillLine) -> tuple[tuple[str, int], ...]:
    if line.purchase_id is not None:
        return tuple(
            (entry.unit, entry.quantity)
            for entry in entries_of_purchase(session, line.purchase_id)
            if entry.kind in ("accrual", "recovery")
        )
    redemption = session.get_one(Redemption, line.redemption_id)
    return ((redemption.unit, -redemption.cost),)
