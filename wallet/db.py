"""Engine, session and transaction: the only place where SQLite and PostgreSQL differ."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import orjson
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from wallet.disk import GroupedSync
from wallet.ids import new_id
from wallet.lending import KEPT_MAX, Lender
from wallet.prepared import forget, forget_answers, send
from wallet.rules.chain import canonical

if sys.platform == "linux":
    import pysqlite3.dbapi2 as sqlite_module
else:
    sqlite_module = sqlite3

T = TypeVar("T")

WRITER_POLL_SECONDS = 0.002  # a look costs some 20 µs
BUSY_TIMEOUT_MS = 10_000  # another process may hold the writer's place during a bulk refresh
LOCK_TIMEOUT_MS = 5_000  # PostgreSQL: a cashier is told "try again" rather than left waiting
STATEMENT_TIMEOUT_MS = 30_000
PING_AFTER_SECONDS = 10  # a connection that rested so long may have been cut off
POOL_SIZE = 16  # one connection for each thread of the server
OVERFLOW_MAX = (
    2 * KEPT_MAX + POOL_SIZE
)  # those that rest with their sessions, and a second one for each thread
JOURNAL_POLL_SECONDS = 0.02  # a migration of a new file takes a fraction of a second
TIMES_KEPT = 1_024  # as text: one sale writes its own moment a dozen times
_TEXT_LENGTH = len("2026-03-14 12:00:00.000000")  # what follows is the offset
TRIES_MAX = 4  # a race lost to an equal request is found on the second; deadlocks may take more

# The WAL-reset bug: SQLite 3.7.0 to 3.51.2 can corrupt a WAL database used by two connections;
# mended in 3.51.3 and carried back to 3.44.6 and 3.50.7 (sqlite.org/wal.html, "WAL-reset").
_WAL_SAFE_SINCE = (3, 51, 3)
_WAL_BACKPORTS = ((3, 44, 6), (3, 50, 7))

# serialization_failure, deadlock_detected, lock_not_available (PostgreSQL, appendix A).
_PASSING_STATES = frozenset({"40001", "40P01", "55P03"})
_RESTED_SINCE = "rested_since"
_IS_READER = "is_reader"  # whether a connection is in the state of `query_only`
_SYNCHRONOUS = "synchronous"  # the level that a connection is set to
_NORMAL, _FULL = 1, 2
_GROUPED = "comptoir_grouped_sync"  # an engine's option: commits reach the disk by it

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# INTEGER on SQLite, so that the primary key is the row id itself and not a second index.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases; SQLite forgets zones and would hand back naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite the text is made in one step: times are half of what a sale writes."""
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """The same on the way back."""
        if dialect.name == "sqlite":
            return _from_sqlite_text
        return super().result_processor(dialect, coltype)


def _sqlite_text(value: datetime | None) -> str | None:
    """`2026-03-14 12:00:00.000000`, as SQLAlchemy writes times, in UTC."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"naive time {value!r}")
    return _text_of(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=TIMES_KEPT)
def _text_of(utc: datetime) -> str:
    return utc.isoformat(" ", "microseconds")[:_TEXT_LENGTH]


def _from_sqlite_text(value: str | None) -> datetime | None:
    # With the zone in the text: giving it one afterwards takes several times as long as reading it.
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Base(DeclarativeBase):
    """Every table. The id is made here, not by the database, so that rows can name each other
    before any of them is written."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  read once by SQLAlchemy
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[Any]: Json,
        int: BigInteger(),
    }

    id: Mapped[int] = mapped_column(BigId, primary_key=True, default=new_id, sort_order=-1)


