"""The database itself: races, the append-only ledger, safe versions, snapshots."""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import Session

from tests.databases import Postgres, Sqlite
from tests.factories import Cast, Counter, new_program, open_database, stamps_too, with_rules
from tests.wallet.acceptance.bazaar import open_bazaar
from wallet import db
from wallet.actions.audit import Audit, audit
from wallet.actions.compose_card import compose_card
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.once import Ask, once
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.db import (
    APPEND_ONLY_TABLES,
    Database,
    is_wal_safe,
    sqlite_version,
)
from wallet.errors import Refusal
from wallet.tables.change import ProgramChange
from wallet.tables.ledger import Entry
from wallet.tables.member import Member
from wallet.tables.till import TillAct
from wallet.tables.wallet_pass import pass_at

THREADS = 8
PRICE = 10
HELD = 100


def at_once(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """`work(0)`, `work(1)` … started together; their results or exceptions."""
    barrier = threading.Barrier(threads)
    results: list[Any] = [None] * threads

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001  whatever comes is what the test looks at
            results[number] = error

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(timeout=60)
    return results


def a_member_with_100_points(database: Database) -> Counter:
    """And a reward for ten of them."""
    reward = replace(PROGRAM.rewards[0], cost=PRICE)
    counter = Counter(database, new_program(database, replace(PROGRAM, rewards=(reward,))))
    counter.enrol("ada")
    counter.buy("ada", HELD * 100)
    return counter


def hammer(counter: Counter) -> Tally[str]:
    """Eight tills take a reward each until they are told that it is enough; what they were told."""
    told: Tally[str] = Tally()

    def till(_: int) -> None:
        for _turn in range(HELD // PRICE + 2):
            try:
                counter.redeem("ada", PRICE)
                told["taken"] += 1
            except Refusal as refusal:
                told[refusal.code] += 1
            except OperationalError as error:
                told[str(error.orig)] += 1

    at_once(till)
    return told


def _execute(statement: str, session: Session) -> None:
    session.execute(text(statement))


def audited(database: Database) -> Audit:
    """The ledger, replayed."""
    with database.reading() as session:
        return audit(session)


def test_of_all_who_reach_for_the_same_points_exactly_ten_get_them(database: Database) -> None:
    counter = a_member_with_100_points(database)
    told = hammer(counter)
    assert told["taken"] == HELD // PRICE
    assert set(told) == {"taken", "insufficient_balance"}
    assert counter.balance("ada").available == 0
    assert audited(database).findings == []


def test_the_race_is_won_by_begin_immediate_and_by_nothing_else(sqlite: Sqlite) -> None:
    """The same hammer on SQLite's own kind of transaction: it must not stand."""
    url = sqlite.migrated()
    honest = open_database(url)
    counter = a_member_with_100_points(honest)
    honest.dispose()
    counter.database = open_database(url, immediate=False)
    told = hammer(counter)
    broken = {word for word in told if "locked" in word}
    assert broken or told["taken"] != HELD // PRICE, told
    counter.database.dispose()
    sqlite.drop(url)


def test_one_request_sent_by_many_at_once_moves_points_once(cast: Cast) -> None:
    def work(session: Session) -> dict[str, Any]:
        facts = PurchaseFacts("till", "stutter", "store", 4000, "EUR")
        done = record_purchase(
            session, cast.program, cast.member(session, "bruno"), facts, cast.actor, cast.now
        )
        return {"entries": [entry.hash for entry in done.entries]}

    def ask(session: Session) -> dict[str, Any]:
        one = Ask(cast.program.id, "till:purchase", "key-1", {"amount": 4000})
        return once(session, one, cast.now, lambda: work(session))

    answers = at_once(lambda _: cast.run(ask))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    firsts = [answer for answer in answers if not answer.get("repeated")]
    assert len(firsts) == 1
    assert all(answer["entries"] == firsts[0]["entries"] for answer in answers)
    assert cast.balance("bruno").available == 40


def test_one_sale_sent_by_many_at_once_is_one_sale(cast: Cast) -> None:
    sales = at_once(lambda _: cast.buy("bruno", 4000, external_id="one"))
    assert Tally(sale.repeated for sale in sales) == {False: 1, True: THREADS - 1}
    assert len({sale.purchase.id for sale in sales}) == 1
    assert cast.balance("bruno").available == 40


def test_one_refund_sent_by_many_at_once_is_one_refund(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    refunds = at_once(lambda _: cast.refund(sale, 1000, external_id="one"))
    assert Tally(refund.repeated for refund in refunds) == {False: 1, True: THREADS - 1}
    assert cast.balance("bruno").available == 30


def test_of_many_undos_at_once_one_wins(cast: Cast) -> None:
    taken = cast.redeem("ada", 100)
    results = at_once(lambda _: cast.reverse(taken.entry))
    told = Tally(str(r) if isinstance(r, Refusal) else type(r).__name__ for r in results)
    assert told == {"Entry": 1, "already_reversed": THREADS - 1}
    assert cast.balance("ada").available == 600


def test_a_refund_and_an_undo_at_once_take_the_points_once(cast: Cast) -> None:
    for _ in range(5):
        sale = cast.buy("bruno", 4000)
        both = (partial(cast.refund, sale), partial(cast.reverse, sale.entries[0]))
        results = at_once(lambda number: both[number](), threads=2)  # noqa: B023  done within
        assert sum(isinstance(result, Refusal) for result in results) == 1, results
        assert cast.balance("bruno").available == 0


def test_one_person_enrolled_by_many_at_once_is_one_member(cast: Cast) -> None:
    results = at_once(lambda _: cast.enrol("dalia"))
    told = Tally(str(r) if isinstance(r, Refusal) else type(r).__name__ for r in results)
    assert told == {"Member": 1, "member_exists": THREADS - 1}


def test_two_changes_at_once_both_reach_the_card(database: Database) -> None:
    """Points at the till and stamps online lock different accounts; the card shows both."""
    rules = stamps_too(PROGRAM.rules)
    rules["earning"][0] = {**rules["earning"][0], "channels": ["store"]}
    counter = Counter(database, new_program(database, with_rules(PROGRAM, "both", **rules)))
    counter.enrol("ada")

    def issue(session: Session) -> None:
        issue_pass(session, counter.program, counter.member(session, "ada"), "apple", counter.now)

    counter.run(issue)
    for _ in range(5):
        at_once(
            lambda number: counter.buy("ada", 26_000, channel="online" if number else "store"),
            threads=2,
        )
        view = counter.view("ada")
        with database.reading() as session:
            wallet_pass = pass_at(session, counter.people["ada"], "apple")
            assert wallet_pass is not None
            with_stamps = compose_card(
                session, counter.program, counter.member(session, "ada"), counter.now
            )
            assert wallet_pass.card_hash == with_stamps.content_hash
            assert view.standing.tier is not None
            assert wallet_pass.tier_key == view.standing.tier.key
            assert session.get_one(Member, counter.people["ada"]).tier_key == wallet_pass.tier_key


def test_a_card_issued_while_a_sale_ends_shows_the_sale(cast: Cast) -> None:
    for turn in range(1, 4):
        who = f"nour{turn}"
        cast.enrol(who)

        def issue(session: Session, who: str = who) -> None:
            issue_pass(session, cast.program, cast.member(session, who), "apple", cast.now)

        both = (partial(cast.run, issue), partial(cast.buy, who, 4000))
        at_once(lambda number: both[number](), threads=2)  # noqa: B023  done within
        with cast.database.reading() as session:
            wallet_pass = pass_at(session, cast.people[who], "apple")
            assert wallet_pass is not None
            assert wallet_pass.card["balance"]["number"] == 40


def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(cast: Cast) -> None:
    with cast.database.reading() as session:
        before = session.scalar(text("SELECT count(*) FROM entry"))
        cast.buy("bruno")
        assert session.scalar(text("SELECT count(*) FROM entry")) == before
    with cast.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM entry")) == before + 1


def test_a_writer_waits_for_its_place_and_no_longer_than_it_says(
    sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite.migrated()
    opened = open_database(url)
    module: Any = opened.engine.dialect.dbapi
    path = make_url(url).database
    other = module.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.05, other.execute, ("ROLLBACK",))
    end.start()
    with opened.transaction() as session:
        session.execute(text("UPDATE sequence SET value = value + 1"))
        waits = session.scalar(text("PRAGMA busy_timeout"))
    end.join()
    assert waits == db.BUSY_TIMEOUT_MS
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 20)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), opened.transaction() as session:
        session.connection()
    other.execute("ROLLBACK")
    with opened.transaction() as session:
        session.execute(text("UPDATE sequence SET value = value + 1"))
    other.close()
    opened.dispose()
    sqlite.drop(url)


def test_a_writer_has_the_writers_place_from_its_first_moment(sqlite: Sqlite) -> None:
    """What it reads cannot have changed when it writes, whoever else has the file open."""
    url = sqlite.migrated()
    opened = open_database(url)
    module: Any = opened.engine.dialect.dbapi
    other = module.connect(make_url(url).database, timeout=0, isolation_level=None)
    with opened.transaction() as session:
        session.connection()
        with pytest.raises(module.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    with opened.reading() as session:
        session.connection()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()
    opened.dispose()
    sqlite.drop(url)


def test_a_reader_writes_nothing(cast: Cast) -> None:
    with cast.database.reading() as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE member SET name = 'Eve'"))
    assert cast.view("ada").name == "Ada"


def test_the_database_itself_refuses_to_change_what_was_written(database: Database) -> None:
    """Every append-only table, with rows in it: not one of them goes or becomes another."""
    bazaar = open_bazaar(database)
    bazaar.enrol("ada", consents={"email": "Oui"})
    bazaar.buy("ada", 60_000)  # an entry, an award, and a share for charity
    bazaar.take("ada", "trees")  # a draw, and a gift
    act = TillAct(
        program_id=bazaar.program.id,
        at=bazaar.now,
        verb="sale",
        changes=[],
        confirmed="",
        reason="",
    )
    bazaar.run(lambda session: session.add(act))
    change = ProgramChange(
        program_id=bazaar.program.id,
        at=bazaar.now,
        by="staff:1",
        verb="store.add",
        subject="",
        name="Annexe",
        before={},
        after={},
    )
    bazaar.run(lambda session: session.add(change))
    for table in APPEND_ONLY_TABLES:
        rows = text(f"SELECT * FROM {table} ORDER BY id")
        before = bazaar.run(lambda session, rows=rows: session.execute(rows).all())  # type: ignore[misc]
        assert before, table
        statements = [f"UPDATE {table} SET id = id + 1", f"DELETE FROM {table}"]
        statements += [f"DELETE FROM {table} WHERE id = {before[0].id}"]
        if not database.is_sqlite:
            statements += [f"TRUNCATE {table} CASCADE"]
        for statement in statements:
            with pytest.raises(DBAPIError, match="is append-only"):
                bazaar.run(partial(_execute, statement))
        assert bazaar.run(lambda session, rows=rows: session.execute(rows).all()) == before  # type: ignore[misc]


def test_a_balance_of_lots_below_zero_is_refused_by_the_database(cast: Cast) -> None:
    with pytest.raises(DBAPIError):
        cast.run(lambda session: session.execute(text("UPDATE lot SET remaining = -1")))


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 6, 23), False),  # it has no WAL
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_only_used_where_it_cannot_corrupt(
    version: tuple[int, int, int], is_safe: bool
) -> None:
    assert is_wal_safe(version) is is_safe


