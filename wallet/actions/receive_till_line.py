"""Take in what a till saved while it had no connection: exactly once, or where a manager sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.find_member import MemberRef, find_member, look_up
from wallet.actions.program_view import ProgramView
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.tills.book_reward import book_reward, booked_before
from wallet.actions.tills.flags import flag_often
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.own_card import is_own_card
from wallet.errors import Refusal
from wallet.rules.money import exponent
from wallet.rules.periods import local_time, period_of
from wallet.tables.member import Member, lock_member, member_with_id, surviving
from wallet.tables.purchase import Purchase, purchase_from
from wallet.tables.staff import Staff
from wallet.tables.till import Till, till_with_id
from wallet.tables.till_line import TillLine, count_accepted, known_ops, line_with_op

SOURCE = (
    "till"  # of purchases recorded at a till; their external id is the till's own id of the act
)
LATE_AFTER = timedelta(hours=72)  # a long weekend: older lines are looked at before they count
AGE_MAX = timedelta(days=366)  # a clock that says more is wrong
SAVED_A_DAY_MAX = 3  # of one card and day: the fourth time is looked at before it counts
SAVED_AMOUNT_MAX = 500  # in whole units of the currency: more than a till may promise by itself


@dataclass(frozen=True, slots=True)
class SavedReward:
    """Which reward was given, and against which hold of this till."""

    reward_id: str
    hold_id: str


@dataclass(frozen=True, slots=True)
class SavedSale:
    """A sale, or a reward, as the till saved it.

    `member_id` is set where the member was on the screen when the connection went, else `query` is
    what was scanned or typed. `staff_id` is who was at the till. `age_ms` is how long ago it
    happened by the till's own clock, which need not show the right time for that.
    """

    op_id: str
    till: str
    seq: int
    amount_minor: int
    occurred_at: datetime
    age_ms: int
    query: str | None = None
    member_id: str | None = None
    staff_id: int | None = None
    store_id: int | None = None
    till_id: int | None = None  # the paired till that the browser was then
    reward: SavedReward | None = None  # it is no sale, but a reward that was given
    # Articles, the receipt, how the member was found: as `PurchaseFacts` names them.
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What must be the same on every try. The age grows, so it is not among them."""
        paired = {"till_id": self.till_id} if self.till_id is not None else {}
        return {
            **paired,
            **({"reward": asdict(self.reward)} if self.reward else {}),
            **({"more": dict(self.more)} if self.more else {}),
            "query": self.query,
            "member_id": self.member_id,
            "amount_minor": self.amount_minor,
            "occurred_at": self.occurred_at.isoformat(),
            "staff_id": self.staff_id,
        }


@dataclass(frozen=True, slots=True)
class Reporter:
    """Where the line came from: the paired till that sent it, and where that, or whoever is signed
    in, stands."""

    store_id: int | None = None
    till_id: int | None = None


def receive_till_line(
    session: Session, program: ProgramView, saved: SavedSale, reporter: Reporter, now: datetime
) -> TillLine:
    """The line with what became of it: accepted, or waiting for a manager with the reason's code.

    The same operation again is the first answer again; with other facts it is `request_id_reused`.
    """
    digest = hashlib.sha256(json.dumps(saved.facts, sort_keys=True).encode()).hexdigest()
    known = line_with_op(session, program.id, saved.op_id)
    if known is not None:
        if known.facts_hash != digest:
            raise Refusal("request_id_reused")
        return known
    line = TillLine(
        program_id=program.id,
        op_id=saved.op_id,
        till=saved.till,
        seq=saved.seq,
        store_id=_store(program, saved.store_id) or reporter.store_id,
        said={**saved.facts, "age_ms": saved.age_ms},
        facts_hash=digest,
        amount_minor=saved.amount_minor,
        occurred_at=happened_at(saved, now),
        received_at=now,
        state="review",
        reason="",
        decided_by="",
        note="",
        till_id=_till(session, program, saved, reporter),
    )
    session.add(line)
    # An equal line sent at the same moment waits here for this one and then repeats its answer.
    session.flush()
    author = session.get(Staff, saved.staff_id) if saved.staff_id else None
    if author is not None and author.program_id == program.id:
        line.staff_id = author.id
    line.reason = _settle(session, program, line, saved, author)
    line.state = "review" if line.reason else "accepted"
    session.flush()
    return line


def count_new(session: Session, program_id: int, op_ids: Sequence[str]) -> int:
    """How many of these operations were never received."""
    return len(set(op_ids) - known_ops(session, program_id, op_ids))


def happened_at(saved: SavedSale, now: datetime) -> datetime:
    """Our own clock less the age: a till whose clock is wrong knows all the same how long it waited."""
    age = timedelta(milliseconds=max(saved.age_ms, 0))
    return now - min(age, AGE_MAX)


def actor_of(session: Session, line: TillLine) -> Actor:
    """Who was at the till."""
    author = session.get(Staff, line.staff_id) if line.staff_id else None
    return Actor(
        f"staff:{line.staff_id}" if line.staff_id else f"till:{line.till}",
        author.role if author else "cashier",
        "store",
        store_id=line.store_id,
        staff_id=line.staff_id,
        name=author.name if author else "",
        till_id=line.till_id,
    )


