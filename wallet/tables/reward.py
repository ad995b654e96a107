"""What points buy, and what was bought."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    CursorResult,
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base, UtcDateTime
from wallet.prepared import Prepared, Question


class Reward(Base):
    """One line of the catalogue. `name` and `description` are in every language of the program."""

    __tablename__ = "reward"
    __table_args__ = (
        Index(None, "program_id"),
        Index("uq_reward_program_id_key", "program_id", "key", unique=True),
        CheckConstraint("cost > 0", "cost"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    name: Mapped[dict[str, Any]]
    description: Mapped[dict[str, Any]]
    kind: Mapped[str]  # percent, amount, product, shipping, gift, experience …
    value: Mapped[
        dict[str, Any]
    ]  # what the cashier has to do: {"amount_minor": 500}, {"percent": 10}
    unit: Mapped[str]
    cost: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    mode: Mapped[str] = mapped_column(
        default="instant", server_default="instant"
    )  # instant, voucher
    stock: Mapped[int | None]  # what is left; None is endless
    per_member: Mapped[int | None]  # how often one member may take it …
    per_member_days: Mapped[int | None]  # … in so many days; None: ever
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    tier_keys: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'")
    )  # empty: every tier
    tags: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'")
    )  # empty: every member
    voucher_days: Mapped[int | None]  # how long a voucher is good for
    key: Mapped[str | None]  # by which the rules name it: what a full stamp card gives
    # In minor units, for the merchant alone: what it would sell for, and what it costs to give.
    worth_minor: Mapped[int | None]
    own_cost_minor: Mapped[int | None]


class Voucher(Base):
    """A redeemed reward waiting to be used: once, in any channel."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("program_id", "code"),
        Index(None, "member_id", "status"),
        Index(None, "purchase_id"),
        # What ends next, over all members: the calendar's sweep.
        Index(
            "ix_voucher_ending",
            "program_id",
            "expires_at",
            sqlite_where=text("status = 'issued'"),
            postgresql_where=text("status = 'issued'"),
        ),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    redemption_id: Mapped[int] = mapped_column(ForeignKey("redemption.id"), unique=True)
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id"))
    code: Mapped[str]
    status: Mapped[str] = mapped_column(default="issued")  # issued, used, void, expired
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # when its holder was told that it ends soon
    used_at: Mapped[datetime | None]
    used_channel: Mapped[str | None]
    used_store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    used_by: Mapped[str | None]
    used_request: Mapped[str | None]  # the id its user made: the same one again is no second use
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchase.id"))


class Redemption(Base):
    """A reward taken by a member."""

    __tablename__ = "redemption"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "purchase_id"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id"))
    # issued (as a voucher), used, reversed, void (forfeited by staff), expired (forfeited by time)
    status: Mapped[str] = mapped_column(default="used")
    purchase_id: Mapped[int | None] = mapped_column(
        ForeignKey("purchase.id")
    )  # the sale it went with
    charity_id: Mapped[int | None] = mapped_column(ForeignKey("charity.id"))
    channel: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    actor: Mapped[str]
    cost: Mapped[int]
    unit: Mapped[str]
    occurred_at: Mapped[datetime]


def rewards_of(session: Session, program_id: int) -> list[Reward]:
    """Active rewards, cheapest first."""
    query = select(Reward).where(Reward.program_id == program_id, Reward.is_active)
    return list(
        session.scalars(query.order_by(Reward.unit, Reward.cost, Reward.position, Reward.id))
    )


def reward_with_id(session: Session, program_id: int, reward_id: int) -> Reward | None:
    """The reward, if it belongs to the program."""
    reward = session.get(Reward, reward_id)
    return reward if reward and reward.program_id == program_id else None


def redemption_with_id(session: Session, program_id: int, redemption_id: int) -> Redemption | None:
    """The redemption, if it belongs to the program."""
    redemption = session.get(Redemption, redemption_id)
    return redemption if redemption and redemption.program_id == program_id else None


