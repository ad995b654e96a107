"""Book a reward that a till gave without a connection, against what it held for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.once import Ask, given_before
from wallet.actions.program_view import ProgramView
from wallet.actions.redeem import Taking, redeem
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.use_hold import Cover
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.tables.ledger import entry_with_id
from wallet.tables.member import Member, lock_member
from wallet.tables.till_hold import hold_for
from wallet.tables.till_line import TillLine, line_with_op

REWARDS_AT_TILLS = "till:redemptions"  # the scope of their request ids
CLOCKS_APART = timedelta(seconds=30)  # the till counts from the answer, which was on its way


def reward_ask(program: ProgramView, request_id: str, member_id: str, reward_id: str) -> Ask:
    """How a till asks for a reward while it has a connection; what it saves has the same id."""
    facts = {"member_id": member_id, "reward_id": reward_id}
    return Ask(program.id, REWARDS_AT_TILLS, request_id, facts)


def booked_before(session: Session, program: ProgramView, line: TillLine) -> int | None:
    """The redemption that this very act came to before, with the hold or without it, where only the
    answer was lost. The caller holds the member's lock."""
    said = line.said["reward"]
    hold = hold_for(session, program.id, said["hold_id"])
    if hold is not None and hold.op_id == line.op_id:
        return hold.redemption_id
    ask = reward_ask(program, line.op_id, line.said["member_id"], said["reward_id"])
    answer = given_before(session, ask)
    if answer is None:
        return None
    entry_id = private_id("ent", answer["undo"]["entry_id"])
    entry = entry_with_id(session, program.id, entry_id or 0)
    return entry.redemption_id if entry else None


def refuse_booked(session: Session, program: ProgramView, member: Member, op_id: str) -> None:
    """`hold_used` for a first try that arrives after the till has sent the act as a saved line."""
    lock_member(session, member)
    line = line_with_op(session, program.id, op_id)
    if line is not None and line.redemption_id is not None:
        raise Refusal("hold_used")


def book_reward(
    session: Session, program: ProgramView, line: TillLine, member: Member, actor: Actor
) -> int:
    """The redemption, with the till's own time. Refusals as `redeem`, above all `hold_over`: what
    arrives after the hold ended is booked only where the program lets it go below zero, and only if
    it was given before."""
    said = line.said["reward"]
    rules = program.ruleset.offline_redemption
    may_go_below = rules is not None and rules.below_zero
    hold = hold_for(session, program.id, said["hold_id"])
    if hold is not None and hold.ends_at <= line.received_at:
        is_given_in_time = line.occurred_at < hold.ends_at + CLOCKS_APART
        if not (may_go_below and is_given_in_time):
            raise Refusal("hold_used" if hold.state == "used" else "hold_over")
    taking = Taking(
        cover=Cover(said["hold_id"], line.op_id, is_later=True),
        recorded_at=line.received_at,
        may_go_below=may_go_below,
    )
    return _redeem(session, program, line, member, actor, taking)


def book_given(
    session: Session,
    program: ProgramView,
    line: TillLine,
    member: Member,
    actor: Actor,
    now: datetime,
) -> int:
    """A manager says that the reward was given: its points are taken, if they are there now, whatever
    else speaks against it. `insufficient_balance`, `units_held`, `member_closed`."""
    taking = Taking(recorded_at=now, is_handed_out=True)
    return _redeem(session, program, line, member, actor, taking)


def _redeem(
    session: Session,
    program: ProgramView,
    line: TillLine,
    member: Member,
    actor: Actor,
    taking: Taking,
) -> int:
    reward_id = line.said["reward"]["reward_id"]
    done = redeem(session, program, member, reward_id, actor, line.occurred_at, taking)
    act = Act(
        "redemption",
        till_id=line.till_id,
        store_id=line.store_id,
        staff_id=line.staff_id,
        member_id=member.id,
        entry_id=done.entry.id,
        changes=[{"unit": done.entry.unit, "quantity": done.entry.quantity}],
    )
    note_act(session, program.id, act, taking.recorded_at or line.received_at)
    return done.redemption.id
