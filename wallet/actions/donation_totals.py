"""What a program and its members gave: the public figures, straight from the donations' own ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.tables.donation import charity_with_id, donated_by_charity


@dataclass(frozen=True, slots=True)
class CharityTotal:
    """What one charity was promised, in minor units."""

    charity_id: int
    name: Mapping[str, str]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DonationTotals:
    """The sum and its parts, the largest first; charities retired since are among them."""

    currency: str
    total_minor: int
    charities: Sequence[CharityTotal]


def donation_totals(
    session: Session,
    program: ProgramView,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DonationTotals:
    """What was given in [since, until), corrections taken off where they were made."""
    found = donated_by_charity(session, program.id, since, until)
    totals = []
    for charity_id, amount_minor in found.items():
        charity = charity_with_id(session, program.id, charity_id)
        assert charity is not None
        totals.append(CharityTotal(charity_id, charity.name, amount_minor))
    totals.sort(key=lambda each: (-each.amount_minor, each.charity_id))
    return DonationTotals(program.currency, sum(found.values()), totals)
