"""Flags: what a manager should look at. They stop nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.rules.periods import local_time, period_of
from wallet.tables.till import Flag, count_new_flags, count_sales_at_tills, flag_of, flags_of

SALES_A_DAY_MAX = (
    3  # of one card at tills: the fourth is looked at (Toast and Square warn there too)
)
SHOWN_MAX = 50


def raise_flag(
    session: Session,
    program_id: int,
    kind: str,
    subject: str,
    now: datetime,
    **facts: Any,
) -> None:
    """Once a day for each subject; later facts of the day take the place of earlier ones, and it is
    new again."""
    day = now.astimezone(UTC).date()
    known = flag_of(session, program_id, kind, subject, day)
    if known is not None:
        known.facts, known.at, known.seen_at, known.seen_by = facts, now, None, ""
        session.flush()
        return
    session.add(
        Flag(
            id=new_id(),
            program_id=program_id,
            kind=kind,
            subject=subject,
            day=day,
            facts=facts,
            at=now,
            seen_by="",
        )
    )
    session.flush()


def flag_often(
    session: Session, program: ProgramView, member_id: int, actor: Actor, now: datetime
) -> None:
    """After a sale at a till: one card more often a day than people buy coffee is worth a look."""
    since, _ = period_of("day", local_time(now, program.time_zone))
    sales = count_sales_at_tills(session, member_id, since)
    if sales > SALES_A_DAY_MAX:
        subject = public_id("mbr", member_id)
        raise_flag(
            session, program.id, "card_often", subject, now, count=sales, staff=actor.staff_id
        )


def flag_refused(
    session: Session, program: ProgramView, code: str, member_id: str, actor: Actor, now: datetime
) -> None:
    """A limit on rewards was met: by the card, by the person or by the till (`redeem_often`)."""
    subjects = {
        "card_used_often": member_id,
        "staff_redeems_often": public_id("stf", actor.staff_id or 0),
        "till_redeems_often": public_id("til", actor.till_id or 0),
    }
    facts = {"staff": actor.staff_id, "member": member_id}
    raise_flag(session, program.id, code, subjects[code], now, **facts)


def new_flags(session: Session, program: ProgramView) -> list[Flag]:
    """What nobody has looked at, newest first."""
    return flags_of(session, program.id, only_new=True, limit=SHOWN_MAX)


def count_flags(session: Session, program_id: int) -> int:
    """How many flags nobody has looked at."""
    return count_new_flags(session, program_id)


def see_flag(
    session: Session, program: ProgramView, flag_id: int, actor: Actor, now: datetime
) -> None:
    """Somebody looked at it; who, stays with it."""
    flag = session.get(Flag, flag_id)
    if flag is None or flag.program_id != program.id:
        raise Refusal("not_found")
    flag.seen_at, flag.seen_by = now, actor.label
    session.flush()
