"""Which lots pay for something: what is there now, less what tills hold for others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.errors import Refusal
from wallet.rules.lots import Draw, draw, expiry_order, is_usable, usable_lots
from wallet.tables.ledger import AccountState, open_lots
from wallet.tables.till_hold import TillHold, live_holds


def draw_spendable(
    session: Session,
    account: AccountState,
    quantity: int,
    actor: Actor,
    now: datetime,
    usable_at: datetime | None = None,
) -> list[Draw]:
    """What pays `quantity`, from the lots that expire first. The account is locked.

    `insufficient_balance`; `units_held` where only what other tills hold is in the way, with `until`.
    What the actor's own till holds is its to spend, and that hold ends with it. `usable_at` is when
    something was taken that is written down only now: a lot may have ended on the way here.
    """
    lots = usable_lots(open_lots(session, account.id), now, usable_at or now)
    usable = sum(lot.remaining for lot in lots)
    here = min(usable, account.balance)
    holds = [
        hold for hold in live_holds(session, account.member_id, now) if hold.unit == account.unit
    ]
    others = [hold for hold in holds if not is_held_by(hold, actor)]
    free = here - sum(hold.quantity for hold in others)
    if quantity > here:
        raise Refusal("insufficient_balance", available=usable, cost=quantity)
    if quantity > free:
        until = max(hold.ends_at for hold in others)
        raise Refusal("units_held", available=max(free, 0), cost=quantity, until=until)
    for hold in holds:
        if hold not in others:
            hold.state, hold.ended_at = "released", now
    draws = draw(lots, quantity, now, usable_at or now)
    assert draws is not None
    return draws


def draw_below(session: Session, account: AccountState, quantity: int, now: datetime) -> list[Draw]:
    """All there is, what is usable first: the rest stands below zero. `units_held` where a till still
    holds some of it, for that is promised."""
    held = [
        each for each in live_holds(session, account.member_id, now) if each.unit == account.unit
    ]
    if held:
        raise Refusal("units_held", available=0, cost=quantity, until=held[-1].ends_at)
    lots = open_lots(session, account.id)
    draws, left = [], quantity
    for lot in sorted(lots, key=lambda lot: (not is_usable(lot, now), expiry_order(lot))):
        if taken := min(lot.remaining, left):
            draws.append(Draw(lot.id, taken))
            left -= taken
    return draws


def is_held_by(hold: TillHold, actor: Actor) -> bool:
    """Whether it was taken at this till; where no till is paired, by this person."""
    if hold.till_id is not None or actor.till_id is not None:
        return hold.till_id == actor.till_id
    return actor.staff_id is not None and hold.staff_id == actor.staff_id
