"""What Google Wallet holds of ours, as far as we know, and how fast and loudly we may speak to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.tables.delivery import Delivery
from wallet.tables.member import Member
from wallet.tables.wallet_pass import Registration, Sequence_, WalletPass


class GoogleClass(Base):
    """One class as Google last took it, and how far reading back its objects has come.

    `state` is Google's word for the review (`APPROVED` …). `reason` and `words` say why Google did
    not take it, empty when it did.
    """

    __tablename__ = "google_class"

    class_id: Mapped[str] = mapped_column(unique=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    digest: Mapped[str] = mapped_column(default="")  # of what Google took; empty before the first
    state: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    tried_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    round_started_at: Mapped[datetime | None]  # none: the last round is over
    round_ended_at: Mapped[datetime | None]
    round_token: Mapped[str] = mapped_column(default="")  # Google's token of the next page


class GoogleObject(Base):
    """One pass at Google. `digest` is of the object that Google last took (empty: not known to be
    there), `points` of the part of it whose change Google announces. `message` waits to be put on the
    card; a newer one takes its place."""

    __tablename__ = "google_object"
    __table_args__ = (Index(None, "class_id", "checked_at"),)

    wallet_pass_id: Mapped[int] = mapped_column(ForeignKey("wallet_pass.id"), unique=True)
    class_id: Mapped[str]
    digest: Mapped[str] = mapped_column(default="")
    points: Mapped[str] = mapped_column(default="")
    message: Mapped[dict[str, Any] | None]
    checked_at: Mapped[datetime | None]  # read back last
    has_users: Mapped[bool | None]  # Google's own word, from reading back or from a callback
    event_at: Mapped[datetime | None]  # expiry of the newest callback: tells their order
    removed_at: Mapped[datetime | None]  # its holder took it off the phone


class NoticeBudget(Base):
    """When a pass last spoke up, newest first: as many as count, so the row never grows.

    At Apple phones show the sentence themselves, when they fetch the version that is announced:
    `paid_version` is the newest whose sentence was counted, and `speaks` says that no phone has taken
    it yet.
    """

    __tablename__ = "notice_budget"

    wallet_pass_id: Mapped[int] = mapped_column(ForeignKey("wallet_pass.id"), unique=True)
    newest_at: Mapped[datetime | None]
    second_at: Mapped[datetime | None]
    third_at: Mapped[datetime | None]
    speaks: Mapped[bool] = mapped_column(default=True)
    paid_version: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def spent(self) -> tuple[datetime | None, ...]:
        """As the rules take it."""
        return (self.newest_at, self.second_at, self.third_at)

    @spent.setter
    def spent(self, moments: Sequence[datetime]) -> None:
        padded: list[datetime | None] = [*moments, None, None, None]
        self.newest_at, self.second_at, self.third_at = padded[:3]


class ProviderGate(Base):
    """What all workers share of a provider: the window of requests, and a pause while it is away.

    `log` is `wallet.rules.pace.Log` as plain lists. `failures` counts tries in a row that found the
    provider away; `reason` and `words` are why.
    """

    __tablename__ = "provider_gate"

    name: Mapped[str] = mapped_column(unique=True)
    log: Mapped[dict[str, Any]]
    paused_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime | None]  # the first of these failures


class CallbackNonce(Base):
    """A callback that was taken; a second one with its nonce is the same event sent again. Rows go
    when the message would be refused as too old anyway."""

    __tablename__ = "callback_nonce"
    __table_args__ = (Index(None, "expires_at"),)

    digest: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]


class InstallCount(Base):
    """How often cards were put on phones and taken off, a day of the UTC calendar."""

    __tablename__ = "install_count"
    __table_args__ = (UniqueConstraint("program_id", "provider", "event", "day"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    provider: Mapped[str]
    event: Mapped[str]  # save, del
    day: Mapped[str]  # 2026-03-14
    count: Mapped[int] = mapped_column(default=0)


def class_rows(session: Session) -> list[GoogleClass]:
    """Every class that Google was ever given."""
    return list(session.scalars(select(GoogleClass).order_by(GoogleClass.class_id)))


def class_row(session: Session, class_id: str) -> GoogleClass | None:
    """One class."""
    return session.scalar(select(GoogleClass).where(GoogleClass.class_id == class_id))


def objects_of(session: Session, pass_ids: Collection[int]) -> dict[int, GoogleObject]:
    """What Google holds of these passes, by pass."""
    query = select(GoogleObject).where(GoogleObject.wallet_pass_id.in_(pass_ids))
    rows = session.scalars(query.execution_options(populate_existing=True))
    return {row.wallet_pass_id: row for row in rows}


def object_row(session: Session, pass_id: int) -> GoogleObject | None:
    """What Google holds of this pass."""
    return objects_of(session, [pass_id]).get(pass_id)


def passes_with_serials(session: Session, serials: Collection[str]) -> dict[str, WalletPass]:
    """Google passes by serial number."""
    query = select(WalletPass).where(
        WalletPass.provider == "google", WalletPass.serial.in_(serials)
    )
    rows = session.scalars(query.execution_options(populate_existing=True))
    return {row.serial: row for row in rows}


def unread_passes(
    session: Session, class_id: str, before: datetime, limit: int
) -> list[WalletPass]:
    """Passes that Google should hold in this class and that were not read back since `before`."""
    query = (
        select(WalletPass)
        .join(GoogleObject, GoogleObject.wallet_pass_id == WalletPass.id)
        .where(
            GoogleObject.class_id == class_id,
            GoogleObject.digest != "",
            or_(GoogleObject.checked_at.is_(None), GoogleObject.checked_at < before),
            WalletPass.delivered_at < before,
        )
        .order_by(WalletPass.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def budgets_of(session: Session, pass_ids: Collection[int]) -> dict[int, NoticeBudget]:
    """The budgets of these passes, by pass; locked until the transaction ends."""
    query = select(NoticeBudget).where(NoticeBudget.wallet_pass_id.in_(pass_ids))
    query = query.order_by(NoticeBudget.id).with_for_update()
    rows = session.scalars(query.execution_options(populate_existing=True))
    return {row.wallet_pass_id: row for row in rows}


class PaidSentence(NamedTuple):
    """The newest version of a pass whose sentence was counted; whether no phone has taken it yet."""

    version: int
    is_untaken: bool


def paid_sentence(session: Session, serial: str) -> PaidSentence | None:
    """Of the Apple pass with this serial number; None where none was ever counted."""
    query = select(NoticeBudget.paid_version, NoticeBudget.speaks).where(
        NoticeBudget.wallet_pass_id == _apple_pass(serial)
    )
    found = session.execute(query).one_or_none()
    return PaidSentence(*found) if found else None


def take_sentence(session: Session, serial: str, version: int, now: datetime) -> bool:
    """A phone takes this version with its sentence, which counts from now on rather than from when it
    was meant to be shown; false when a newer version has it meanwhile."""
    taken = session.execute(
        update(NoticeBudget)
        .where(
            NoticeBudget.wallet_pass_id == _apple_pass(serial),
            NoticeBudget.paid_version == version,
        )
        .values(speaks=False, newest_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(taken, "rowcount", 0))


def _apple_pass(serial: str) -> Any:
    query = select(WalletPass.id).where(WalletPass.serial == serial, WalletPass.provider == "apple")
    return query.scalar_subquery()


def gate_called(session: Session, name: str, *, lock: bool = False) -> ProviderGate | None:
    """The provider's gate; with `lock` nobody else changes it until the transaction ends."""
    query = select(ProviderGate).where(ProviderGate.name == name)
    query = query.execution_options(populate_existing=True)
    return session.scalar(query.with_for_update() if lock else query)


