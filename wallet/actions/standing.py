"""A member's status: the figures gathered cheaply, the policy applied, the row settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.prepared import Question
from wallet.rules.tiers import Held, Standing, is_falling, settle, standing, window_start
from wallet.tables.earned import (
    earned_asked,
    earned_between,
    plans_at,
    spent_asked,
    spent_between,
)
from wallet.tables.member import Member
from wallet.values import value_class


@value_class
class Counted:
    """What a sale adds to the figures: its amount, and how much of each unit its rules gave."""

    occurred_at: datetime
    amount_minor: int
    given: Mapping[str, int]


def standing_of(session: Session, program: ProgramView, member: Member, now: datetime) -> Standing:
    """The status at `now`: what sales earned in the window, grace, and what paid plans lend."""
    rules = program.ruleset
    plans = plans_at(session, member.id, now) if rules.plans else ()
    if not rules.tiers:
        return standing(rules, 0, plans=plans)
    figure = figure_at(session, program, member.id, now)
    return standing_with(session, program, member, figure, plans, now)


def standing_with(
    session: Session,
    program: ProgramView,
    member: Member,
    figure: int,
    plans: tuple[str, ...],
    now: datetime,
) -> Standing:
    """The status with this figure in the window."""
    rules = program.ruleset
    held = held_by(member)
    then = None
    if held.since is not None and is_falling(rules, held, figure):
        # Carried by sales that were refunded since? Then no grace protects it.
        then = figure_at(session, program, member.id, held.since)
    settled = settle(rules, held, figure, now, program.time_zone, then)
    return standing(rules, figure, settled, plans)


def figure_at(session: Session, program: ProgramView, member_id: int, at: datetime) -> int:
    """Spend in minor units, or points earned, in the window that ends at that moment."""
    rules = program.ruleset
    since = window_start(rules, at, program.time_zone)
    if rules.tier_unit is not None:
        return earned_between(session, member_id, rules.tier_unit, since, at)
    return spent_between(session, member_id, since, at)


def figure_asked(program: ProgramView, member_id: int, at: datetime) -> list[Question]:
    """What `figure_at` asks; nothing where there are no tiers."""
    rules = program.ruleset
    if not rules.tiers:
        return []
    since = window_start(rules, at, program.time_zone)
    if rules.tier_unit is not None:
        return [earned_asked(member_id, rules.tier_unit, since, at)]
    return [spent_asked(member_id, since, at)]


def standing_after(
    session: Session,
    program: ProgramView,
    member: Member,
    before: Standing,
    sale: Counted,
    now: datetime,
) -> Standing:
    """The status that a sale just written makes of the one found `before` it at the same `now`: as
    `standing_of` finds it, without adding up the past once more."""
    rules = program.ruleset
    if not rules.tiers:
        return before
    figure = before.figure
    if sale.occurred_at >= window_start(rules, now, program.time_zone):
        figure += (
            sale.amount_minor if rules.tier_unit is None else sale.given.get(rules.tier_unit, 0)
        )
    return standing_with(session, program, member, figure, before.plans, now)


def held_by(member: Member) -> Held:
    """What was settled last."""
    earned = member.earned_tier_key or member.tier_key
    return Held(earned, member.tier_since, member.tier_kept_until)


def settle_tier(member: Member, found: Standing) -> None:
    """Write what was found to the member's row, where it differs."""
    held = found.held
    if (member.earned_tier_key, member.tier_since) != (held.tier_key, held.since):
        member.earned_tier_key, member.tier_since = held.tier_key, held.since
    if member.tier_kept_until != held.kept_until:
        member.tier_kept_until = held.kept_until
    if member.tier_key != found.tier_key:
        member.tier_key = found.tier_key
