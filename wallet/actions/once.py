"""Once: the same request id and the same facts get the first answer again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from wallet.db import StaleRead
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.prepared import Question, together
from wallet.tables.request import (
    answer_given,
    keep_answer,
    open_request,
    request_taken,
    take_request,
)

REQUEST_ID_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class Ask:
    """A write that moves value: who asks (`scope`), the id the caller made, and all that was said."""

    program_id: int
    scope: str
    request_id: str
    facts: Any


def once(
    session: Session,
    ask: Ask,
    now: datetime,
    work: Callable[[], dict[str, Any]],
    first: Callable[[], Iterable[Question]] = tuple,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The answer of `work`, or the first answer again with `repeated: true`.

    Only successes are kept: a refusal changes nothing, so asking again is asking anew. `first` is what
    `work` asks first, in the same round trip to the server; `check` raises what forbids either answer.
    """
    # The row comes before the work: on PostgreSQL an equal request waits here for the winner and
    # then repeats its answer, instead of being refused by what the winner left behind.
    row = _row(ask, now)
    together(session, lambda: [request_taken(row), *first()])
    check()
    if not take_request(session, row):
        return _given(session, ask, row["facts_hash"])
    answer = work()
    keep_answer(session, row["id"], _text(answer))
    return answer


def given_before(session: Session, ask: Ask) -> dict[str, Any] | None:
    """The answer that was given to this very request, or None; `request_id_reused` for other facts."""
    known = answer_given(session, ask.program_id, ask.scope, ask.request_id)
    if known is None:
        return None
    if known[0] != _digest(ask):
        raise Refusal("request_id_reused")
    answer: dict[str, Any] = json.loads(known[1])
    return answer


def keep(session: Session, ask: Ask, now: datetime, answer: dict[str, Any]) -> None:
    """The answer to something that was made just now and that nobody can have asked about."""
    open_request(session, {**_row(ask, now), "answer": _text(answer)})


def _text(answer: dict[str, Any]) -> str:
    """An answer of ours, whose numbers fit into 64 bits."""
    return orjson.dumps(answer).decode()


def _row(ask: Ask, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "program_id": ask.program_id,
        "scope": ask.scope,
        "request_id": ask.request_id,
        "facts_hash": _digest(ask),
        "status": 201,
        "answer": "",
        "created_at": now,
    }


def _digest(ask: Ask) -> str:
    return hashlib.sha256(json.dumps(ask.facts, sort_keys=True).encode()).hexdigest()


def _given(session: Session, ask: Ask, facts_hash: str) -> dict[str, Any]:
    known = answer_given(session, ask.program_id, ask.scope, ask.request_id)
    if known is None:
        raise StaleRead  # it was forgotten at this moment: old ones are
    if known[0] != facts_hash:
        raise Refusal("request_id_reused")
    answer: dict[str, Any] = json.loads(known[1])
    return {**answer, "repeated": True}