def nonce_with_digest(session: Session, digest: str) -> CallbackNonce | None:
    """The callback that was taken under this digest."""
    return session.scalar(select(CallbackNonce).where(CallbackNonce.digest == digest))


def forget_nonces(session: Session, now: datetime) -> None:
    """Drop what a repeat could no longer get past."""
    session.execute(delete(CallbackNonce).where(CallbackNonce.expires_at <= now))


def count_install(session: Session, program_id: int, provider: str, event: str, day: str) -> None:
    """One more of these on this day."""
    counted = session.execute(
        update(InstallCount)
        .where(
            InstallCount.program_id == program_id,
            InstallCount.provider == provider,
            InstallCount.event == event,
            InstallCount.day == day,
        )
        .values(count=InstallCount.count + 1)
        .returning(InstallCount.id)
    ).scalar_one_or_none()
    if counted is None:
        session.add(
            InstallCount(program_id=program_id, provider=provider, event=event, day=day, count=1)
        )
        session.flush()


def put_message(
    session: Session,
    program_id: int,
    tier_key: str | None,
    message: dict[str, Any],
    now: datetime,
) -> int:
    """Let every card on a phone (of this tier) wait for this message, in the slow lane; how many."""
    query = (
        select(WalletPass.id)
        .join(Member, Member.id == WalletPass.member_id)
        .join(GoogleObject, GoogleObject.wallet_pass_id == WalletPass.id)
        .where(
            WalletPass.program_id == program_id,
            WalletPass.provider == "google",
            WalletPass.saved_at.is_not(None),
            Member.status == "active",
        )
    )
    if tier_key is not None:
        query = query.where(Member.tier_key == tier_key)
    chosen = query.scalar_subquery()
    session.execute(
        update(GoogleObject)
        .where(GoogleObject.wallet_pass_id.in_(chosen))
        .values(message=message)
        .execution_options(synchronize_session=False)
    )
    wanted = session.execute(
        update(WalletPass)
        .where(WalletPass.id.in_(chosen))
        .values(
            wanted_version=WalletPass.wanted_version + 1,
            next_attempt_at=now,
            waiting_since=func.coalesce(WalletPass.waiting_since, now),
        )
        .execution_options(synchronize_session=False)
    )
    return int(getattr(wanted, "rowcount", 0))


