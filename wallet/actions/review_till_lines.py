"""The manager's list of saved sales that did not count by themselves, and the decision about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.identify import REASON_LENGTH_MAX, check_text
from wallet.actions.program_view import ProgramView
from wallet.actions.receive_till_line import actor_of, member_meant, record_line
from wallet.actions.tills.book_reward import book_given
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.tables.member import Member, member_with_id
from wallet.tables.reward import reward_with_id
from wallet.tables.staff import Staff
from wallet.tables.till_line import TillLine, count_lines, line_with_op, lines_in

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Decision:
    """What a manager decided about a line, and why. `member_id` names whose card it was where the
    till's own word does not."""

    op_id: str
    verdict: Literal["record", "dismiss"]
    note: str = ""
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by name, and how to find their page."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RewardMeant:
    """A reward that was given: its name in every language, and what it costs of which unit."""

    name: Mapping[str, str]
    unit: str
    cost: int


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """One line as the console shows it. `reason` is a refusal code, `said` what was scanned or typed;
    `reward` is set where it is no sale."""

    op_id: str
    amount_minor: int
    occurred_at: datetime
    received_at: datetime
    state: str
    reason: str
    said: str
    member: Person | None
    staff_name: str
    store_name: str
    decided_by: str
    decided_at: datetime | None
    note: str
    reward: RewardMeant | None = None


def lines_to_review(session: Session, program: ProgramView) -> list[ReviewedLine]:
    """What waits for a decision, newest first."""
    found = lines_in(session, program.id, ("review",), None, PAGE_SIZE)
    return [_shown(session, program, line) for line in found]


def lines_decided(session: Session, program: ProgramView) -> list[ReviewedLine]:
    """What managers decided lately, newest first."""
    found = lines_in(session, program.id, ("accepted", "dismissed"), None, PAGE_SIZE)
    return [_shown(session, program, line) for line in found if line.decided_at]


def count_to_review(session: Session, program_id: int) -> int:
    """How many lines wait for a decision."""
    return count_lines(session, program_id, "review")


def decide_till_line(
    session: Session, program: ProgramView, decision: Decision, actor: Actor, now: datetime
) -> TillLine:
    """Let the sale or the reward count after all, for the member meant or named, or say why it shall
    not.

    `till_line_not_found`, `till_line_decided`; whatever keeps the sale itself from being recorded;
    `reason_missing` where nobody says why it is dismissed.
    """
    note = decision.note.strip()
    check_text(note, "note", REASON_LENGTH_MAX)
    line = line_with_op(session, program.id, decision.op_id, lock=True)
    if line is None:
        raise Refusal("till_line_not_found")
    if line.state != "review":
        raise Refusal("till_line_decided")
    if decision.verdict == "record":
        member = _member(session, program, line, decision.member_id)
        _record(session, program, line, member, now)
        line.member_id, line.state = member.id, "accepted"
    elif not note:
        raise Refusal("reason_missing")
    else:
        line.state = "dismissed"
    line.decided_by, line.decided_at, line.note = actor.label, now, note
    session.flush()
    return line


def _record(
    session: Session, program: ProgramView, line: TillLine, member: Member, now: datetime
) -> None:
    if "reward" in line.said:
        actor = actor_of(session, line)
        line.redemption_id = book_given(session, program, line, member, actor, now)
    else:
        line.purchase_id = record_line(session, program, line, member).id


def _reward_meant(session: Session, program: ProgramView, line: TillLine) -> RewardMeant | None:
    """The reward of a line that is no sale, by name, also when it is not offered any more."""
    said = line.said.get("reward")
    if not said:
        return None
    reward = reward_with_id(session, program.id, private_id("rwd", said["reward_id"]) or 0)
    return RewardMeant(reward.name, reward.unit, reward.cost) if reward else RewardMeant({}, "", 0)


def _member(
    session: Session, program: ProgramView, line: TillLine, member_id: str | None
) -> Member:
    if member_id:
        return find_member(session, program, MemberRef(id=member_id))
    return member_meant(session, program, line.said)


def _shown(session: Session, program: ProgramView, line: TillLine) -> ReviewedLine:
    member = member_with_id(session, program.id, line.member_id) if line.member_id else None
    author = session.get(Staff, line.staff_id) if line.staff_id else None
    decider = line.decided_by.removeprefix("staff:")
    by = session.get(Staff, int(decider)) if decider.isdigit() else None
    store = next((store for store in program.stores if store.id == line.store_id), None)
    return ReviewedLine(
        line.op_id,
        line.amount_minor,
        line.occurred_at,
        line.received_at,
        line.state,
        line.reason,
        str(line.said.get("query") or ""),
        Person(public_id("mbr", member.id), member.name or member.number) if member else None,
        author.name if author else "",
        store.name if store else "",
        by.name if by else "",
        line.decided_at,
        line.note,
        _reward_meant(session, program, line),
    )