def reward_for_update(session: Session, program_id: int, reward_id: int) -> Reward | None:
    """The reward, locked and read anew: its stock moves under everybody's hands."""
    query = select(Reward).where(Reward.id == reward_id, Reward.program_id == program_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def catalogue(session: Session, program_id: int) -> list[Reward]:
    """Every reward, retired ones too, in the order of the catalogue."""
    query = select(Reward).where(Reward.program_id == program_id)
    return list(
        session.scalars(query.order_by(Reward.unit, Reward.cost, Reward.position, Reward.id))
    )


def take_stock(session: Session, reward_id: int) -> bool:
    """Take one of what is left, in one statement: of many at once only so many succeed."""
    taken = session.execute(
        update(Reward)
        .where(Reward.id == reward_id, Reward.stock > 0)
        .values(stock=Reward.stock - 1)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], taken).rowcount == 1


def put_back_stock(session: Session, reward_id: int) -> None:
    """Put one back, where anything is counted at all."""
    session.execute(
        update(Reward)
        .where(Reward.id == reward_id, Reward.stock.is_not(None))
        .values(stock=Reward.stock + 1)
        .execution_options(synchronize_session=False)
    )


def lock_stocks(session: Session, reward_ids: Collection[int]) -> None:
    """Where several stocks will move, all are locked first, in the order of ids."""
    if len(reward_ids) > 1:
        query = select(Reward.id).where(Reward.id.in_(reward_ids), Reward.stock.is_not(None))
        session.execute(query.order_by(Reward.id).with_for_update(key_share=True))


def stocks_of(session: Session, reward_ids: Collection[int]) -> dict[int, int | None]:
    """Reward → what is left of it now; None is endless."""
    query = select(Reward.id, Reward.stock).where(Reward.id.in_(reward_ids))
    return dict(session.execute(query).all())


def takings_of(
    session: Session, member_id: int, reward_ids: Collection[int]
) -> list[tuple[int, datetime]]:
    """(reward, when) of each of these rewards that the member took and did not give back."""
    query = select(Redemption.reward_id, Redemption.occurred_at).where(
        Redemption.member_id == member_id,
        Redemption.reward_id.in_(reward_ids),
        Redemption.status != "reversed",
    )
    return [(number, at) for number, at in session.execute(query)]


def redemptions_of_purchase(session: Session, purchase_id: int) -> list[Redemption]:
    """Rewards used in a sale and not given back, oldest first."""
    query = select(Redemption).where(
        Redemption.purchase_id == purchase_id, Redemption.status == "used"
    )
    return list(session.scalars(query.order_by(Redemption.id)))


def voucher_with_code(
    session: Session, program_id: int, code: str, *, locked: bool = True
) -> Voucher | None:
    """The voucher; locked, so that only one of two tills uses it."""
    query = select(Voucher).where(Voucher.program_id == program_id, Voucher.code == code)
    if locked:
        query = query.with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def voucher_owner(session: Session, voucher_id: int) -> int | None:
    """Whose voucher it is, by the newest that is written."""
    return session.scalar(select(Voucher.member_id).where(Voucher.id == voucher_id))


