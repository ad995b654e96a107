"""Many statements to PostgreSQL in one pipeline, by the driver's own low level (`psycopg.pq`).

psycopg's pipeline sends each statement by itself, with a cursor, a look for an answer and a wake-up of the server
for each. Here all of them are written to the socket at once and all answers are read together: for a
dozen small statements that is a sixth of the work on this side.

Each statement is prepared on its connection when it is first said. Values go as text, and the statement's
casts say what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType
from typing import Any

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import Error, OperationalError, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.json import set_json_loads
from psycopg.waiting import Ready, Wait

Rows = list[tuple[Any, ...]]
Values = Sequence[Buffer | None]
# Of one connection; a statement for each set of rules comes besides the few dozen that the code has.
PREPARED_MAX = 400
MOMENTS_KEPT = 1024  # as text: one sale writes its own moment a dozen times
# invalid_sql_statement_name, feature_not_supported ("cached plan must not change result type"): somebody
# threw away what was prepared, or changed the table, while this process ran.
_OUTDATED = ("26000", "0A000")
_TEXT = (PyFormat.TEXT,)
_FINE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
NAMED_MARK = re.compile(r"%\(([^)]+)\)s|%%")


@dataclass(frozen=True, slots=True)
class ServerStatement:
    """A statement as the server takes it: `$1` for the first of `names`."""

    sql: bytes
    names: tuple[str, ...]
    types: tuple[int, ...]  # the server's numbers of them; 0 where a cast or the place says it

    @classmethod
    def of(cls, sql: str, types: Mapping[str, int]) -> ServerStatement:
        """From one with `%(name)s`, as the driver takes it. `types` are of those that might pass for text."""
        names: dict[str, int] = {}

        def _numbered(mark: re.Match[str]) -> str:
            return f"${names.setdefault(mark[1], len(names) + 1)}" if mark[1] else "%"

        said = NAMED_MARK.sub(_numbered, sql).encode()
        return cls(said, tuple(names), tuple(types.get(name, 0) for name in names))


Given = tuple[ServerStatement, dict[str, Any]]  # with the values by their names


class Known:
    """What one connection knows already: the statements (text → name), and how values of each type are
    written and read, which the driver would look up anew for each round trip. `plain` writes the commonest
    types as the driver does, several times as quickly."""

    __slots__ = ("names", "plain", "values")

    def __init__(self, driver: Connection[Any]) -> None:
        self.names: dict[bytes, bytes] = {}
        set_json_loads(_json_read, driver)
        self.values = Transformer.from_context(driver)
        self.plain = dict(PLAIN)
        if driver.info.encoding != "utf-8":
            del self.plain[str]


class _Awkward(Exception):
    """What the driver has to write, or to refuse."""


def _text_written(value: str) -> bytes:
    if "\0" in value:
        raise _Awkward
    return value.encode()


@lru_cache(maxsize=MOMENTS_KEPT)
def _moment_written(utc: datetime) -> bytes:
    return str(utc).encode()


PLAIN: dict[type, Callable[[Any], bytes | None]] = {
    NoneType: lambda _: None,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    str: _text_written,
    datetime: lambda value: _moment_written(value) if value.tzinfo is UTC else str(value).encode(),
}


def _json_read(document: bytes | str) -> Any:
    """Most lists that a row has are empty."""
    return [] if document == b"[]" else json.loads(document)


def run(
    driver: Connection[Any],
    known: Known,
    statements: Sequence[Given],
    *,
    commit: bool = False,
) -> list[Rows]:
    """The rows of each statement, after a BEGIN where none was said (and the connection does not commit by
    itself); with `commit` the COMMIT goes along.

    Errors are the driver's; of several the first, from which the others followed.
    """
    return _Exchange(driver, known).run(statements, commit=commit)


class _Exchange:
    """One pipeline: what was said, in order."""

    def __init__(self, driver: Connection[Any], known: Known) -> None:
        self._driver, self._server = driver, driver.pgconn
        self._prepared, self._values, self._plain = known.names, known.values, known.plain
        self._fresh: dict[bytes, tuple[int, bytes]] = {}  # text → number of its answer, name
        self._count = 0

    def run(self, statements: Sequence[Given], *, commit: bool) -> list[Rows]:
        """Say all of it, and hear all of it."""
        server, spell = self._server, self._spell
        is_new = server.transaction_status == TransactionStatus.IDLE and not self._driver.autocommit
        spelled = [(statement, spell(statement, given)) for statement, given in statements]
        try:
            server.enter_pipeline_mode()
            if is_new:
                self._say(_begin(self._driver))
            places = [self._put(statement, values) for statement, values in spelled]
            if commit:
                self._say(b"COMMIT")
            server.pipeline_sync()
            answers = self._driver.wait(_heard(server))
            server.exit_pipeline_mode()
        except BaseException:
            self._driver.close()  # cut off or interrupted: nobody knows which answers are still to come
            raise
        self._learn(answers)
        return [self._rows(answers[place]) for place in places]

    def _spell(self, statement: ServerStatement, given: Mapping[str, Any]) -> Values:
        """The values as the server reads them; the driver refuses what it could not."""
        values, plain, written = [given[name] for name in statement.names], self._plain, []
        try:
            for value in values:
                write = plain.get(type(value))
                written.append(write(value) if write is not None else self._by_driver(value))
        except _Awkward:
            return self._values.dump_sequence(values, [PyFormat.TEXT] * len(values))
        return written

    def _by_driver(self, value: Any) -> Buffer | None:
        return self._values.dump_sequence([value], _TEXT)[0]

    def _say(self, command: bytes) -> None:
        self._server.send_query_params(command, None)
        self._count += 1

    def _put(self, statement: ServerStatement, values: Values) -> int:
        """Send one statement; returns the number of its answer."""
        if name := self._name_of(statement):
            self._server.send_query_prepared(name, values)
        else:
            self._server.send_query_params(statement.sql, values, statement.types)
        self._count += 1
        return self._count - 1

    def _name_of(self, statement: ServerStatement) -> bytes:
        """Under which name it is prepared, or just about to be; none where there are too many."""
        sql = statement.sql
        if (known := self._prepared.get(sql)) is not None:
            return known
        if sql in self._fresh:
            return self._fresh[sql][1]
        number = len(self._prepared) + len(self._fresh)
        if number >= PREPARED_MAX:
            return b""
        name = b"said_%d" % number
        self._server.send_prepare(name, sql, statement.types)
        self._fresh[sql] = self._count, name
        self._count += 1
        return name

    def _learn(self, answers: list[PGresult]) -> None:
        """What is prepared now; and the first error."""
        for sql, (place, name) in self._fresh.items():
            if place < len(answers) and answers[place].status == ExecStatus.COMMAND_OK:
                self._prepared[sql] = name
        for answer in answers:
            if answer.status not in _FINE:
                raise self._error(answer)
        assert len(answers) == self._count

    def _error(self, answer: PGresult) -> Error:
        error = error_from_result(answer, encoding=self._driver.info.encoding)
        if error.sqlstate not in _OUTDATED:
            return error
        self._driver.close()  # as if it had been cut off: the next one knows nothing yet
        return OperationalError(f"a prepared statement is out of date: {error}")

    def _rows(self, answer: PGresult) -> Rows:
        if answer.status != ExecStatus.TUPLES_OK:
            return []
        self._values.set_pgresult(answer)
        return self._values.load_rows(0, answer.ntuples, tuple)


def _begin(driver: Connection[Any]) -> bytes:
    """As the driver would say it."""
    words = ["BEGIN"]
    if driver.isolation_level is not None:
        words.append(f"ISOLATION LEVEL {driver.isolation_level.name.replace('_', ' ')}")
    if driver.read_only is not None:
        words.append("READ ONLY" if driver.read_only else "READ WRITE")
    return " ".join(words).encode()


def _heard(server: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Every answer up to the end of the pipeline. What is to be sent goes on while answers come, so that
    neither side waits for the other one with both hands full."""
    answers: list[PGresult] = []
    while server.flush():
        if (yield Wait.RW) & Ready.R:
            server.consume_input()
    while True:
        while server.is_busy():
            yield Wait.R
            server.consume_input()
        answer = server.get_result()
        if answer is None:
            continue  # between the answers of two statements
        if answer.status == ExecStatus.PIPELINE_SYNC:
            return answers
        answers.append(answer)
