"""A sale in any channel: recorded once, earned on, shown on the cards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.accrue import Cause, accrue
from wallet.actions.actor import Actor
from wallet.actions.identify import (
    EXTERNAL_ID_LENGTH_MAX,
    SOURCE_LENGTH_MAX,
    check_items,
    check_text,
)
from wallet.actions.member_facts import facts_asked, member_facts
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView
from wallet.actions.refer import hold_referral
from wallet.actions.refresh_card import refresh_card
from wallet.actions.settle_sale import after_sale, credit_in
from wallet.actions.standing import Counted, figure_asked, standing_after, standing_of
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.prepared import Question, together
from wallet.rules.earning import Award, MemberFacts, Sale, earn, sale_lines
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.rules.shelf import earns_by_visit
from wallet.rules.tiers import Standing
from wallet.tables.ledger import AccountState, Entry, account_asked, entries_of_purchase
from wallet.tables.member import Member, lock_asked, lock_member
from wallet.tables.merging import merged_members
from wallet.tables.purchase import (
    Purchase,
    purchase_from,
    same_amount_since,
    write_purchase,
)
from wallet.tables.sale_notice import heard_asked, heard_of, waiting_notices
from wallet.tables.staff import name_behind
from wallet.values import value_class

CHANNELS = ("store", "online", "phone")
WAYS_TO_FIND = ("camera", "wedge", "photo", "typed", "new")
RECEIPT_LENGTH_MAX = 64  # characters: the number on a receipt and a word or two
CLOCK_SKEW_MAX = timedelta(minutes=5)  # a till's clock may run ahead by this much
REPEAT_WINDOW = timedelta(seconds=60)  # the same amount again within it was probably a second tap


@value_class
class PurchaseFacts:
    """What a till or a shop says about a sale. Unique by (source, external_id).

    The parts (tax, shipping …) are included in `amount_minor`; the rules say which of them earn.
    """

    source: str
    external_id: str
    channel: str
    amount_minor: int
    currency: str
    occurred_at: datetime | None = None
    items: Sequence[dict[str, Any]] = ()
    tax_minor: int = 0
    shipping_minor: int = 0
    gift_card_minor: int = 0
    credit_minor: int = 0  # paid with the member's store credit
    receipt: str = ""  # what the cashier wrote beside it; no fact that earning looks at
    found_by: str = ""  # one of WAYS_TO_FIND, where a till says so
    is_visit: bool = False  # somebody came: it may have no amount

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """Tax, shipping, gift cards, paid with credit."""
        return self.tax_minor, self.shipping_minor, self.gift_card_minor, self.credit_minor


@value_class
class Recorded:
    """The purchase and the entries it made, to be looked at; `repeated` when it was known already. `standing`
    is the member's status after it, where it was worked out."""

    purchase: Purchase
    entries: list[Entry]
    repeated: bool
    standing: Standing | None = None


def record_purchase(
    session: Session,
    program: ProgramView,
    member: Member,
    facts: PurchaseFacts,
    actor: Actor,
    now: datetime,
) -> Recorded:
    """Once, however often it is sent: the second answer is the first one again."""
    _check_words(facts)
    together(session, lambda: _asked(program, member, facts, now))
    lock_member(session, member)
    digest = _digest(member.id, facts)
    is_known, has_notices = heard_of(session, program.id, facts.source, facts.external_id)
    if is_known:
        return _again(session, program, facts, {digest, *_digests_before(session, member, facts)})
    occurred_at = check_purchase(program, member, facts, now)
    notices = (
        waiting_notices(session, program.id, facts.source, facts.external_id) if has_notices else []
    )
    if paid_minor := credit_in(notices, member):
        facts = replace(facts, credit_minor=paid_minor)
    account = _counting_account(session, program, member)
    before = standing_of(session, program, member, now)
    view = member_facts(session, program, member, before, occurred_at)
    session.flush()
    values = _row(program, member, facts, actor, view)
    values |= {"facts_hash": digest, "occurred_at": occurred_at, "recorded_at": now}
    purchase = write_purchase(session, values, to_change=bool(notices))
    awards = awards_for(program, facts, view)
    cause = Cause(occurred_at, purchase.channel, purchase_id=purchase.id, account=account)
    entries = accrue(session, program, member.id, awards, cause, actor, now)
    units = {award.unit for award in awards}
    after_sale(session, program, member, purchase, notices, units, actor)
    hold_referral(session, program, purchase, now)
    given = {award.unit: award.quantity for award in awards}
    counted = Counted(occurred_at, facts.amount_minor, given)
    # What was said of the sale before it came may have changed anything.
    after = None if notices else standing_after(session, program, member, before, counted, now)
    refresh_card(session, program, member, now, standing=after)
    return Recorded(purchase, entries, repeated=False, standing=after)


