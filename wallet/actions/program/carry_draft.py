"""A draft of rules that was overtaken by another version: what that changed, and the draft onto it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program.changes import Wish, begin_change
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.rules.rebase import Clash, Rebased, rebased, with_place
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.rules.sentences import sentences
from wallet.tables.program import RuleVersion, newest_rules, rules_of_version
from wallet.tables.rule_draft import RuleDraft, rule_draft_of
from wallet.tables.staff import name_behind


@dataclass(frozen=True, slots=True)
class ClashView:
    """A place that both changed, with what each side says there, in sentences; none where a side took
    it out or where no sentence tells it. `name` is the rule's own, where it has one."""

    place: str
    draft: tuple[str, ...]
    live: tuple[str, ...]
    name: Mapping[str, str]
    draft_is_gone: bool
    live_is_gone: bool


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The version in force (number, when, by whom), the sentences that it took away and brought since
    the draft began, and what collides."""

    version: int
    at: datetime
    by: str
    gone: tuple[str, ...]
    new: tuple[str, ...]
    clashes: tuple[ClashView, ...]


def overtaken(session: Session, program: ProgramView, language: str) -> Overtaken | None:
    """What happened since the draft began; None where there is no draft, or nothing happened."""
    row, live = rule_draft_of(session, program.id), newest_rules(session, program.id)
    if row is None or row.after_version == live.version:
        return None
    base = _rules(session, program.id, row.after_version)
    before, after = (_told(one, program, language) for one in (base, read_ruleset(live.rules)))
    return Overtaken(
        live.version,
        live.published_at,
        name_behind(session, live.published_by),
        tuple(text for text in before if text not in after),
        tuple(text for text in after if text not in before),
        tuple(
            _view(clash, program, live.rules, language)
            for clash in _rebased(base, row, live, {}).clashes
        ),
    )


def carry_draft(
    session: Session,
    program_id: int,
    seen: tuple[int, int],
    takes: Mapping[str, str],
    wish: Wish,
) -> tuple[str, ...]:
    """Put the draft onto the version in force. `seen` are the draft's revision and that version, as
    they were shown; `takes` says for each place that collides whether `draft` or `live` is taken.

    The places that nobody has decided, and nothing is done; none where it is done. `draft_conflict`
    where draft or version are others by now, `rules_invalid` (with `problems`) where the result is no
    rule set.
    """
    program = begin_change(session, program_id, wish, {})
    assert program is not None  # a draft is not written down: nothing was asked before
    row, live = rule_draft_of(session, program_id), newest_rules(session, program_id)
    if row is None or seen != (row.revision, live.version):
        raise Refusal("draft_conflict")
    found = _rebased(_rules(session, program_id, row.after_version), row, live, takes)
    if left := found.open(takes):
        return left
    try:
        rules = read_ruleset(found.document)
    except RulesetError as error:
        raise Refusal("rules_invalid", problems=error.problems) from error
    row.document, row.after_version = rules.model_dump(mode="json"), live.version
    row.revision, row.asked = row.revision + 1, ""
    row.updated_at, row.updated_by = wish.now, wish.actor.label
    session.flush()
    return ()


def _rebased(base: Ruleset, row: RuleDraft, live: RuleVersion, takes: Mapping[str, str]) -> Rebased:
    draft, now = (read_ruleset(one) for one in (row.document, live.rules))
    before, mine, theirs = (one.model_dump(mode="json") for one in (base, draft, now))
    return rebased(before, mine, theirs, takes)


def _rules(session: Session, program_id: int, version: int) -> Ruleset:
    found = rules_of_version(session, program_id, version)
    assert found is not None  # versions are never deleted
    return read_ruleset(found.rules)


def _view(clash: Clash, program: ProgramView, live: Mapping[str, Any], language: str) -> ClashView:
    """What the draft's part would change in the version, told by the difference of the sentences."""
    now = read_ruleset(live)
    try:
        then = read_ruleset(with_place(now.model_dump(mode="json"), clash.place, clash.draft))
    except RulesetError:
        then = now  # not without the rest of the draft: then only the name is told
    before, after = (_told(one, program, language) for one in (now, then))
    part = clash.draft or clash.live
    return ClashView(
        clash.place,
        tuple(text for text in after if text not in before),
        tuple(text for text in before if text not in after),
        part.get("name", {}) if isinstance(part, Mapping) and "." in clash.place else {},
        clash.draft is None,
        clash.live is None,
    )


def _told(rules: Ruleset, program: ProgramView, language: str) -> list[str]:
    return [one.text for one in sentences(rules, program.currency, language)]
