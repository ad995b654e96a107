"""The demo: the same café on every machine, and a ledger like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.databases import Sqlite
from tests.factories import NOW, open_database
from wallet.actions import load_demo as module
from wallet.actions.audit import audit
from wallet.actions.load_demo import DAYS, STAFF, has_demo, load_demo
from wallet.actions.program_view import program_view_by_slug
from wallet.db import Database
from wallet.tables.ledger import Account, Entry
from wallet.tables.member import Identifier, Member
from wallet.tables.purchase import Purchase, Refund
from wallet.tables.reward import Redemption
from wallet.tables.staff import Staff

FEW = 40


@pytest.fixture(scope="module", autouse=True)
def smaller() -> Iterator[None]:
    """Fewer members: living the whole year takes minutes on a busy machine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "MEMBERS", FEW)
        yield


@pytest.fixture(scope="module")
def loaded(smaller: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One demo for all of these tests: a year takes seconds to live."""
    folder = Sqlite(tmp_path_factory.mktemp("demo"))
    database = open_database(folder.migrated())
    told: list[tuple[int, int]] = []
    visits = load_demo(database, NOW, lambda done, all_: told.append((done, all_)))
    assert told[-1] == (visits, visits)
    assert told == sorted(told)
    yield database
    database.dispose()


def numbers(database: Database) -> dict[str, int]:
    """How much there is of everything."""
    with database.reading() as session:
        return {
            table.__tablename__: int(session.scalar(select(func.count()).select_from(table)) or 0)
            for table in (Member, Purchase, Refund, Redemption, Entry, Staff)
        }


def picture(database: Database) -> list[Any]:
    """Who has what: what another machine must show, too."""
    with database.reading() as session:
        query = (
            select(Identifier.value, Member.name, Member.tier_key, Account.balance, Account.seq)
            .join(Member, Member.id == Identifier.member_id)
            .outerjoin(Account, Account.member_id == Member.id)
            .where(Identifier.kind == "email")
        )
        return sorted(tuple(row) for row in session.execute(query))


def test_the_ledger_of_the_demo_passes_the_audit(loaded: Database) -> None:
    with loaded.reading() as session:
        report = audit(session)
    assert report.findings == []
    assert report.entries > 10 * FEW


def test_a_year_of_a_cafe_with_everything_that_happens_there(loaded: Database) -> None:
    found = numbers(loaded)
    assert found["member"] == FEW
    assert found["staff"] == len(STAFF)
    assert found["purchase"] > 10 * FEW
    assert found["refund"] > FEW // 12
    assert found["redemption"] > FEW
    with loaded.reading() as session:
        view = program_view_by_slug(session, "demo")
        assert (view.name, view.currency, view.time_zone) == ("Café Lumière", "EUR", "Europe/Paris")
        assert len(view.stores) == 2
        channels = set(session.scalars(select(Purchase.channel).distinct()))
        assert channels == {"store", "online"}
        first, last = session.execute(
            select(func.min(Entry.occurred_at), func.max(Entry.recorded_at))
        ).one()
        assert NOW - timedelta(days=DAYS) <= first < NOW - timedelta(days=300)
        assert NOW - timedelta(days=2) < last < NOW
        tiers = set(session.scalars(select(Member.tier_key).distinct()))
        assert tiers == {"bronze", "silver", "gold"}


def test_nobody_of_the_demo_can_be_written_to(loaded: Database) -> None:
    with loaded.reading() as session:
        addresses = session.scalars(
            select(Identifier.value).where(Identifier.kind.in_(("email", "phone")))
        ).all()
    assert all(address.endswith(".test") for address in addresses)


def test_loaded_twice_it_is_there_once(loaded: Database) -> None:
    before = numbers(loaded)
    assert load_demo(loaded, NOW) == 0
    assert numbers(loaded) == before


def test_two_machines_show_the_same_cafe(loaded: Database, sqlite: Sqlite) -> None:
    url = sqlite.migrated()
    other = open_database(url)
    load_demo(other, NOW)
    assert picture(other) == picture(loaded)
    other.dispose()
    sqlite.drop(url)


def test_a_load_that_is_interrupted_leaves_nothing(sqlite: Sqlite) -> None:
    url = sqlite.migrated()
    database = open_database(url)

    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_demo(database, NOW, stop)
    with database.reading() as session:
        assert not has_demo(session)
        assert session.scalar(select(func.count()).select_from(Member)) == 0
    database.dispose()
    sqlite.drop(url)
