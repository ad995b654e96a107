"""A design that chooses other stores: the worker writes every card anew, where another colour only
marks it. CPU time of this process, SQLite; each chunk is one transaction of the writer."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tests.benchmarks.report import Case, measure
from tests.databases import migrate
from tests.factories import Cast, make_cast, open_database
from wallet.actions.issue_pass import issue_pass
from wallet.actions.near_stores import store_key
from wallet.actions.program_view import program_view, touch_program
from wallet.actions.publish_design import publish_design
from wallet.actions.refresh_cards import refresh_cards_job
from wallet.tables.program import Program, Store

CARDS = 400
CHAIN = 40  # stores: each member's card has the ten nearest to its own


def run() -> None:
    """A shop with two stores, then a chain of forty more."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'bench.sqlite3'}"
        migrate(url)
        cast = make_cast(open_database(url))
        _crowd(cast)
        _measure(cast, "of two stores", 8)
        cast.run(lambda session: _open_more(session, cast))
        _measure(cast, f"of {CHAIN + 2} stores", 12)
        cast.database.dispose()


def _crowd(cast: Cast) -> None:
    names = [f"near{number}" for number in range(CARDS)]
    for name in names:
        cast.enrol(name)

    def issue(session: Session) -> None:
        for name in names:
            issue_pass(session, cast.program, cast.member(session, name), "apple", cast.now)

    cast.run(issue)


def _open_more(session: Session, cast: Cast) -> None:
    for number in range(CHAIN):
        session.add(
            Store(
                program_id=cast.program.id,
                name=f"No {number}",
                address="",
                is_open=True,
                latitude=43 + number / 50,
                longitude=5.0,
            )
        )
    touch_program(session.get_one(Program, cast.program.id))


def _measure(cast: Cast, chain: str, ratio_max: int) -> None:
    program = cast.run(lambda session: program_view(session, cast.program.id))
    keys = [store_key(store.id) for store in program.stores]
    choices = itertools.cycle([keys[: len(keys) * 3 // 4 or 1], keys[1:]])
    shades = (f"#{number:06x}" for number in itertools.count(0x101010))

    def _stores() -> int:
        return _publish(cast, {"near_stores": next(choices)})

    def _colour() -> int:
        return _publish(cast, {"background": next(shades)})

    target = f"ratio <= {ratio_max}"
    what = f"a card marked with another choice {chain}"
    measure(Case("near", what, "us CPU", _stores, "with another colour", _colour, target, cpu=True))


def _publish(cast: Cast, changes: dict[str, Any]) -> int:
    program = cast.run(lambda session: program_view(session, cast.program.id))
    document = {**program.design, **changes}
    cast.run(lambda session: publish_design(session, program.id, document, "bench", cast.now))
    fresh = cast.run(lambda session: program_view(session, cast.program.id))
    payload = {"program_id": fresh.id, "design_id": fresh.design_id}
    refresh_cards_job(cast.database, payload, cast.now)
    return CARDS
