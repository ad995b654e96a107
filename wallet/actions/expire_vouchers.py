"""Vouchers end by the calendar: their holders are told before, and then what they cost is forfeited or
given back, as the rules say. Each voucher is a transaction of its own, and ends once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from babel.dates import format_date
from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView, all_programs, program_view
from wallet.actions.refresh_card import refresh_card
from wallet.actions.return_redemption import Return, return_redemption
from wallet.db import Database, StaleRead
from wallet.rules.lots import last_day
from wallet.rules.redemption import moment_of, voucher_notice
from wallet.tables.ledger import entry_of_redemption
from wallet.tables.member import Member, lock_member
from wallet.tables.outbox import enqueue
from wallet.tables.reward import (
    Redemption,
    Voucher,
    put_back_stock,
    redemption_with_id,
    reward_with_id,
    voucher_with_id,
    vouchers_over,
    vouchers_to_tell,
)

BATCH = 200  # vouchers of one program in one round; tills get their turn between two of them
VOUCHER_MAIL_JOB = "voucher_notice"


def expire_vouchers(database: Database, clock: Callable[[], datetime]) -> int:
    """One round: tell the holders of those that end soon, end those that are over. Returns what it
    did."""
    with database.reading() as session:
        programs = all_programs(session)
    return sum(_round(database, program, clock) for program in programs)


def _round(database: Database, program: ProgramView, clock: Callable[[], datetime]) -> int:
    soon = clock() + timedelta(days=program.ruleset.vouchers.notice_days)
    with database.reading() as session:
        to_tell = vouchers_to_tell(session, program.id, soon, BATCH)
    done = sum(database.run(partial(_tell, found=found, now=clock())) for found in to_tell)
    with database.reading() as session:
        over = vouchers_over(session, program.id, clock(), BATCH)
    return done + sum(database.run(partial(_end, found=found, now=clock())) for found in over)


def _locked(session: Session, found: tuple[int, int]) -> tuple[ProgramView, Member, Voucher]:
    """The member first, as everywhere; then the voucher as it is now."""
    voucher_id, member_id = found
    member = session.get_one(Member, member_id)
    lock_member(session, member)
    voucher = voucher_with_id(session, member.program_id, voucher_id)
    assert voucher is not None
    if voucher.member_id != member.id:
        raise StaleRead  # it changed hands while the lock was waited for
    return program_view(session, member.program_id), member, voucher


def _tell(session: Session, found: tuple[int, int], now: datetime) -> int:
    program, member, voucher = _locked(session, found)
    if voucher.status != "issued" or voucher.told_at is not None or voucher.expires_at is None:
        return 0
    reward = reward_with_id(session, program.id, voucher.reward_id)
    assert reward is not None
    notice = voucher_notice(
        voucher.issued_at,
        voucher.expires_at,
        moment_of(reward.value, "closes_at"),
        program.ruleset.vouchers.notice_days,
        now,
        program.time_zone,
    )
    if notice is None:
        return 0
    voucher.told_at, voucher.expires_at = now, notice.ends_at
    session.flush()
    if notice.is_told:
        enqueue(session, VOUCHER_MAIL_JOB, {"voucher_id": voucher.id}, now)
        refresh_card(session, program, member, now, is_urgent=False)
    return 1


def _end(session: Session, found: tuple[int, int], now: datetime) -> int:
    program, member, voucher = _locked(session, found)
    if voucher.status != "issued" or voucher.expires_at is None or voucher.expires_at > now:
        return 0  # somebody else was here first
    redemption = redemption_with_id(session, program.id, voucher.redemption_id)
    assert redemption is not None
    if program.ruleset.vouchers.when_expired == "return":
        _give_back(session, program, redemption, voucher.expires_at, now)
    else:
        redemption.status = "expired"
        put_back_stock(session, redemption.reward_id)  # the piece is still on the shelf
    voucher.status = "expired"
    session.flush()
    refresh_card(session, program, member, now, is_urgent=False)
    return 1


def _give_back(
    session: Session,
    program: ProgramView,
    redemption: Redemption,
    ended_at: datetime,
    now: datetime,
) -> None:
    entry = entry_of_redemption(session, redemption.member_id, redemption.id)
    assert entry is not None
    account = account_of(session, program.id, redemption.member_id, redemption.unit)
    day = last_day(ended_at, program.time_zone)
    text = {
        "fr": f"Bon non utilisé, expiré le {format_date(day, 'long', locale='fr')}",
        "en": f"Voucher not used, expired on {format_date(day, 'long', locale='en')}",
    }
    return_redemption(session, account, entry, Return(SYSTEM, now, text, rule="voucher_expired"))
