"""What a sale would give, with nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.account_views import EntryView, Outcome, PurchaseView
from wallet.actions.accrue import lot_times, why_of
from wallet.actions.member_view import Balance, balances_of
from wallet.actions.program_view import ProgramView
from wallet.actions.record_purchase import (
    PurchaseFacts,
    awards_for,
    check_purchase,
    earning_view,
)
from wallet.actions.standing import figure_at, standing_with
from wallet.rules.earning import Award
from wallet.rules.tiers import window_start
from wallet.tables.ledger import accounts_of
from wallet.tables.member import Member


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
    view = earning_view(session, program, member, occurred_at, now, lock=False)
    awards = awards_for(program, facts, view)
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
            why=why_of(award, program.rule_version),
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
        tax_minor=facts.tax_minor,
        shipping_minor=facts.shipping_minor,
        gift_card_minor=facts.gift_card_minor,
        credit_minor=facts.credit_minor,
    )
    figure = _figure_after(session, program, member, facts, awards, occurred_at, now)
    reached = standing_with(session, program, member, figure, view.plans, now)
    after = {**balances, **_after(program, balances, awards, occurred_at, now)}
    return Quote(purchase, Outcome(entries, after, reached.tier))


def _figure_after(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: PurchaseFacts,
    awards: list[Award],
    occurred_at: datetime,
    now: datetime,
) -> int:
    """Spend or points in the window with this sale."""
    rules = program.ruleset
    if not rules.tiers:
        return 0
    figure = figure_at(session, program, member.id, now)
    if occurred_at < window_start(rules, now, program.time_zone):
        return figure
    if rules.tier_unit is None:
        return figure + facts.amount_minor
    return figure + sum(award.quantity for award in awards if award.unit == rules.tier_unit)


def _after(
    program: ProgramView,
    balances: Mapping[str, Balance],
    awards: list[Award],
    occurred_at: datetime,
    now: datetime,
) -> dict[str, Balance]:
    """Unit → balance after the awards: what is owed or below zero swallows what comes in first."""
    after = {}
    for award in awards:
        available_at, ends_at = lot_times(program, award.unit, occurred_at)
        is_gone = ends_at is not None and ends_at <= now
        is_pending = available_at > now
        before = balances[award.unit]
        swallowed = min(award.quantity, max(-before.available, 0))
        recovered = min(award.quantity - swallowed, before.owed)
        rest = 0 if is_gone else award.quantity - swallowed - recovered
        after[award.unit] = replace(
            before,
            available=before.available + swallowed + (0 if is_pending else rest),
            pending=before.pending + (rest if is_pending else 0),
            held=before.held,
            owed=before.owed - recovered,
        )
    return after
