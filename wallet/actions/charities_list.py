"""The charities of a program for those who look after them: offered and retired, with what each got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wallet.tables.donation import donated_by_charity, every_charity


@dataclass(frozen=True, slots=True)
class ListedCharity:
    """One charity; `given_minor` is what members gave it so far."""

    id: int
    name: Mapping[str, str]
    is_active: bool
    given_minor: int


def list_charities(session: Session, program_id: int) -> list[ListedCharity]:
    """In the order in which members see them: the first one is the program's own choice."""
    given = donated_by_charity(session, program_id, None, None)
    return [
        ListedCharity(row.id, row.name, row.is_active, given.get(row.id, 0))
        for row in every_charity(session, program_id)
    ]
