"""The outbox's `follow_card` job: one member's card, after something of theirs changed in a sale of
somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.program_view import program_view
from wallet.actions.refresh_card import refresh_card
from wallet.db import Database
from wallet.tables.member import Member, surviving
from wallet.tables.outbox import enqueue

FOLLOW_JOB = "follow_card"


def ask_for_card(session: Session, program_id: int, member_id: int, now: datetime) -> None:
    """Have the worker bring the member's card up to date at once."""
    enqueue(session, FOLLOW_JOB, {"program_id": program_id, "member_id": member_id}, now)
    session.info["nudge"] = True


def follow_card_job(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
    """Doing it twice changes nothing."""

    def work(session: Session) -> None:
        program = program_view(session, int(payload["program_id"]))
        member = surviving(session, session.get_one(Member, int(payload["member_id"])))
        refresh_card(session, program, member, now)

    database.run(work)