def is_wal_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite may run in WAL mode (security.md in docs says why)."""
    if version >= _WAL_SAFE_SINCE or version < (3, 7, 0):
        return version >= (3, 7, 0)
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_BACKPORTS)


def sqlite_version(module: ModuleType = sqlite_module) -> tuple[int, int, int]:
    """The version of the SQLite library in use."""
    major, minor, patch = (int(part) for part in module.sqlite_version.split("."))
    return major, minor, patch


class StaleRead(Exception):
    """What was read before a lock is no longer so now that the lock is had: begin again."""


class Database:
    """One database and the ways into it.

    `info` is at hand on every session. `transaction()` writes, `reading()` reads one consistent snapshot, `run()` writes and tries
    again when two equal requests race.
    """

    def __init__(
        self, url: str, *, info: dict[str, Any] | None = None, immediate: bool = True
    ) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # `immediate` is only ever false in the test that shows why it must be true.
        self.engine = (
            _sqlite_engine(url, immediate=immediate) if self.is_sqlite else _postgres_engine(url)
        )
        # The same for every session: what one reads of the programs the next ones need not.
        info = {**(info or {}), "programs": {}}
        # One that does not queue (see `immediate`) cannot wait together either.
        self._disk = _grouped_sync(url) if self.is_sqlite and immediate else None
        writing = self.engine
        if self._disk is not None:
            writing = self.engine.execution_options(**{_GROUPED: self._disk})
        snapshot = (
            {"read_only": True}
            if self.is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        watch = _InProcess() if self.is_sqlite else _FarAway(self.engine)
        # What is in memory belongs to the thread that opened it.
        kept_max = KEPT_MAX if self._disk is not None or not self.is_sqlite else 0
        self._writers = Lender(writing, info, watch, kept_max)
        self._readers = Lender(self.engine.execution_options(**snapshot), info, watch, kept_max)
        # In one process writers queue here fairly; SQLite's own busy wait lets some starve.
        self._writer = threading.Lock() if self.is_sqlite and immediate else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction: commits on leaving, rolls back on any exception. Whichever it is, what
        it saw is on the disk then."""
        disk = self._disk
        try:
            with self._writer:
                try:
                    yield from self._committed()
                finally:
                    if disk is not None:
                        disk.ended()
        finally:
            if disk is not None:
                disk.reach()

    def _committed(self) -> Iterator[Session]:
        lent = self._writers.lend()
        try:
            with lent.session.begin():
                yield lent.session
        finally:
            self._writers.take_back(lent)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One read-only transaction over one snapshot; what it saw is on the disk when it ends."""
        try:
            lent = self._readers.lend()
            try:
                yield lent.session
            finally:
                self._readers.take_back(lent)
        finally:
            if self._disk is not None:
                self._disk.reach()

    def run(self, work: Callable[[Session], T]) -> T:
        """Do `work` in a transaction of its own, again when a race was lost.

        Two equal requests at once both find nothing and both write; the unique key lets one win.
        The loser's IntegrityError is therefore not an error yet: on the second try it finds the
        winner's row and answers the same. Deadlocks and lock time-outs are tried again too, and so
        is whatever was prepared from a row that somebody changed before it was locked, and what a
        server that restarted has cut off; unless in the commit, of which nobody knows whether it was done.
        """
        for tries_left in range(TRIES_MAX - 1, -1, -1):
            is_done = False
            try:
                with self.transaction() as session:
                    answer = work(session)
                    is_done = True
            except (IntegrityError, OperationalError, StaleRead) as error:
                is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
                may_pass = not is_done if is_lost else _is_passing(error)
                if not tries_left or not may_pass:
                    raise
            else:
                return answer
        raise AssertionError("unreachable")

    def dispose(self) -> None:
        """Close every connection."""
        self._writers.close()
        self._readers.close()
        self.engine.dispose()


class canonical_time(FunctionElement[str]):  # noqa: N801  it reads as a function of SQL
    """A moment as `2026-03-14T12:00:00.000000Z`, written by the database."""

    type = String()
    inherit_cache = True


@compiles(canonical_time, "sqlite")
def _time_on_sqlite(element: canonical_time, compiler: SQLCompiler, **options: Any) -> str:
    return f"replace({compiler.process(element.clauses, **options)}, ' ', 'T') || 'Z'"


@compiles(canonical_time)
def _time_elsewhere(element: canonical_time, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


class json_text(FunctionElement[str]):  # noqa: N801
    """A JSON document as the text in which the database keeps it; SQLite hands over its bytes."""

    type = String()
    inherit_cache = True


@compiles(json_text, "sqlite")
def _json_on_sqlite(element: json_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


@compiles(json_text)
def _json_elsewhere(element: json_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS TEXT)"


class CanonicalJson(TypeDecorator[list[Any]]):
    """JSON that SQLite keeps as the very text that was sealed; PostgreSQL has a form of its own."""

    impl = Json
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """One text for the seal and for the row."""
        return canonical if dialect.name == "sqlite" else super().bind_processor(dialect)


class facts_text(FunctionElement[str]):  # noqa: N801
    """The same of a card, at least the facts on its face: PostgreSQL spells out every word that it hands over, and
    the back of a card has three quarters of them."""

    type = String()
    inherit_cache = True


compiles(facts_text, "sqlite")(_json_on_sqlite)


@compiles(facts_text)
def _facts_elsewhere(element: facts_text, compiler: SQLCompiler, **options: Any) -> str:
    card = compiler.process(element.clauses, **options)
    return f"CAST({card} - 'sections' - 'places' AS TEXT)"


class OwnJson(TypeDecorator[dict[str, Any]]):
    """What this program wrote itself: a card, 4 kB that are written and read again with each sale, or what earning
    knew of a member. What comes from outside is no such thing: it may hold numbers of any size, which orjson
    would round."""

    impl = Json
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """As the driver takes it."""
        return _own_text if dialect.name == "sqlite" else _own_jsonb

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """PostgreSQL's driver reads its JSON itself."""
        if dialect.name == "sqlite":
            return _own_read
        return super().result_processor(dialect, coltype)


