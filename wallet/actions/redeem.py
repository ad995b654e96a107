"""Redeem: a member takes a reward, points go out from the lots that expire first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id, private_id
from wallet.rules.lots import draw, is_usable
from wallet.tables.ledger import Entry, open_lots
from wallet.tables.member import Member, lock_member
from wallet.tables.reward import Redemption


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The redemption and the entry that paid for it."""

    redemption: Redemption
    reward: RewardView
    entry: Entry


def redeem(
    session: Session,
    program: ProgramView,
    member: Member,
    reward_id: str,
    actor: Actor,
    now: datetime,
) -> Redeemed:
    """`insufficient_balance` when the usable lots do not reach; races end there too."""
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    reward = find_reward(program, reward_id)
    account = account_of(session, program.id, member.id, reward.unit)
    lots = open_lots(session, account.id)
    draws = draw(lots, reward.cost, now)
    usable = sum(lot.remaining for lot in lots if is_usable(lot, now))
    if draws is None or account.balance < reward.cost:
        raise Refusal("insufficient_balance", available=usable, cost=reward.cost)
    redemption = Redemption(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        reward_id=reward.id,
        status="used",
        channel=actor.channel,
        store_id=actor.store_id,
        actor=actor.label,
        cost=reward.cost,
        unit=reward.unit,
        occurred_at=now,
    )
    session.add(redemption)
    session.flush()
    entry = post_entry(
        session,
        account,
        Posting(
            kind="redemption",
            quantity=-reward.cost,
            occurred_at=now,
            recorded_at=now,
            actor=actor,
            rule_version=program.rule_version,
            redemption_id=redemption.id,
            draws=draws,
            why=[
                {
                    "rule": "redemption",
                    "rule_version": program.rule_version,
                    "text": {
                        language: program.text(reward.name, language) for language in ("fr", "en")
                    },
                }
            ],
        ),
    )
    refresh_card(session, program, member, now)
    return Redeemed(redemption, reward, entry)


def find_reward(program: ProgramView, reward_id: str) -> RewardView:
    """The active reward with this public id."""
    number = private_id("rwd", reward_id)
    for reward in program.rewards:
        if reward.id == number:
            return reward
    raise Refusal("reward_not_found")
