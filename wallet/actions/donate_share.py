"""A share of each sale goes to the member's charity, and back with the goods."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.charity import charity_of
from wallet.actions.program_view import ProgramView
from wallet.actions.return_redemption import correct_donation
from wallet.ids import new_id
from wallet.rules.refunds import donated_share, in_proportion
from wallet.tables.donation import Donation, donation_of_purchase, first_donation_of_purchase
from wallet.tables.member import Member
from wallet.tables.purchase import Purchase


def donate_share(
    session: Session, program: ProgramView, purchase: Purchase, member: Member
) -> Donation | None:
    """Write down what this new sale gives, to the charity the member has chosen by now."""
    rules = program.ruleset.donation
    charity = charity_of(program, member) if rules else None
    if rules is None or charity is None:
        return None
    amount_minor = donated_share(purchase.amount_minor, rules.percent)
    if not amount_minor:
        return None
    donation = Donation(
        id=new_id(),
        program_id=program.id,
        charity_id=charity.id,
        member_id=member.id,
        amount_minor=amount_minor,
        currency=purchase.currency,
        purchase_id=purchase.id,
        occurred_at=purchase.recorded_at,
    )
    session.add(donation)
    return donation


def adjust_share(session: Session, purchase: Purchase, now: datetime) -> None:
    """What is left of the sale gives its share of what the whole sale gave."""
    given = donation_of_purchase(session, purchase.id)
    if given is None:
        return
    first = first_donation_of_purchase(session, purchase.id)
    assert first is not None
    left = purchase.amount_minor - purchase.refunded_minor
    wanted = in_proportion(first.amount_minor, left, purchase.amount_minor)
    if wanted != given.amount_minor:
        correct_donation(session, given, wanted, now)