def voucher_with_id(session: Session, program_id: int, voucher_id: int) -> Voucher | None:
    """The voucher, if it belongs to the program; locked."""
    query = select(Voucher).where(Voucher.id == voucher_id, Voucher.program_id == program_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def voucher_of_redemption(session: Session, redemption_id: int) -> Voucher | None:
    """The voucher that a redemption became, locked."""
    query = select(Voucher).where(Voucher.redemption_id == redemption_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def vouchers_of_purchase(session: Session, purchase_id: int) -> list[Voucher]:
    """Vouchers used in a sale, locked, oldest first."""
    query = select(Voucher).where(Voucher.purchase_id == purchase_id, Voucher.status == "used")
    query = query.order_by(Voucher.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


_IS_WAITING = (
    Voucher.member_id == bindparam("member"),
    Voucher.status == "issued",
    or_(
        Voucher.expires_at.is_(None),
        Voucher.expires_at > bindparam("at", type_=UtcDateTime()),
    ),
)
_ENDS_FIRST = (Voucher.expires_at.is_(None), Voucher.expires_at, Voucher.id)
_WAITING_VOUCHERS = select(Voucher).where(*_IS_WAITING).order_by(*_ENDS_FIRST)


def waiting_vouchers(session: Session, member_id: int, now: datetime) -> list[Voucher]:
    """What the member may still use, the one that ends first in front."""
    return list(session.scalars(_WAITING_VOUCHERS, {"member": member_id, "at": now}))


def vouchers_to_tell(
    session: Session, program_id: int, until: datetime, limit: int
) -> list[tuple[int, int]]:
    """(voucher, member) of unused ones that end until then and of which nobody was told, the one
    that ends first in front."""
    query = (
        select(Voucher.id, Voucher.member_id)
        .where(
            Voucher.program_id == program_id,
            Voucher.status == "issued",
            Voucher.expires_at <= until,
            Voucher.told_at.is_(None),
        )
        .order_by(Voucher.expires_at, Voucher.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def vouchers_over(
    session: Session, program_id: int, now: datetime, limit: int
) -> list[tuple[int, int]]:
    """(voucher, member) of unused ones whose time is over and whose holders were told."""
    query = (
        select(Voucher.id, Voucher.member_id)
        .where(
            Voucher.program_id == program_id,
            Voucher.status == "issued",
            Voucher.expires_at <= now,
            Voucher.told_at.is_not(None),
        )
        .order_by(Voucher.expires_at, Voucher.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def vouchers_of(session: Session, member_id: int, limit: int) -> list[Voucher]:
    """What the member ever had, newest first."""
    query = select(Voucher).where(Voucher.member_id == member_id)
    return list(session.scalars(query.order_by(Voucher.id.desc()).limit(limit)))


_SHOWN_VOUCHERS = Prepared(
    select(
        Voucher.code,
        Voucher.expires_at,
        Voucher.told_at,
        Reward.name,
        Reward.kind,
        Reward.value,
    )
    .join(Reward, Reward.id == Voucher.reward_id)
    .where(*_IS_WAITING)
    .order_by(*_ENDS_FIRST)
)


def shown_vouchers(
    session: Session, member_id: int, now: datetime
) -> list[tuple[str, datetime | None, datetime | None, dict[str, str], str, dict[str, Any]]]:
    """The same as (code, end, when it was told, and of the reward: name, kind, value)."""
    rows: list[Any] = _SHOWN_VOUCHERS.rows(session, vouchers_asked(member_id, now)[1])
    return rows


def vouchers_asked(member_id: int, now: datetime) -> Question:
    """What `shown_vouchers` asks."""
    return _SHOWN_VOUCHERS, {"member": member_id, "at": now}


def unused_vouchers_of_unit(
    session: Session, member_id: int, unit: str
) -> list[tuple[Voucher, Redemption]]:
    """Vouchers that were paid with this unit and that nobody used, newest first, locked."""
    query = (
        select(Voucher, Redemption)
        .join(Redemption, Redemption.id == Voucher.redemption_id)
        .where(Voucher.member_id == member_id, Voucher.status == "issued", Redemption.unit == unit)
        .order_by(Voucher.id.desc())
        .with_for_update(of=Voucher)
    )
    rows = session.execute(query.execution_options(populate_existing=True))
    return [(voucher, redemption) for voucher, redemption in rows]


def count_taken(session: Session, reward_id: int) -> int:
    """How often a reward was taken and not given back."""
    query = select(func.count()).where(
        Redemption.reward_id == reward_id, Redemption.status != "reversed"
    )
    return int(session.scalar(query) or 0)