def record_line(session: Session, program: ProgramView, line: TillLine, member: Member) -> Purchase:
    """The sale of a line, in the name of who was at the till. Refusals as `record_purchase`."""
    actor = actor_of(session, line)
    facts = PurchaseFacts(
        SOURCE,
        line.op_id,
        "store",
        line.amount_minor,
        program.currency,
        occurred_at=line.occurred_at,
        is_visit=True,
        **line.said.get("more", {}),
    )
    recorded = record_purchase(session, program, member, facts, actor, line.received_at)
    moved = [{"unit": entry.unit, "quantity": entry.quantity} for entry in recorded.entries]
    act = Act(
        "sale",
        till_id=line.till_id,
        store_id=line.store_id,
        staff_id=line.staff_id,
        member_id=recorded.purchase.member_id,
        purchase_id=recorded.purchase.id,
        amount_minor=line.amount_minor,
        changes=moved,
    )
    note_act(session, program.id, act, line.received_at)
    flag_often(session, program, recorded.purchase.member_id, actor, line.received_at)
    return recorded.purchase


def member_meant(session: Session, program: ProgramView, said: dict[str, Any]) -> Member:
    """Whose card it was; who was merged since is the one who survives. Refusals as `find_member`."""
    if said["member_id"]:
        return find_member(session, program, MemberRef(id=said["member_id"]))
    found = look_up(session, program, said["query"] or "")
    if len(found) != 1:
        raise Refusal("till_line_ambiguous" if found else "member_not_found")
    return found[0]


def _settle(
    session: Session,
    program: ProgramView,
    line: TillLine,
    saved: SavedSale,
    author: Staff | None,
) -> str:
    """Record the sale if nothing speaks against it; the code of what does, or nothing."""
    if saved.reward is not None:
        return _settle_reward(session, program, line, author)
    sent_before = purchase_from(session, program.id, SOURCE, saved.op_id)
    try:
        if sent_before is not None:  # the first try arrived, only its answer was lost
            return _take_over(session, program, line, sent_before)
        member = member_meant(session, program, line.said)
        line.member_id = member.id
        if reason := _doubt(session, program, line, member, author):
            return reason
        with session.begin_nested():
            line.purchase_id = record_line(session, program, line, member).id
    except Refusal as refusal:
        return refusal.code
    return ""


def _settle_reward(
    session: Session, program: ProgramView, line: TillLine, author: Staff | None
) -> str:
    """Book the reward against its hold, or say what speaks against it."""
    try:
        member = member_meant(session, program, line.said)
        line.member_id = member.id
        lock_member(session, member)
        first = booked_before(session, program, line)
        if first is not None:  # the first try arrived, only its answer was lost
            line.redemption_id = first
            return ""
        if reason := _doubt_of_any(session, program, line, member, author):
            return reason
        with session.begin_nested():
            line.redemption_id = book_reward(
                session, program, line, member, actor_of(session, line)
            )
    except Refusal as refusal:
        return refusal.code
    return ""


def _take_over(session: Session, program: ProgramView, line: TillLine, purchase: Purchase) -> str:
    line.member_id, line.purchase_id = purchase.member_id, purchase.id
    buyer = member_with_id(session, program.id, purchase.member_id)
    assert buyer is not None
    meant = member_meant(session, program, line.said)
    is_same = surviving(session, buyer).id == meant.id
    return "" if is_same and purchase.amount_minor == line.amount_minor else "purchase_exists"


def _doubt(
    session: Session,
    program: ProgramView,
    line: TillLine,
    member: Member,
    author: Staff | None,
) -> str:
    """Why a manager should look at the sale before it counts."""
    if reason := _doubt_of_any(session, program, line, member, author):
        return reason
    if line.amount_minor > SAVED_AMOUNT_MAX * 10 ** exponent(program.currency):
        return "till_line_large"
    assert line.member_id is not None
    since, until = period_of("day", local_time(line.occurred_at, program.time_zone))
    if count_accepted(session, line.member_id, since, until) >= SAVED_A_DAY_MAX:
        return "till_line_often"
    return ""


def _store(program: ProgramView, store_id: int | None) -> int | None:
    return store_id if store_id in {store.id for store in program.stores} else None


def _till(
    session: Session, program: ProgramView, saved: SavedSale, reporter: Reporter
) -> int | None:
    """The till at which it was saved; one that was revoked since stays the one, whoever sends it."""
    for till_id in (saved.till_id, reporter.till_id):
        if till_id is not None and till_with_id(session, program.id, till_id) is not None:
            return till_id
    return None


def _doubt_of_any(
    session: Session, program: ProgramView, line: TillLine, member: Member, author: Staff | None
) -> str:
    """The same of whatever was saved, a sale or a reward."""
    if reason := _doubt_of_people(session, program, line, author):
        return reason
    if author is not None and is_own_card(session, member, author.id):
        return "own_card"
    return "till_line_late" if line.received_at - line.occurred_at > LATE_AFTER else ""


def _doubt_of_people(
    session: Session, program: ProgramView, line: TillLine, author: Staff | None
) -> str:
    till = session.get(Till, line.till_id) if line.till_id else None
    if till is not None and till.revoked_at is not None:
        return "till_line_revoked"
    if author is None or author.program_id != program.id or not author.is_active:
        return "till_line_author"
    return ""
