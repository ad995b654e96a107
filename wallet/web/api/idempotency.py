"""The Idempotency-Key header: the same key and body get the first answer again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.api_access import make_sure, sure_asked
from wallet.actions.once import Ask, once
from wallet.errors import Refusal
from wallet.prepared import Question
from wallet.web.security import is_key_to_be_checked, key
from wallet.web.wiring import write

HEADER = "Idempotency-Key"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
First = Callable[[Session], Iterable[Question]]


def _nothing(_: Session) -> Iterable[Question]:
    return ()


def idempotency_key(*, required: bool = True) -> str:
    """The header; empty when it is missing and need not be there."""
    given = request.headers.get(HEADER)
    if given is None:
        if required:
            raise Refusal("idempotency_key_missing")
        return ""
    if not _VISIBLE.fullmatch(given):
        raise Refusal("idempotency_key_invalid")
    return given


def write_once(
    body: BaseModel, work: Callable[[Session], BaseModel | dict[str, Any]], first: First = _nothing
) -> dict[str, Any]:
    """Do `work` in one transaction under the request's key, and answer it; or the first answer again.

    The key counts for one credential and one address, so that two shops may choose the same.
    """
    asked = idempotency_key()
    return write(lambda session: run_once(session, asked, body, work, first))


def run_once(
    session: Session,
    asked: str,
    body: BaseModel,
    work: Callable[[Session], BaseModel | dict[str, Any]],
    first: First = _nothing,
) -> dict[str, Any]:
    """The same within a transaction at hand. `idempotency_key_reused` when the body is another. `first` says
    what `work` asks first."""
    began = False

    def _work() -> dict[str, Any]:
        nonlocal began
        began = True
        answer = work(session)
        return answer if isinstance(answer, dict) else answer.model_dump(mode="json")

    holder = key()
    ask = Ask(
        program_id=holder.program_id,
        scope=f"{holder.actor.label} {request.method} {request.path}",
        request_id=asked,
        facts=body.model_dump(mode="json", exclude_unset=True),
    )

    def _first() -> Iterable[Question]:
        return (*first(session), *((sure_asked(holder),) if is_key_to_be_checked() else ()))

    def _check() -> None:
        if is_key_to_be_checked():
            make_sure(session, holder)

    try:
        return once(session, ask, clock.now(), _work, _first, _check)
    except Refusal as refusal:
        if refusal.code == "request_id_reused" and not began:
            raise Refusal("idempotency_key_reused") from None
        raise
