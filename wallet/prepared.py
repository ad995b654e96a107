"""Where a cashier waits: statements compiled once and run on the driver's own cursor.

For one small statement SQLAlchemy works several times as long as SQLite does. Here the SQL text, the order
of the values and the conversion of types are worked out once for each kind of database; a call only
converts, executes and converts back. The statements are SQLAlchemy's own, in the session's
transaction; errors are those that SQLAlchemy would raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Boolean, ClauseElement, Dialect, Engine, Executable, Table, bindparam, insert
from sqlalchemy.engine import Compiled, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapper, Session, class_mapper
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.sql.visitors import iterate

from wallet.pipeline import NAMED_MARK, Known, ServerStatement, run

R = TypeVar("R", bound=DeclarativeBase)
Convert = Callable[[Any], Any]
Row = tuple[Any, ...]
_HELD = "prepared_connection"
_PLAIN_WORD = re.compile("[a-z_]+")
_BOOL = 16  # PostgreSQL's own number of the type


class Prepared:
    """One statement. Values go to its `bindparam`s by name; every one of them has to be given.

    PostgreSQL is a round trip away: what is written waits for the next question and goes there with it
    (or with the commit), in the order in which it was said.
    """

    __slots__ = ("_forms", "_tables", "is_lock", "statement")

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self.is_lock = getattr(statement, "_for_update_arg", None) is not None
        self._forms: dict[str, _Form] = {}
        self._tables: frozenset[str] | None = None

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[Row]:
        """Every row of the answer, as plain tuples."""
        way = _way_of(session)
        form = self._forms.get(way.dialect_name) or self.form(way.connection.dialect)
        if way.is_remote:
            return RoundTrip.of(way.connection).ask(way.connection, self, form, values)
        given = form.given(values)
        if way.listeners:
            _announce(way, form.sql, given)
        try:
            found = way.driver.execute(form.sql, given).fetchall()
        except way.driver_error as error:
            raise _translated(error, form.sql, way.connection) from error
        return form.converted(found)

    def alone(self, engine: Engine, values: Mapping[str, Any]) -> list[Row]:
        """Every row of the answer, in no transaction: one statement sees one state anyway, and saves the
        BEGIN and the ROLLBACK. For SELECTs: where the connection was cut off, it is asked again."""
        form = self.form(engine.dialect)
        try:
            found = _fetched_alone(engine, form, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            found = _fetched_alone(engine, form, values)
        return form.converted(found)

    def stream(self, session: Session, values: Mapping[str, Any], at_once: int) -> Iterator[Row]:
        """Every row as the driver gives it, fetched `at_once`: for statements whose columns need no
        conversion, and more rows than memory should hold."""
        way = _way_of(session)
        connection = way.connection
        form = self.form(connection.dialect)
        assert form.is_plain, "a column would have to be converted"
        name = {"name": f"stream_{id(self)}"} if form.is_remote else {}
        send(connection)
        given = form.given(values)
        _announce(way, form.sql, given)
        try:
            with closing(_driver(connection).cursor(**name)) as cursor:
                cursor.execute(form.sql, given)
                while rows := cursor.fetchmany(at_once):
                    yield from rows
        except connection.dialect.loaded_dbapi.Error as error:
            raise _translated(error, form.sql, connection) from error

    def first(self, session: Session, values: Mapping[str, Any]) -> Row | None:
        """The first row, if there is one."""
        found = self.rows(session, values)
        return found[0] if found else None

    def scalar(self, session: Session, values: Mapping[str, Any]) -> Any:
        """The first value of the only row."""
        return self.rows(session, values)[0][0]

    def write(self, session: Session, values: Mapping[str, Any]) -> None:
        """Execute a statement that answers nothing."""
        way = _way_of(session)
        form = self._forms.get(way.dialect_name) or self.form(way.connection.dialect)
        given = form.given(values)
        if way.is_remote:
            RoundTrip.of(way.connection).tell(self, form, given)
            return
        if way.listeners:
            _announce(way, form.sql, given)
        try:
            way.driver.execute(form.sql, given)
        except way.driver_error as error:
            raise _translated(error, form.sql, way.connection) from error

    @property
    def tables(self) -> frozenset[str]:
        """Whose rows it reads or writes."""
        if self._tables is None:
            parts = iterate(cast(ClauseElement, self.statement))
            self._tables = frozenset(part.name for part in parts if isinstance(part, Table))
        return self._tables

    def form(self, dialect: Dialect) -> _Form:
        """As this kind of database hears it."""
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self.statement, dialect)
        return form


Question = tuple[Prepared, Mapping[str, Any]]


def together(session: Session, questions: Callable[[], Iterable[Question]]) -> None:
    """Ask all of this in one round trip. Whoever puts one of these questions next, however often, with nothing
    written in between to the tables that it is about and nothing locked, has the answer at hand. Nothing
    to do where no round trip is."""
    way = _way_of(session)
    if way.is_remote:
        RoundTrip.of(way.connection).fetch(way.connection, questions())


def is_remote(session: Session) -> bool:
    """Whether others write beside this transaction: all but SQLite."""
    return _way_of(session).is_remote


def connection_of(session: Session) -> Connection:
    """The connection of the session's transaction."""
    return _way_of(session).connection


