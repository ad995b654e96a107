"""Awards become entries, lots and rows for caps: the one way in which anything is earned."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.expire import renew_lots
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.rules.earning import Award
from wallet.rules.expiry import lot_expires_at
from wallet.rules.lots import available_at
from wallet.tables.earned import write_awards
from wallet.tables.ledger import AccountState, Entry
from wallet.values import value_class


@value_class
class Cause:
    """What was earned for: a sale, an activity, or nothing but joining."""

    occurred_at: datetime
    channel: str
    purchase_id: int | None = None
    activity_id: int | None = None
    account: AccountState | None = None  # one that is locked for it already


def accrue(
    session: Session,
    program: ProgramView,
    member_id: int,
    awards: Iterable[Award],
    cause: Cause,
    actor: Actor,
    now: datetime,
) -> list[Entry]:
    """One entry an award, in the order of the awards."""
    return [_accrue(session, program, member_id, award, cause, actor, now) for award in awards]


def lot_times(
    program: ProgramView, unit: str, occurred_at: datetime
) -> tuple[datetime, datetime | None]:
    """From when what a sale earned then can be spent, and when it is gone."""
    rules = program.ruleset
    return (
        available_at(occurred_at, rules.pending_days_of(unit)),
        lot_expires_at(rules.expiry_of(unit), occurred_at, program.time_zone),
    )


def why_of(award: Award, rule_version: int) -> list[dict[str, Any]]:
    """The sentences as an entry keeps them."""
    return [
        {"rule": reason.rule, "rule_version": rule_version, "text": dict(reason.text)}
        for reason in award.why
    ]


def _accrue(
    session: Session,
    program: ProgramView,
    member_id: int,
    award: Award,
    cause: Cause,
    actor: Actor,
    now: datetime,
) -> Entry:
    account = cause.account
    if account is None or account.unit != award.unit:
        account = account_of(session, program.id, member_id, award.unit)
    renew_lots(session, program, account, now)
    free_at, ends_at = lot_times(program, award.unit, cause.occurred_at)
    if cause.purchase_id is None:
        free_at = cause.occurred_at  # only what was bought can be brought back
    entry = post_entry(
        session,
        account,
        Posting(
            kind="accrual",
            quantity=award.quantity,
            occurred_at=cause.occurred_at,
            recorded_at=now,
            actor=actor,
            channel=cause.channel,
            rule_version=program.rule_version,
            why=why_of(award, program.rule_version),
            purchase_id=cause.purchase_id,
            activity_id=cause.activity_id,
            lot=(free_at, ends_at),
        ),
    )
    write_awards(session, entry, award.rules, cause.occurred_at)
    return entry