def test_the_library_in_use_is_a_safe_one(sqlite: Sqlite) -> None:
    assert is_wal_safe(sqlite_version())
    opened = open_database(sqlite.migrated())
    with opened.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL: on the disk before the reply
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    opened.dispose()


def test_an_unsafe_library_falls_back_to_a_rollback_journal(
    sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallet.db.sqlite_version", lambda: (3, 40, 1))
    opened = open_database(sqlite.blank())
    with opened.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "truncate"
    opened.dispose()


def test_times_come_back_as_they_went_in(cast: Cast) -> None:
    with cast.database.reading() as session:
        entry = session.query(Entry).first()
        assert entry is not None
        assert entry.recorded_at.tzinfo is UTC
        assert entry.recorded_at.microsecond == cast.now.microsecond


def test_a_time_without_a_zone_is_refused(cast: Cast) -> None:
    naive = datetime(2026, 3, 14)  # noqa: DTZ001  that is the point
    with pytest.raises((StatementError, ValueError), match="naive time"):
        cast.run(lambda session: setattr(cast.member(session, "ada"), "joined_at", naive))


def test_what_fails_in_the_middle_leaves_nothing(cast: Cast) -> None:
    def fail(session: Session) -> None:
        cast.member(session, "ada").name = "Eve"
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cast.run(fail)
    assert cast.view("ada").name == "Ada"


def test_writers_hand_one_connection_on_also_when_one_of_them_fails(sqlite: Sqlite) -> None:
    """Nobody may find the writer's place taken by what failed."""
    url = sqlite.migrated()
    opened = open_database(url)
    pool: Any = opened.engine.pool
    seen = []
    for _ in range(2):
        with opened.transaction() as session:
            seen.append(session.connection().connection.driver_connection)
    assert seen[0] is seen[1]
    assert pool.checkedout() == 1

    def fail(session: Session) -> None:
        session.execute(text("UPDATE sequence SET value = value + 1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opened.run(fail)
    other = opened.engine.dialect.loaded_dbapi.connect(make_url(url).database, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    with opened.transaction() as session:
        session.connection()
    opened.dispose()
    assert pool.checkedout() == 0
    sqlite.drop(url)


def test_a_new_file_is_opened_while_another_process_fills_it(sqlite: Sqlite) -> None:
    """SQLite does not wait for the lock that choosing the journal of a new file needs."""
    url = sqlite.blank()
    second = open_database(url)
    module = second.engine.dialect.dbapi
    assert module is not None
    first: Any = module.connect(make_url(url).database, isolation_level=None)
    first.execute("BEGIN IMMEDIATE")
    first.execute("CREATE TABLE filled (id INTEGER)")
    opened: list[int] = []

    def look() -> None:
        with second.reading() as session:
            opened.append(session.execute(text("SELECT count(*) FROM filled")).scalar_one())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(timeout=0.2)
    assert thread.is_alive()
    first.execute("COMMIT")
    first.close()
    thread.join(timeout=60)
    second.dispose()
    assert opened == [0]


@pytest.mark.postgres
def test_who_waits_too_long_for_a_row_is_tried_again(postgres: Postgres) -> None:
    """The winner of a race may be slow: the others wait for its answer, more than one time-out long."""
    url = postgres.migrated()
    slow, quick = open_database(url), open_database(url)
    holds, tries = threading.Event(), count()

    def hold(session: Session) -> None:
        session.execute(text("SELECT pg_advisory_xact_lock(1)"))
        holds.set()
        session.execute(text("SELECT pg_sleep(0.5)"))

    def wait(session: Session) -> int:
        tried = next(tries)
        session.execute(text("SET LOCAL lock_timeout = 300"))
        session.execute(text("SELECT pg_advisory_xact_lock(1)"))
        return tried

    thread = threading.Thread(target=partial(slow.run, hold))
    thread.start()
    holds.wait(timeout=60)
    assert quick.run(wait) > 0
    thread.join(timeout=60)
    slow.dispose()
    quick.dispose()
    postgres.drop(url)
