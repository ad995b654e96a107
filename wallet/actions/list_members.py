"""Members of a program, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.identify import is_clean
from wallet.actions.program_view import ProgramView
from wallet.ids import private_id, public_id
from wallet.rules.ruleset import Tier
from wallet.rules.search_words import words_typed
from wallet.tables.reports import account_balances, contacts_of, last_purchases, members_page

PAGE = 50
WORDS_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member in a list."""

    id: str
    number: str
    name: str
    contact: str
    tier: Tier | None
    balance: int
    status: str
    joined_at: datetime
    last_purchase_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberList:
    """One page; `next_before` asks for the following one, empty at the end."""

    members: Sequence[MemberLine]
    next_before: str


def list_members(
    session: Session, program: ProgramView, words: str = "", before: str = ""
) -> MemberList:
    """Members with a name, an address or a number that begins with each of `words`; all of them
    without words."""
    words = words.strip()[:WORDS_LENGTH_MAX]
    if not is_clean(words):
        return MemberList([], "")
    before_id = private_id("mbr", before) if before else None
    typed = words_typed(words)
    if words and not typed:
        return MemberList([], "")
    rows = members_page(session, program.id, typed, PAGE + 1, before_id)
    shown = rows[:PAGE]
    ids = [row.id for row in shown]
    balances = account_balances(session, ids, program.ruleset.main_unit.key)
    contacts, bought = contacts_of(session, ids), last_purchases(session, ids)
    return MemberList(
        [
            MemberLine(
                id=public_id("mbr", row.id),
                number=row.number,
                name=row.name,
                contact=contacts.get(row.id, ""),
                tier=program.ruleset.tier(row.tier_key),
                balance=balances.get(row.id, 0),
                status=row.status,
                joined_at=row.joined_at,
                last_purchase_at=bought.get(row.id),
            )
            for row in shown
        ],
        public_id("mbr", ids[-1]) if len(rows) > PAGE else "",
    )
