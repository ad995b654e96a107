"""What a new program still has before it: shown until it lives."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from wallet.tables.design import draft_design, published_design
from wallet.tables.reports import count_members, has_sale
from wallet.tables.till import tills_of
from wallet.tables.wallet_pass import count_passes

SHOWN_UNTIL_MEMBERS = 20  # by then nobody needs the list


def first_steps(session: Session, program_id: int) -> Mapping[str, bool]:
    """Step → whether it is done, in order; empty once there is nothing to show."""
    members = count_members(session, program_id)
    if members >= SHOWN_UNTIL_MEMBERS:
        return {}
    drawn = draft_design(session, program_id) or published_design(session, program_id).version > 1
    steps = {
        "design": bool(drawn),
        "till": any(till.paired_at is not None for till in tills_of(session, program_id)),
        "join": members > 0,
        "phone": sum(count_passes(session, program_id).values()) > 0,
        "sale": has_sale(session, program_id),
    }
    return {} if all(steps.values()) else steps
