"""Changes of the set-up: each is written down, once, and never over somebody else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.errors import Refusal
from wallet.ids import new_id, private_id, public_id
from wallet.tables.change import ProgramChange, changes_of, is_asked
from wallet.tables.program import Program, program_for_update
from wallet.tables.staff import name_behind

FORM_ID_LENGTH_MAX = 64  # characters of what a form calls itself; ours has 22
FINGERPRINT_LENGTH = 20  # hexadecimal digits: 80 bits tell two states of one thing apart
PAGE = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """What comes with a form: who sent it and when, what the form calls itself (empty: it may be sent
    as often as it likes), and the fingerprint of what it showed."""

    actor: Actor
    now: datetime
    form_id: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done (`store.edit`), to what, and what it was before and is now."""

    verb: str
    subject: str = ""
    name: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change as it is read: `by` is a name, empty for the set-up and commands."""

    id: str
    at: datetime
    by: str
    verb: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def fingerprint(facts: Mapping[str, Any]) -> str:
    """What a form carries to say which state of a thing it showed."""
    return _digest(facts)[:FINGERPRINT_LENGTH]


def begin_change(
    session: Session, program_id: int, wish: Wish, said: Mapping[str, Any]
) -> Program | None:
    """The program, locked, so that changes of the set-up come one after the other; None where this
    very form (the same id, saying the same) has been here already."""
    program = program_for_update(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    asked = _asked(wish, said)
    return None if asked and is_asked(session, program_id, asked) else program


def check_seen(wish: Wish, now: Mapping[str, Any]) -> None:
    """`changed_meanwhile` unless the form showed the thing as it is."""
    if wish.seen != fingerprint(now):
        raise Refusal("changed_meanwhile")


def note_change(
    session: Session, program_id: int, change: Change, wish: Wish, said: Mapping[str, Any]
) -> None:
    """Write it down in the transaction of the change itself; only what differs is kept."""
    names = [
        name
        for name in {**change.before, **change.after}
        if change.before.get(name) != change.after.get(name)
    ]
    session.add(
        ProgramChange(
            id=new_id(),
            program_id=program_id,
            at=wish.now,
            by=wish.actor.label,
            verb=change.verb,
            subject=change.subject,
            name=change.name,
            before={name: change.before.get(name) for name in names},
            after={name: change.after.get(name) for name in names},
            asked=_asked(wish, said),
        )
    )
    session.flush()


def changes_shown(
    session: Session, program_id: int, before: str = ""
) -> tuple[list[ChangeView], str]:
    """The newest changes, older than the change `before`; and what asks for still older ones."""
    number = private_id("chg", before) if before else None
    rows = changes_of(session, program_id, number, PAGE + 1)
    shown = [
        ChangeView(
            public_id("chg", row.id),
            row.at,
            name_behind(session, row.by),
            row.verb,
            row.name,
            row.before,
            row.after,
        )
        for row in rows[:PAGE]
    ]
    return shown, shown[-1].id if len(rows) > PAGE else ""


def _asked(wish: Wish, said: Mapping[str, Any]) -> str | None:
    if not wish.form_id or len(wish.form_id) > FORM_ID_LENGTH_MAX:
        return None
    return _digest({"form": wish.form_id, "by": wish.actor.label, "said": said})


def _digest(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
