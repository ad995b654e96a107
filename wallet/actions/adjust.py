"""Adjust: staff give or take units by hand, with a reason that the member can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.accrue import lot_times
from wallet.actions.actor import Actor
from wallet.actions.draw_spendable import draw_spendable
from wallet.actions.expire import renew_lots
from wallet.actions.fill_stamp_cards import fill_stamp_cards
from wallet.actions.identify import REASON_LENGTH_MAX, check_text
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.rules.ruleset import QUANTITY_PER_SALE_MAX
from wallet.tables.ledger import Entry
from wallet.tables.member import Member, lock_member

REASON_LENGTH_MIN = 3  # "ok" explains nothing to whoever asks next year
# Units (minor units of credit) of one adjustment: a manager makes good a forgotten sale, no more.
QUANTITY_MAX = {"manager": 2_000, "owner": QUANTITY_PER_SALE_MAX}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How much of which unit is given (above zero) or taken, and why."""

    unit: str
    quantity: int
    reason: str


def adjust(
    session: Session,
    program: ProgramView,
    member: Member,
    wanted: Adjustment,
    actor: Actor,
    now: datetime,
) -> Entry:
    """What is given can be spent at once and ends like what is earned now.

    `forbidden` for cashiers, marketers and shops; `adjustment_too_large` beyond what the role may;
    `reason_missing`; `insufficient_balance` when more is taken than can be spent.
    """
    _check(program, wanted, actor)
    unit, quantity = wanted.unit, wanted.quantity
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    account = account_of(session, program.id, member.id, unit)
    renew_lots(session, program, account, now)
    said = {language: wanted.reason.strip() for language in ("fr", "en")}
    posting = Posting(
        kind="adjustment",
        quantity=quantity,
        occurred_at=now,
        recorded_at=now,
        actor=actor,
        rule_version=program.rule_version,
        why=[{"rule": "adjustment", "rule_version": program.rule_version, "text": said}],
        draws=draw_spendable(session, account, -quantity, actor, now) if quantity < 0 else (),
        lot=(now, lot_times(program, unit, now)[1]) if quantity > 0 else None,
    )
    entry = post_entry(session, account, posting)
    if quantity > 0:
        fill_stamp_cards(session, program, member, {unit}, actor, now)
    refresh_card(session, program, member, now)
    return entry


def _check(program: ProgramView, wanted: Adjustment, actor: Actor) -> None:
    most = QUANTITY_MAX.get(actor.role)
    if most is None:
        raise Refusal("forbidden")
    units = {each.key for each in program.ruleset.units}
    if wanted.unit not in units or wanted.quantity == 0:
        raise Refusal("adjustment_invalid")
    if abs(wanted.quantity) > most:
        raise Refusal("adjustment_too_large", most=most)
    if len(wanted.reason.strip()) < REASON_LENGTH_MIN:
        raise Refusal("reason_missing")
    check_text(wanted.reason, "reason", REASON_LENGTH_MAX)
