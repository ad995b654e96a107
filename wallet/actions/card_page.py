"""What the web card shows: the member, the newest movements with their reasons, the rewards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.card_notes import notes_of
from wallet.actions.choose_perks import PerkSet, perk_sets
from wallet.actions.hand_over import handed_over
from wallet.actions.member_view import MemberView, balances_of, member_view
from wallet.actions.program_view import ProgramView, RewardView
from wallet.tables.ledger import Entry, accounts_of, entries_of
from wallet.tables.member import Member
from wallet.tables.reward import waiting_vouchers

MOVEMENTS_SHOWN = 20  # about a season of a regular; the rest is one request away
VERSION_LENGTH = 20  # hexadecimal digits: 80 bits are plenty to tell two states apart


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry for people. `why` are the sentences of the entry in every language."""

    id: int
    unit: str
    kind: str
    quantity: int
    balance_after: int
    occurred_at: datetime
    channel: str
    store_name: str
    why: Sequence[Mapping[str, str]]
    is_sale: bool = True


@dataclass(frozen=True, slots=True)
class CardPage:
    """Everything of one card at one moment. `version` changes when anything on it does."""

    member: MemberView
    movements: Sequence[Movement]
    version: str
    perk_sets: Sequence[PerkSet] = ()
    to_open: Sequence[RewardView] = ()


def card_page(session: Session, program: ProgramView, member: Member, now: datetime) -> CardPage:
    """The card of `member` as of `now`."""
    entries = entries_of(session, member.id, MOVEMENTS_SHOWN)
    return CardPage(
        member=member_view(session, program, member, now),
        movements=[movement(program, entry) for entry in entries],
        version=card_version(session, program, member, now),
        perk_sets=perk_sets(program, member),
        to_open=handed_over(session, program, member),
    )


def card_version(session: Session, program: ProgramView, member: Member, now: datetime) -> str:
    """A word that moves with the member's ledger and balances, the program and the member's data.

    Few small reads: the web card asks for it every few seconds.
    """
    heads = sorted((account.unit, account.seq) for account in accounts_of(session, member.id))
    balances = balances_of(session, program, member.id, now)  # points may have come free or expired
    spendable = sorted(
        (unit, held.available, held.pending, held.held) for unit, held in balances.items()
    )
    vouchers = [(row.id, row.expires_at) for row in waiting_vouchers(session, member.id, now)]
    about = (member.tier_key, member.name, member.status, member.charity_id, member.tags)
    notes = notes_of(session, program, member.id, "", now)  # endings were told, a period ended
    facts = (heads, spendable, notes, vouchers, program.revision, *about)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:VERSION_LENGTH]


def movement(program: ProgramView, entry: Entry) -> Movement:
    """An entry as members and staff read it."""
    stores = {store.id: store.name for store in program.stores}
    return Movement(
        id=entry.id,
        unit=entry.unit,
        kind=entry.kind,
        quantity=entry.quantity,
        balance_after=entry.balance_after,
        occurred_at=entry.occurred_at,
        channel=entry.channel,
        store_name=stores.get(entry.store_id or 0, ""),
        why=[_text(reason) for reason in entry.why],
        is_sale=entry.purchase_id is not None,
    )


def _text(reason: Mapping[str, Any]) -> Mapping[str, str]:
    text: Mapping[str, str] = reason["text"]
    return text
