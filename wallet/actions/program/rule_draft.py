"""The draft of a program's rules: changed part by part, tried, published or thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program.changes import Change, Wish, begin_change, fingerprint, note_change
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.publish_rules import publish_rules
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.rules.sentences import sentences
from wallet.tables.rule_draft import RuleDraft, rule_draft_of
from wallet.tables.staff import name_behind

Edit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class DraftView:
    """The draft as it stands. `is_late`: other rules were published since it began. Without a draft
    `revision` is 0 and `rules` are those in force."""

    rules: Ruleset
    revision: int
    is_late: bool = False
    by: str = ""
    at: datetime | None = None


def draft_of(session: Session, program: ProgramView) -> DraftView:
    """What is being prepared, or what is in force."""
    row = rule_draft_of(session, program.id)
    if row is None:
        return DraftView(program.ruleset, 0)
    return DraftView(
        read_ruleset(row.document),
        row.revision,
        row.after_version != program.rule_version,
        name_behind(session, row.updated_by),
        row.updated_at,
    )


def edit_draft(session: Session, program_id: int, edit: Edit, revision: int, wish: Wish) -> int:
    """The draft's new revision; it begins with the rules in force. `edit` changes the document.

    `draft_conflict` where it is no longer the revision that was shown, `rules_invalid` (with
    `problems`) where the result is no rule set; the draft stays as it was.
    """
    program = begin_change(session, program_id, wish, {})
    assert program is not None  # a draft is not written down: nothing was asked before
    view = program_view(session, program_id)
    row = rule_draft_of(session, program_id)
    asked = fingerprint({"form": wish.form_id, "by": wish.actor.label}) if wish.form_id else ""
    if row is not None and asked and row.asked == asked:
        return row.revision  # pressed twice
    if revision != (row.revision if row else 0):
        raise Refusal("draft_conflict")
    document: dict[str, Any] = (read_ruleset(row.document) if row else view.ruleset).model_dump(
        mode="json"
    )
    edit(document)
    try:
        rules = read_ruleset(document)
    except RulesetError as error:
        raise Refusal("rules_invalid", problems=error.problems) from error
    if row is None:
        row = RuleDraft(
            id=new_id(), program_id=program_id, revision=0, after_version=view.rule_version
        )
        session.add(row)
    row.document, row.revision = rules.model_dump(mode="json"), row.revision + 1
    row.asked, row.updated_at, row.updated_by = asked, wish.now, wish.actor.label
    session.flush()
    return row.revision


def discard_draft(session: Session, program_id: int, wish: Wish) -> None:
    """Back to the rules in force. Nothing to do where there is no draft."""
    said = {"what": "discard"}
    if begin_change(session, program_id, wish, said) is None:
        return
    row = rule_draft_of(session, program_id)
    if row is None:
        return
    session.delete(row)
    note_change(session, program_id, Change("rules.discard"), wish, said)


def publish_draft(session: Session, program_id: int, revision: int, wish: Wish) -> int | None:
    """The new version's number; None where this form published it already.

    `draft_conflict` unless the draft is the one that was tried, `rules_changed` where other rules
    were published since it began; further refusals as `publish_rules`.
    """
    said = {"revision": revision}
    if begin_change(session, program_id, wish, said) is None:
        return None
    row = rule_draft_of(session, program_id)
    if row is None or row.revision != revision:
        raise Refusal("draft_conflict")
    view = program_view(session, program_id)
    after_version, document = row.after_version, row.document
    version = publish_rules(
        session,
        program_id,
        document,
        wish.actor.label,
        wish.now,
        after_version=after_version,
    )
    session.delete(row)
    before, after = (_told(view, rules) for rules in (view.ruleset, read_ruleset(document)))
    note_change(
        session,
        program_id,
        Change(
            "rules.publish",
            before={"version": after_version, "sentences": [s for s in before if s not in after]},
            after={"version": version, "sentences": [s for s in after if s not in before]},
        ),
        wish,
        said,
    )
    return version


def _told(program: ProgramView, rules: Ruleset) -> list[str]:
    """The rules in sentences of the program's own language, for the book of changes."""
    return [one.text for one in sentences(rules, program.currency, program.locale)]


def document_of(rules: Ruleset) -> Mapping[str, Any]:
    """The rules as plain data, for forms."""
    return rules.model_dump(mode="json")
