"""Spend what a till holds: once, whatever arrives twice or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.draw_spendable import is_held_by
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.tables.member import Member
from wallet.tables.till_hold import TillHold, hold_for


@dataclass(frozen=True, slots=True)
class Cover:
    """Which hold is to pay, for which act of the till. `is_later`: the act happened while there was no
    connection, against this hold and nothing else."""

    hold_id: str
    op_id: str
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A hold that is being spent. `is_enough`: it pays all of it, and what has to be shown and the
    limits were looked at when it was taken. `step` is the fresh code's that it used up."""

    hold: TillHold
    is_enough: bool

    @property
    def step(self) -> int | None:
        return self.hold.step


def begin_use(
    session: Session,
    program: ProgramView,
    member: Member,
    cover: Cover | None,
    price: tuple[str, int],
    actor: Actor,
    now: datetime,
) -> Use | None:
    """Mark it as used by this act; what it held is free for the act from here on.

    `hold_unknown`, `hold_used`; for an act of earlier also `hold_over` and `hold_too_small`. None where
    nothing is held any more: then the act is one like any other. The caller holds the member's lock.
    """
    if cover is None:
        return None
    hold = hold_for(session, program.id, cover.hold_id, lock=True)
    if hold is None or hold.member_id != member.id or not is_held_by(hold, actor):
        raise Refusal("hold_unknown")
    if hold.state == "used":
        raise Refusal("hold_used")
    is_within = hold.unit == price[0] and hold.quantity >= price[1]
    if cover.is_later and hold.state == "released":
        raise Refusal("hold_over")
    if cover.is_later and not is_within:
        raise Refusal("hold_too_small")
    if hold.state == "released":
        return None
    is_live = cover.is_later or hold.ends_at > now
    hold.state, hold.ended_at, hold.op_id = "used", now, cover.op_id
    session.flush()
    return Use(hold, is_live and is_within)


def end_use(use: Use | None, redemption_id: int) -> None:
    """What came of it."""
    if use is not None:
        use.hold.redemption_id = redemption_id
