"""Publish a rule set: a new version in force from now on. Versions are never edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import program_view, touch_program
from wallet.actions.rotating_codes import make_code_key
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.tables.code_key import google_holders_without_key
from wallet.tables.history import held_units, paid_plans
from wallet.tables.program import RuleVersion, newest_rules, program_for_update
from wallet.tables.reward import rewards_of
from wallet.tables.wallet_pass import want_again


def publish_rules(
    session: Session,
    program_id: int,
    document: Mapping[str, Any],
    published_by: str,
    now: datetime,
    *,
    after_version: int | None = None,
) -> int:
    """The new version's number.

    `rules_invalid` (with `problems`) when the document is no rule set, or when what members hold,
    catalogue rewards or paid memberships would be left without rules; `rules_changed` when somebody
    published after `after_version`, the version the draft was made from.
    """
    program = program_for_update(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    newest = newest_rules(session, program_id)
    if after_version is not None and newest.version != after_version:
        raise Refusal("rules_changed", version=newest.version)
    try:
        rules = read_ruleset(document)
    except RulesetError as error:
        raise Refusal("rules_invalid", problems=error.problems) from error
    before = Ruleset.model_validate(newest.rules)
    problems = list(_left_behind(session, program_id, before, rules, now))
    if problems:
        raise Refusal("rules_invalid", problems=problems)
    version = newest.version + 1
    session.add(
        RuleVersion(
            id=new_id(),
            program_id=program_id,
            version=version,
            rules=rules.model_dump(mode="json"),
            published_at=now,
            published_by=published_by,
        )
    )
    touch_program(program)
    session.flush()
    if _guards(before) != _guards(rules):
        _renew_google_cards(session, program_id, now)
    return version


def _guards(rules: Ruleset) -> tuple[bool, bool, bool]:
    """How the cards guard their codes: part of what Google holds, and not of what a card says."""
    spending = rules.spending
    return spending.rotating, spending.static_code, spending.screenshots


def _renew_google_cards(session: Session, program_id: int, now: datetime) -> None:
    view = program_view(session, program_id)
    for member_id in google_holders_without_key(session, program_id):
        make_code_key(session, view, member_id, "google", now)
    want_again(session, program_id, "google", now)
    session.info["nudge"] = True


def _left_behind(
    session: Session, program_id: int, before: Ruleset, rules: Ruleset, now: datetime
) -> Iterator[str]:
    """What exists already and what the new rules would no longer know."""
    kinds = {unit.key: unit.kind for unit in rules.units}
    for unit, members in held_units(session, program_id).items():
        if unit not in kinds:
            yield f"unit {unit} is held by {members} members and cannot go"
    for old in before.units:
        if kinds.get(old.key, old.kind) != old.kind:
            yield f"unit {old.key} counts {old.kind} and cannot become {kinds[old.key]}"
    yield from _rewards_left_behind(session, program_id, rules)
    plans = {plan.key for plan in rules.plans}
    for plan in sorted(paid_plans(session, program_id, now) - plans):
        yield f"plan {plan} was paid for by members and cannot go before it ends"


def _rewards_left_behind(session: Session, program_id: int, rules: Ruleset) -> Iterator[str]:
    units = {unit.key for unit in rules.units}
    rewards = rewards_of(session, program_id)
    for reward in rewards:
        if reward.unit not in units:
            yield f"a reward costs {reward.unit}, which is no unit any more"
    keys = {reward.key for reward in rewards}
    for unit in rules.units:
        if unit.reward_key and unit.reward_key not in keys:
            yield f"unit {unit.key} gives an unknown reward {unit.reward_key}"
