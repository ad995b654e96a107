"""Carry what an account holds to another one, by transfers that say which merge asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.post_entry import NewLot, Posting, account_of, post_entry
from wallet.ids import public_id
from wallet.rules.lots import Draw, OpenLot, expiry_order
from wallet.tables.ledger import AccountState, Entry, open_lots
from wallet.tables.merging import copy_notices, standing_merge
from wallet.tables.relation import Merge

MERGED = {
    "fr": "Deux comptes de la même personne réunis",
    "en": "Two accounts of one person made one",
}
UNMERGED = {
    "fr": "Réunion de deux comptes annulée",
    "en": "Merge of two accounts undone",
}
_DEBT = {
    "fr": "À compenser par les prochains achats",
    "en": "To be made up by coming purchases",
}


@dataclass(frozen=True, slots=True)
class Carrying:
    """For which merge, on whose word, when, by which rules, and the words for it.

    `may_go_below` is the program's policy "negative": a debt stands as a balance below zero then,
    else it is written down as owed.
    """

    session: Session
    merge: Merge
    actor: Actor
    now: datetime
    rule_version: int
    may_go_below: bool = False
    text: tuple[tuple[str, str], ...] = tuple(MERGED.items())

    def post(
        self,
        account: AccountState,
        quantity: int,
        *,
        draws: Sequence[Draw] = (),
        lots: Sequence[NewLot] = (),
    ) -> Entry:
        """One side of a transfer."""
        return post_entry(
            self.session,
            account,
            self._posting("transfer", quantity, dict(self.text), draws=draws, lots=lots),
        )

    def owe(self, account: AccountState, quantity: int) -> Entry:
        """What stands below zero is owed instead: later earnings pay it."""
        posting = self._posting("recovery", quantity, dict(_DEBT))
        return post_entry(self.session, account, replace(posting, owed_change=quantity))

    def _posting(
        self,
        kind: str,
        quantity: int,
        text: dict[str, str],
        draws: Sequence[Draw] = (),
        lots: Sequence[NewLot] = (),
    ) -> Posting:
        why = {
            "rule": "merge",
            "rule_version": self.rule_version,
            "merge": public_id("mrg", self.merge.id),
            "text": text,
        }
        return Posting(
            kind=kind,
            quantity=quantity,
            occurred_at=self.now,
            recorded_at=self.now,
            actor=self.actor,
            rule_version=self.rule_version,
            merge_id=self.merge.id,
            why=[why],
            draws=draws,
            lots=lots,
        )


def carry_over(carrying: Carrying, source: AccountState, target: AccountState) -> None:
    """Everything: lots with the days on which they can be spent and end, and what is owed. Both
    accounts are locked."""
    lots = open_lots(carrying.session, source.id)
    if lots:
        carry_lots(carrying, source, target, lots)
        copy_notices(carrying.session, source.id, target.id, target.member_id)
    if source.balance < 0:
        debt = -source.balance
        carrying.post(source, debt)
        pay(carrying, target, debt)
    if source.owed:
        debt = source.owed
        # It comes in on one side, which settles the debt there, and is paid by the other side.
        carrying.post(source, debt, lots=[NewLot(debt, carrying.now, None)])
        pay(carrying, target, debt)


def carry_lots(
    carrying: Carrying, source: AccountState, target: AccountState, lots: Sequence[OpenLot]
) -> None:
    """These lots of the source, each with its own days."""
    total = sum(lot.remaining for lot in lots)
    carrying.post(source, -total, draws=[Draw(lot.id, lot.remaining) for lot in lots])
    parts = [NewLot(lot.remaining, lot.available_at, lot.expires_at) for lot in lots]
    receive(carrying, target, total, parts)


def receive(
    carrying: Carrying, target: AccountState, quantity: int, parts: Sequence[NewLot]
) -> None:
    """The other side: a balance below zero swallows what ends first."""
    swallowed = min(max(-target.balance, 0), quantity)
    carrying.post(target, quantity, lots=fit(parts, quantity - swallowed))


def fit(parts: Sequence[NewLot], quantity: int) -> list[NewLot]:
    """As much of the parts as `quantity`, leaving out what ends first."""
    surplus = sum(part.quantity for part in parts) - quantity
    fitted = []
    for part in sorted(parts, key=_ends_first):
        left_out = min(max(surplus, 0), part.quantity)
        surplus -= left_out
        if part.quantity > left_out:
            fitted.append(replace(part, quantity=part.quantity - left_out))
    return fitted


def pay(
    carrying: Carrying, account: AccountState, quantity: int, first: Sequence[Draw] = ()
) -> None:
    """Take this much out of the account: from `first`, then from what ends first. What is not there
    is owed, or stands below zero where the program wants it so."""
    lots = sorted(open_lots(carrying.session, account.id), key=expiry_order)
    draws = {draw.lot_id: draw.quantity for draw in first}
    left = quantity - sum(draws.values())
    for lot in lots:
        taken = min(lot.remaining - draws.get(lot.id, 0), left)
        if taken:
            draws[lot.id] = draws.get(lot.id, 0) + taken
            left -= taken
    carrying.post(account, -quantity, draws=[Draw(*drawn) for drawn in draws.items()])
    if left and not carrying.may_go_below:
        carrying.owe(account, left)


def forward(
    session: Session,
    source: AccountState,
    actor: Actor,
    now: datetime,
    rule_version: int,
    target: AccountState | None = None,
) -> None:
    """What arrived at the account of a merged member goes on to the one who survives; nothing to do
    for all others. `target` is the survivor's account where the caller holds it locked."""
    merge = standing_merge(session, source.member_id)
    while merge is not None:
        onward = standing_merge(session, merge.survivor_id)
        if onward is None and target is not None:
            account = target
        else:
            account = account_of(session, source.program_id, merge.survivor_id, source.unit)
        carry_over(Carrying(session, merge, actor, now, rule_version), source, account)
        source, merge = account, onward


def _ends_first(part: NewLot) -> tuple[bool, datetime]:
    return part.expires_at is None, part.expires_at or part.available_at
