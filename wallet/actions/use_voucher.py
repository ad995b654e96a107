"""Use a voucher: once, in whichever channel it is shown first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView, RewardView, reward_view
from wallet.actions.redeem_often import refuse_often
from wallet.actions.refresh_card import refresh_card
from wallet.actions.return_redemption import usage_of
from wallet.actions.sale_link import SaleRef, Word, keep_word, sale_to_link
from wallet.actions.shown_card import Shown, require_shown
from wallet.db import StaleRead
from wallet.errors import Refusal
from wallet.rules.redemption import moment_of, worth_minor
from wallet.rules.voucher_code import parse_voucher_code
from wallet.tables.member import Member, lock_holder, member_with_id
from wallet.tables.reward import (
    Voucher,
    redemption_with_id,
    reward_with_id,
    voucher_owner,
    voucher_with_code,
)


@dataclass(frozen=True, slots=True)
class Use:
    """The id that its user made and repeats, and the sale in which the voucher is used, if any.

    A voucher whose code nobody showed, because it was chosen from the member's list (`is_listed`), asks
    of the card what taking its reward would ask; `shown` is what was shown.
    """

    request_id: str
    sale: SaleRef | None = None
    bill_minor: int | None = None
    is_listed: bool = False
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """The voucher, its reward and its member; `worth_minor` comes off the bill, where it is money.
    `secret` is what is handed over, such as a partner's code."""

    voucher: Voucher
    reward: RewardView
    member: Member
    worth_minor: int | None
    secret: Mapping[str, Any]
    repeated: bool = False


def use_voucher(
    session: Session, program: ProgramView, code: str, use: Use, actor: Actor, now: datetime
) -> Used:
    """Used from now on. The same request again gets the same answer; everybody else is refused:
    `voucher_unknown`, `voucher_used` (with when and where), `voucher_expired`, `voucher_void`,
    `voucher_not_yet`, `code_…` for one from the list, and at tills `…_often`. Two tills at once end at the member's lock."""
    member = lock_voucher_holder(session, program, code)
    purchase = sale_to_link(session, program, use.sale)
    voucher, reward, _ = _find(session, program, code)
    bill_minor = purchase.amount_minor if purchase else use.bill_minor
    worth = worth_minor(reward.kind, reward.value, bill_minor)
    if voucher.status == "used" and voucher.used_request == use.request_id:
        return Used(voucher, reward, member, worth, reward.secret, repeated=True)
    check_usable(voucher, reward, now)
    if member.status != "active":
        raise Refusal("member_closed")
    redemption = redemption_with_id(session, program.id, voucher.redemption_id)
    assert redemption is not None
    if actor.staff_id is not None and not (use.shown and use.shown.is_approved):
        refuse_often(session, program, member.id, actor, now, but=redemption.id)
    if use.is_listed and use.shown != Shown("voucher", redemption.id):
        require_shown(session, program, member, (redemption.unit, redemption.cost), use.shown)
    voucher.status = "used"
    voucher.used_at, voucher.used_by, voucher.used_request = now, actor.label, use.request_id
    voucher.used_channel, voucher.used_store_id = actor.channel, actor.store_id
    voucher.purchase_id = purchase.id if purchase else None
    redemption.status = "used"
    session.flush()
    if use.sale is not None and purchase is None:
        keep_word(session, program, use.sale, Word("voucher", str(voucher.id), actor), now)
    refresh_card(session, program, member, now)
    return Used(voucher, reward, member, worth, reward.secret)


def lock_voucher_holder(session: Session, program: ProgramView, code: str) -> Member:
    """Whose voucher it is, locked; `voucher_unknown` when nobody has it."""
    voucher, _, member = _find(session, program, code, locked=False)
    holder = lock_holder(session, member)
    if voucher_owner(session, voucher.id) != holder.id:
        raise StaleRead
    return holder


def look_at_voucher(
    session: Session, program: ProgramView, code: str, now: datetime
) -> tuple[Voucher, RewardView, Member, str | None]:
    """The voucher with its reward and member, and why it cannot be used now (None: it can).
    Nothing is locked: looking is allowed in a read-only transaction."""
    voucher, reward, member = _find(session, program, code, locked=False)
    try:
        check_usable(voucher, reward, now)
    except Refusal as refusal:
        return voucher, reward, member, refusal.code
    return voucher, reward, member, None


def check_usable(voucher: Voucher, reward: RewardView, now: datetime) -> None:
    """Refuse what was used, was taken back, is over or has not begun."""
    if voucher.status == "used":
        raise Refusal("voucher_used", **usage_of(voucher))
    if voucher.status not in ("issued", "expired"):
        raise Refusal("voucher_void")
    if voucher.expires_at is not None and voucher.expires_at <= now:
        raise Refusal("voucher_expired", expired_at=voucher.expires_at)
    opens_at = moment_of(reward.value, "opens_at")
    if opens_at is not None and now < opens_at:
        raise Refusal("voucher_not_yet", opens_at=opens_at)


def _find(
    session: Session, program: ProgramView, code: str, *, locked: bool = True
) -> tuple[Voucher, RewardView, Member]:
    parsed = parse_voucher_code(code)
    voucher = voucher_with_code(session, program.id, parsed, locked=locked) if parsed else None
    if voucher is None:
        raise Refusal("voucher_unknown")
    reward = reward_with_id(session, program.id, voucher.reward_id)
    member = member_with_id(session, program.id, voucher.member_id)
    assert reward is not None
    assert member is not None
    return voucher, reward_view(reward), member