def _own_text(document: Any) -> str | None:
    return None if document is None else orjson.dumps(document).decode()


def _own_jsonb(document: Any) -> Jsonb | None:
    return None if document is None else Jsonb(document, dumps=orjson.dumps)


def _own_read(text_of_it: str | None) -> Any:
    return None if text_of_it is None else orjson.loads(text_of_it)


def lock_clause(session: Session) -> str:
    """The row lock of a hand-written SELECT; SQLite's writer already holds the whole file."""
    return "" if session.get_bind().dialect.name == "sqlite" else " FOR UPDATE"


def unhurried(session: Session) -> None:
    """Lift the time limit of statements for one long read; it comes back with the next transaction."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET LOCAL statement_timeout = 0"))


def _is_passing(error: DBAPIError | StaleRead) -> bool:
    if isinstance(error, IntegrityError | StaleRead):
        return True
    if (state := getattr(error.orig, "sqlstate", None)) is not None:
        return state in _PASSING_STATES
    return _is_busy(error.orig)


def _is_busy(error: BaseException | None) -> bool:
    text_of_it = str(error).lower()
    return "locked" in text_of_it or "busy" in text_of_it


def _sqlite_engine(url: str, *, immediate: bool) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=sqlite_module,
        pool_size=POOL_SIZE,
        max_overflow=OVERFLOW_MAX,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": None},
    )
    journal = "WAL" if is_wal_safe(sqlite_version()) else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _set_journal(cursor, journal)
        # FULL, not the customary NORMAL: a reply must not leave before the disk has the entry. Where commits
        # reach the disk together, NORMAL and an fsync of our own say the same.
        cursor.execute(f"PRAGMA synchronous={_FULL}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.close()
        record.info[_IS_READER], record.info[_SYNCHRONOUS] = False, _FULL

    _begin_as_asked(engine, immediate=immediate)
    return engine


def _begin_as_asked(engine: Engine, *, immediate: bool) -> None:
    """Readers cannot write, writers take their place at once, and their commits reach the disk as their
    engine says."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred BEGIN lets two writers read the same balance before either writes.
        options, is_in = connection.get_execution_options(), connection.info
        read_only = options.get("read_only", False)
        level = _NORMAL if _GROUPED in options else _FULL
        driver = cast(Any, connection.connection.driver_connection)
        try:
            if is_in[_IS_READER] is not read_only:
                driver.execute(f"PRAGMA query_only={int(read_only)}")
                is_in[_IS_READER] = read_only
            if is_in[_SYNCHRONOUS] != level and not read_only:
                driver.execute(f"PRAGMA synchronous={level}")
                is_in[_SYNCHRONOUS] = level
            if read_only or not immediate:
                driver.execute("BEGIN")
            else:
                _begin_writing(driver)
        except sqlite_module.Error as error:
            raise DBAPIError.instance(
                "BEGIN", (), error, sqlite_module.Error, dialect=connection.dialect
            ) from error

    @event.listens_for(engine, "commit")
    def _commit(connection: Connection) -> None:
        disk: GroupedSync | None = connection.get_execution_options().get(_GROUPED)
        if disk is not None:
            disk.begins()


def _grouped_sync(url: str) -> GroupedSync | None:
    """Only where there is a write-ahead log."""
    path = make_url(url).database
    is_file = bool(path) and path != ":memory:"
    return GroupedSync(Path(str(path))) if is_file and is_wal_safe(sqlite_version()) else None


