"""Spend the notification budget: decided and written down before anything is sent.

A worker that is killed between may have spent one for nothing; it can never send one too many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.rules.notices import NOTICES_MAX, WINDOW, Kind, Verdict, after, verdict
from wallet.tables.google import NoticeBudget, budgets_of, reach_of


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a message to these members would reach now. `notified` hear of it; on the phones of
    `silent` it appears without a notification, because their budget is spent; `without_card` have
    no card on a phone."""

    members: int
    notified: int
    silent: int
    without_card: int


def spend_notices(
    session: Session, pass_ids: Collection[int], kind: Kind, now: datetime
) -> dict[int, Verdict]:
    """For each pass whether it may speak up now; what speaks is written down as spent."""
    rows = budgets_of(session, pass_ids)
    verdicts: dict[int, Verdict] = {}
    for pass_id in sorted(pass_ids):
        row = rows.get(pass_id)
        said = verdict(row.spent if row else (), kind, now)
        verdicts[pass_id] = said
        if row is None:
            row = NoticeBudget(wallet_pass_id=pass_id)
            session.add(row)
        row.speaks = said == "speak"
        if row.speaks:
            row.spent = after(row.spent, now)
    session.flush()
    return verdicts


def spend_sentences(
    session: Session, versions: Mapping[int, int], news: Collection[int], now: datetime
) -> None:
    """Which versions of Apple passes may be fetched with the sentence that the phone shows; the
    newest version of each pass. `news` are those that have something to announce by themselves.

    A sentence that no phone has taken yet goes over to the newer version: it costs nothing more.
    """
    rows = budgets_of(session, versions.keys())
    for pass_id in sorted(versions):
        row = rows.get(pass_id)
        if row is not None and row.speaks:
            row.paid_version = versions[pass_id]
        elif pass_id in news and verdict(row.spent if row else (), "balance", now) == "speak":
            if row is None:
                row = NoticeBudget(wallet_pass_id=pass_id)
                session.add(row)
            row.speaks, row.paid_version = True, versions[pass_id]
            row.spent = after(row.spent, now)
    session.flush()


def give_back_notices(session: Session, pass_ids: Collection[int]) -> None:
    """The newest notification of each was refused for another reason, so it was never shown."""
    for row in budgets_of(session, pass_ids).values():
        row.newest_at, row.second_at, row.third_at = row.second_at, row.third_at, None
    session.flush()


def no_notices_left(session: Session, pass_ids: Collection[int], now: datetime) -> None:
    """The provider says so, whatever we counted (another system, a restored backup)."""
    for row in budgets_of(session, pass_ids).values():
        row.spent = (now,) * NOTICES_MAX
    session.flush()


def notice_reach(
    session: Session,
    program: ProgramView,
    now: datetime,
    tier_key: str | None = None,
    provider: str | None = None,
) -> Reach:
    """What a campaign to everybody, or to one tier, would do if it were sent now, in every wallet or
    in one."""
    if tier_key is not None and program.ruleset.tier(tier_key) is None:
        raise Refusal("tier_not_found")
    members, with_card, notified = reach_of(session, program.id, tier_key, now - WINDOW, provider)
    return Reach(members, notified, with_card - notified, members - with_card)
