"""Google away, slow, refusing, silent: every card ends true, and almost nothing is sent for nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from tests.factories import Cast
from tests.wallet.actions.google.conftest import Android
from wallet.actions.actor import SYSTEM
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.google.deliver import SCANS_LANE
from wallet.actions.issue_pass import issue_pass
from wallet.tables.wallet_pass import WalletPass

CARDS = 300  # enough that the first batch and the probes are within a tenth
OUTAGE_SECONDS = 300


@contextmanager
def _refusing(stand_in: GoogleStandIn, fault: Fault) -> Iterator[None]:
    stand_in.faults.add(fault, times=100_000)
    yield
    stand_in.faults.clear()


def _fill(cast: Cast, count: int) -> None:
    """So many members with a card each, in one transaction."""

    def work(session: Session) -> None:
        for number in range(count):
            said = Enrolment(name=f"Member {number}", email=f"member-{number}@exemple.test")
            member = enrol(session, cast.program, said, SYSTEM, cast.now)
            cast.people[f"m{number}"] = member.id
            issue_pass(session, cast.program, member, "google", cast.now)

    cast.run(work)


def _change_all(cast: Cast) -> None:
    """A change of every card, as a bulk refresh makes one: behind the scans."""

    def work(session: Session) -> None:
        for row in session.query(WalletPass).filter_by(provider="google"):
            row.card = {**row.card, "balance": {**row.card["balance"], "number": 77}}
            row.wanted_version += 1
            row.is_urgent, row.next_attempt_at = False, cast.now

    cast.run(work)


def _stale(android: Android) -> int:
    """Cards that do not say at Google what they should."""
    held = android.google.stand_in.store._rows["loyaltyObject"].values()
    return sum(one["loyaltyPoints"]["balance"] != {"int": 77} for one in held)


STORMS: dict[str, Fault] = {
    "503": Fault(503, "backendError"),
    "429": Fault(429, "rateLimitExceeded", retry_after_seconds=4),
}


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest) -> object:
    """One engine is enough here: what is tested is the conversation with Google."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("fault", STORMS.values(), ids=STORMS.keys())
def test_an_outage_costs_little_and_every_card_ends_true(
    android: Android, cast: Cast, stand_in: GoogleStandIn, fault: Fault
) -> None:
    workers = [android.worker(), android.worker()]
    _fill(cast, CARDS)
    android.drain(workers[0])
    _change_all(cast)
    before = android.asked("PATCH", "loyaltyObject")
    with _refusing(stand_in, fault):
        end = cast.now + timedelta(seconds=OUTAGE_SECONDS)
        while cast.now < end:
            for worker in workers:
                worker.step()
            cast.later(seconds=4)
    assert _stale(android) == CARDS
    # A scan comes while Google is still away: it goes before all the others.
    cast.buy("m7", 1000)
    cast.later(seconds=90)
    assert workers[1].step(SCANS_LANE) == 1
    assert android.balance("m7") == cast.balance("m7").available
    for _ in range(400):
        if not sum(worker.step() for worker in workers):
            cast.later(seconds=20)
        if _stale(android) <= 1:
            break
    assert _stale(android) <= 1  # the scanned one says something else
    assert android.asked("PATCH", "loyaltyObject") - before <= 1.1 * (CARDS + 1)
    for row in cast.run(lambda s: list(s.query(WalletPass).filter_by(provider="google"))):
        assert (row.last_error, row.delivered_version) == ("", row.wanted_version)


def test_who_hangs_is_given_up_and_asked_by_one_request_at_a_time(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    android.worker().publish_classes()
    _fill(cast, 40)
    hasty = android.worker(timeout=0.2)
    stand_in.faults.add(Fault(delay_seconds=0.6), times=100_000)
    for _ in range(20):
        hasty.step()
        cast.later(seconds=1)
    stand_in.faults.clear()
    assert android.row("m0").last_error.startswith("unreachable: ")
    worker = android.worker()
    for _ in range(40):
        worker.step()
        cast.later(seconds=5)
    assert all(android.row(f"m{number}").last_error == "" for number in range(40))
    # What was cut off may have arrived all the same: inserted once, then found to exist.
    assert len(stand_in.store._rows["loyaltyObject"]) == 40


def test_nobody_listens_and_then_somebody_does(android: Android, cast: Cast) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        lost = android.worker(f"http://127.0.0.1:{taken.getsockname()[1]}")
        android.issue("ada")
        for _ in range(30):
            lost.step()
            cast.later(seconds=1)
    row = android.row("ada")
    assert row.last_error.startswith("unreachable: ")
    cast.later(minutes=2)
    android.drain(android.worker())
    assert android.balance("ada") == 600


def test_scans_do_not_wait_for_a_bulk_refresh(android: Android, cast: Cast) -> None:
    worker = android.worker()
    _fill(cast, 80)
    android.drain(worker)
    _change_all(cast)
    waits = []
    for number in range(5):
        worker.step()
        started = cast.now
        cast.buy(f"m{number}", 1000)
        assert worker.step(SCANS_LANE) == 1
        waits.append((cast.now - started).total_seconds())
        assert android.balance(f"m{number}") == cast.balance(f"m{number}").available
    assert max(waits) <= 2
    assert _rate(android) <= 20


def _rate(android: Android) -> int:
    """The most changes that Google saw in any second."""
    times = [at for at, change in android.told if change.kind == "loyaltyObject"]
    return max(
        sum(0 <= (other - at).total_seconds() < 1 for other in times[index : index + 40])
        for index, at in enumerate(times)
    )


def test_workers_together_keep_to_googles_rate(android: Android, cast: Cast) -> None:
    workers = [android.worker() for _ in range(3)]
    _fill(cast, 100)
    while sum(worker.step() for worker in workers):
        pass
    assert _rate(android) <= 20
    assert len(android.google.stand_in.store._rows["loyaltyObject"]) == 100
