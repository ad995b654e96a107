"""Return a redemption: the units go back, the voucher is void, the place is free again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.carry_over import forward
from wallet.actions.post_entry import NewLot, Posting, account_of, post_entry
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.rules.giving_back import giving_back
from wallet.rules.lots import OpenLot
from wallet.tables.donation import Donation, donation_of_redemption
from wallet.tables.ledger import AccountState, Entry, draws_of_entry
from wallet.tables.reward import (
    Redemption,
    Voucher,
    put_back_stock,
    redemption_with_id,
    voucher_of_redemption,
)

DONATION_UNDO = timedelta(minutes=10)  # then the charity counts on it


@dataclass(frozen=True, slots=True)
class Return:
    """Who takes it back, when, and what the member reads about it in every language."""

    actor: Actor
    now: datetime
    text: dict[str, str]
    rule: str = "reversal"


def return_redemption(session: Session, account: AccountState, entry: Entry, how: Return) -> Entry:
    """The reversal of a redemption's entry, for the one who holds this locked account.

    An entry of a member merged since is undone where it is, and what comes back goes on from there.
    `voucher_used` when the voucher was used, `donation_final` when the gift is too old; nothing is
    written then.
    """
    redemption = (
        redemption_with_id(session, entry.program_id, entry.redemption_id)
        if entry.redemption_id is not None
        else None
    )
    voucher = voucher_of_redemption(session, redemption.id) if redemption else None
    _check(voucher, entry, how.now)
    holder = account
    if entry.account_id != holder.id:
        account = account_of(session, entry.program_id, entry.member_id, entry.unit)
    back = giving_back(
        drawn_by(session, entry),
        how.now,
        quantity=-entry.quantity,
        swallowed=min(max(-account.balance, 0), -entry.quantity),
    )
    posted = post_entry(
        session,
        account,
        Posting(
            kind="reversal",
            contra=entry.contra,
            quantity=-entry.quantity,
            occurred_at=how.now,
            recorded_at=how.now,
            actor=how.actor,
            rule_version=entry.rule_version,
            reverses_id=entry.id,
            redemption_id=entry.redemption_id,
            draws=back.draws,
            lots=[NewLot(back.fresh, how.now, back.fresh_ends_at)] if back.fresh else (),
            why=[{"rule": how.rule, "rule_version": entry.rule_version, "text": how.text}],
        ),
    )
    if holder is not account:
        forward(session, account, how.actor, how.now, entry.rule_version, holder)
    if redemption is not None:
        _release(session, redemption, voucher, how)
    return posted


def drawn_by(session: Session, entry: Entry) -> list[OpenLot]:
    """The lots that a spending drew from; `remaining` is what it took of each."""
    return [
        OpenLot(lot.id, draw.quantity, lot.available_at, lot.expires_at)
        for draw, lot in draws_of_entry(session, entry.id)
    ]


def _check(voucher: Voucher | None, entry: Entry, now: datetime) -> None:
    if voucher is not None and voucher.status == "used":
        raise Refusal("voucher_used", **usage_of(voucher))
    if voucher is not None and voucher.status == "void":
        raise Refusal("not_reversible")  # forfeited; one that only ran out may be made good
    if entry.contra == "donated" and now - entry.occurred_at > DONATION_UNDO:
        raise Refusal("donation_final")


def usage_of(voucher: Voucher) -> dict[str, object]:
    """When and where a voucher was used, for whoever wants to use it again."""
    return {
        "used_at": voucher.used_at,
        "channel": voucher.used_channel,
        "store_id": public_id("sto", voucher.used_store_id) if voucher.used_store_id else None,
    }


def _release(
    session: Session, redemption: Redemption, voucher: Voucher | None, how: Return
) -> None:
    if redemption.status != "expired":  # else it went back when the voucher ran out
        put_back_stock(session, redemption.reward_id)
    redemption.status = "reversed"
    if voucher is not None:
        voucher.status = "void"
    given = donation_of_redemption(session, redemption.id)
    if given is not None:
        correct_donation(session, given, 0, how.now)
    session.flush()


def correct_donation(
    session: Session, given: Donation, amount_minor: int, now: datetime
) -> Donation | None:
    """Take a gift back whole by a negative row; what is still to be given is a new one."""
    facts = {
        "program_id": given.program_id,
        "charity_id": given.charity_id,
        "member_id": given.member_id,
        "currency": given.currency,
        "redemption_id": given.redemption_id,
        "purchase_id": given.purchase_id,
        "occurred_at": now,
    }
    session.add(
        Donation(id=new_id(), amount_minor=-given.amount_minor, reverses_id=given.id, **facts)
    )
    session.flush()
    if not amount_minor:
        return None
    rest = Donation(id=new_id(), amount_minor=amount_minor, **facts)
    session.add(rest)
    session.flush()
    return rest
