"""Take a reward whose conditions were checked: the redemption, what pays for it, what comes of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.post_entry import Posting, post_entry
from wallet.actions.program_view import ProgramView, RewardView
from wallet.ids import new_id
from wallet.rules.lots import Draw
from wallet.rules.redemption import VOUCHER_ONLY, voucher_ends
from wallet.rules.voucher_code import SPACE, make_voucher_code
from wallet.tables.donation import Donation
from wallet.tables.ledger import AccountState, Entry
from wallet.tables.reward import Redemption, Voucher, voucher_with_code


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid: the locked account, how much of it, from which lots, and the words for it."""

    account: AccountState
    cost: int
    draws: Sequence[Draw]
    why: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who hands the reward out, when, with which sale, as a voucher or not, and for which charity.
    `recorded_at` is set where it is said later than it happened."""

    actor: Actor
    now: datetime
    is_voucher: bool = False
    purchase_id: int | None = None
    charity_id: int | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The redemption, the entry that paid for it, and the voucher or the donation that came of it."""

    redemption: Redemption
    reward: RewardView
    entry: Entry
    voucher: Voucher | None = None
    donation: Donation | None = None


def becomes_voucher(reward: RewardView) -> bool:
    """Whether it is kept for later: what opens doors is shown at the door."""
    return reward.mode == "voucher" or reward.kind in VOUCHER_ONLY


def take_reward(
    session: Session, program: ProgramView, reward: RewardView, price: Price, what: Circumstances
) -> Redeemed:
    """Write it all down. Refuses nothing."""
    account = price.account
    redemption = Redemption(
        id=new_id(),
        program_id=program.id,
        member_id=account.member_id,
        reward_id=reward.id,
        status="issued" if what.is_voucher else "used",
        purchase_id=what.purchase_id,
        charity_id=what.charity_id,
        channel=what.actor.channel,
        store_id=what.actor.store_id,
        actor=what.actor.label,
        cost=price.cost,
        unit=account.unit,
        occurred_at=what.now,
    )
    session.add(redemption)
    session.flush()
    entry = post_entry(
        session,
        account,
        Posting(
            kind="redemption",
            contra="donated" if what.charity_id else "redeemed",
            quantity=-price.cost,
            occurred_at=what.now,
            recorded_at=what.recorded_at or what.now,
            actor=what.actor,
            rule_version=program.rule_version,
            redemption_id=redemption.id,
            draws=price.draws,
            why=[price.why],
        ),
    )
    voucher = _issue(session, program, redemption, reward, what) if what.is_voucher else None
    donation = _donate(session, program, redemption, reward) if what.charity_id else None
    session.flush()
    return Redeemed(redemption, reward, entry, voucher, donation)


def _issue(
    session: Session,
    program: ProgramView,
    redemption: Redemption,
    reward: RewardView,
    what: Circumstances,
) -> Voucher:
    voucher = Voucher(
        id=new_id(),
        program_id=redemption.program_id,
        member_id=redemption.member_id,
        redemption_id=redemption.id,
        reward_id=reward.id,
        code=_free_code(session, redemption.program_id),
        status="issued",
        issued_at=what.now,
        expires_at=voucher_ends(reward.voucher_days, reward.value, what.now, program.time_zone),
    )
    session.add(voucher)
    return voucher


def _free_code(session: Session, program_id: int) -> str:
    """A code that nobody has. The unique key settles the race for it."""
    while True:
        code = make_voucher_code(secrets.randbelow(SPACE))
        if voucher_with_code(session, program_id, code, locked=False) is None:
            return code


def _donate(
    session: Session, program: ProgramView, redemption: Redemption, reward: RewardView
) -> Donation:
    assert redemption.charity_id is not None
    donation = Donation(
        id=new_id(),
        program_id=program.id,
        charity_id=redemption.charity_id,
        member_id=redemption.member_id,
        amount_minor=int(reward.value["amount_minor"]),
        currency=program.currency,
        redemption_id=redemption.id,
        occurred_at=redemption.occurred_at,
    )
    session.add(donation)
    return donation
