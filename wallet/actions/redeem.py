"""Redeem: a member takes a reward, points go out from the lots that expire first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.charity import charity_for
from wallet.actions.draw_spendable import draw_below, draw_spendable
from wallet.actions.expire import renew_lots
from wallet.actions.may_take import obstacles
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.redeem_often import count_often, refuse_card, refuse_often
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
from wallet.actions.use_hold import Cover, Use, begin_use, end_use
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.tables.ledger import AccountState
from wallet.tables.member import Member, lock_member
from wallet.tables.reward import take_stock

__all__ = ["Redeemed", "Taking", "find_reward", "redeem"]


@dataclass(frozen=True, slots=True)
class Taking:
    """What goes with a reward taken now: the sale it is used in, the charity it is given to, what
    was shown of the card.

    Whoever gives all of the sale back gets the points back. A voucher or a gift goes with no sale.
    `cover` names what a till held for it before. A till that had no connection says it later, at
    `recorded_at`; `may_go_below` takes what is promised also where it is gone, and with
    `is_handed_out` a manager says that the member has it already, whatever speaks against it.
    """

    sale: SaleRef | None = None
    charity_id: str | None = None
    shown: Shown | None = None
    cover: Cover | None = None
    recorded_at: datetime | None = None
    may_go_below: bool = False
    is_handed_out: bool = False


@dataclass(frozen=True, slots=True)
class _Wish:
    """Who wants what, at whose hands, when; `at` is when it is written down."""

    program: ProgramView
    member: Member
    reward: RewardView
    actor: Actor
    now: datetime
    taking: Taking

    @property
    def at(self) -> datetime:
        return self.taking.recorded_at or self.now


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
    reach, `units_held` when a till holds some of them, `code_…` when more of the card must be shown for
    it, `…_often` at a till where a manager has to allow one more, `hold_…` where it is taken against a
    hold. Races for points end at the member's
    lock, races for the last piece at its stock. Nothing is written when it is refused."""
    taking = taking or Taking()
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    wish = _Wish(program, member, find_reward(program, reward_id), actor, now, taking)
    reward, at = wish.reward, wish.at
    charity_id = None
    if reward.kind == "donation":
        charity_id = charity_for(program, member, taking.charity_id)
    is_kept = becomes_voucher(reward)
    sale = None if is_kept or charity_id else taking.sale
    purchase = sale_to_link(session, program, sale, member.id)
    account = account_of(session, program.id, member.id, reward.unit)
    if not taking.is_handed_out:
        _check_conditions(session, wish)
    renew_lots(session, program, account, at)
    use = begin_use(session, program, member, taking.cover, (reward.unit, reward.cost), actor, at)
    price = _price(session, wish, account)
    _check_hands(session, wish, use)
    _take_piece(session, wish)
    purchase_id = purchase.id if purchase else None
    what = Circumstances(actor, now, is_kept, purchase_id, charity_id, taking.recorded_at)
    redeemed = take_reward(session, program, reward, price, what)
    end_use(use, redeemed.redemption.id)
    if sale is not None and purchase is None:
        keep_word(
            session, program, sale, Word("redemption", str(redeemed.redemption.id), actor), now
        )
    refresh_card(session, program, member, at)
    return redeemed


def find_reward(program: ProgramView, reward_id: str) -> RewardView:
    """The active reward with this public id."""
    number = private_id("rwd", reward_id)
    for reward in program.rewards:
        if reward.id == number:
            return reward
    raise Refusal("reward_not_found")


def _check_conditions(session: Session, wish: _Wish) -> None:
    reward, now = wish.reward, wish.now
    tier = standing_of(session, wish.program, wish.member, now).tier if reward.tier_keys else None
    code = obstacles(session, wish.member, tier.key if tier else None, [reward], now)[reward.id]
    if code is not None:
        raise Refusal(code)


def _price(session: Session, wish: _Wish, account: AccountState) -> Price:
    program, reward, taking = wish.program, wish.reward, wish.taking
    try:
        draws = draw_spendable(session, account, reward.cost, wish.actor, wish.at, wish.now)
    except Refusal:
        if not taking.may_go_below:
            raise
        draws = draw_below(session, account, reward.cost, wish.at)
    words = {language: program.text(reward.name, language) for language in ("fr", "en")}
    why = {"rule": "redemption", "rule_version": program.rule_version, "text": words}
    return Price(account, reward.cost, draws, why)


def _check_hands(session: Session, wish: _Wish, use: Use | None) -> None:
    """How often rewards go over this counter, and how much of the card was shown. Both were looked at
    when it was held; what is said later meets once more the card's own limit, which others may have
    reached meanwhile."""
    program, actor, taking = wish.program, wish.actor, wish.taking
    if taking.is_handed_out:
        return
    if use is not None and use.is_enough:
        if taking.recorded_at is not None:
            refuse_card(session, program, wish.member.id, wish.at)
        count_often(session, program, actor, wish.at)
        return
    if actor.staff_id is not None and not (taking.shown and taking.shown.is_approved):
        refuse_often(session, program, wish.member.id, actor, wish.now)
    if actor.channel == COUNTER or taking.shown is not None:
        taken = (wish.reward.unit, wish.reward.cost)
        spent = use.step if use else None
        require_shown(session, program, wish.member, taken, taking.shown, spent)


def _take_piece(session: Session, wish: _Wish) -> None:
    has_piece = not wish.reward.is_limited or take_stock(session, wish.reward.id)
    if not has_piece and not wish.taking.is_handed_out:
        raise Refusal("reward_sold_out")
