"""What will expire and who was told: the queries of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from wallet.db import UtcDateTime
from wallet.prepared import Prepared, Question
from wallet.tables.ledger import Account, ExpiryNotice, Lot

_lot = cast(Table, Lot.__table__)
_account = cast(Table, Account.__table__)


@dataclass(frozen=True, slots=True)
class Ending:
    """What one account loses at one moment."""

    program_id: int
    member_id: int
    account_id: int
    unit: str
    expires_at: datetime
    quantity: int


def accounts_with_expired_lots(
    session: Session, now: datetime, limit: int
) -> list[tuple[int, int, str]]:
    """(program, member, unit) of accounts in which something has ended."""
    expired = (
        select(_lot.c.account_id)
        .where(_lot.c.remaining > 0, _lot.c.expires_at <= now)
        .order_by(_lot.c.expires_at)
        .limit(limit)
        .subquery()
    )
    query = select(_account.c.program_id, _account.c.member_id, _account.c.unit).where(
        _account.c.id.in_(select(expired.c.account_id))
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def endings_until(session: Session, until: datetime, limit: int) -> list[Ending]:
    """What ends until then and has no notices yet, earliest first; what should have ended while
    nobody looked, too."""
    told = (
        select(ExpiryNotice.id)
        .where(
            ExpiryNotice.account_id == _lot.c.account_id,
            ExpiryNotice.expires_at == _lot.c.expires_at,
        )
        .exists()
    )
    query = (
        select(
            _account.c.program_id,
            _account.c.member_id,
            _account.c.id,
            _account.c.unit,
            _lot.c.expires_at,
            func.sum(_lot.c.remaining),
        )
        .join(_account, _account.c.id == _lot.c.account_id)
        .where(_lot.c.remaining > 0, _lot.c.expires_at <= until, ~told)
        .group_by(
            _account.c.program_id,
            _account.c.member_id,
            _account.c.id,
            _account.c.unit,
            _lot.c.expires_at,
        )
        .order_by(_lot.c.expires_at)
        .limit(limit)
    )
    return [
        Ending(row[0], row[1], row[2], row[3], row[4], int(row[5]))
        for row in session.execute(query)
    ]


def remaining_at(session: Session, account_id: int, expires_at: datetime) -> int:
    """What is left of the lots that end then."""
    query = select(func.coalesce(func.sum(_lot.c.remaining), 0)).where(
        # Only open ones: the index of an account's lots has no others.
        _lot.c.account_id == account_id,
        _lot.c.expires_at == expires_at,
        _lot.c.remaining > 0,
    )
    return int(session.execute(query).scalar_one())


def move_end(session: Session, account_id: int, ends_at: datetime, later: datetime) -> None:
    """Lots of the account that would end then end later."""
    session.execute(
        update(_lot)
        .where(_lot.c.account_id == account_id, _lot.c.expires_at == ends_at, _lot.c.remaining > 0)
        .values(expires_at=later)
    )


def free_end(session: Session, account_id: int, wanted: datetime) -> datetime:
    """The first instant from `wanted` on of which no notice of the account speaks: two ends that are put
    off by the same rule at the same time keep their own notices."""
    while session.scalar(
        select(ExpiryNotice.id)
        .where(ExpiryNotice.account_id == account_id, ExpiryNotice.expires_at == wanted)
        .limit(1)
    ):
        wanted += timedelta(microseconds=1)
    return wanted


_RENEW = (
    update(_lot)
    .where(
        _lot.c.account_id == bindparam("account"),
        _lot.c.remaining > 0,
        _lot.c.expires_at > bindparam("at", type_=UtcDateTime()),
        _lot.c.expires_at < bindparam("later", type_=UtcDateTime()),
    )
    .values(expires_at=bindparam("later", type_=UtcDateTime()))
)


def renew(session: Session, account_id: int, now: datetime, later: datetime) -> None:
    """Everything of the account that has not ended yet lives at least until `later`."""
    session.connection().execute(_RENEW, {"account": account_id, "at": now, "later": later})


def due_notices(session: Session, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(notice, member) of those to be sent now, the earliest first."""
    query = (
        select(ExpiryNotice.id, ExpiryNotice.member_id)
        .where(ExpiryNotice.sent_at.is_(None), ExpiryNotice.due_at <= now)
        .order_by(ExpiryNotice.due_at, ExpiryNotice.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def notice_with_unit(session: Session, notice_id: int) -> tuple[ExpiryNotice, str] | None:
    """A notice and the unit it speaks of."""
    query = select(ExpiryNotice, Account.unit).join(Account, Account.id == ExpiryNotice.account_id)
    row = session.execute(query.where(ExpiryNotice.id == notice_id)).first()
    return (row[0], row[1]) if row else None


def sent_notices(session: Session, account_id: int, expires_at: datetime) -> int:
    """How many notices of this end were sent."""
    query = select(func.count()).where(
        ExpiryNotice.account_id == account_id,
        ExpiryNotice.expires_at == expires_at,
        ExpiryNotice.sent_at.is_not(None),
    )
    return int(session.scalar(query) or 0)


def move_notices(session: Session, notice: ExpiryNotice, later: datetime) -> None:
    """The notices of the same end speak of a later one."""
    session.execute(
        update(ExpiryNotice)
        .where(
            ExpiryNotice.account_id == notice.account_id,
            ExpiryNotice.expires_at == notice.expires_at,
        )
        .values(expires_at=later)
        .execution_options(synchronize_session="fetch")
    )


def delay_second(session: Session, notice: ExpiryNotice, until: datetime) -> None:
    """The second notice of the same end goes out no sooner than that."""
    session.execute(
        update(ExpiryNotice)
        .where(
            ExpiryNotice.account_id == notice.account_id,
            ExpiryNotice.expires_at == notice.expires_at,
            ExpiryNotice.ordinal > notice.ordinal,
            ExpiryNotice.sent_at.is_(None),
            ExpiryNotice.due_at < until,
        )
        .values(due_at=until)
        .execution_options(synchronize_session="fetch")
    )


_TOLD = Prepared(
    select(_account.c.unit, _lot.c.expires_at, func.sum(_lot.c.remaining))
    .join(_account, _account.c.id == _lot.c.account_id)
    .where(
        _account.c.member_id == bindparam("member"),
        _lot.c.remaining > 0,
        _lot.c.expires_at > bindparam("at", type_=UtcDateTime()),
        select(ExpiryNotice.id)
        .where(
            ExpiryNotice.account_id == _lot.c.account_id,
            ExpiryNotice.expires_at == _lot.c.expires_at,
            ExpiryNotice.sent_at.is_not(None),
        )
        .exists(),
    )
    .group_by(_account.c.unit, _lot.c.expires_at)
    .order_by(_lot.c.expires_at)
)


def told_endings(
    session: Session, member_id: int, now: datetime
) -> list[tuple[str, datetime, int]]:
    """(unit, end, what is left) of what the member was told about and still holds, earliest first."""
    rows = _TOLD.rows(session, endings_asked(member_id, now)[1])
    return [(unit, ends_at, int(quantity)) for unit, ends_at, quantity in rows]


def endings_asked(member_id: int, now: datetime) -> Question:
    """What `told_endings` asks."""
    return _TOLD, {"member": member_id, "at": now}
