"""What a sale would give, with nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.account_views import EntryView, Outcome, PurchaseView
from wallet.actions.member_view import Balance, balances_of, standing_of
from wallet.actions.program_view import ProgramView
from wallet.actions.record_purchase import PurchaseFacts, awards_for, check_purchase
from wallet.rules.earning import Award
from wallet.rules.lots import available_at, expires_at
from wallet.rules.tiers import standing
from wallet.tables.ledger import accounts_of
from wallet.tables.member import Member
from wallet.tables.purchase import spent_since


@dataclass(frozen=True, slots=True)
class Quote:
    """The sale, its movements, and where they would leave the member."""

    purchase: PurchaseView
    outcome: Outcome


def quote_purchase(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: PurchaseFacts,
    now: datetime,
) -> Quote:
    """The same sums as `record_purchase`, and the same refusals but `purchase_exists`."""
    occurred_at = check_purchase(program, member, facts, now)
    tier = standing_of(session, program, member.id, now).tier
    awards = awards_for(program, facts, tier.key if tier else None)
    totals = {account.unit: account.balance for account in accounts_of(session, member.id)}
    balances = balances_of(session, program, member.id, now)
    entries = [
        EntryView(
            id=None,
            unit=award.unit,
            kind="accrual",
            quantity=award.quantity,
            balance_after=totals.get(award.unit, 0) + award.quantity,
            occurred_at=occurred_at,
            recorded_at=now,
            channel=facts.channel,
            purchase_id=None,
            reverses_id=None,
            why=[
                {"rule": reason.rule, "rule_version": program.rule_version, "text": reason.text}
                for reason in award.why
            ],
        )
        for award in awards
    ]
    purchase = PurchaseView(
        id=None,
        member_id=member.id,
        source=facts.source,
        external_id=facts.external_id,
        channel=facts.channel,
        amount_minor=facts.amount_minor,
        refunded_minor=0,
        currency=facts.currency,
        items=facts.items,
        occurred_at=occurred_at,
        recorded_at=now,
    )
    since = now - timedelta(days=program.ruleset.tier_window_days)
    spent = spent_since(session, member.id, since)
    reached = standing(
        program.ruleset.tiers, spent + (facts.amount_minor if occurred_at > since else 0)
    )
    after = {**balances, **_after(program, balances, awards, occurred_at, now)}
    return Quote(purchase, Outcome(entries, after, reached.tier))


def _after(
    program: ProgramView,
    balances: Mapping[str, Balance],
    awards: list[Award],
    occurred_at: datetime,
    now: datetime,
) -> dict[str, Balance]:
    """Unit → balance after the awards: what is owed or below zero swallows what comes in first."""
    rules = program.ruleset
    ends_at = expires_at(occurred_at, rules.expiry_months, program.time_zone)
    is_gone = ends_at is not None and ends_at <= now
    is_pending = available_at(occurred_at, rules.pending_days) > now
    after = {}
    for award in awards:
        before = balances[award.unit]
        swallowed = min(award.quantity, max(-before.available, 0))
        recovered = min(award.quantity - swallowed, before.owed)
        rest = 0 if is_gone else award.quantity - swallowed - recovered
        after[award.unit] = replace(
            before,
            available=before.available + swallowed + (0 if is_pending else rest),
            pending=before.pending + (rest if is_pending else 0),
            owed=before.owed - recovered,
        )
    return after
