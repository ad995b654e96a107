"""Expire what has ended, after two notices. Killed half-way or run by two workers at once, each lot
still expires once: every account is a transaction of its own and its lots say what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from babel.dates import format_date
from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM
from wallet.actions.post_entry import Posting, post_entry
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.refresh_card import refresh_card
from wallet.db import Database
from wallet.ids import new_id
from wallet.rules.expiry import (
    FIRST_NOTICE,
    NOTICES_APART,
    end_after_notice,
    lot_expires_at,
    plan_notices,
)
from wallet.rules.lots import Draw, OpenLot, last_day
from wallet.tables.expiry import (
    Ending,
    accounts_with_expired_lots,
    delay_second,
    due_notices,
    endings_until,
    free_end,
    move_end,
    move_notices,
    remaining_at,
    renew,
    sent_notices,
)
from wallet.tables.ledger import (
    AccountState,
    ExpiryNotice,
    account_for_update,
    open_lots,
)
from wallet.tables.member import Member, lock_holder, lock_member, member_with_id
from wallet.tables.outbox import enqueue
from wallet.tables.till_hold import live_holds

BATCH = 200  # accounts or notices in one round; tills get their turn between two transactions
MAIL_JOB = "expiry_notice"
NOTICES = 2  # before anything is lost


def expire_due(database: Database, clock: Callable[[], datetime]) -> int:
    """One round: plan notices, send those due, expire what has ended. Returns what it did."""
    done = database.run(lambda session: _plan(session, clock()))
    with database.reading() as session:
        due = due_notices(session, clock(), BATCH)
    for notice_id, member_id in due:
        done += _send_one(database, notice_id, member_id, clock())
    with database.reading() as session:
        ended = accounts_with_expired_lots(session, clock(), BATCH)
    for account in ended:
        done += _expire_one(database, account, clock())
    return done


def _expire_one(database: Database, account: tuple[int, int, str], now: datetime) -> int:
    """One account in a transaction of its own."""
    return database.run(lambda session: _expire(session, *account, now))


def renew_lots(
    session: Session, program: ProgramView, account: AccountState, now: datetime
) -> None:
    """The member did something: under the policy "inactivity" everything lives on from now."""
    expiry = program.ruleset.expiry_of(account.unit)
    if expiry.kind != "inactivity":
        return
    later = lot_expires_at(expiry, now, program.time_zone)
    assert later is not None
    renew(session, account.id, now, later)


def _plan(session: Session, now: datetime) -> int:
    """Two notices for everything that ends within the month."""
    endings = endings_until(session, now + FIRST_NOTICE, BATCH)
    for ending in endings:
        plan = plan_notices(ending.expires_at, now)
        assert plan is not None
        ends_at = free_end(session, ending.account_id, plan.expires_at)
        if ends_at != ending.expires_at:
            move_end(session, ending.account_id, ending.expires_at, ends_at)
        for ordinal, due_at in enumerate(plan.due_at, start=1):
            session.add(_notice(ending, ends_at, ordinal, due_at))
        session.flush()  # the next end of the same account looks at these
    return len(endings)


def _notice(ending: Ending, expires_at: datetime, ordinal: int, due_at: datetime) -> ExpiryNotice:
    return ExpiryNotice(
        id=new_id(),
        program_id=ending.program_id,
        member_id=ending.member_id,
        account_id=ending.account_id,
        expires_at=expires_at,
        ordinal=ordinal,
        due_at=due_at,
        quantity=ending.quantity,
        sent_at=None,
    )


def _send_one(database: Database, notice_id: int, member_id: int, now: datetime) -> int:
    """One notice in a transaction of its own: it waits for its member only."""
    return database.run(lambda session: _send(session, notice_id, member_id, now))


def _send(session: Session, notice_id: int, member_id: int, now: datetime) -> int:
    """A notice is a line on the card, and a mail where there is an address. What was spent
    meanwhile needs no notice."""
    member = session.get_one(Member, member_id)
    lock_holder(session, member)
    notice = session.get_one(ExpiryNotice, notice_id, populate_existing=True)
    if notice.sent_at is not None or notice.due_at > now:
        return 0  # somebody else was here first, or the one before it came late
    notice.sent_at = now
    left = remaining_at(session, notice.account_id, notice.expires_at)
    if left:
        notice.quantity = left
        session.flush()
        _give_time(session, notice, now)
        enqueue(session, MAIL_JOB, {"notice_id": notice.id}, now)
        program = program_view(session, notice.program_id)
        refresh_card(session, program, member, now, is_urgent=False)
    session.flush()
    return 1


def _give_time(session: Session, notice: ExpiryNotice, now: datetime) -> None:
    """Where nobody sent notices for a while, the two still come one after the other, and the second
    one in time to act on it."""
    if notice.ordinal < NOTICES:
        delay_second(session, notice, now + NOTICES_APART)
        return
    ends_at = notice.expires_at
    later = end_after_notice(ends_at, now)
    if later != ends_at:
        later = free_end(session, notice.account_id, later)
        move_notices(session, notice, later)
        move_end(session, notice.account_id, ends_at, later)


def _expire(session: Session, program_id: int, member_id: int, unit: str, now: datetime) -> int:
    member = member_with_id(session, program_id, member_id)
    assert member is not None
    lock_member(session, member)
    account = account_for_update(session, member_id, unit)
    assert account is not None
    if any(hold.unit == unit for hold in live_holds(session, member_id, now)):
        return (
            0  # a till may be giving a reward for it without a connection: within the hour it says
        )
    ended = [lot for lot in open_lots(session, account.id) if _is_over(session, account, lot, now)]
    if not ended:
        return 0  # somebody else was here first
    program = program_view(session, program_id)
    quantity = sum(lot.remaining for lot in ended)
    end = max(lot.expires_at for lot in ended if lot.expires_at)
    why = {
        "rule": "expiry",
        "rule_version": program.rule_version,
        "text": _sentence(program, unit, quantity, end),
    }
    post_entry(
        session,
        account,
        Posting(
            kind="expiry",
            quantity=-quantity,
            occurred_at=end,
            recorded_at=now,
            actor=SYSTEM,
            rule_version=program.rule_version,
            why=[why],
            draws=[Draw(lot.id, lot.remaining) for lot in ended],
        ),
    )
    refresh_card(session, program, member, now, is_urgent=False)
    return 1


def _is_over(session: Session, account: AccountState, lot: OpenLot, now: datetime) -> bool:
    """Ended, and both notices went out before."""
    if lot.expires_at is None or lot.expires_at > now:
        return False
    return sent_notices(session, account.id, lot.expires_at) >= NOTICES


def _sentence(program: ProgramView, unit: str, quantity: int, end: datetime) -> dict[str, str]:
    counted = program.ruleset.unit(unit)
    texts = {}
    for language in ("fr", "en"):
        word = program.text(counted.one if quantity == 1 else counted.many, language)
        day = format_date(last_day(end, program.time_zone), format="long", locale=language)
        texts[language] = (
            f"{quantity} {word} arrivés à échéance le {day}"
            if language == "fr"
            else f"{quantity} {word} expired on {day}"
        )
    return texts
