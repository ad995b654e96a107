"""Audit: replay every account from its first entry and say exactly what is wrong where."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from wallet.actions.audit_spending import check_spending
from wallet.actions.post_entry import CONTRA
from wallet.db import missing_append_only_triggers, unhurried
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.chain import FACTS, canonical_text, sealed_hash
from wallet.tables.replay import (
    AccountRow,
    DrawRow,
    EntryRow,
    LotRow,
    account_rows,
    count_entries,
    draw_rows,
    entries_about,
    entries_of_other_purchases,
    entries_of_other_redemptions,
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

_FACTS = len(FACTS)  # the first columns of a row are the facts that were sealed
R = TypeVar("R", EntryRow, LotRow, DrawRow)

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


class _ByAccount(Generic[R]):
    """A stream of rows in the order of accounts, handed out one account at a time."""

    def __init__(self, rows: Iterator[R]) -> None:
        self._groups: Iterator[tuple[int, Iterator[R]]] = groupby(rows, attrgetter("account_id"))
        self._next: tuple[int, Iterator[R]] | None = next(self._groups, None)

    def of(self, account_id: int) -> Iterator[R]:
        """The rows of this account; rows of accounts that are not there are passed over."""
        while self._next is not None and self._next[0] < account_id:
            self._next = next(self._groups, None)
        if self._next is not None and self._next[0] == account_id:
            yield from self._next[1]
            self._next = next(self._groups, None)


def _replay_program(
    session: Session, program_id: int, report: Audit, progress: Callable[[int], None]
) -> None:
    entries = _ByAccount(entry_rows(session, program_id))
    lots = _ByAccount(lot_rows(session, program_id))
    draws = _ByAccount(draw_rows(session, program_id))
    told = report.entries
    for account in account_rows(session, program_id):
        replay = _Replay(account, report, lots.of(account.id), draws.of(account.id))
        for entry in entries.of(account.id):
            replay.step(entry)
        replay.finish()
        report.entries += replay.entries
        if report.entries - told >= PROGRESS_EVERY:
            told = report.entries
            progress(told)
        report.accounts += 1


class _Replay:
    """One account, from nothing to its head."""

    def __init__(
        self,
        account: AccountRow,
        report: Audit,
        lots: Iterator[LotRow],
        draws: Iterator[DrawRow],
    ) -> None:
        self._account = account
        self._report = report
        self._totals = report.totals[account.program_id, account.unit]
        self.entries = 0
        self._home = (account.program_id, account.member_id, account.unit)
        self._seq = self._balance = self._owed = 0
        self._head = ""
        self._lots = {lot.id: lot for lot in lots}
        self._opened: dict[int, list[LotRow]] = {}
        for lot in self._lots.values():
            self._opened.setdefault(lot.entry_id, []).append(lot)
        self._left = dict.fromkeys(self._lots, 0)  # what each lot should still hold
        self._in_lots = 0
        self._odd_lots: set[int] = set()  # told of already
        self._draws: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for draw in draws:
            self._draws[draw.entry_id].append((draw.lot_id, draw.quantity))
        self._seen: dict[int, tuple[str, str, int]] = {}  # entry id → (kind, contra, quantity)
        self._reversed: set[int] = set()
        self._earned: dict[int, int] = {}  # purchase id → what its accrual gave
        self._earned_again: Counter[int] = Counter()  # purchase id → further accruals
        self._wanted: Counter[int] = Counter()  # purchase id → what its refunds asked back

    def step(self, entry: EntryRow) -> None:
        """Replay one entry."""
        self._check_chain(entry)
        self._check_sums(entry)
        self._check_cause(entry)
        self._move_lots(entry)
        self.entries += 1
        self._totals[entry.contra] -= entry.quantity
        # Go on from what is written, so that one mistake is not reported for every later entry.
        self._seq, self._head = entry.seq, entry.hash
        self._balance, self._owed = entry.balance_after, entry.owed_after
        self._seen[entry.id] = (entry.kind, entry.contra, entry.quantity)

    def finish(self) -> None:
        """Compare what was replayed with the account's row and with the lots."""
        account = self._account
        self._totals["members"] += account.balance
        for name, replayed in (
            ("balance", self._balance),
            ("owed", self._owed),
            ("seq", self._seq),
            ("head_hash", self._head),
        ):
            stored = getattr(account, name)
            if stored != replayed:
                self._note("head_differs", f"{name} is {stored!r}, the entries give {replayed!r}.")
        for lot in self._lots.values():
            self._check_lot(lot)
        if self._draws:
            strangers = ", ".join(public_id("ent", entry_id) for entry_id in self._draws)
            self._note("draw_misplaced", f"Lots were drawn by entries of elsewhere: {strangers}.")
        for purchase_id, wanted in self._wanted.items():
            if wanted > self._earned.get(purchase_id, 0):
                self._report.overdrawn.add((purchase_id, self._account.unit))
        for purchase_id, again in self._earned_again.items():
            self._report.note_earned(purchase_id, self._account.unit, again + 1)

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
        if entry.kind == "reversal" or entry.reverses_id is not None:
            self._check_reversal(entry)
        elif entry.quantity * _WAYS.get((entry.kind, entry.contra), -entry.quantity) < 0:
            self._note_entry(
                "kind_wrong", entry, f"{entry.kind} of {entry.quantity} against {entry.contra}."
            )
        if entry.purchase_id is not None:
            if entry.kind == "accrual":
                if entry.purchase_id in self._earned:
                    self._earned_again[entry.purchase_id] += 1
                self._earned[entry.purchase_id] = entry.quantity
            elif entry.kind in ("refund", "reversal"):
                self._wanted[entry.purchase_id] += _wanted(_reasons(entry))

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
        opened = self._opened.pop(entry.id, ())
        for lot in opened:
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


def _is_part(kind: str, quantity: int, lot: LotRow) -> bool:
    """Whether an accrual's lot is only a part of it; what is given back may go to several lots."""
    return kind == "accrual" and bool(lot.quantity != quantity)


def _is_sealed(entry: EntryRow) -> bool:
    """Whether the facts are those that the hash was made of. Most often the database has the very
    text of `why` that was sealed."""
    if sealed_hash(entry.prev_hash, *entry[:_FACTS]) == entry.hash:  # type: ignore[arg-type]
        return True
    try:
        spelled = entry._replace(why=canonical_text(entry.why))
    except ValueError:
        return False  # no JSON at all
    return sealed_hash(entry.prev_hash, *spelled[:_FACTS]) == entry.hash  # type: ignore[arg-type]


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
    kin = _Kin(merges_of(session, program_id))
    shared: set[int] = set()  # what purchases of others did elsewhere, no single account shows
    for what, kind, rows in (
        ("purchase", "pur", entries_of_other_purchases(session, program_id)),
        ("redemption", "red", entries_of_other_redemptions(session, program_id)),
    ):
        for entry_id, number, member_id, owner_id in rows:
            if kind == "pur":
                shared.add(number)
            if kin.of(member_id) != kin.of(owner_id):
                report.note(
                    "entry_misplaced",
                    public_id("ent", entry_id),
                    f"It belongs to {public_id(kind, number)}, a {what} of another member.",
                )
    for purchase_id, unit, accounts in purchases_earned_in_accounts(session, shared):
        report.note_earned(purchase_id or 0, unit, accounts)
    for merge_id, unit, total in transfers_not_balanced(session, program_id):
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
