"""Redeem: a member takes a reward, points go out from the lots that expire first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.charity import charity_for
from wallet.actions.expire import renew_lots
from wallet.actions.may_take import obstacles
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.redeem_often import refuse_often
from wallet.actions.refresh_card import refresh_card
from wallet.actions.sale_link import SaleRef, Word, keep_word, sale_to_link
from wallet.actions.shown_card import COUNTER, Shown, require_shown
from wallet.actions.standing import standing_of
from wallet.actions.take_reward import (
    Circumstances,
    Price,
    Redeemed,
    becomes_voucher,
    take_reward,
)
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.lots import draw, is_usable
from wallet.tables.ledger import AccountState, open_lots
from wallet.tables.member import Member, lock_member
from wallet.tables.reward import take_stock

__all__ = ["Redeemed", "Taking", "find_reward", "redeem"]


@dataclass(frozen=True, slots=True)
class Taking:
    """What goes with a reward taken now: the sale it is used in, the charity it is given to, what
    was shown of the card.

    Whoever gives all of the sale back gets the points back. A voucher or a gift goes with no sale.
    """

    sale: SaleRef | None = None
    charity_id: str | None = None
    shown: Shown | None = None


def redeem(
    session: Session,
    program: ProgramView,
    member: Member,
    reward_id: str,
    actor: Actor,
    now: datetime,
    taking: Taking | None = None,
) -> Redeemed:
    """`reward_…` when the member may not take it, `insufficient_balance` when the usable lots do not
    reach, `code_…` when more of the card must be shown for it, `…_often` at a till where a manager has to
    allow one more. Races for points end at the member's
    lock, races for the last piece at its stock. Nothing is written when it is refused."""
    taking = taking or Taking()
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    reward = find_reward(program, reward_id)
    charity_id = None
    if reward.kind == "donation":
        charity_id = charity_for(program, member, taking.charity_id)
    is_kept = becomes_voucher(reward)
    sale = None if is_kept or charity_id else taking.sale
    purchase = sale_to_link(session, program, sale, member.id)
    account = account_of(session, program.id, member.id, reward.unit)
    _check_conditions(session, program, member, reward, now)
    renew_lots(session, program, account, now)
    price = _price(session, program, account, reward, now)
    if actor.staff_id is not None and not (taking.shown and taking.shown.is_approved):
        refuse_often(session, program, member.id, actor, now)
    if actor.channel == COUNTER or taking.shown is not None:
        require_shown(session, program, member, (reward.unit, reward.cost), taking.shown)
    if reward.is_limited and not take_stock(session, reward.id):
        raise Refusal("reward_sold_out")
    what = Circumstances(actor, now, is_kept, purchase.id if purchase else None, charity_id)
    redeemed = take_reward(session, program, reward, price, what)
    if sale is not None and purchase is None:
        keep_word(
            session, program, sale, Word("redemption", str(redeemed.redemption.id), actor), now
        )
    refresh_card(session, program, member, now)
    return redeemed


def find_reward(program: ProgramView, reward_id: str) -> RewardView:
    """The active reward with this public id."""
    number = private_id("rwd", reward_id)
    for reward in program.rewards:
        if reward.id == number:
            return reward
    raise Refusal("reward_not_found")


def _check_conditions(
    session: Session, program: ProgramView, member: Member, reward: RewardView, now: datetime
) -> None:
    tier = standing_of(session, program, member, now).tier if reward.tier_keys else None
    code = obstacles(session, member, tier.key if tier else None, [reward], now)[reward.id]
    if code is not None:
        raise Refusal(code)


def _price(
    session: Session, program: ProgramView, account: AccountState, reward: RewardView, now: datetime
) -> Price:
    lots = open_lots(session, account.id)
    draws = draw(lots, reward.cost, now)
    if draws is None or account.balance < reward.cost:
        usable = sum(lot.remaining for lot in lots if is_usable(lot, now))
        raise Refusal("insufficient_balance", available=usable, cost=reward.cost)
    words = {language: program.text(reward.name, language) for language in ("fr", "en")}
    why = {"rule": "redemption", "rule_version": program.rule_version, "text": words}
    return Price(account, reward.cost, draws, why)
