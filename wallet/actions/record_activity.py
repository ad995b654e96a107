"""Anything but a sale that may earn: a birthday, a review, an eco action, whatever a shop tells."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.accrue import Cause, accrue
from wallet.actions.actor import Actor
from wallet.actions.fill_stamp_cards import fill_stamp_cards
from wallet.actions.identify import check_external_id
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView
from wallet.actions.record_purchase import CLOCK_SKEW_MAX, earning_view
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.earning import Award, earn_activity
from wallet.rules.periods import local_time, period_of
from wallet.rules.ruleset import ActivityRule
from wallet.tables.activity import activities_between, activity_from, entries_of_activity
from wallet.tables.ledger import Entry
from wallet.tables.member import Member, lock_member
from wallet.tables.purchase import Activity

# What a member does once, or has once a year, whoever tells of it and how often.
ONCE_PER = {
    "newsletter": "lifetime",
    "profile": "lifetime",
    "birthday": "year",
    "anniversary": "year",
}
OWN_SOURCE = "comptoir"  # of activities that nobody has to tell us of
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")  # the form that rules can name


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What somebody says that a member did. Unique by (kind, source, external_id)."""

    kind: str
    source: str
    external_id: str
    occurred_at: datetime | None = None
    channel: str | None = None  # the actor's own, unless it happened elsewhere


@dataclass(frozen=True, slots=True)
class RecordedActivity:
    """The activity and the entries it made; `repeated` when it was known already."""

    activity: Activity
    entries: list[Entry]
    repeated: bool


def record_activity(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: ActivityFacts,
    actor: Actor,
    now: datetime,
    *,
    extra: Sequence[Award] = (),
) -> RecordedActivity:
    """Once, however often it is sent. It earns what the rules of its kind give, within their caps;
    a kind that no rule names is kept and earns nothing. `extra` is given besides, whatever the
    rules of activities say (a referral).
    """
    lock_member(session, member)
    digest = _digest(facts)
    known = activity_from(session, program.id, facts.kind, facts.source, facts.external_id)
    if known is not None:
        return _again(session, known, member, digest)
    occurred_at = _check(member, facts, now)
    awards = [*_earned(session, program, member, facts, actor, occurred_at, now), *extra]
    activity = Activity(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        kind=facts.kind,
        source=facts.source,
        external_id=facts.external_id,
        channel=facts.channel or actor.channel,
        store_id=actor.store_id,
        actor=actor.label,
        facts_hash=digest,
        rule_version=program.rule_version,
        occurred_at=occurred_at,
        recorded_at=now,
    )
    session.add(activity)
    session.flush()
    cause = Cause(occurred_at, activity.channel, activity_id=activity.id)
    entries = accrue(session, program, member.id, awards, cause, actor, now)
    if entries:
        units = {entry.unit for entry in entries}
        fill_stamp_cards(session, program, member, units, actor, now)
        refresh_card(session, program, member, now)
    return RecordedActivity(activity, entries, repeated=False)


def earns_by(program: ProgramView, kind: str) -> bool:
    """Whether a rule gives anything for activities of this kind."""
    return any(
        isinstance(rule, ActivityRule) and rule.activity == kind for rule in program.ruleset.earning
    )


def had_before(
    session: Session, program: ProgramView, member_id: int, kind: str, at: datetime
) -> bool:
    """Whether the member was credited already, in the span of `at`, for what counts once in it."""
    span = ONCE_PER.get(kind)
    if span is None:
        return False
    start, end = period_of(span, local_time(at, program.time_zone))
    return any(
        entries_of_activity(session, activity)
        for activity in activities_between(session, member_id, kind, start, end)
    )


def _earned(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: ActivityFacts,
    actor: Actor,
    occurred_at: datetime,
    now: datetime,
) -> list[Award]:
    if not earns_by(program, facts.kind):
        return []
    # The lock comes before the look: of two at once the later one must see the other's.
    account_of(session, program.id, member.id, program.ruleset.main_unit.key)
    if had_before(session, program, member.id, facts.kind, occurred_at):
        return []
    view = earning_view(session, program, member, occurred_at, now)
    channel = facts.channel or actor.channel
    return earn_activity(program.ruleset, facts.kind, channel, view, program.currency)


def _check(member: Member, facts: ActivityFacts, now: datetime) -> datetime:
    """When it happened, after every check that can refuse it."""
    if member.status != "active":
        raise Refusal("member_closed")
    if not _KIND.fullmatch(facts.kind):
        raise Refusal("body_invalid", field="kind")
    if not facts.source:
        raise Refusal("body_invalid", field="source")
    check_external_id(facts.source, facts.external_id)
    occurred_at = facts.occurred_at or now
    if occurred_at > now + CLOCK_SKEW_MAX:
        raise Refusal("activity_in_future")
    return min(occurred_at, now)


def _again(session: Session, known: Activity, member: Member, digest: str) -> RecordedActivity:
    # The member is compared by what is so now: a merge hands activities over.
    if known.facts_hash != digest or known.member_id != member.id:
        raise Refusal("activity_exists")
    return RecordedActivity(known, entries_of_activity(session, known), repeated=True)


def _digest(facts: ActivityFacts) -> str:
    said = [facts.occurred_at.isoformat() if facts.occurred_at else None, facts.channel]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
