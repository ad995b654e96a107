"""What earning has to know of a member, gathered in as few statements as the rules ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.prepared import Question
from wallet.rules.facts import MemberFacts
from wallet.rules.periods import local_time, period_of
from wallet.rules.ruleset import Ruleset, VisitGoal
from wallet.rules.tiers import Standing
from wallet.tables.earned import usage, usage_asked, visits_asked, visits_between
from wallet.tables.member import Member


def member_facts(
    session: Session, program: ProgramView, member: Member, standing: Standing, at: datetime
) -> MemberFacts:
    """The member before a sale or an activity at `at`, which must not be written yet.

    The account must be locked where caps count: two tills must not both see the last free place.
    """
    rules = program.ruleset
    local = local_time(at, program.time_zone)
    used: dict[tuple[str, str], tuple[int, int]] = {}
    visits: dict[str, tuple[int, int]] = {}
    if rules.counted:
        used = _used(session, rules, member.id, local)
        visits = {
            goal.key: (
                qualifying_visits(session, goal, member.id, local),
                used.pop((goal.key, goal.within), (0, 0))[1],
            )
            for goal in rules.visit_goals
        }
    return MemberFacts(
        at=local,
        tier_key=standing.tier_key,
        tags=tuple(member.tags or ()),
        joined_on=local_time(member.joined_at, program.time_zone).date(),
        birthday=member.birthday,
        plans=standing.plans,
        used=used,
        visits=visits,
    )


def facts_asked(program: ProgramView, member_id: int, at: datetime) -> list[Question]:
    """What `member_facts` asks of the rows; nothing where no rule counts anything."""
    rules = program.ruleset
    if not rules.counted:
        return []
    local = local_time(at, program.time_zone)
    return [
        usage_asked(member_id, rules.counted, _periods(rules, local)),
        *(_visits_asked(goal, member_id, local) for goal in rules.visit_goals),
    ]


def _used(
    session: Session, rules: Ruleset, member_id: int, at: datetime
) -> dict[tuple[str, str], tuple[int, int]]:
    return usage(session, member_id, rules.counted, _periods(rules, at))


def _periods(rules: Ruleset, at: datetime) -> dict[str, tuple[datetime, datetime]]:
    return {per: period_of(per, at) for _, per, _ in rules.counted}


def qualifying_visits(session: Session, goal: VisitGoal, member_id: int, at: datetime) -> int:
    """Sales of the period around `at` that count for the goal: its channels and least amount
    decide, and something of them must have been kept."""
    return visits_between(session, _visits_asked(goal, member_id, at))


def _visits_asked(goal: VisitGoal, member_id: int, at: datetime) -> Question:
    when = goal.when
    channels = goal.channels if goal.channels is not None else when and when.channels
    return visits_asked(
        member_id,
        *period_of(goal.within, at),
        min_minor=(when and when.purchase_min_minor) or 0,
        channels=channels or None,
    )
