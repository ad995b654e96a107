"""Prepared statements: the same transaction, order, errors and types as SQLAlchemy's own."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    String,
    bindparam,
    event,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.benchmarks import bench_races
from tests.databases import Postgres
from tests.factories import Cast, Counter, new_program, open_database
from tests.lock_order import lock_order
from wallet.db import Database, Json, UtcDateTime
from wallet.ids import new_id
from wallet.prepared import Prepared, together
from wallet.tables.ledger import (
    Account,
    account_asked,
    account_for_update,
    held,
    held_asked,
    open_account,
)
from wallet.tables.member import Member, contacts_of, lock_asked, member_with_id
from wallet.tables.request import (
    Request,
    answer_given,
    keep_answer,
    open_request,
    request_taken,
    take_request,
)

NOW = datetime(2026, 3, 14, 11, 59, 59, 123456, tzinfo=UTC)
_CUT = text(
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def row(program_id: int, request_id: str = "r1") -> dict[str, Any]:
    """A request to be written."""
    return {
        "id": new_id(),
        "program_id": program_id,
        "scope": "test",
        "request_id": request_id,
        "facts_hash": "00",
        "status": 201,
        "answer": "",
        "created_at": NOW,
    }


def test_what_was_written_is_read_by_whoever_asks_next(cast: Cast) -> None:
    values = row(cast.program.id)
    with cast.database.transaction() as session:
        open_request(session, values)
        assert session.scalar(select(func.count()).select_from(Request)) == 1
        keep_answer(session, values["id"], "yes")
        assert answer_given(session, cast.program.id, "test", "r1") == ("00", "yes")
        keep_answer(session, values["id"], "no")
    with cast.database.reading() as session:
        kept = session.get_one(Request, values["id"])
        assert (kept.answer, kept.created_at, kept.status) == ("no", NOW, 201)


def _in_vain(session: Session, program_id: int) -> None:
    open_request(session, row(program_id))
    raise LookupError


def test_what_a_transaction_wrote_goes_with_it(cast: Cast) -> None:
    with pytest.raises(LookupError), cast.database.transaction() as session:
        _in_vain(session, cast.program.id)
    with cast.database.transaction() as session:
        assert answer_given(session, cast.program.id, "test", "r1") is None


def _twice(session: Session, program_id: int) -> None:
    open_request(session, row(program_id))
    keep_answer(session, 1, "in the same round trip")


def test_a_second_one_is_refused_as_sqlalchemy_does_and_the_connection_stays_good(
    cast: Cast,
) -> None:
    with cast.database.transaction() as session:
        open_request(session, row(cast.program.id))
    with pytest.raises(IntegrityError), cast.database.transaction() as session:
        _twice(session, cast.program.id)
    with cast.database.transaction() as session:
        open_request(session, row(cast.program.id, "r2"))


def test_an_id_is_taken_by_whoever_asks_first(cast: Cast) -> None:
    first, second = row(cast.program.id), row(cast.program.id)
    with cast.database.transaction() as session:
        together(session, lambda: [request_taken(first)])
        assert take_request(session, first)
        keep_answer(session, first["id"], "yes")
    with cast.database.transaction() as session:
        together(session, lambda: [request_taken(second)])
        assert not take_request(session, second)
        assert answer_given(session, cast.program.id, "test", "r1") == ("00", "yes")


def test_an_early_answer_counts_until_its_table_is_written(cast: Cast) -> None:
    member_id = cast.people["ada"]
    with cast.database.transaction() as session:
        together(session, lambda: [lock_asked(member_id), account_asked(member_id, "miles")])
        made = open_account(session, cast.program.id, member_id, "miles")
        found = account_for_update(session, member_id, "miles")
        assert found is not None
        assert found.id == made.id
        # Past the prepared statements, too.
        together(session, lambda: [account_asked(member_id, "miles")])
        session.execute(update(Account).where(Account.id == made.id).values(balance=7))
        found = account_for_update(session, member_id, "miles")
        assert found is not None
        assert found.balance == 7
        session.rollback()  # no ledger would bear that


@pytest.mark.postgres
def test_what_was_read_before_a_lock_is_read_again_after_it(postgres: Postgres) -> None:
    """Whoever had the lock may have changed it."""
    url = postgres.migrated()
    database = open_database(url)
    counter = Counter(database, new_program(database, bench_races.RACES))
    member_id = counter.enrol("ada").id
    with database.transaction() as session:
        together(session, lambda: [held_asked(member_id, NOW)])
        counter.buy("ada", 1_000)  # by somebody else, in a transaction of its own
        together(session, lambda: [lock_asked(member_id)])
        [points] = [found for found in held(session, member_id, NOW) if found.unit == "points"]
        assert points.balance == 10
    database.dispose()
    postgres.drop(url)


@pytest.mark.postgres
def test_a_server_that_restarts_costs_nobody_a_sale(postgres: Postgres) -> None:
    """Every connection at rest is cut off, and one in the middle of its work."""
    url = postgres.migrated()
    database = open_database(url)
    counter = Counter(database, new_program(database, bench_races.RACES))
    counter.enrol("ada")
    sessions = [database.transaction() for _ in range(3)]
    for entering in sessions:
        contacts_of(entering.__enter__(), 1)
    for leaving in sessions:
        leaving.__exit__(None, None, None)
    tries = count(1)

    def cut_off(session: Session) -> int:
        number = next(tries)
        open_request(session, row(counter.program.id, f"r{number}"))
        contacts_of(session, 1)
        if number == 1:
            other = open_database(url)
            with other.transaction() as killer:
                killer.execute(_CUT)
            other.dispose()
        contacts_of(session, 2)
        return number

    assert database.run(cut_off) == 2
    counter.buy("ada", 1_000)
    assert counter.balance("ada").available == 10
    with database.reading() as session:
        assert answer_given(session, counter.program.id, "test", "r1") is None
        assert answer_given(session, counter.program.id, "test", "r2") is not None
    database.dispose()
    postgres.drop(url)


@pytest.mark.postgres
def test_a_commit_that_was_cut_off_is_not_done_again_by_itself(postgres: Postgres) -> None:
    """Nobody knows whether the server had it; whoever asks again with the same id finds out."""
    url = postgres.migrated()
    database = open_database(url)
    counter = Counter(database, new_program(database, bench_races.RACES))
    tries = count(1)

    def cut_off(session: Session) -> None:
        open_request(session, row(counter.program.id, f"r{next(tries)}"))
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        keep_answer(session, 1, "goes with the commit")
        other = open_database(url)
        with other.transaction() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        other.dispose()

    with pytest.raises(OperationalError):
        database.run(cut_off)
    assert next(tries) == 2
    with database.reading() as session:
        assert answer_given(session, counter.program.id, "test", "r1") is None
    database.dispose()
    postgres.drop(url)


def test_an_adopted_row_is_the_sessions_own(cast: Cast) -> None:
    with cast.database.transaction() as session:
        ada = member_with_id(session, cast.program.id, cast.people["ada"])
        assert ada is not None
        assert ada is session.get(Member, cast.people["ada"])
        assert contacts_of(session, cast.people["ada"])["code"] == ada.code
        ada.name = "Ada Exemple"
    with cast.database.reading() as session:
        assert session.get_one(Member, cast.people["ada"]).name == "Ada Exemple"


def test_a_stream_brings_every_row_while_others_ask(cast: Cast) -> None:
    numbers = Prepared(select(Member.id).order_by(Member.id))
    with cast.database.reading() as session:
        seen = []
        for (number,) in numbers.stream(session, {}, 1):
            seen.append(number)
            contacts_of(session, number)
        assert seen == list(session.scalars(select(Member.id).order_by(Member.id)))


def test_a_question_alone_sees_what_is_committed_and_needs_no_transaction(cast: Cast) -> None:
    number = cast.people["ada"]
    name = Prepared(select(Member.name).where(Member.id == bindparam("member")))
    with cast.database.transaction() as session:
        session.get_one(Member, number).name = "Ada Exemple"
        session.flush()
        assert name.alone(cast.database.engine, {"member": number}) != [("Ada Exemple",)]
    assert name.alone(cast.database.engine, {"member": number}) == [("Ada Exemple",)]
    wrong = Prepared(select(text("nothing_of_that_name")))
    with pytest.raises(DBAPIError, match="nothing_of_that_name"):
        wrong.alone(cast.database.engine, {})
    assert name.alone(cast.database.engine, {"member": number}) == [("Ada Exemple",)]


@pytest.mark.postgres
def test_a_question_alone_is_asked_again_where_the_server_cut_it_off(postgres: Postgres) -> None:
    url = postgres.migrated()
    database, other = open_database(url), open_database(url)
    one = Prepared(select(func.count()).select_from(Member))
    assert one.alone(database.engine, {}) == [(0,)]
    with other.transaction() as killer:
        killer.execute(_CUT)
    assert one.alone(database.engine, {}) == [(0,)]
    with database.transaction() as session:  # the connection begins transactions as ever
        open_request(session, row(new_program(other, bench_races.RACES).id))
        session.rollback()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 0
    for each in (database, other):
        each.dispose()
    postgres.drop(url)


@pytest.mark.postgres
def test_an_answer_at_hand_is_not_older_than_a_lock_however_that_was_taken(
    postgres: Postgres,
) -> None:
    url = postgres.migrated()
    database = open_database(url)
    counter = Counter(database, new_program(database, bench_races.RACES))
    member_id = counter.enrol("ada").id
    with database.transaction() as session:
        together(session, lambda: [held_asked(member_id, NOW)])
        assert held(session, member_id, NOW) == held(
            session, member_id, NOW
        )  # as often as one likes
        counter.buy("ada", 1_000)
        session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
        [points] = [found for found in held(session, member_id, NOW) if found.unit == "points"]
        assert points.balance == 10
    database.dispose()
    postgres.drop(url)


def test_listeners_hear_of_every_statement(database: Database) -> None:
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    with database.reading() as session:
        contacts_of(session, 1)
    event.remove(database.engine, "before_cursor_execute", hear)
    assert [statement for statement in heard if "FROM identifier" in statement]


@pytest.mark.postgres
def test_the_watcher_of_locks_sees_what_prepared_statements_lock(postgres: Postgres) -> None:
    """Else its silence in every other test would prove nothing."""
    url = postgres.migrated()
    database = open_database(url)
    with lock_order(database) as order:
        with database.transaction() as session:
            account_for_update(session, 1, "points")
        with database.transaction() as session:
            together(session, lambda: [lock_asked(1), account_asked(1, "points")])
        assert [wrong.partition(":")[0] for wrong in order.wrong] == ["account without its member"]
        with database.transaction() as session:
            together(session, lambda: [lock_asked(1), account_asked(1, "points"), lock_asked(2)])
        assert [wrong.partition(":")[0] for wrong in order.wrong[1:]] == ["a member after account"]
        other = open_database(url)  # as another web process has
        with other.transaction() as session:
            account_for_update(session, 1, "points")
        assert [wrong.partition(":")[0] for wrong in order.wrong[2:]] == [
            "account without its member"
        ]
        other.dispose()
    database.dispose()
    postgres.drop(url)


@pytest.mark.postgres
def test_constants_are_no_parameters_and_others_stay_what_they_are(database: Database) -> None:
    """A partial index or a LIMIT that waits for a parameter is planned again and again."""
    asked = (
        select(
            literal_column("1", BigInteger).label("one"),
            bindparam("fixed", "it's 100 %", String()),
            bindparam("plain", "issued", String()),
            bindparam("sure", value=True, type_=Boolean()),
            bindparam("given", type_=BigInteger()),
        )
        .where(bindparam("given", type_=BigInteger()) > 6)
        .limit(3)
        .offset(0)
    )
    statement = Prepared(asked)
    with database.transaction() as session:
        assert statement.rows(session, {"given": 7}) == [(1, "it's 100 %", "issued", True, 7)]
        assert statement.rows(session, {"given": 6}) == []
        sql = " ".join(statement.form(session.connection().dialect).sql.split())
    assert "'issued'" in sql
    assert "> 6" in sql
    assert "LIMIT 3" in sql
    assert "it's" not in sql


def test_many_statements_travel_together_and_the_first_error_is_told(postgres: Postgres) -> None:
    """Values of every kind, as the driver itself would take and give them; more of them than either side can hold
    at once."""
    url = postgres.migrated()
    database = open_database(url)
    values: dict[str, Any] = {
        "whole": -(2**62),
        "words": "l’été à 100 % \\ 'x' $1 %(no)s 🙂",
        "moment": NOW,
        "day": NOW.date(),
        "yes": True,
        "nothing": None,
        "document": {"a": [1, "é", None]},
        "empty": [],
    }
    kinds: dict[str, Any] = {
        "whole": BigInteger(),
        "words": String(),
        "moment": UtcDateTime(),
        "day": Date(),
        "yes": Boolean(),
        "nothing": String(),
        "document": Json,
        "empty": Json,
    }
    echo = Prepared(select(*(bindparam(name, type_=kind) for name, kind in kinds.items())))
    long = Prepared(select(bindparam("long", type_=String())))
    with database.transaction() as session:
        assert echo.first(session, values) == tuple(values.values())
        texts = [str(number) * 100_000 for number in range(9)]
        together(session, lambda: [(long, {"long": each}) for each in texts])
        assert [long.scalar(session, {"long": each}) for each in texts] == texts
    with pytest.raises(DBAPIError, match="NUL"), database.transaction() as session:
        echo.first(session, {**values, "words": "a\0b"})
    wrong = Prepared(select(7 % (bindparam("by", type_=BigInteger()) - 1)))
    with pytest.raises(DBAPIError, match="division by zero"), database.transaction() as session:
        together(session, lambda: [(wrong, {"by": 2}), (wrong, {"by": 1}), (long, {"long": ""})])
    with database.transaction() as session:
        assert echo.first(session, values) == tuple(values.values())
    database.dispose()
    postgres.drop(url)


@pytest.mark.postgres
def test_what_is_prepared_may_go_out_of_date(postgres: Postgres) -> None:
    """Somebody threw it away, or changed the table: the work is begun anew on another connection."""
    url = postgres.migrated()
    database = open_database(url)
    everything = Prepared(select(literal_column("*")).select_from(text("changing")))

    def look(session: Session) -> Any:
        return everything.first(session, {})

    with database.transaction() as session:
        session.execute(text("CREATE TABLE changing AS SELECT 1 AS number"))
    assert [database.run(look) for _ in range(2)] == [(1,), (1,)]
    with database.transaction() as session:
        session.execute(text("ALTER TABLE changing ADD COLUMN word text"))
    assert database.run(look) == (1, None)
    with database.transaction() as session:
        session.execute(text("DEALLOCATE ALL"))
    assert database.run(look) == (1, None)
    with database.transaction() as session:
        look(session)
        session.rollback()
    assert database.run(look) == (1, None)
    database.dispose()
    postgres.drop(url)
