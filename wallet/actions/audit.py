"""Audit: replay every account from its first entry and say exactly what is wrong where."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from wallet.actions.audit_spending import check_spending
from wallet.actions.post_entry import CONTRA
from wallet.db import missing_append_only_triggers, unhurried
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.chain import canonical_bytes, sealed_hash
from wallet.tables.replay import (
    AccountRow,
    EntryRow,
    LotRow,
    PlainRow,
    account_rows,
    count_entries,
    draw_rows,
    entries_about,
    entry_rows,
    lot_rows,
    merges_of,
    program_ids,
    purchases_earned_in_accounts,
    purchases_with_other_refunds,
    redemptions_in_another_state,
    redemptions_not_paid,
    transfers_not_balanced,
)

PROGRESS_EVERY = 5_000  # entries between two words of progress: a few times a second
FINDINGS_MAX = (
    10_000  # a ledger as broken as that needs no longer list, and the list fits in memory
)

_LOT_ID, _LOT_QUANTITY = (LotRow._fields.index(name) for name in ("id", "quantity"))
_BY_ACCOUNT = itemgetter(0)  # the first column of lots and draws
_ENTRY_BY_ACCOUNT = itemgetter(EntryRow._fields.index("account_id"))

# Against which of the program's accounts each kind of movement goes, and which way for the member.
# A refund takes back what was issued, and may find nothing; or gives back what was spent.
_WAYS = {
    **dict.fromkeys(CONTRA.items(), 0),
    ("accrual", "issued"): 1,
    ("redemption", "redeemed"): -1,
    ("redemption", "donated"): -1,
    ("refund", "issued"): -1,
    ("refund", "redeemed"): 1,
    ("expiry", "expired"): -1,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `where` names it by public ids; `sentence` is for an operator."""

    code: str
    where: str
    sentence: str


class Elsewhere(NamedTuple):
    """What an entry says of a purchase or a redemption that is not its own member's."""

    id: int
    member_id: int
    purchase_id: int | None
    buyer_id: int | None
    redemption_id: int | None
    taker_id: int | None


