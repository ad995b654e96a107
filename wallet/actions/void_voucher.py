"""Void a voucher: it can no longer be used, and the member gets back what it cost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.actions.return_redemption import usage_of
from wallet.actions.reverse_entry import reverse_entry
from wallet.actions.use_voucher import lock_voucher_holder
from wallet.errors import Refusal
from wallet.rules.voucher_code import parse_voucher_code
from wallet.tables.ledger import Entry, entry_of_redemption
from wallet.tables.reward import (
    Voucher,
    redemption_with_id,
    voucher_of_redemption,
    voucher_with_code,
)

_ROLES = ("owner", "manager", "system")


def void_voucher(
    session: Session, program: ProgramView, code: str, reason: str, actor: Actor, now: datetime
) -> tuple[Voucher, Entry]:
    """The voucher and the entry that gives its cost back; `voucher_used` when it is too late. One
    that ran out unused may be made good like this, once."""
    # Not locked yet: the member's lock comes first everywhere.
    voucher = _unused(session, program, code, locked=False, statuses=("issued", "expired"))
    redemption = redemption_with_id(session, program.id, voucher.redemption_id)
    assert redemption is not None
    entry = entry_of_redemption(session, redemption.member_id, redemption.id)
    assert entry is not None
    posted, *_ = reverse_entry(session, program, entry.id, reason, actor, now)
    voided = voucher_of_redemption(session, redemption.id)
    assert voided is not None
    return voided, posted


def forfeit_voucher(
    session: Session, program: ProgramView, code: str, actor: Actor, now: datetime
) -> Voucher:
    """Void it for good and give nothing back: a voucher got by fraud. A manager's decision."""
    if actor.role not in _ROLES:
        raise Refusal("forbidden")
    member = lock_voucher_holder(session, program, code)
    voucher = _unused(session, program, code, locked=True)
    redemption = redemption_with_id(session, program.id, voucher.redemption_id)
    assert redemption is not None
    voucher.status = redemption.status = "void"
    refresh_card(session, program, member, now)
    return voucher


def _unused(
    session: Session,
    program: ProgramView,
    code: str,
    *,
    locked: bool,
    statuses: tuple[str, ...] = ("issued",),
) -> Voucher:
    parsed = parse_voucher_code(code)
    voucher = voucher_with_code(session, program.id, parsed, locked=locked) if parsed else None
    if voucher is None:
        raise Refusal("voucher_unknown")
    if voucher.status == "used":
        raise Refusal("voucher_used", **usage_of(voucher))
    if voucher.status not in statuses:
        raise Refusal("voucher_void")
    return voucher