def _check_words(facts: PurchaseFacts) -> None:
    check_text(facts.source, "source", SOURCE_LENGTH_MAX, shortest=1)
    check_text(facts.external_id, "external_id", EXTERNAL_ID_LENGTH_MAX, shortest=1)
    check_text(facts.receipt, "receipt", RECEIPT_LENGTH_MAX)
    check_items(facts.items)


def _row(
    program: ProgramView, member: Member, facts: PurchaseFacts, actor: Actor, view: MemberFacts
) -> dict[str, Any]:
    """The sale as a row, but for its hash and its times."""
    return {
        "id": new_id(),
        "program_id": program.id,
        "member_id": member.id,
        "source": facts.source,
        "external_id": facts.external_id,
        "channel": facts.channel,
        "store_id": actor.store_id,
        "actor": actor.label,
        "amount_minor": facts.amount_minor,
        "refunded_minor": 0,
        "currency": facts.currency,
        "tax_minor": facts.tax_minor,
        "shipping_minor": facts.shipping_minor,
        "gift_card_minor": facts.gift_card_minor,
        "credit_minor": facts.credit_minor,
        "items": list(facts.items),
        "rule_version": program.rule_version,
        "view": view.to_json(),
        "tier_key": view.tier_key,
        "receipt": facts.receipt.strip(),
        "found_by": facts.found_by,
    }


def _asked(
    program: ProgramView, member: Member, facts: PurchaseFacts, now: datetime
) -> list[Question]:
    """What every sale asks first, in this order: nothing counts before the member is locked."""
    sale = (program.id, facts.source, facts.external_id)
    return [
        lock_asked(member.id),
        heard_asked(*sale),
        *(account_asked(member.id, scale.unit.key) for scale in program.ruleset.scales),
        *figure_asked(program, member.id, now),
        *facts_asked(program, member.id, min(facts.occurred_at or now, now)),
    ]


def earning_view(
    session: Session,
    program: ProgramView,
    member: Member,
    occurred_at: datetime,
    now: datetime,
    *,
    lock: bool = True,
) -> MemberFacts:
    """The member as earning sees it before the sale; locked where caps or goals count."""
    if lock:
        _counting_account(session, program, member)
    standing = standing_of(session, program, member, now)
    return member_facts(session, program, member, standing, occurred_at)


def _counting_account(
    session: Session, program: ProgramView, member: Member
) -> AccountState | None:
    """The main account, locked; only where caps or goals count."""
    if not program.ruleset.counted:
        return None
    return account_of(session, program.id, member.id, program.ruleset.main_unit.key)


def awards_for(program: ProgramView, facts: PurchaseFacts, view: MemberFacts) -> list[Award]:
    """What the sale gives to this member; a quote is just this."""
    sale = Sale(
        facts.amount_minor,
        facts.currency,
        facts.channel,
        *facts.parts,
        lines=sale_lines(facts.items),
        is_visit=facts.is_visit and not facts.amount_minor,
    )
    return earn(program.ruleset, sale, view)


def check_purchase(
    program: ProgramView, member: Member, facts: PurchaseFacts, now: datetime
) -> datetime:
    """When the sale happened, after every check that can refuse it."""
    if member.status != "active":
        raise Refusal("member_closed")
    if facts.channel not in CHANNELS:
        raise Refusal("body_invalid", field="channel")
    if facts.amount_minor < (0 if facts.is_visit and earns_by_visit(program.ruleset) else 1):
        raise Refusal("amount_invalid")
    if facts.amount_minor > AMOUNT_MINOR_MAX:
        raise Refusal("amount_too_large")
    if not all(0 <= part <= facts.amount_minor for part in facts.parts):
        raise Refusal("parts_invalid")
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


def _again(
    session: Session, program: ProgramView, facts: PurchaseFacts, digests: set[str]
) -> Recorded:
    known = purchase_from(session, program.id, facts.source, facts.external_id)
    assert known is not None
    if known.facts_hash not in digests:
        raise Refusal("purchase_exists")
    first = [
        entry
        for entry in entries_of_purchase(session, known.id)
        if entry.kind in ("accrual", "recovery")
    ]
    return Recorded(known, first, repeated=True)


def _digests_before(session: Session, member: Member, facts: PurchaseFacts) -> list[str]:
    """Those of the same facts about somebody who was merged into the member since."""
    return [_digest(number, facts) for number in merged_members(session, member.id)]


def _digest(member_id: int, facts: PurchaseFacts) -> str:
    said = [
        member_id,
        facts.channel,
        facts.amount_minor,
        facts.currency,
        facts.occurred_at.isoformat() if facts.occurred_at else None,
        list(facts.items),
    ]
    if any(facts.parts):
        said.append(list(facts.parts))
    return hashlib.sha256(_spelled(said).encode()).hexdigest()


_spelled = json.JSONEncoder(sort_keys=True).encode
