"""What a new program still has before it: shown until it lives."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from wallet.tables.design import draft_design, published_design
from wallet.tables.program import newest_rules, stores_of
from wallet.tables.reports import count_members, has_sale
from wallet.tables.staff import staff_of
from wallet.tables.till import tills_of
from wallet.tables.wallet_pass import count_passes

SHOWN_UNTIL_MEMBERS = 20  # by then nobody needs the list
MAY_STAY = ("rules", "place")  # a program lives without them: those of its kind of shop are good


def first_steps(session: Session, program_id: int) -> Mapping[str, bool]:
    """Step → whether it is done, in the order in which they are easiest; empty once there is nothing to show."""
    members = count_members(session, program_id)
    if members >= SHOWN_UNTIL_MEMBERS:
        return {}
    drawn = draft_design(session, program_id) or published_design(session, program_id).version > 1
    stores = stores_of(session, program_id)
    steps = {
        "design": bool(drawn),
        "rules": newest_rules(session, program_id).version > 1,
        "place": any(store.latitude is not None for store in stores),
        "pin": any(person.pin_hash for person in staff_of(session, program_id)),
        "till": any(till.paired_at is not None for till in tills_of(session, program_id)),
        "join": members > 0,
        "phone": sum(count_passes(session, program_id).values()) > 0,
        "sale": has_sale(session, program_id),
    }
    lives = all(done for name, done in steps.items() if name not in MAY_STAY)
    return {} if lives else steps
