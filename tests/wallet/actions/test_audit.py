"""The audit: finds nothing in an honest ledger, and names each kind of forgery by its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.databases import Sqlite, migrate
from tests.factories import MANAGER, Cast, make_cast, open_database
from wallet.actions.audit import audit
from wallet.actions.merge_members import merge_members
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.rules.chain import FACTS, entry_hash
from wallet.tables.ledger import Entry, entries_of
from wallet.tables.merging import entries_of_merge


def test_an_honest_ledger_has_no_findings(cast: Cast) -> None:
    sale = cast.buy("ada", 8000)
    cast.refund(sale, 2000)
    taken = cast.redeem("ada", 100)
    cast.reverse(taken.entry)
    report = cast.audit()
    assert report.findings == []
    assert report.entries == 6
    assert report.accounts == 2
    totals = report.totals[cast.program.id, "points"]
    assert totals == {"members": 690, "issued": -690, "redeemed": 0}


def test_one_program_is_audited_without_the_others(cast: Cast) -> None:
    with cast.database.reading() as session:
        report = audit(session, program_id=cast.other.program.id)
        assert (report.entries, report.accounts) == (1, 1)
        with pytest.raises(Refusal, match="program_not_found"):
            audit(session, program_id=7)


def test_progress_is_told_up_to_the_last_entry(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet.actions.audit.PROGRESS_EVERY", 1)
    heard: list[tuple[int, int]] = []
    with cast.database.reading() as session:
        audit(session, progress=lambda done, all_: heard.append((done, all_)))
    assert heard == [(1, 2), (2, 2), (2, 2)]


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sqlite, object]:
    """A folder of databases with a history, to be tampered with."""
    return Sqlite(tmp_path_factory.mktemp("forged")), _history


def _history(url: str) -> Cast:
    migrate(url)
    database = open_database(url)
    cast = make_cast(database)
    with database.reading() as session:
        cast.people["early"] = entries_of(session, cast.people["ada"], 1)[0].id
    cast.people["sale"] = cast.buy("ada", 8000).entries[0].id
    sale = cast.buy("ada", 2000)
    cast.people["purchase"] = sale.purchase.id
    cast.people["refund"] = cast.refund(sale, 1000).entries[0].id
    taken = cast.redeem("ada", 100)
    cast.people["redemption"] = taken.redemption.id
    cast.people["reversal"] = cast.reverse(taken.entry).id
    cast.people["taken"] = cast.redeem("ada", 30).entry.id
    for name in ("dina", "emma"):
        cast.enrol(name)
        cast.buy(name, 1000)
    cast.people["merge"] = cast.run(lambda session: _merge(session, cast))
    with database.reading() as session:
        moved = entries_of_merge(session, cast.people["merge"])
        out = next(entry for entry in moved if entry.quantity < 0)
        cast.people["carried"] = out.id
    database.dispose()
    return cast


def _merge(session: Session, cast: Cast) -> int:
    dina, emma = cast.member(session, "dina"), cast.member(session, "emma")
    return merge_members(session, cast.program, dina, emma, MANAGER, cast.now).id


# What a forger writes → what the audit calls it and where. `:sale`, `:refund` … are ids of the history.
FORGERIES: dict[str, tuple[str, set[str]]] = {
    "a fact of an entry": (
        "UPDATE entry SET actor = 'staff:9' WHERE id = :sale",
        {"entry_changed: sale of ada points"},
    ),
    "its explanation": (
        "UPDATE entry SET why = '[]' WHERE id = :sale",
        {"entry_changed: sale of ada points"},
    ),
    "its quantity": (
        "UPDATE entry SET quantity = 1000 WHERE id = :sale",
        {
            "entry_changed: sale of ada points",
            "balance_wrong: sale of ada points",
            "lot_wrong: ada points",
            "not_zero: other points",
        },
    ),
    "its seal": (
        "UPDATE entry SET hash = 'x' WHERE id = :sale",
        {"entry_changed: sale of ada points", "chain_broken: other of ada points"},
    ),
    "its number": (
        "UPDATE entry SET seq = 99 WHERE id = :reversal",
        {
            "entry_changed: reversal of ada points",
            "seq_gap: reversal of ada points",
            "seq_gap: taken of ada points",
            "chain_broken: reversal of ada points",
            "chain_broken: taken of ada points",
            "balance_wrong: reversal of ada points",
            "balance_wrong: taken of ada points",
            "lots_differ: reversal of ada points",
            "lots_differ: taken of ada points",
            "head_differs: ada points",
        },
    ),
    "an entry taken out": (
        "DELETE FROM entry WHERE id = :refund",
        {
            "seq_gap: other of ada points",
            "chain_broken: other of ada points",
            "balance_wrong: other of ada points",
            "lots_differ: other of ada points",
            "lot_remaining: ada points",
            "draw_misplaced: ada points",
            "not_zero: other points",
        },
    ),
    "the balance of an account": (
        "UPDATE account SET balance = balance + 5 WHERE member_id = :ada",
        {"head_differs: ada points", "not_zero: other points"},
    ),
    "what is owed": (
        "UPDATE account SET owed = 5 WHERE member_id = :ada",
        {"head_differs: ada points"},
    ),
    "a lot that is fuller": (
        "UPDATE lot SET remaining = quantity WHERE entry_id = :early",
        {"lot_remaining: ada points"},
    ),
    "a lot that is emptier": (
        "UPDATE lot SET remaining = remaining - 1 WHERE entry_id = :sale",
        {"lot_remaining: ada points"},
    ),
    "a lot out of nothing": (
        "INSERT INTO lot SELECT 5, account_id, id, 10, 10, recorded_at, NULL FROM entry WHERE id = :refund",
        {"lot_wrong: refund of ada points"},
    ),
    "a lot that is gone": (
        "DELETE FROM lot WHERE entry_id = :sale",
        {"lot_missing: sale of ada points"},
    ),
    "a draw that is gone": (
        "DELETE FROM lot_draw WHERE entry_id = :refund",
        {"lots_differ: refund of ada points", "lot_remaining: ada points"},
    ),
    "what was refunded of a sale": (
        "UPDATE purchase SET refunded_minor = 0 WHERE id = :purchase",
        {"refunds_differ: purchase"},
    ),
    "a refund that is gone": (
        "DELETE FROM refund WHERE purchase_id = :purchase",
        {"refunds_differ: purchase"},
    ),
    "whose sale it was": (
        "UPDATE purchase SET member_id = :bruno WHERE id = :purchase",
        {"entry_misplaced: refund", "entry_misplaced: other"},
    ),
    "whose entry it was": (
        "UPDATE entry SET member_id = :bruno WHERE id = :sale",
        {
            "entry_changed: sale of ada points",
            "entry_misplaced: sale of ada points",
            "entry_misplaced: sale",
        },
    ),
    "what a reward cost": (
        "UPDATE redemption SET cost = 1 WHERE id = :redemption",
        {"redemption_unpaid: redemption"},
    ),
    "an undone reward used again": (
        "UPDATE redemption SET status = 'used' WHERE id = :redemption",
        {"redemption_state: redemption"},
    ),
    "a used reward undone": (
        "UPDATE redemption SET status = 'reversed'",
        {"redemption_state: other"},
    ),
    "which entry was reversed": (
        "UPDATE entry SET reverses_id = :sale WHERE id = :reversal",
        {"entry_changed: reversal of ada points", "reversal_wrong: reversal of ada points"},
    ),
    "what was owed then": (
        "UPDATE entry SET owed_after = 7 WHERE id = :sale",
        {
            "entry_changed: sale of ada points",
            "owed_wrong: sale of ada points",
            "owed_wrong: other of ada points",
        },
    ),
    "against what it was": (
        "UPDATE entry SET contra = 'redeemed' WHERE id = :sale",
        {"entry_changed: sale of ada points", "kind_wrong: sale of ada points"},
    ),
    "a second reversal": (
        (
            "DROP INDEX uq_entry_reverses; UPDATE entry SET kind = 'reversal', reverses_id ="
            " (SELECT reverses_id FROM entry WHERE id = :reversal) WHERE id = :taken"
        ),
        {
            "entry_changed: taken of ada points",
            "reversed_twice: taken of ada points",
            "reversal_wrong: taken of ada points",
            "redemption_unpaid: other",
            "redemption_state: other",
        },
    ),
    "for which sale it was": (
        "UPDATE entry SET purchase_id = :purchase WHERE id = :sale",
        {"entry_changed: sale of ada points", "earned_twice: purchase"},
    ),
    "for which sale it was, across the cards of one person": (
        (
            "UPDATE entry SET purchase_id = (SELECT other.purchase_id FROM entry AS other WHERE"
            " other.member_id = :dina AND other.kind = 'accrual') WHERE member_id = :emma AND"
            " kind = 'accrual'"
        ),
        {"entry_changed: other of emma points", "earned_twice: other"},
    ),
    "what a refund asked for": (
        "UPDATE entry SET why = '[{\"wanted\": 999}]' WHERE id = :refund",
        {"entry_changed: refund of ada points", "refunded_too_much: purchase"},
    ),
    "for which merge it was": (
        "UPDATE entry SET merge_id = NULL WHERE id = :carried",
        {"transfer_unbalanced: merge"},
    ),
    "an account that is gone": (
        "DELETE FROM account WHERE member_id = :ada",
        {"account_missing: other"},
    ),
    "a word for a number": (
        "UPDATE entry SET quantity = 'many' WHERE id = :sale",
        {"entry_unreadable: ada points"},
    ),
    "bytes for a word": (
        "UPDATE entry SET actor = x'ff' WHERE id = :sale",
        {"entry_unreadable: ada points"},
    ),
    "the lock on the ledger": ("SELECT 1", set()),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_every_forgery_is_found_and_called_by_its_name(
    forged: tuple[Sqlite, object], what: str
) -> None:
    folder, history = forged
    statement, codes = FORGERIES[what]
    url, cast = folder.filled(history)  # type: ignore[arg-type]
    database = open_database(url)
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")  # a forger has the file
        raw.execute("DROP TRIGGER entry_no_update")
        for trigger in ("entry_no_delete", "lot_draw_no_delete"):
            raw.execute(f"DROP TRIGGER {trigger}")
        with connection.begin():
            for part in statement.split(";"):
                named = {name: number for name, number in cast.people.items() if f":{name}" in part}
                connection.execute(text(part), named)
    with database.reading() as session:
        findings = audit(session).findings
    database.dispose()
    folder.drop(url)
    found = {
        f"{finding.code}: {spoken(finding.where, cast)}"
        for finding in findings
        if finding.code != "not_append_only"
    }
    assert found == codes


def spoken(where: str, cast: Cast) -> str:
    """The place with names instead of ids: `sale of ada points`."""
    return " ".join(_name(word, cast) for word in where.split())


def _name(word: str, cast: Cast) -> str:
    number = next((found for kind in _KINDS if (found := private_id(kind, word)) is not None), None)
    names = {number: name for name, number in cast.people.items()}
    return names.get(number, "other" if number else word) if number else word


_KINDS = ("ent", "mbr", "pur", "red", "mrg", "prg")


def test_a_clever_forger_who_seals_anew_is_found_by_the_sums(
    forged: tuple[Sqlite, object],
) -> None:
    """The chain recomputed from the forged entry on: the balance no longer adds up."""
    folder, history = forged
    url, cast = folder.filled(history)  # type: ignore[arg-type]
    database = open_database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER entry_no_update"))

    def forge(session: Session) -> None:
        rows = session.query(Entry).filter_by(member_id=cast.people["ada"]).order_by(Entry.seq)
        head = ""
        for entry in rows:
            if entry.id == cast.people["sale"]:
                entry.quantity += 100
            facts = {name: getattr(entry, name) for name in FACTS}
            entry.prev_hash, entry.hash = head, entry_hash(head, facts)
            head = entry.hash
        session.execute(
            text("UPDATE account SET head_hash = :head WHERE member_id = :ada"),
            {"head": head, "ada": cast.people["ada"]},
        )

    database.run(forge)
    with database.reading() as session:
        findings = audit(session).findings
    database.dispose()
    folder.drop(url)
    assert {finding.code for finding in findings} == {
        "not_append_only",
        "balance_wrong",
        "lot_wrong",
        "not_zero",
    }
    wrong = next(finding for finding in findings if finding.code == "balance_wrong")
    assert wrong.where.startswith("ent_")
    assert wrong.sentence == "Entry 2: balance 720, should be 820."


def test_a_ledger_broken_everywhere_is_reported_in_bounds(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallet.actions.audit.FINDINGS_MAX", 3)
    with cast.database.engine.begin() as connection:
        connection.execute(text("UPDATE account SET balance = balance + 1, owed = 2, seq = 40"))
    assert len(cast.audit().findings) == 3
    with cast.database.engine.begin() as connection:
        connection.execute(text("UPDATE account SET balance = balance - 1, owed = 0, seq = 1"))


def test_every_finding_has_a_forgery_that_brings_it_up() -> None:
    """What the audit can say, against what the tests here, of the spending and of holds make it say."""
    said = "".join(path.read_text() for path in Path("wallet/actions").glob("audit*.py"))
    codes = set(re.findall(r"(?:note|_note|_note_entry)\(\s*\"([a-z_]+)\"", said))
    here = Path(__file__).parent
    tests = [*here.glob("test_audit*.py"), here / "test_till_holds.py"]
    heard = "".join(path.read_text() for path in tests)
    assert len(codes) > 20
    assert {code for code in codes if f'"{code}' not in heard} == set()
