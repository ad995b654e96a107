"""Answers already given, kept by the id that the caller made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from wallet.db import Base
from wallet.prepared import Prepared, Question, prepared_insert


class Request(Base):
    """One write that moved value, and its answer, to be given again.

    The ledger's own unique keys de-duplicate for ever; this row only repeats the words.
    """

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("program_id", "scope", "request_id"),
        Index(None, "created_at"),
    )

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    scope: Mapped[str]  # credential and operation: two shops may choose the same id
    request_id: Mapped[str]
    facts_hash: Mapped[str]
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


_request = cast(Table, Request.__table__)
_INSERT = prepared_insert(_request)
# SQLite knows this form too. Whoever comes second waits for the end of the first one, and then takes nothing.
_TAKE = Prepared(
    postgres_insert(_request)
    .values({column.name: bindparam(column.name) for column in _request.columns})
    .on_conflict_do_nothing(index_elements=["program_id", "scope", "request_id"])
    .returning(_request.c.id)
)
_GIVEN = Prepared(
    select(_request.c.facts_hash, _request.c.answer).where(
        _request.c.program_id == bindparam("program"),
        _request.c.scope == bindparam("of_scope"),
        _request.c.request_id == bindparam("its_id"),
    )
)
_ANSWER = Prepared(
    update(_request)
    .where(_request.c.id == bindparam("request"))
    .values(answer=bindparam("its_answer"))
)


def answer_given(
    session: Session, program_id: int, scope: str, request_id: str
) -> tuple[str, str] | None:
    """(hash of the facts, answer) of what was asked before under this id."""
    values = {"program": program_id, "of_scope": scope, "its_id": request_id}
    return cast("tuple[str, str] | None", _GIVEN.first(session, values))


def take_request(session: Session, values: dict[str, Any]) -> bool:
    """Take the id, unless somebody has it; the answer follows."""
    return bool(_TAKE.rows(session, values))


def request_taken(values: dict[str, Any]) -> Question:
    """What `take_request` asks."""
    return _TAKE, values


def open_request(session: Session, values: dict[str, Any]) -> None:
    """Write down an id that nobody else can have. The unique key refuses a second one."""
    _INSERT.write(session, values)


def keep_answer(session: Session, number: int, answer: str) -> None:
    """The answer to a request taken before."""
    _ANSWER.write(session, {"request": number, "its_answer": answer})
