"""Reward both sides of a referral, once, when the friend's order has outlived the hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.record_activity import OWN_SOURCE, ActivityFacts, record_activity
from wallet.actions.refer import paid_minor, why_not
from wallet.db import Database, StaleRead
from wallet.ids import public_id
from wallet.rules.earning import Award, Reason
from wallet.rules.periods import local_time, period_of
from wallet.rules.rule_parts import ReferralRules
from wallet.rules.spell import spell_quantity
from wallet.tables.member import Member, lock_member, member_with_id
from wallet.tables.purchase import purchase_with_id
from wallet.tables.relation import (
    Referral,
    due_referrals,
    holding_referral,
    referral_people,
    rewarded_between,
)

BATCH = 100  # in one round; each is a transaction of its own
_TEXTS = {
    "referrer": {"fr": "Un ami parrainé", "en": "A friend referred"},
    "friend": {"fr": "Bienvenue de la part d’un ami", "en": "Welcome from a friend"},
}


def settle_referrals(database: Database, clock: Callable[[], datetime]) -> int:
    """One round; returns how many were settled, one way or the other."""
    with database.reading() as session:
        due = due_referrals(session, clock(), BATCH)
    return sum(_settle_one(database, referral_id, clock()) for referral_id in due)


def _settle_one(database: Database, referral_id: int, now: datetime) -> int:
    """One referral in a transaction of its own."""
    return database.run(lambda session: _settle(session, referral_id, now))


def _settle(session: Session, referral_id: int, now: datetime) -> int:
    people = _lock_people(session, referral_id)
    referral = holding_referral(session, referral_id)
    if referral is None:
        return 0  # somebody else was here first
    if (referral.referrer_id, referral.friend_id) != people:
        raise StaleRead  # one of them was merged while the locks were waited for
    program = program_view(session, referral.program_id)
    rules = program.ruleset.referral
    if rules is None:
        referral.status, referral.reason = "refused", "no_rules"
        session.flush()
        return 1
    if not _stands(session, program, rules, referral):
        referral.status, referral.reason = "joined", "refunded"
        referral.purchase_id = referral.due_at = None
        session.flush()
        return 1
    referrer, friend = _people(session, referral)
    reason = why_not(session, referrer, friend)
    if friend.status != "active":
        reason = reason or "friend_closed"
    if reason:
        referral.status, referral.reason = "refused", reason
        session.flush()
        return 1
    _reward(session, program, rules, referral, referrer, friend, now)
    return 1


def _lock_people(session: Session, referral_id: int) -> tuple[int, int]:
    """Lock both in the order of ids, as everybody who holds two members at once."""
    people = referral_people(session, referral_id)
    for number in sorted(set(people)):
        lock_member(session, session.get_one(Member, number))
    return people


def _stands(
    session: Session, program: ProgramView, rules: ReferralRules, referral: Referral
) -> bool:
    """Whether enough of the order is left."""
    assert referral.purchase_id is not None
    purchase = purchase_with_id(session, program.id, referral.purchase_id)
    assert purchase is not None
    return paid_minor(purchase) >= max(rules.purchase_min_minor, 1)


def _people(session: Session, referral: Referral) -> tuple[Member, Member]:
    referrer = member_with_id(session, referral.program_id, referral.referrer_id)
    friend = member_with_id(session, referral.program_id, referral.friend_id)
    assert referrer is not None
    assert friend is not None
    return referrer, friend


def _reward(
    session: Session,
    program: ProgramView,
    rules: ReferralRules,
    referral: Referral,
    referrer: Member,
    friend: Member,
    now: datetime,
) -> None:
    """The friend always; the referrer unless this year's maximum is reached, which is written down."""
    referral.status, referral.rewarded_at = "rewarded", now
    referral.reason = "capped" if _is_capped(session, program, rules, referrer.id, now) else ""
    session.flush()
    sides = [("friend", friend, rules.friend_quantity)]
    if not referral.reason:
        sides.append(("referrer", referrer, rules.referrer_quantity))
    for side, member, quantity in sorted(sides, key=lambda side: side[1].id):
        extra = [_award(program, rules.unit, quantity, side)] if quantity else []
        reference = f"{public_id('ref', referral.id)}:{side}"
        facts = ActivityFacts(
            "referral" if side == "referrer" else "referred", OWN_SOURCE, reference
        )
        record_activity(session, program, member, facts, SYSTEM, now, extra=extra)


def _is_capped(
    session: Session, program: ProgramView, rules: ReferralRules, referrer_id: int, now: datetime
) -> bool:
    if rules.per_year_max is None:
        return False
    year = period_of("year", local_time(now, program.time_zone))
    return rewarded_between(session, referrer_id, *year) >= rules.per_year_max


def _award(program: ProgramView, unit_key: str, quantity: int, side: str) -> Award:
    unit = program.ruleset.unit(unit_key)
    text = {}
    for language, words in _TEXTS[side].items():
        colon = "\u00a0: " if language == "fr" else ": "
        text[language] = words + colon + spell_quantity(unit, quantity, program.currency, language)
    return Award(unit_key, quantity, (Reason("referral", text),), {"referral": quantity})
