"""The audit: finds nothing in an honest ledger, and names each kind of forgery by its code."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.databases import Sqlite, migrate
from tests.factories import Cast, make_cast, open_database
from wallet.actions.audit import audit
from wallet.errors import Refusal
from wallet.rules.chain import FACTS, entry_hash
from wallet.tables.ledger import Entry


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
    cast.people["sale"] = cast.buy("ada", 8000).entries[0].id
    sale = cast.buy("ada", 2000)
    cast.people["purchase"] = sale.purchase.id
    cast.people["refund"] = cast.refund(sale, 1000).entries[0].id
    taken = cast.redeem("ada", 100)
    cast.people["redemption"] = taken.redemption.id
    cast.people["reversal"] = cast.reverse(taken.entry).id
    cast.redeem("ada", 30)
    database.dispose()
    return cast


# What a forger writes → what the audit calls it. `:sale`, `:refund` … are ids of the history.
FORGERIES = {
    "a fact of an entry": (
        "UPDATE entry SET actor = 'staff:9' WHERE id = :sale",
        {"entry_changed"},
    ),
    "its explanation": ("UPDATE entry SET why = '[]' WHERE id = :sale", {"entry_changed"}),
    "its quantity": (
        "UPDATE entry SET quantity = 1000 WHERE id = :sale",
        {"entry_changed", "balance_wrong", "lot_wrong", "lots_differ", "not_zero"},
    ),
    "its seal": ("UPDATE entry SET hash = 'x' WHERE id = :sale", {"entry_changed", "chain_broken"}),
    "its number": (
        "UPDATE entry SET seq = 99 WHERE id = :reversal",
        {
            "entry_changed",
            "seq_gap",
            "chain_broken",
            "balance_wrong",
            "head_differs",
            "lots_differ",
        },
    ),
    "an entry taken out": (
        "DELETE FROM entry WHERE id = :refund",
        {
            "seq_gap",
            "chain_broken",
            "balance_wrong",
            "lots_differ",
            "lot_remaining",
            "draw_misplaced",
            "not_zero",
        },
    ),
    "the balance of an account": (
        "UPDATE account SET balance = balance + 5 WHERE seq > 1",
        {"head_differs", "not_zero"},
    ),
    "what is owed": ("UPDATE account SET owed = 5 WHERE seq > 1", {"head_differs"}),
    "a lot that is fuller": (
        "UPDATE lot SET remaining = remaining + 1 WHERE remaining < quantity",
        {"lot_remaining"},
    ),
    "a lot that is emptier": (
        "UPDATE lot SET remaining = remaining - 1 WHERE entry_id = :sale",
        {"lot_remaining"},
    ),
    "a lot out of nothing": (
        "INSERT INTO lot SELECT 5, account_id, id, 10, 10, recorded_at, NULL FROM entry WHERE id = :refund",
        {"lot_wrong", "lot_missing", "lots_differ"},
    ),
    "a lot that is gone": (
        "DELETE FROM lot WHERE entry_id = :sale",
        {"lot_missing", "lots_differ"},
    ),
    "a draw that is gone": (
        "DELETE FROM lot_draw WHERE entry_id = :refund",
        {"lots_differ", "lot_remaining"},
    ),
    "what was refunded of a sale": (
        "UPDATE purchase SET refunded_minor = 0 WHERE id = :purchase",
        {"refunds_differ"},
    ),
    "a refund that is gone": (
        "DELETE FROM refund WHERE purchase_id = :purchase",
        {"refunds_differ"},
    ),
    "whose sale it was": (
        "UPDATE purchase SET member_id = :bruno WHERE id = :purchase",
        {"entry_misplaced"},
    ),
    "whose entry it was": (
        "UPDATE entry SET member_id = :bruno WHERE id = :sale",
        {"entry_misplaced", "entry_changed"},
    ),
    "what a reward cost": (
        "UPDATE redemption SET cost = 1 WHERE id = :redemption",
        {"redemption_unpaid"},
    ),
    "an undone reward used again": (
        "UPDATE redemption SET status = 'used' WHERE id = :redemption",
        {"redemption_state"},
    ),
    "a used reward undone": ("UPDATE redemption SET status = 'reversed'", {"redemption_state"}),
    "which entry was reversed": (
        "UPDATE entry SET reverses_id = :sale WHERE id = :reversal",
        {"entry_changed", "reversal_wrong"},
    ),
    "the lock on the ledger": ("SELECT 1", {"not_append_only"}),
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
            connection.execute(
                text(statement), {k: v for k, v in cast.people.items() if f":{k}" in statement}
            )
    with database.reading() as session:
        found = {finding.code for finding in audit(session).findings}
    database.dispose()
    folder.drop(url)
    assert found == codes | {"not_append_only"}


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
