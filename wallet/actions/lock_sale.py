"""Lock a sale and the member whose it is, in the one order in which rows are locked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.db import StaleRead
from wallet.tables.member import Member, lock_holder, member_with_id
from wallet.tables.purchase import Purchase, known_purchase, purchase_with_id


def lock_sale(
    session: Session, program: ProgramView, purchase_id: int
) -> tuple[Member, Purchase] | None:
    """The member and then the purchase; None when there is no such purchase in the program."""
    seen = known_purchase(session, program.id, purchase_id)
    if seen is None:
        return None
    member = member_with_id(session, program.id, seen.member_id)
    assert member is not None
    lock_holder(session, member)
    purchase = purchase_with_id(session, program.id, purchase_id)
    assert purchase is not None
    if purchase.member_id != member.id:
        raise StaleRead  # it changed hands while the lock was waited for
    return member, purchase