@dataclass(slots=True)
class Audit:
    """What was replayed and what was found.

    `totals` maps (program id, unit) to what stands on the program's own accounts (issued, redeemed
    …) and, as `members`, on all members' together: each sums to zero.
    """

    entries: int = 0
    accounts: int = 0
    findings: list[Finding] = field(default_factory=list)
    totals: dict[tuple[int, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    # (purchase, unit) of which one account gave more back than it had got.
    overdrawn: set[tuple[int, str]] = field(default_factory=set)
    # About a purchase or a redemption of another member; after a merge there are such.
    of_others: list[Elsewhere] = field(default_factory=list)

    def note(self, code: str, where: str, sentence: str) -> None:
        """Keep a finding, unless there are far too many already."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(code, where, sentence))

    def note_earned(self, purchase_id: int, unit: str, times: int) -> None:
        """A purchase earned more than once in a unit."""
        sentence = f"{times} accruals of {unit}, not one."
        self.note("earned_twice", public_id("pur", purchase_id), sentence)


def audit(
    session: Session,
    *,
    program_id: int | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Audit:
    """Replay one program or all of them, in the snapshot of `session`.

    Reads every row once, in the order of accounts. `progress` hears (entries done, entries in all).
    `program_not_found` for a program that does not exist.
    """
    unhurried(session)
    report = Audit()
    for table in missing_append_only_triggers(session.connection()):
        report.note("not_append_only", table, "The database would let rows be changed or deleted.")
    programs = program_ids(session)
    if program_id is not None:
        if program_id not in programs:
            raise Refusal("program_not_found")
        programs = [program_id]
    entries_in_all = sum(count_entries(session, program) for program in programs)
    for program in programs:
        _replay_program(session, program, report, lambda done: progress(done, entries_in_all))
        _check_causes(session, program, report)
    _check_zero(report)
    progress(entries_in_all, entries_in_all)
    return report


class _ByAccount:
    """A stream of rows in the order of accounts, handed out one account at a time."""

    def __init__(self, rows: Iterator[PlainRow], account: Callable[[PlainRow], int]) -> None:
        self._groups = groupby(rows, account)
        self._next = next(self._groups, None)
        self._is_taken = False
        self._strangers: list[int] = []

    def of(self, account_id: int) -> Iterator[PlainRow]:
        """The rows of this account; rows of accounts that are not there are passed over."""
        while self._next is not None and (self._is_taken or self._next[0] < account_id):
            if not self._is_taken:
                self._strangers.append(self._next[0])
            self._next = next(self._groups, None)
            self._is_taken = False
        if self._next is None or self._next[0] != account_id:
            return iter(())
        self._is_taken = True
        return self._next[1]

    def strangers(self) -> list[int]:
        """At the end: the accounts of which there are rows, but which are not there."""
        self.of(sys.maxsize)
        return self._strangers


def _replay_program(
    session: Session, program_id: int, report: Audit, progress: Callable[[int], None]
) -> None:
    entries = _ByAccount(entry_rows(session, program_id), _ENTRY_BY_ACCOUNT)
    lots = _ByAccount(lot_rows(session, program_id), _BY_ACCOUNT)
    draws = _ByAccount(draw_rows(session, program_id), _BY_ACCOUNT)
    told = report.entries
    for row in account_rows(session, program_id):
        account = AccountRow(*row)
        replay = _Replay(account, report, lots.of(account.id), draws.of(account.id))
        try:
            replay.run(entries.of(account.id))
            replay.finish()
        except (TypeError, UnicodeError):
            replay.note_unreadable()
        report.entries += replay.entries
        if report.entries - told >= PROGRESS_EVERY:
            told = report.entries
            progress(told)
        report.accounts += 1
    for account_id in entries.strangers():
        report.note(
            "account_missing",
            public_id("prg", program_id),
            f"There are entries of account {account_id}, but not that account.",
        )


class _Replay:
    """One account, from nothing to its head."""

    def __init__(
        self,
        account: AccountRow,
        report: Audit,
        lots: Iterator[PlainRow],
        draws: Iterator[PlainRow],
    ) -> None:
        self._account = account
        self._report = report
        self._totals = report.totals[account.program_id, account.unit]
        self.entries = 0
        self._home = (account.program_id, account.member_id, account.unit)
        self._seq = self._balance = self._owed = 0
        self._head = ""
        self._lots = list(lots)
        self._opened: dict[int, tuple[PlainRow, ...]] = {}  # entry id → its lots, until it comes
        self._left: dict[int, int] = {}  # what each lot should still hold
        for lot in self._lots:
            _, lot_id, entry_id, _, _ = lot
            self._opened[entry_id] = (*self._opened.get(entry_id, ()), lot)
            self._left[lot_id] = 0
        self._in_lots = 0
        self._odd_lots: set[int] = set()  # told of already
        self._all_plain = True  # no lot was opened by anything but a plain accrual
        self._draws: dict[int, list[tuple[int, int]]] = {}
        for _, lot_id, entry_id, quantity in draws:
            self._draws.setdefault(entry_id, []).append((lot_id, quantity))
        self._seen: dict[int, tuple[str, str, int]] = {}  # entry id → (kind, contra, quantity)
        self._reversed: set[int] = set()
        self._earned: dict[int, int] = {}  # purchase id → what its accrual gave
        self._earned_again: dict[int, int] = {}  # purchase id → further accruals
        self._wanted: dict[int, int] = {}  # purchase id → what its refunds asked back

    def run(self, rows: Iterable[PlainRow]) -> None:
        """Replay its entries. Most of any ledger are accruals without any fault (each follows the entry
        before it, its sums are right, its facts are those that were sealed, all of it went into the one
        lot that it opened), for which one look is enough. Whatever is not exactly that goes the long
        way, where it is said what is wrong.
        """
        opened, draws, earned, issued = self._opened, self._draws, self._earned, 0
        for row in rows:
            # fmt: off
            (id_, program_id, _, member_id, unit, seq, kind, contra, quantity, balance, owed, _, _, _, _,
             _, purchase_id, _, reverses_id, _, why, prev_hash, sealed, buyer_id, taker_id) = row
            # fmt: on
            lots = opened.get(id_)
            self.entries += 1
            if (
                lots is None
                or len(lots) != 1
                or kind != "accrual"
                or contra != "issued"
                or reverses_id is not None
                or prev_hash != self._head
                or seq != self._seq + 1
                or quantity <= 0
                or quantity != lots[0][_LOT_QUANTITY]
                or self._balance < 0
                or balance != self._balance + quantity
                or owed != self._owed
                or (program_id, member_id, unit) != self._home
                or purchase_id in earned
                or buyer_id not in (None, member_id)
                or taker_id is not None
                or id_ in draws
                or sealed_hash(row, why if why.__class__ is bytes else canonical_bytes(why))
                != sealed
            ):
                self._step(EntryRow._make(row))
                continue
            del opened[id_]
            self._left[lots[0][_LOT_ID]] += quantity
            self._in_lots = self._balance = balance
            self._seq, self._head = seq, sealed
            self._seen[id_] = ("accrual", "issued", quantity)
            if purchase_id is not None:
                earned[purchase_id] = quantity
            issued += quantity
        self._totals["issued"] -= issued

    def _step(self, entry: EntryRow) -> None:
        """Replay any entry."""
        self._check_chain(entry)
        self._check_sums(entry)
        self._check_cause(entry)
        self._move_lots(entry)
        self._totals[entry.contra] -= entry.quantity
        # Go on from what is written, so that one mistake is not reported for every later entry.
        self._seq, self._head = entry.seq, entry.hash
        self._balance, self._owed = entry.balance_after, entry.owed_after
        self._seen[entry.id] = (entry.kind, entry.contra, entry.quantity)

    def finish(self) -> None:
        """Compare what was replayed with the account's row and with the lots."""
        self._totals["members"] += self._account.balance
        self._check_head()
        if not self._all_plain or self._opened or self._left != _remaining(self._lots):
            for row in self._lots:
                self._check_lot(LotRow._make(row))
        if self._draws:
            strangers = ", ".join(public_id("ent", entry_id) for entry_id in self._draws)
            self._note("draw_misplaced", f"Lots were drawn by entries of elsewhere: {strangers}.")
        for purchase_id, wanted in self._wanted.items():
            if wanted > self._earned.get(purchase_id, 0):
                self._report.overdrawn.add((purchase_id, self._account.unit))
        for purchase_id, again in self._earned_again.items():
            self._report.note_earned(purchase_id, self._account.unit, again + 1)

    def note_unreadable(self) -> None:
        """Somebody wrote a text where a number belongs, or the like: nothing can be reckoned from there."""
        self._note("entry_unreadable", f"What follows entry {self._seq} cannot be read.")

    def _check_head(self) -> None:
        replayed = (self._balance, self._owed, self._seq, self._head)
        if self._account[-len(replayed) :] == replayed:
            return
        for name, value in zip(("balance", "owed", "seq", "head_hash"), replayed, strict=True):
            stored = getattr(self._account, name)
            if stored != value:
                self._note("head_differs", f"{name} is {stored!r}, the entries give {value!r}.")

    def _check_chain(self, entry: EntryRow) -> None:
        if entry.seq != self._seq + 1:
            self._note_entry("seq_gap", entry, f"number {entry.seq} follows number {self._seq}.")
        if entry.prev_hash != self._head:
            self._note_entry("chain_broken", entry, "it does not seal the entry before it.")
        if not _is_sealed(entry):
            self._note_entry("entry_changed", entry, "its facts are not those that were sealed.")

    def _check_sums(self, entry: EntryRow) -> None:
        balance = self._balance + entry.quantity
        if entry.balance_after != balance:
            self._note_entry(
                "balance_wrong", entry, f"balance {entry.balance_after}, should be {balance}."
            )
        low, high = self._owed_range(entry)
        if not low <= entry.owed_after <= high:
            self._note_entry(
                "owed_wrong", entry, f"owed {entry.owed_after}, was {self._owed} before."
            )

    def _owed_range(self, entry: EntryRow) -> tuple[int, int]:
        """Refunds may leave something owed, recoveries pay it, nothing else touches it."""
        if entry.kind == "refund":
            return self._owed, self._owed + max(
                _wanted(_reasons(entry)) + min(entry.quantity, 0), 0
            )
        if entry.kind == "recovery":
            return max(self._owed + entry.quantity, 0), self._owed + entry.quantity
        if entry.kind == "reversal" and self._kind_of(entry.reverses_id) == "recovery":
            return self._owed + entry.quantity, self._owed + entry.quantity
        return self._owed, self._owed

    def _kind_of(self, entry_id: int | None) -> str:
        return self._seen.get(entry_id or 0, ("", "", 0))[0]

    def _check_cause(self, entry: EntryRow) -> None:
        if (entry.program_id, entry.member_id, entry.unit) != self._home:
            self._note_entry("entry_misplaced", entry, "it names another member, program or unit.")
        if {entry.buyer_id, entry.taker_id} - {None, entry.member_id}:
            here = (getattr(entry, name) for name in Elsewhere._fields)
            self._report.of_others.append(Elsewhere(*here))
        if entry.kind == "reversal" or entry.reverses_id is not None:
            self._check_reversal(entry)
        elif entry.quantity * _WAYS.get((entry.kind, entry.contra), -entry.quantity) < 0:
            self._note_entry(
                "kind_wrong", entry, f"{entry.kind} of {entry.quantity} against {entry.contra}."
            )
        if entry.purchase_id is not None:
            self._note_purchase(entry, entry.purchase_id)

    def _note_purchase(self, entry: EntryRow, purchase_id: int) -> None:
        if entry.kind == "accrual":
            if purchase_id in self._earned:
                self._earned_again[purchase_id] = self._earned_again.get(purchase_id, 0) + 1
            self._earned[purchase_id] = entry.quantity
        elif entry.kind in ("refund", "reversal"):
            before = self._wanted.get(purchase_id, 0)
            self._wanted[purchase_id] = before + _wanted(_reasons(entry))

    def _check_reversal(self, entry: EntryRow) -> None:
        undone = entry.reverses_id or 0
        first = self._seen.get(undone)
        if first is None or entry.kind != "reversal":
            self._note_entry("reversal_wrong", entry, "there is no earlier entry that it reverses.")
            return
        _, contra, quantity = first
        if undone in self._reversed:
            self._note_entry("reversed_twice", entry, "the entry was reversed before.")
        if (entry.quantity, entry.contra) != (-quantity, contra):
            self._note_entry("reversal_wrong", entry, f"{entry.quantity} does not undo {quantity}.")
        self._reversed.add(undone)

    def _move_lots(self, entry: EntryRow) -> None:
        opened = [LotRow._make(row) for row in self._opened.pop(entry.id, ())]
        for lot in opened:
            self._all_plain = False
            held = lot.quantity
            if entry.kind == "accrual" and self._balance < 0:
                # What came in below zero was swallowed: only the rest went into the lot.
                held -= min(-self._balance, lot.quantity)
            self._left[lot.id] += held
            self._in_lots += held
        is_wrong = self._check_opened(entry, opened)
        if self._draws:
            for lot_id, quantity in self._draws.pop(entry.id, ()):
                self._left[lot_id] -= quantity
                self._in_lots -= quantity
        if self._in_lots != max(entry.balance_after, 0):
            if not is_wrong:  # else it is the same thing seen from the other side
                self._note_entry(
                    "lots_differ",
                    entry,
                    f"balance {entry.balance_after}, but the lots hold {self._in_lots}.",
                )
            self._in_lots = max(entry.balance_after, 0)

    def _check_opened(self, entry: EntryRow, opened: Sequence[LotRow]) -> bool:
        """An accrual opens one lot of its quantity, what takes opens none. Whether that is wrong."""
        if entry.kind == "accrual" and not opened:
            self._note_entry("lot_missing", entry, f"its lot of {entry.quantity} is not there.")
            return True
        if (entry.kind == "accrual" and len(opened) > 1) or (opened and entry.quantity <= 0):
            held = " and ".join(str(lot.quantity) for lot in opened)
            self._note_entry("lot_wrong", entry, f"{entry.kind} cannot open lots of {held}.")
            self._odd_lots.update(lot.id for lot in opened)
            return True
        return False

    def _check_lot(self, lot: LotRow) -> None:
        if lot.id in self._odd_lots:
            return
        opened = self._seen.get(lot.entry_id)
        if opened is None or opened[2] < lot.quantity or _is_part(opened[0], opened[2], lot):
            self._note(
                "lot_wrong", f"A lot of {lot.quantity} has no entry that brought as much in."
            )
        elif lot.remaining != self._left[lot.id]:
            self._note(
                "lot_remaining",
                f"The lot of {public_id('ent', lot.entry_id)} holds {lot.remaining}, "
                f"the entries leave {self._left[lot.id]}.",
            )

    def _note_entry(self, code: str, entry: EntryRow, sentence: str) -> None:
        where = f"{public_id('mbr', self._account.member_id)} {self._account.unit}"
        self._report.note(
            code, f"{public_id('ent', entry.id)} of {where}", f"Entry {entry.seq}: {sentence}"
        )

    def _note(self, code: str, sentence: str) -> None:
        where = f"{public_id('mbr', self._account.member_id)} {self._account.unit}"
        self._report.note(code, where, sentence)


def _remaining(lots: Iterable[PlainRow]) -> dict[int, int]:
    """What each lot holds, by its row."""
    return {lot_id: remaining for _, lot_id, _, _, remaining in lots}


def _is_part(kind: str, quantity: int, lot: LotRow) -> bool:
    """Whether an accrual's lot is only a part of it; what is given back may go to several lots."""
    return kind == "accrual" and bool(lot.quantity != quantity)


def _is_sealed(entry: EntryRow) -> bool:
    """Whether the facts are those that the hash was made of. SQLite has the very bytes of `why` that
    were sealed; where it has others, and from any other database, what counts is the document."""
    if isinstance(entry.why, bytes) and sealed_hash(entry, entry.why) == entry.hash:
        return True
    try:
        return sealed_hash(entry, canonical_bytes(entry.why)) == entry.hash
    except ValueError:
        return False  # no JSON at all


def _reasons(entry: EntryRow) -> list[dict[str, Any]]:
    """What the entry says of itself; nothing where somebody broke it, which is found by the seal."""
    try:
        said = json.loads(entry.why)
    except ValueError:
        return []
    return [part for part in said if isinstance(part, dict)] if isinstance(said, list) else []


def _wanted(why: Sequence[Mapping[str, Any]]) -> int:
    """What a refund or the reversal of an accrual asked back, whether or not it was there."""
    return sum(int(part.get("wanted", 0)) for part in why)


def _check_causes(session: Session, program_id: int, report: Audit) -> None:
    """Purchases, refunds and redemptions against the entries that they made."""
    for purchase_id, stored, summed in purchases_with_other_refunds(session, program_id):
        report.note(
            "refunds_differ",
            public_id("pur", purchase_id),
            f"{stored} is marked as refunded, its refunds sum to {summed}.",
        )
    _check_refunds(session, report)
    _check_merges(session, program_id, report)
    for redemption_id, cost, paid, times in redemptions_not_paid(session, program_id):
        report.note(
            "redemption_unpaid",
            public_id("red", redemption_id),
            f"It costs {cost}; {times} entries took {paid}.",
        )
    for redemption_id, status in redemptions_in_another_state(session, program_id):
        report.note(
            "redemption_state",
            public_id("red", redemption_id),
            f"It is marked {status}, the ledger says otherwise.",
        )
    check_spending(session, program_id, report.note)


def _check_refunds(session: Session, report: Audit) -> None:
    """What refunds asked back against what the purchase gave, wherever its member was then."""
    for purchase_id, unit in sorted(report.overdrawn):
        entries = entries_about(session, purchase_id, unit)
        earned = sum(entry.quantity for entry in entries if entry.kind == "accrual")
        wanted = sum(
            _wanted(entry.why) for entry in entries if entry.kind in ("refund", "reversal")
        )
        if wanted > earned:
            report.note(
                "refunded_too_much",
                public_id("pur", purchase_id),
                f"Its refunds asked {wanted} {unit} back, it gave {earned}.",
            )
    report.overdrawn.clear()


def _check_merges(session: Session, program_id: int, report: Audit) -> None:
    """Entries belong to their member's own purchases and redemptions, or to those of somebody who
    was the same member once; and transfers take nothing away and add nothing."""
    merges = merges_of(session, program_id)
    kin = _Kin(merges)
    shared: set[int] = set()  # what purchases of others did elsewhere, no single account shows
    for entry in report.of_others:
        if entry.purchase_id is not None and entry.buyer_id != entry.member_id:
            shared.add(entry.purchase_id)
        for what, kind, number, owner_id in (
            ("purchase", "pur", entry.purchase_id, entry.buyer_id),
            ("redemption", "red", entry.redemption_id, entry.taker_id),
        ):
            if owner_id is not None and kin.of(entry.member_id) != kin.of(owner_id):
                report.note(
                    "entry_misplaced",
                    public_id("ent", entry.id),
                    f"It belongs to {public_id(kind, number or 0)}, a {what} of another member.",
                )
    report.of_others.clear()
    for purchase_id, unit, accounts in purchases_earned_in_accounts(session, shared):
        report.note_earned(purchase_id or 0, unit, accounts)
    for merge_id, unit, total in transfers_not_balanced(session, program_id) if merges else ():
        report.note(
            "transfer_unbalanced",
            public_id("mrg", merge_id or 0),
            f"Its transfers of {unit} sum to {total}, not zero.",
        )


class _Kin:
    """Who was ever the same member as whom."""

    def __init__(self, merges: Iterable[Sequence[int]]) -> None:
        self._parent: dict[int, int] = {}
        for merged_id, survivor_id in merges:
            self._parent[self.of(merged_id)] = self.of(survivor_id)

    def of(self, member_id: int) -> int:
        """One of them, the same for all who belong together."""
        while (parent := self._parent.get(member_id, member_id)) != member_id:
            member_id = parent
        return member_id


def _check_zero(report: Audit) -> None:
    for (program_id, unit), totals in report.totals.items():
        if sum(totals.values()) != 0:
            report.note(
                "not_zero",
                f"{public_id('prg', program_id)} {unit}",
                f"All accounts together hold {sum(totals.values())}, not zero.",
            )
