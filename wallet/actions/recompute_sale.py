"""What a sale would have given, had it been what is left of it: by the rules and with the knowledge
of the member that made it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from wallet.actions.member_facts import qualifying_visits
from wallet.actions.program_view import ProgramView
from wallet.actions.rule_versions import ruleset_of
from wallet.rules.earning import MemberFacts, Sale, compute, sale_lines
from wallet.rules.kept_sale import kept_sale
from wallet.rules.periods import local_time, period_of
from wallet.rules.ruleset import Ruleset
from wallet.tables.earned import awards_of_purchase, goal_sales, write_awards
from wallet.tables.ledger import Entry
from wallet.tables.purchase import Purchase, refunds_of

Earned = dict[str, dict[str, int]]  # unit → rule → quantity


def should_have_earned(session: Session, program: ProgramView, purchase: Purchase) -> Earned:
    """By unit and rule, after every refund of the purchase so far."""
    rules = ruleset_of(session, program, purchase.rule_version)
    returned = [refund.items for refund in refunds_of(session, purchase.id)]
    sale = kept_sale(whole_sale(purchase), purchase.refunded_minor, returned)
    view = view_of(program, purchase)
    if rules.visit_goals:
        view = _goals_as_they_stand(session, rules, purchase, view)
    return {given.scale.unit.key: given.by_rule for given in compute(rules, sale, view)}


def whole_sale(purchase: Purchase) -> Sale:
    """The sale as it was."""
    return Sale(
        purchase.amount_minor,
        purchase.currency,
        purchase.channel,
        purchase.tax_minor,
        purchase.shipping_minor,
        purchase.gift_card_minor,
        purchase.credit_minor,
        sale_lines(purchase.items),
        is_visit=not purchase.amount_minor,
    )


def view_of(program: ProgramView, purchase: Purchase) -> MemberFacts:
    """What earning knew of the member; of older sales only the tier was kept."""
    if purchase.view:
        return MemberFacts.from_json(purchase.view)
    local = local_time(purchase.occurred_at, program.time_zone)
    return MemberFacts(at=local, tier_key=purchase.tier_key)


def write_taken(session: Session, purchase: Purchase, entry: Entry, should: dict[str, int]) -> None:
    """Rows that bring what each rule gave for this sale down to `should`, so that caps and tiers
    forget what went back. They carry the time of the sale, whose day and year they belong to."""
    gave = awards_of_purchase(session, purchase.id).get(entry.unit, {})
    if gave:
        taken = {rule: should.get(rule, 0) - quantity for rule, quantity in gave.items()}
        taken |= {rule: quantity for rule, quantity in should.items() if rule not in gave}
        write_awards(session, entry, taken, purchase.occurred_at)


def sales_with_goals(session: Session, program: ProgramView, purchase: Purchase) -> list[int]:
    """Other sales that reached a goal in a period of this one: what they gave may hang on it."""
    then = ruleset_of(session, program, purchase.rule_version)
    goals = {goal.key: goal for goal in (*then.visit_goals, *program.ruleset.visit_goals)}
    local = local_time(purchase.occurred_at, program.time_zone)
    found: dict[int, None] = {}
    for goal in goals.values():
        span = period_of(goal.within, local)
        found |= dict.fromkeys(goal_sales(session, purchase.member_id, goal.key, *span))
    found.pop(purchase.id, None)
    return list(found)


def _goals_as_they_stand(
    session: Session, rules: Ruleset, purchase: Purchase, view: MemberFacts
) -> MemberFacts:
    """A goal that refunds made unreached is no longer part of what this sale gives; of several
    times that a goal was given the last ones go first."""
    kept = {}
    for goal in rules.visit_goals:
        span = period_of(goal.within, view.at)
        givers = goal_sales(session, purchase.member_id, goal.key, *span)
        visits = qualifying_visits(session, goal, purchase.member_id, view.at)
        reached = visits // goal.visits if goal.repeats else int(visits >= goal.visits)
        if goal.key in view.visits and purchase.id in givers[:reached]:
            kept[goal.key] = view.visits[goal.key]
    return replace(view, visits=kept)
