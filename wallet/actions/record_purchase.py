"""A sale in any channel: recorded once, earned on, shown on the cards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import (
    EXTERNAL_ID_LENGTH_MAX,
    SOURCE_LENGTH_MAX,
    check_items,
    check_text,
)
from wallet.actions.member_view import standing_of
from wallet.actions.post_entry import Posting, account_of, post_entry
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.earning import Award, Sale, earn
from wallet.rules.lots import available_at, expires_at
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.tables.ledger import Entry, entries_of_purchase
from wallet.tables.member import Member, lock_member
from wallet.tables.purchase import Purchase, purchase_from, same_amount_since
from wallet.tables.staff import name_behind

CHANNELS = ("store", "online", "phone")
CLOCK_SKEW_MAX = timedelta(minutes=5)  # a till's clock may run ahead by this much
REPEAT_WINDOW = timedelta(seconds=60)  # the same amount again within it was probably a second tap


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """What a till or a shop says about a sale. Unique by (source, external_id)."""

    source: str
    external_id: str
    channel: str
    amount_minor: int
    currency: str
    occurred_at: datetime | None = None
    items: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The purchase and the entries it made; `repeated` when it was known already."""

    purchase: Purchase
    entries: list[Entry]
    repeated: bool


def record_purchase(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: PurchaseFacts,
    actor: Actor,
    now: datetime,
) -> Recorded:
    """Once, however often it is sent: the second answer is the first one again."""
    check_text(facts.source, "source", SOURCE_LENGTH_MAX, shortest=1)
    check_text(facts.external_id, "external_id", EXTERNAL_ID_LENGTH_MAX, shortest=1)
    check_items(facts.items)
    lock_member(session, member)
    digest = _digest(member, facts)
    known = purchase_from(session, program.id, facts.source, facts.external_id)
    if known:
        return _again(session, known, digest)
    occurred_at = check_purchase(program, member, facts, now)
    tier = standing_of(session, program, member.id, now).tier
    purchase = Purchase(
        id=new_id(),
        program_id=program.id,
        member_id=member.id,
        source=facts.source,
        external_id=facts.external_id,
        channel=facts.channel,
        store_id=actor.store_id,
        actor=actor.label,
        amount_minor=facts.amount_minor,
        refunded_minor=0,
        currency=facts.currency,
        items=list(facts.items),
        facts_hash=digest,
        rule_version=program.rule_version,
        tier_key=tier.key if tier else None,
        occurred_at=occurred_at,
        recorded_at=now,
    )
    session.add(purchase)
    session.flush()
    awards = awards_for(program, facts, purchase.tier_key)
    entries = [_accrue(session, program, purchase, award, actor, now) for award in awards]
    refresh_card(session, program, member, now)
    return Recorded(purchase, entries, repeated=False)


def awards_for(program: ProgramView, facts: PurchaseFacts, tier_key: str | None) -> list[Award]:
    """What the sale gives to a member of this tier; a quote is just this."""
    return earn(program.ruleset, Sale(facts.amount_minor, facts.currency, facts.channel), tier_key)


def check_purchase(
    program: ProgramView, member: Member, facts: PurchaseFacts, now: datetime
) -> datetime:
    """When the sale happened, after every check that can refuse it."""
    if member.status != "active":
        raise Refusal("member_closed")
    if facts.channel not in CHANNELS:
        raise Refusal("body_invalid", field="channel")
    if facts.amount_minor <= 0:
        raise Refusal("amount_invalid")
    if facts.amount_minor > AMOUNT_MINOR_MAX:
        raise Refusal("amount_too_large")
    if facts.currency != program.currency:
        raise Refusal("currency_mismatch", currency=program.currency)
    occurred_at = facts.occurred_at or now
    if occurred_at > now + CLOCK_SKEW_MAX:
        raise Refusal("purchase_in_future")
    return min(occurred_at, now)


def suspect_repeat(session: Session, member: Member, amount_minor: int, now: datetime) -> None:
    """Refuse (`repeat_suspected`) the same amount for the same member within a minute."""
    lock_member(session, member)  # of two taps at once the later one must see the other's sale
    earlier = same_amount_since(session, member.id, amount_minor, now - REPEAT_WINDOW)
    if earlier:
        raise Refusal(
            "repeat_suspected", at=earlier.recorded_at, by=name_behind(session, earlier.actor)
        )


def _accrue(
    session: Session,
    program: ProgramView,
    purchase: Purchase,
    award: Award,
    actor: Actor,
    now: datetime,
) -> Entry:
    rules = program.ruleset
    account = account_of(session, program.id, purchase.member_id, award.unit)
    return post_entry(
        session,
        account,
        Posting(
            kind="accrual",
            quantity=award.quantity,
            occurred_at=purchase.occurred_at,
            recorded_at=now,
            actor=actor,
            channel=purchase.channel,
            rule_version=program.rule_version,
            why=[
                {
                    "rule": reason.rule,
                    "rule_version": program.rule_version,
                    "text": dict(reason.text),
                }
                for reason in award.why
            ],
            purchase_id=purchase.id,
            lot=(
                available_at(purchase.occurred_at, rules.pending_days),
                expires_at(purchase.occurred_at, rules.expiry_months, program.time_zone),
            ),
        ),
    )


def _again(session: Session, known: Purchase, digest: str) -> Recorded:
    if known.facts_hash != digest:
        raise Refusal("purchase_exists")
    first = [
        entry
        for entry in entries_of_purchase(session, known.id)
        if entry.kind in ("accrual", "recovery")
    ]
    return Recorded(known, first, repeated=True)


def _digest(member: Member, facts: PurchaseFacts) -> str:
    said = [
        member.id,
        facts.channel,
        facts.amount_minor,
        facts.currency,
        facts.occurred_at.isoformat() if facts.occurred_at else None,
        list(facts.items),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