class _Way:
    """How a session's statements reach the database, as long as its transaction lasts. A sale asks twenty
    times for it, and SQLAlchemy looks through all binds, wrappers and events each time."""

    __slots__ = (
        "connection",
        "dialect_name",
        "driver",
        "driver_error",
        "is_remote",
        "listeners",
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect_name = connection.dialect.name
        self.is_remote = self.dialect_name != "sqlite"
        self.driver = _driver(connection)
        self.driver_error = connection.dialect.loaded_dbapi.Error
        # Whoever wants to hear of statements has said so before the transaction's first.
        self.listeners = tuple(connection.dispatch.before_cursor_execute)


def _way_of(session: Session) -> _Way:
    held: _Way | None = session.info.get(_HELD)
    if held is None or not held.connection.in_transaction():
        held = session.info[_HELD] = _Way(session.connection())
    return held


def send(connection: Connection, *, commit: bool = False) -> None:
    """What still waits to be written goes out now; with `commit` in one round trip with the COMMIT."""
    RoundTrip.of(connection).send(connection, commit=commit)


def forget_answers(connection: Connection) -> None:
    """Somebody writes past the prepared statements."""
    RoundTrip.of(connection).answers.clear()


def forget(connection: Connection) -> None:
    """The transaction begins, or is undone, and so is what waits."""
    if connection.invalidated:
        return  # cut off, and what it kept went with it
    round_trip = RoundTrip.of(connection)
    round_trip.writes.clear()
    round_trip.answers.clear()


def prepared_insert(table: Table) -> Prepared:
    """An insert of one whole row: a value for every column."""
    names = [column.name for column in table.columns]
    return Prepared(insert(table).values({name: bindparam(name) for name in names}))


class Loader:
    """Rows of a table as the session's own objects: what is changed on them is flushed as ever."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self.table = cast(Table, cls.__table__)
        self.columns = list(self.table.c)
        self._names = [column.name for column in self.columns]
        self._mapper: Mapper[Any] = class_mapper(cls, configure=False)

    def known(self, session: Session, row_id: int) -> Any | None:
        """The object that the session holds already."""
        return session.identity_map.get(self._mapper.identity_key_from_primary_key((row_id,)))

    def adopt(self, session: Session, row: Iterable[Any], *, anew: bool = False) -> Any:
        """The object for a row just read or written, in the order of `columns`; one that the session holds
        already keeps what it has, unless it is read `anew`."""
        values = dict(zip(self._names, row, strict=True))
        key = self._mapper.identity_key_from_primary_key((values["id"],))
        held = session.identity_map.get(key)
        if held is None:
            fresh = self.plain(values)
            # As SQLAlchemy's own loader lets a session have it: `make_transient_to_detached` and `add` look
            # through every attribute and relation, three times as long as the row took to read.
            state = instance_state(fresh)
            state.key, state.session_id = key, session.hash_key
            session.identity_map.add(state)
            return fresh
        if anew:
            seen = instance_dict(held)
            for name, value in values.items():
                if name not in seen or seen[name] != value:
                    set_committed_value(held, name, value)
        return held

    def plain(self, values: Mapping[str, Any]) -> Any:
        """An object that no session holds: for reading only."""
        fresh = self._mapper.class_manager.new_instance()
        instance_dict(fresh).update(values)
        return fresh


class RoundTrip:
    """What waits to go to a server far away, and the answers that came back early; one for each
    connection."""

    __slots__ = ("answers", "writes")

    def __init__(self) -> None:
        self.writes: list[tuple[_Form, Any]] = []
        self.answers: dict[tuple[Prepared, tuple[Any, ...]], list[Row]] = {}

    @classmethod
    def of(cls, connection: Connection) -> RoundTrip:
        """The connection's own."""
        found: RoundTrip | None = connection.info.get(cls)
        if found is None:
            found = connection.info[cls] = cls()
        return found

    def tell(self, statement: Prepared, form: _Form, given: Any) -> None:
        """Something to write."""
        self.writes.append((form, given))
        if self.answers:
            stale = [key for key in self.answers if key[0].tables & statement.tables]
            for key in stale:
                del self.answers[key]

    def ask(
        self, connection: Connection, statement: Prepared, form: _Form, values: Mapping[str, Any]
    ) -> list[Row]:
        """The answer at hand, else from the server."""
        if self.answers:
            early = self.answers.get((statement, tuple(values.values())))
            if early is not None:
                return early
        if statement.is_lock:
            self.answers.clear()  # it may have to wait: what was read before is old by then
        return form.converted(self.go(connection, [(form, form.given(values))])[-1])

    def fetch(self, connection: Connection, questions: Iterable[Question]) -> None:
        """Bring the answers to all of this, except those at hand. Where a row is locked, nothing that
        was read before counts."""
        wanted = []
        questions = list(questions)
        if any(statement.is_lock for statement, _ in questions):
            self.answers.clear()
        for statement, values in questions:
            key = (statement, tuple(values.values()))
            if key not in self.answers:
                wanted.append((key, statement.form(connection.dialect), values))
        if not wanted:
            return
        asked = [(form, form.given(values)) for _, form, values in wanted]
        found = self.go(connection, asked)[-len(asked) :]
        for (key, form, _), rows in zip(wanted, found, strict=True):
            self.answers[key] = form.converted(rows)

    def send(self, connection: Connection, *, commit: bool) -> None:
        """Only what is to be written."""
        if self.writes:
            self.go(connection, [], commit=commit)
        if commit:
            self.answers.clear()

    def go(
        self, connection: Connection, asked: list[tuple[_Form, Any]], *, commit: bool = False
    ) -> list[list[Row]]:
        """The rows of each statement, those that were waiting first; the BEGIN travels with them."""
        statements = [*self.writes, *asked]
        self.writes.clear()
        listeners = tuple(connection.dispatch.before_cursor_execute)
        for form, given in statements:
            for listener in listeners:
                listener(connection, None, form.sql, given, None, False)
        said = [(cast(ServerStatement, form.server_statement), given) for form, given in statements]
        try:
            driver = _driver(connection)
            return run(driver, _known_on(connection.info, driver), said, commit=commit)
        except connection.dialect.loaded_dbapi.Error as error:
            self.answers.clear()
            raise _translated(error, statements[-1][0].sql, connection) from error


def _known_on(info: dict[Any, Any], driver: Any) -> Known:
    """What a driver's connection knows already; `info` lives as long as it does."""
    known: Known | None = info.get(Known)
    if known is None:
        known = info[Known] = Known(driver)
    return known


class _Form:
    """A statement as one kind of database hears it."""

    __slots__ = (
        "_constants",
        "_givers",
        "_is_named",
        "_pick",
        "_results",
        "is_remote",
        "server_statement",
        "sql",
    )

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self.is_remote = dialect.name != "sqlite"
        self._is_named = compiled.positiontup is None
        converters = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        constants = {
            name: convert(bind.effective_value) if convert else bind.effective_value
            for (name, bind), convert in zip(
                compiled.binds.items(), converters.values(), strict=True
            )
            if not bind.required
        }
        self.sql, names = _spelled_out(compiled, constants)
        self._constants = {name: constants[name] for name in names if name in constants}
        self._givers: list[tuple[int, str, Convert]] = [  # place, name: only what is converted
            (place, name, convert)
            for place, name in enumerate(names)
            if (convert := converters[name]) and name not in constants
        ]
        self._pick = _picker(names)
        self.server_statement = _server_statement(self.sql, compiled) if self.is_remote else None
        self._results = _result_converters(statement, dialect)

    @property
    def is_plain(self) -> bool:
        """Whether the driver's own values are right."""
        return self._results is None

    def given(self, values: Mapping[str, Any]) -> Sequence[Any] | dict[str, Any]:
        """The values as the driver takes them."""
        if self._constants:
            values = {**self._constants, **values}
        if self._is_named:
            named = dict(values)
            for _, name, convert in self._givers:
                named[name] = convert(values[name])
            return named
        picked = self._pick(values)
        if self._givers:
            picked = list(picked)
            for place, _, convert in self._givers:
                picked[place] = convert(picked[place])
        return picked

    def converted(self, found: list[Row]) -> list[Row]:
        """The answer in Python's types."""
        results = self._results
        if results is None:
            return found
        return [_converted(row, results) for row in found]


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """What takes these values, in this order."""
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda values: ()
    only = names[0]
    return lambda values: (values[only],)


def _converted(row: Row, converters: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for place, convert in converters:
        if (value := values[place]) is not None:
            values[place] = convert(value)
    return tuple(values)


def _fetched_alone(engine: Engine, form: _Form, values: Mapping[str, Any]) -> list[Row]:
    lent = engine.raw_connection()
    driver: Any = lent.driver_connection
    dialect = engine.dialect
    try:
        given: Any = form.given(values)
        if form.server_statement is None:
            return cast("list[Row]", driver.execute(form.sql, given).fetchall())
        driver.autocommit = True  # on this side only, no round trip
        try:
            said = [(form.server_statement, given)]
            return run(driver, _known_on(lent.info, driver), said)[0]
        finally:
            if not driver.closed:
                driver.autocommit = False
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, driver, None)
        if is_lost:
            lent.invalidate(error)
        raise _as_sqlalchemy(error, form.sql, dialect, is_lost=is_lost) from error
    finally:
        lent.close()


def _spelled_out(compiled: SQLCompiler, constants: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The SQL with its plain constants in it, and the names of the values that are left to give.

    What a partial index, a LIMIT or a statistic depends on must not be a parameter: SQLite would plan the
    statement again whenever the value is given, several times as long as it takes to answer it, and
    PostgreSQL's plan for any value could not use the index.
    """
    words = {
        name: str(value) if type(value) is int else f"'{value}'"
        for name, value in constants.items()
        if type(value) is int or (type(value) is str and _PLAIN_WORD.fullmatch(value))
    }
    sql, order = str(compiled), compiled.positiontup
    if order is None:
        said = NAMED_MARK.sub(lambda mark: words.get(mark[1] or "", mark[0]), sql)
        return said, [name for name in compiled.binds if name not in words]
    parts = sql.split("?")
    assert len(parts) == len(order) + 1, "a question mark that is no parameter"
    marks = [words.get(name, "?") for name in order]
    said = "".join(chain.from_iterable(zip(parts, [*marks, ""], strict=True)))
    return said, [name for name in order if name not in words]


def _server_statement(sql: str, compiled: SQLCompiler) -> ServerStatement:
    """As a server far away takes it: SQLAlchemy writes casts for all types but these."""
    bools = (name for name, bind in compiled.binds.items() if isinstance(bind.type, Boolean))
    return ServerStatement.of(sql, dict.fromkeys(bools, _BOOL))


def _result_converters(statement: Executable, dialect: Dialect) -> list[tuple[int, Convert]] | None:
    """(place, converter) of each column that needs one; None where every value is right as it comes."""
    if not isinstance(statement, ReturnsRows):
        return None
    columns = list(statement.exported_columns)
    converters = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
    ]
    found = [(place, convert) for place, convert in enumerate(converters) if convert is not None]
    return found or None


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _announce(way: _Way, sql: str, given: Any) -> None:
    """Tell whoever listens to the engine's statements, as SQLAlchemy does of its own; the context is
    None."""
    for listener in way.listeners:
        listener(way.connection, None, sql, given, None, False)


def _translated(error: Exception, sql: str, connection: Connection) -> BaseException:
    """The driver's error as SQLAlchemy raises it; a connection that it ended is used no more."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(error)
    return _as_sqlalchemy(error, sql, dialect, is_lost=is_lost)


def _as_sqlalchemy(error: Exception, sql: str, dialect: Dialect, *, is_lost: bool) -> BaseException:
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