def mark_announced(session: Session, versions: Mapping[int, int]) -> None:
    """The deliveries of these versions have begun, by pass."""
    if versions:
        row = WalletPass.__table__
        session.connection().execute(
            update(row)  # type: ignore[arg-type]
            .where(row.c.id == bindparam("holder"))
            .values(announced_version=bindparam("to_version")),
            [{"holder": pass_id, "to_version": version} for pass_id, version in versions.items()],
        )


def note_at_google(session: Session, sent: Mapping[int, tuple[int, bool]], now: datetime) -> None:
    """Google has these passes in this version; whether it notified the holder with it."""
    if not sent:
        return
    row = Delivery.__table__
    kind = row.c.pushed_at.type
    session.connection().execute(
        update(row)  # type: ignore[arg-type]
        .where(
            row.c.wallet_pass_id == bindparam("holder"), row.c.version == bindparam("to_version")
        )
        .values(
            pushes=1,
            pushed_at=func.coalesce(row.c.pushed_at, bindparam("at", now, type_=kind)),
            notified_at=bindparam("told", type_=kind),
        ),
        [
            {"holder": pass_id, "to_version": version, "told": now if speaks else None}
            for pass_id, (version, speaks) in sent.items()
        ],
    )


def add_to_tally(session: Session, name: str, count: int) -> None:
    """Add to one of the counters that all workers share."""
    if not count:
        return
    counted = session.execute(
        update(Sequence_)
        .where(Sequence_.name == name)
        .values(value=Sequence_.value + count)
        .returning(Sequence_.id)
    ).scalar_one_or_none()
    if counted is None:
        session.add(Sequence_(name=name, value=count))
        session.flush()


def tallies(session: Session, prefix: str) -> dict[str, int]:
    """The counters whose names begin so."""
    query = select(Sequence_.name, Sequence_.value).where(
        Sequence_.name.startswith(prefix, autoescape=True)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def install_totals(session: Session, program_id: int, first_day: str) -> dict[tuple[str, str], int]:
    """(provider, event) → how often since that day."""
    query = (
        select(InstallCount.provider, InstallCount.event, func.sum(InstallCount.count))
        .where(InstallCount.program_id == program_id, InstallCount.day >= first_day)
        .group_by(InstallCount.provider, InstallCount.event)
    )
    return {(row[0], row[1]): int(row[2]) for row in session.execute(query)}


def removals(session: Session, program_id: int) -> dict[str, int]:
    """Provider → how often cards were taken off phones so far."""
    counts = install_totals(session, program_id, "")
    return {provider: count for (provider, event), count in counts.items() if event == "del"}


def issued_since(session: Session, program_id: int, provider: str, since: datetime) -> int:
    """Passes that were asked for since then."""
    query = select(func.count()).where(
        WalletPass.program_id == program_id,
        WalletPass.provider == provider,
        WalletPass.created_at >= since,
    )
    return int(session.scalar(query) or 0)


def reach_of(
    session: Session,
    program_id: int,
    tier_key: str | None,
    since: datetime,
    provider: str | None = None,
) -> tuple[int, int, int]:
    """(active members, those with a card on a phone, those of them with budget left on one), where
    `since` is when the running window began: who spoke three times after it has none left."""
    of_program = [Member.program_id == program_id, Member.status == "active"]
    if tier_key is not None:
        of_program.append(Member.tier_key == tier_key)
    members = session.scalar(select(func.count()).where(*of_program)) or 0
    has_budget = or_(NoticeBudget.third_at.is_(None), NoticeBudget.third_at <= since)
    held = (
        select(WalletPass.member_id, func.max(case((has_budget, 1), else_=0)).label("speaks"))
        .join(Member, Member.id == WalletPass.member_id)
        .join(NoticeBudget, NoticeBudget.wallet_pass_id == WalletPass.id, isouter=True)
        .where(
            *of_program,
            or_(
                WalletPass.saved_at.is_not(None),
                WalletPass.id.in_(select(Registration.wallet_pass_id)),
            ),
        )
        .where(*([WalletPass.provider == provider] if provider else []))
        .group_by(WalletPass.member_id)
        .subquery()
    )
    row = session.execute(select(func.count(), func.coalesce(func.sum(held.c.speaks), 0))).one()
    return int(members), int(row[0]), int(row[1])
