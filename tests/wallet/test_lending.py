"""Sessions that are lent: as good as new for each transaction, and given up when their connection is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.databases import Postgres, Sqlite
from tests.factories import open_database
from wallet import clock, db
from wallet.db import Database
from wallet.lending import KEPT_MAX
from wallet.tables.staff import Attempts


@pytest.fixture
def own(engine: Sqlite | Postgres) -> Iterator[Database]:
    """A database that nobody used before."""
    url = engine.migrated()
    opened = open_database(url)
    yield opened
    opened.dispose()
    engine.drop(url)


def write(session: Session, key: str) -> Attempts:
    row = Attempts(key=key, count=1, window_ends_at=clock.now())
    session.add(row)
    session.flush()
    return row


def count(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM attempts")).scalar_one())


def lent_out(database: Database) -> int:
    """Connections outside of the pool."""
    return int(database.engine.pool.checkedout())  # type: ignore[attr-defined]


def test_the_next_transaction_finds_nothing_of_the_last_one(own: Database) -> None:
    with own.transaction() as first:
        row = write(first, "a")
        first.info["nudge"] = True
    assert inspect(row).detached
    with own.transaction() as second:
        assert second is first, "it is kept"
        assert not second.identity_map.values()
        assert "nudge" not in second.info
        assert second.info["programs"] is not None
        assert count(second) == 1


def test_what_fails_is_undone_and_the_session_is_good_again(own: Database) -> None:
    def fail(session: Session) -> None:
        write(session, "a")
        raise ZeroDivisionError

    def repeat(session: Session) -> None:
        write(session, "b")
        write(session, "b")

    with pytest.raises(ZeroDivisionError):
        own.run(fail)
    with pytest.raises(IntegrityError):
        own.run(repeat)
    with own.transaction() as session:
        assert count(session) == 0
        write(session, "c")
    with own.reading() as session:
        assert count(session) == 1


def test_a_connection_in_which_somebody_began_something_of_his_own_is_not_kept(
    own: Database,
) -> None:
    with own.reading() as first:
        connection = first.connection()
        first.rollback()
        connection.begin()  # past the session, which does not end it
    assert lent_out(own) == 0
    with own.reading() as second:
        assert second is not first
        assert count(second) == 0


def test_one_transaction_within_another_has_a_session_of_its_own(own: Database) -> None:
    with own.reading() as outer, own.reading() as inner:
        assert inner is not outer
        assert count(inner) == count(outer) == 0


def test_more_at_once_than_are_kept(own: Database) -> None:
    together = threading.Barrier(2 * KEPT_MAX)

    def read() -> None:
        with own.reading() as session:
            count(session)
            together.wait(60)

    threads = [threading.Thread(target=read) for _ in range(2 * KEPT_MAX)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lent_out(own) == KEPT_MAX


def test_to_dispose_closes_what_rests_and_what_is_lent_when_it_comes_back(own: Database) -> None:
    with own.transaction() as session:
        write(session, "a")
    closed: list[object] = []
    event.listen(own.engine, "close", lambda driver, _: closed.append(driver))
    with own.reading() as session:
        count(session)
        own.dispose()
        before = len(closed)
        assert before >= 1
    assert lent_out(own) == 0
    with own.transaction() as session:
        assert count(session) == 1


def cut_off(postgres: Database) -> None:
    """End every other connection to this database, as a server that restarts does."""
    with postgres.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.rollback()


@pytest.mark.postgres
def test_a_connection_that_was_cut_off_while_it_rested_is_given_up(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_database(postgres.migrated())
    with opened.transaction() as writer, opened.reading() as reader:
        count(writer)
        count(reader)
    cut_off(opened)
    # Nobody has told this process: who does not ask finds out in the transaction.
    with pytest.raises(OperationalError), opened.reading() as reader:
        count(reader)
    with opened.reading() as reader:
        count(reader)
    with opened.transaction() as writer:  # one was lost: those that rested are asked
        write(writer, "a")
    cut_off(opened)
    monkeypatch.setattr(db, "PING_AFTER_SECONDS", 0)
    with opened.reading() as reader:
        assert count(reader) == 1
    opened.dispose()
    postgres.drop(opened.url)