def _begin_writing(driver: Any) -> None:
    """BEGIN IMMEDIATE, looking often for the writer's place: SQLite's own wait looks every 100 ms after a
    while, and between two chunks of a bulk refresh the place is free for some ten of them."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite_module.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
            else:
                return
            time.sleep(WRITER_POLL_SECONDS)
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _set_journal(cursor: Any, journal: str) -> None:
    """Choose how the file is written. Only the first connection to a new file has anything to change;
    SQLite does not wait for that lock by itself, so two processes that start at once would fail."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != journal.lower():
        try:
            cursor.execute(f"PRAGMA journal_mode={journal}")
        except sqlite_module.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(JOURNAL_POLL_SECONDS)


def _postgres_engine(url: str) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=OVERFLOW_MAX,
        connect_args={
            # The driver forgets all that is prepared, ours included, with each rollback, so also after each
            # reader; `pipeline` prepares what is said often.
            "prepare_threshold": None,
            "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC",
        },
    )

    _keep_order(engine)
    return engine


class _InProcess:
    """SQLite's connections: nothing can cut them off."""

    def is_idle(self, connection: Connection) -> bool:
        """As the library sees it."""
        return not cast(Any, connection.connection.driver_connection).in_transaction

    def still_answers(self, connection: Connection, rested_since: float) -> bool:
        """Always."""
        return True


class _FarAway:
    """PostgreSQL's connections. A ping before every transaction would be a round trip for each sale. Where one connection was lost,
    those that rested meanwhile are asked too."""

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._lost_at = 0.0

        @event.listens_for(engine, "invalidate")
        def _invalidate(_driver: object, _record: object, _error: object) -> None:
            self._lost_at = time.monotonic()

        @event.listens_for(engine, "checkin")
        def _checkin(_driver: object, record: ConnectionPoolEntry) -> None:
            record.info[_RESTED_SINCE] = time.monotonic()

        @event.listens_for(engine, "checkout")
        def _checkout(driver: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
            rested_since = record.info.get(_RESTED_SINCE)
            if rested_since is None or not self._is_long(rested_since):
                return
            try:
                self._dialect.do_ping(driver)
            except self._dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool opens another one

    def is_idle(self, connection: Connection) -> bool:
        """As the driver sees it, without asking the server."""
        driver = cast(Any, connection.connection.driver_connection)
        return bool(driver.pgconn.transaction_status == TransactionStatus.IDLE)

    def still_answers(self, connection: Connection, rested_since: float) -> bool:
        """It may be used; one that was cut off is given up."""
        if not self._is_long(rested_since):
            return True
        try:
            self._dialect.do_ping(cast(DBAPIConnection, connection.connection.dbapi_connection))
        except self._dialect.loaded_dbapi.Error as error:
            connection.invalidate(error)
            return False
        return True

    def _is_long(self, rested_since: float) -> bool:
        return rested_since <= max(self._lost_at, time.monotonic() - PING_AFTER_SECONDS)


def _keep_order(engine: Engine) -> None:
    """Whatever SQLAlchemy executes itself comes after what prepared statements wrote before it."""

    @event.listens_for(engine, "before_cursor_execute")
    def _before(connection: Connection, *statement: Any) -> None:
        context = statement[3]
        if context is None:
            return  # a prepared one
        send(connection)
        compiled = context.compiled
        is_lock = getattr(getattr(compiled, "statement", None), "_for_update_arg", None) is not None
        if is_lock or not getattr(compiled, "is_select", False):
            forget_answers(connection)

    @event.listens_for(engine, "commit")
    def _commit(connection: Connection) -> None:
        send(connection, commit=True)

    @event.listens_for(engine, "begin")
    @event.listens_for(engine, "rollback")
    def _nothing_waits(connection: Connection) -> None:
        forget(connection)


# The ledger is append-only in the database itself, whoever holds the connection.
APPEND_ONLY_TABLES = (
    "entry",
    "lot_draw",
    "consent",
    "award",
    "donation",
    "till_act",
    "program_change",
)


def append_only_statements(table: str, dialect: str) -> list[str]:
    """The DDL that makes UPDATE and DELETE on `table` fail."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("update", "delete")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    return [function, trigger]


def missing_append_only_triggers(connection: Connection) -> list[str]:
    """Tables that lost a trigger: SQLite's batch migrations drop them without a word."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        names = {row[0] for row in found}
        wanted = {
            table: {f"{table}_no_update", f"{table}_no_delete"} for table in APPEND_ONLY_TABLES
        }
    else:
        found = connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))
        names = {row[0] for row in found}
        wanted = {table: {f"{table}_append_only"} for table in APPEND_ONLY_TABLES}
    return [table for table, triggers in wanted.items() if not triggers <= names]
