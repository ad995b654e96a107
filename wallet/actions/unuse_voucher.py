"""Take back the use of a voucher that was tapped by mistake: the holder has it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.actions.reverse_entry import UNDO_WINDOW
from wallet.errors import Refusal
from wallet.rules.voucher_code import parse_voucher_code
from wallet.tables.member import Member, member_with_id, surviving
from wallet.tables.reward import redemption_with_id, voucher_with_code


def unuse_voucher(
    session: Session, program: ProgramView, code: str, actor: Actor, now: datetime
) -> Member:
    """Whose voucher it is. Own act only (`forbidden`), within ten minutes (`undo_too_late`), and not
    when the voucher went with a sale (`not_reversible`: undo the sale)."""
    parsed = parse_voucher_code(code)
    voucher = voucher_with_code(session, program.id, parsed) if parsed else None
    if voucher is None:
        raise Refusal("voucher_unknown")
    if voucher.status != "used" or voucher.used_at is None:
        raise Refusal("already_reversed")
    if voucher.used_by != actor.label:
        raise Refusal("forbidden")
    if now - voucher.used_at > UNDO_WINDOW:
        raise Refusal("undo_too_late")
    if voucher.purchase_id is not None:
        raise Refusal("not_reversible")
    redemption = redemption_with_id(session, program.id, voucher.redemption_id)
    member = member_with_id(session, program.id, voucher.member_id)
    assert redemption is not None
    assert member is not None
    voucher.status = redemption.status = "issued"
    voucher.used_at = voucher.used_by = voucher.used_request = None
    voucher.used_channel = voucher.used_store_id = None
    session.flush()
    refresh_card(session, program, surviving(session, member), now)
    return surviving(session, member)
