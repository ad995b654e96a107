"""Once: the same request id and the same facts get the first answer again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.request import answer_given, keep_answer, open_request

REQUEST_ID_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class Ask:
    """A write that moves value: who asks (`scope`), the id the caller made, and all that was said."""

    program_id: int
    scope: str
    request_id: str
    facts: Any


def once(
    session: Session, ask: Ask, now: datetime, work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The answer of `work`, or the first answer again with `repeated: true`.

    Only successes are kept: a refusal changes nothing, so asking again is asking anew. A race of
    two equal requests ends at the unique key; `Database.run` then comes here a second time.
    """
    digest = hashlib.sha256(json.dumps(ask.facts, sort_keys=True).encode()).hexdigest()
    known = answer_given(session, ask.program_id, ask.scope, ask.request_id)
    if known:
        facts_hash, first = known
        if facts_hash != digest:
            raise Refusal("request_id_reused")
        answer: dict[str, Any] = json.loads(first)
        return {**answer, "repeated": True}
    # The row comes before the work: on PostgreSQL an equal request waits here for the winner and
    # then repeats its answer, instead of being refused by what the winner left behind.
    number = new_id()
    open_request(
        session,
        {
            "id": number,
            "program_id": ask.program_id,
            "scope": ask.scope,
            "request_id": ask.request_id,
            "facts_hash": digest,
            "status": 201,
            "answer": "",
            "created_at": now,
        },
    )
    answer = work()
    keep_answer(session, number, json.dumps(answer))
    return answer
