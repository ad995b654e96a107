"""Commits that reach the disk together: no answer before its entry, one fsync for many, no trust after a failure."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.databases import Sqlite
from tests.factories import open_database
from wallet.db import Database
from wallet.disk import GroupedSync

PATIENCE_SECONDS = 60
WRITERS, ROUNDS = 8, 6


@pytest.fixture
def database(sqlite: Sqlite) -> Iterator[Database]:
    """One file with a table of numbers."""
    opened = open_database(sqlite.blank())
    with opened.transaction() as session:
        session.execute(text("CREATE TABLE said (number INTEGER PRIMARY KEY)"))
    yield opened
    opened.dispose()


def say(database: Database, number: int) -> None:
    """Write one number."""
    with database.transaction() as session:
        session.execute(text("INSERT INTO said VALUES (:number)"), {"number": number})


def in_threads(works: list[Callable[[], None]]) -> None:
    """All at once, to the end."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


class Disk:
    """What a power cut would leave: the file and its log as they were at the last fsync."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._file = Path(str(make_url(database.url).database))
        self._folder = folder
        self.syncs = 0

    def sync(self, grouped: GroupedSync) -> None:
        """In the place of the fsync."""
        self.syncs += 1
        place = self._folder / str(self.syncs)
        place.mkdir()
        for suffix in ("-wal", ""):  # a commit meanwhile only adds to the log
            shutil.copy(f"{self._file}{suffix}", place / f"kept{suffix}")
        self.newest = place

    def numbers(self) -> set[int]:
        """What is in it."""
        engine = create_engine(f"sqlite:///{self.newest / 'kept'}")
        with engine.connect() as connection:
            found = {row[0] for row in connection.execute(text("SELECT number FROM said"))}
        engine.dispose()
        return found


def test_what_was_answered_survives_a_power_cut_and_many_share_one_fsync(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, looked = Disk(database, tmp_path), threading.Lock()
    together = threading.Barrier(WRITERS)
    real = GroupedSync._sync

    def sync(grouped: GroupedSync) -> None:
        real(grouped)
        disk.sync(grouped)

    monkeypatch.setattr(GroupedSync, "_sync", sync)
    lost: list[int] = []

    def write(writer: int) -> None:
        for turn in range(ROUNDS):
            together.wait(PATIENCE_SECONDS)
            number = writer * ROUNDS + turn
            say(database, number)
            with looked:
                if number not in disk.numbers():
                    lost.append(number)

    in_threads([lambda writer=writer: write(writer) for writer in range(WRITERS)])  # type: ignore[misc]
    assert lost == []
    assert disk.numbers() == set(range(WRITERS * ROUNDS))
    assert disk.syncs < WRITERS * ROUNDS


def test_nobody_answers_before_the_disk_has_what_they_wrote_or_saw(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Event(), threading.Event()
    answered: list[str] = []

    def sync(_: GroupedSync) -> None:
        began.set()
        assert may_end.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(GroupedSync, "_sync", sync)

    def write() -> None:
        say(database, 1)
        answered.append("writer")

    saw = threading.Event()

    def look() -> None:
        assert began.wait(PATIENCE_SECONDS)
        with database.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM said")) == 1  # it is there already
            saw.set()
        answered.append("reader")

    def refused() -> None:
        assert began.wait(PATIENCE_SECONDS)
        with pytest.raises(LookupError), database.transaction():  # the writer's place is free
            raise LookupError
        answered.append("refused")

    def let_go() -> None:
        assert saw.wait(PATIENCE_SECONDS)
        assert answered == []
        may_end.set()

    in_threads([write, look, refused, let_go])
    assert sorted(answered) == ["reader", "refused", "writer"]


def test_after_a_failed_fsync_nothing_is_promised_any_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(database, 1)
    tries = []

    def sync(_: GroupedSync) -> None:
        tries.append(1)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(GroupedSync, "_sync", sync)
    with pytest.raises(OperationalError, match="Input/output error"):
        say(database, 2)
    monkeypatch.undo()  # the disk says yes again, but what it lost it does not say
    with pytest.raises(OperationalError, match="Input/output error"):
        say(database, 3)
    with pytest.raises(OperationalError), database.reading() as session:
        session.scalar(text("SELECT count(*) FROM said"))
    assert tries == [1]
    again = open_database(database.url)  # as another start does
    say(again, 4)
    with again.reading() as session:
        assert 3 not in session.scalars(text("SELECT number FROM said")).all()
    again.dispose()


def test_only_writers_of_a_log_wait_together(
    database: Database, sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 is NORMAL, 2 is FULL: whoever commits past `transaction()` has SQLite's own promise."""
    with database.transaction() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 1
    with database.engine.begin() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    monkeypatch.setattr("wallet.db.sqlite_version", lambda: (3, 40, 1))
    without_log = open_database(sqlite.blank())
    with without_log.transaction() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
    without_log.dispose()
