"""Hold units of a member for one till, so that it can give a reward if its connection goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.draw_spendable import is_held_by
from wallet.actions.member_view import MemberView, member_view
from wallet.actions.program_view import ProgramView
from wallet.actions.redeem_often import refuse_held
from wallet.actions.refresh_card import refresh_card
from wallet.actions.shown_card import COUNTER, Shown, require_shown
from wallet.actions.take_reward import becomes_voucher
from wallet.actions.tills.own_card import refuse_own_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.offline_redemption import Choice, OfflineRedemption, to_hold, within_hold
from wallet.rules.spending import Proven
from wallet.tables.member import Member, lock_member
from wallet.tables.till_hold import TillHold, hold_for, live_holds


@dataclass(frozen=True, slots=True)
class HoldView:
    """What this till holds of a member, and of which rewards it pays one. `id` is the till's own."""

    id: str
    unit: str
    quantity: int
    ends_at: datetime
    seconds_left: int
    reward_ids: tuple[int, ...]

    def of(self, unit: str) -> int:
        """What is held of this unit."""
        return self.quantity if self.unit == unit else 0


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """What other tills hold of one unit, and when the last of it is free again."""

    unit: str
    quantity: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Holds:
    """What is held of a member now, as one till sees it."""

    own: HoldView | None = None
    elsewhere: tuple[HeldElsewhere, ...] = ()


NOTHING_HELD = Holds()


def take_hold(
    session: Session,
    program: ProgramView,
    member: Member,
    request_id: str,
    shown: Shown | None,
    actor: Actor,
    now: datetime,
) -> TillHold:
    """As much as the dearest reward costs that the member may take now, at this till, by what was
    shown. Whatever would be asked of taking it is asked here: what needs the customer's yes or a
    manager needs a connection too.

    The same id again is the same hold, and a till holds once of a member: while it does, that one is
    the answer. `holds_off`, `own_card`, `member_closed`, `nothing_to_hold`, `code_…`,
    `confirmation_needed`, `…_often`; `request_id_reused` for another member.
    """
    rules = holds_of(program)
    lock_member(session, member)
    known = hold_for(session, program.id, request_id)
    if known is not None:
        if known.member_id != member.id or not is_held_by(known, actor):
            raise Refusal("request_id_reused")
        return known
    if member.status != "active":
        raise Refusal("member_closed")
    refuse_own_card(session, member, actor)
    for hold in live_holds(session, member.id, now):
        if is_held_by(hold, actor):
            return hold
    choice = _choose(session, program, member, shown, now)
    refuse_held(session, program, member.id, actor, now)
    is_fresh = False
    if actor.channel == COUNTER or shown is not None:
        is_fresh = require_shown(session, program, member, (choice.unit, choice.cost), shown)
    assert actor.staff_id is not None
    hold = TillHold(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        request_id=request_id,
        unit=choice.unit,
        quantity=choice.cost,
        till_id=actor.till_id,
        staff_id=actor.staff_id,
        store_id=actor.store_id,
        step=shown.step if shown and is_fresh else None,
        created_at=now,
        ends_at=now + rules.life,
        state="open",
        ended_at=None,
        op_id="",
        redemption_id=None,
    )
    session.add(hold)
    session.flush()
    refresh_card(session, program, member, now)  # the code on an iPhone turned
    return hold


def release_hold(
    session: Session, program: ProgramView, request_id: str, actor: Actor, now: datetime
) -> None:
    """Give it back before its time; nothing to do where it is over or was used. `hold_unknown` at
    another till."""
    hold = hold_for(session, program.id, request_id, lock=True)
    if hold is None:
        return  # the taking never arrived
    if not is_held_by(hold, actor):
        raise Refusal("hold_unknown")
    if hold.state == "open":
        hold.state, hold.ended_at = "released", now
        session.flush()


def holds_of(program: ProgramView) -> OfflineRedemption:
    """The program's rules for it, or `holds_off`."""
    rules = program.ruleset.offline_redemption
    if rules is None:
        raise Refusal("holds_off")
    return rules


def holds_on(
    session: Session, program: ProgramView, view: MemberView, actor: Actor, now: datetime
) -> Holds:
    """What is held of a member, for the page of this till. Reads only where something is."""
    if not any(balance.held for balance in view.balances.values()):
        return NOTHING_HELD
    live = live_holds(session, view.id, now)
    own = next((hold for hold in live if is_held_by(hold, actor)), None)
    others = [hold for hold in live if hold is not own]
    units = sorted({hold.unit for hold in others})
    return Holds(
        _view(program, view, own, now) if own else None,
        tuple(_elsewhere(unit, others) for unit in units),
    )


def _view(program: ProgramView, view: MemberView, hold: TillHold, now: datetime) -> HoldView:
    choices = _choices(program, view, hold.quantity, hold.unit)
    return HoldView(
        hold.request_id,
        hold.unit,
        hold.quantity,
        hold.ends_at,
        int((hold.ends_at - now).total_seconds()),
        tuple(within_hold(choices, hold.unit, hold.quantity)),
    )


def _elsewhere(unit: str, holds: Sequence[TillHold]) -> HeldElsewhere:
    of_unit = [hold for hold in holds if hold.unit == unit]
    return HeldElsewhere(
        unit, sum(hold.quantity for hold in of_unit), max(hold.ends_at for hold in of_unit)
    )


def _choose(
    session: Session, program: ProgramView, member: Member, shown: Shown | None, now: datetime
) -> Choice:
    view = member_view(session, program, member, now)
    choices = _choices(program, view)
    if not choices:
        if any(balance.held for balance in view.balances.values()):
            raise Refusal("units_held")
        raise Refusal("nothing_to_hold")
    kind = shown.kind if shown and shown.kind != "voucher" else "none"
    proven = Proven(has_code=kind != "none", is_fresh=kind == "fresh")
    chosen = to_hold(choices, proven, program.ruleset.main_unit.key)
    # Where all need more than was shown, the cheapest says what.
    return chosen or min(choices, key=lambda choice: choice.cost)


def _choices(
    program: ProgramView, view: MemberView, held: int = 0, of_unit: str = ""
) -> list[Choice]:
    """What goes over the counter at once, is open to this member and within reach. What is kept as a
    voucher waits for a connection like the voucher itself."""
    found = []
    for reward in view.rewards:
        balance = view.balances.get(reward.unit)
        have = balance.available + (held if reward.unit == of_unit else 0) if balance else 0
        if becomes_voucher(reward) or view.obstacles.get(reward.id) or reward.cost > have:
            continue
        needs = program.ruleset.proof_for(reward.unit, reward.cost)
        found.append(Choice(reward.id, reward.unit, reward.cost, needs))
    return found
