"""What a draft of the rules would do: the time machine over as much of the past as a page can wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.actions.replay_rules import Period, ReplayReport, replay_rules
from wallet.rules.ruleset import Ruleset
from wallet.tables.history import count_sales
from wallet.tables.program import newest_versions
from wallet.tables.staff import name_behind

TRIED_DAYS = (365, 90, 30, 7)  # the longest that is short enough to wait for
TRIED_SALES_MAX = 50_000  # sales replayed while somebody waits: a few seconds
VERSIONS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """What the last `days` days would have been; no report where nothing was sold."""

    days: int
    report: ReplayReport | None


@dataclass(frozen=True, slots=True)
class Version:
    """One published rule set. `by` is the name of who published it, empty for the set-up."""

    number: int
    published_at: datetime
    by: str


def try_rules(session: Session, program: ProgramView, rules: Ruleset, now: datetime) -> Trial:
    """Nothing is written."""
    for days in TRIED_DAYS:
        since = now - timedelta(days=days)
        sales = count_sales(session, program.id, since, now)
        if sales <= TRIED_SALES_MAX:
            break
    if not sales:
        return Trial(days, None)
    return Trial(days, replay_rules(session, program, rules, Period(since, now)))


def rule_history(session: Session, program_id: int) -> list[Version]:
    """The last versions, the one in force first."""
    found = newest_versions(session, program_id, VERSIONS_SHOWN)
    return [
        Version(one.version, one.published_at, name_behind(session, one.published_by))
        for one in found
    ]
