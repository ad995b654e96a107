"""Whatever happens to workers and nudges, the card arrives: the row is the truth."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import Popen
from uuid import uuid4

import pytest

from passes.simulate.faults import Fault, Faults
from tests.databases import Sqlite
from tests.service import STARTS_SECONDS_MAX, Held, Service, eventually, running
from wallet.ids import private_id
from wallet.tables.wallet_pass import WalletPass, pass_at

SHORT_LEASE = (sys.executable, "-m", "tests.flows.short_lease_worker")
SILENCE_SECONDS = (
    20.0  # the stand-in keeps the killed worker waiting; nobody waits for the end of it
)


@dataclass(frozen=True, slots=True)
class Shopper:
    """A member whose card is on both phones."""

    service: Service
    id: str
    held: Held

    def buy(self, euros: int) -> None:
        """In the web shop: the service leaves the delivery to the worker."""
        body = {
            "member": {"id": self.id},
            "external_id": str(uuid4()),
            "amount_minor": euros * 100,
            "currency": "EUR",
        }
        sent = self.service.shop().post(
            "/api/v1/purchases", json=body, headers={"Idempotency-Key": str(uuid4())}
        )
        assert sent.status_code == 201, sent.text

    def row(self, provider: str) -> WalletPass:
        """What the database says of the pass."""
        number = private_id("mbr", self.id)
        assert number is not None
        with self.service.database.reading() as session:
            found = pass_at(session, number, provider)
            assert found is not None
            return found

    def is_delivered(self, provider: str) -> bool:
        """Whether nothing is left to do for the pass."""
        row = self.row(provider)
        return row.wanted_version == row.delivered_version and row.lease_until is None


def _shopper(service: Service) -> Shopper:
    contact = service.new_contact()
    held = service.phones.add(service.visitor().join("demo", contact))
    found = service.shop().get("/api/v1/members", params={"email": contact}).json()["data"]
    shopper = Shopper(service, found[0]["id"], held)
    for provider in ("apple", "google"):
        eventually(lambda: shopper.is_delivered(provider), wanted=True)  # noqa: B023
    return shopper


@pytest.fixture(scope="module")
def service(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a worker: each test starts its own."""
    with running(sqlite.migrated(), tmp_path_factory.mktemp("kill"), worker=None) as service:
        yield service
        assert service.counter.audit().findings == []


@dataclass(slots=True)
class Duty:
    """The worker on duty, and how the next one comes."""

    service: Service
    worker: Popen[bytes]

    def start(self) -> Popen[bytes]:
        """Another worker, on duty from now on."""
        self.worker = self.service.worker(*SHORT_LEASE)
        return self.worker

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self.worker.send_signal(signal.SIGKILL)
        assert self.worker.wait() == -signal.SIGKILL

    def kill_in_mid_delivery(self, faults: Faults) -> None:
        """Once the provider has the worker's request in its hands."""
        eventually(lambda: len(faults), wanted=0)
        self.kill()


@pytest.fixture(scope="module")
def duty(service: Service) -> Duty:
    """A first worker; who is killed in one test is replaced for the next."""
    return Duty(service, service.worker(*SHORT_LEASE))


@pytest.fixture
def shopper(service: Service, duty: Duty) -> Shopper:
    """Somebody new, for whom nothing is left to deliver."""
    service.wait_for_worker()
    return _shopper(service)


def test_a_push_under_way_when_the_worker_is_killed_is_sent_by_the_next(
    service: Service, duty: Duty, shopper: Shopper
) -> None:
    service.simulators.apns.faults.add(Fault(action="hang"))
    shopper.buy(40)
    duty.kill_in_mid_delivery(service.simulators.apns.faults)
    row = shopper.row("apple")
    assert row.lease_until is not None
    assert row.delivered_version < row.wanted_version
    assert service.phones.iphone(shopper.held) == "0"

    duty.start()
    service.phones.follow(shopper.held, 40, STARTS_SECONDS_MAX)
    eventually(lambda: shopper.is_delivered("apple"), wanted=True)
    # Else what is still on its way to Google meets the next test's fault.
    eventually(lambda: shopper.is_delivered("google"), wanted=True)


def test_an_object_on_its_way_when_the_worker_is_killed_is_written_by_the_next(
    service: Service, duty: Duty, shopper: Shopper
) -> None:
    # A worker that has just started also looks at classes and objects; those are not meant.
    service.simulators.google.faults.add(
        Fault(status=503, delay_seconds=SILENCE_SECONDS, method="PATCH")
    )
    shopper.buy(25)
    duty.kill_in_mid_delivery(service.simulators.google.faults)
    row = shopper.row("google")
    assert row.lease_until is not None
    assert row.delivered_version < row.wanted_version
    assert service.phones.android(shopper.held) == "0"

    duty.start()
    service.phones.follow(shopper.held, 25, STARTS_SECONDS_MAX)
    eventually(lambda: shopper.is_delivered("google"), wanted=True)


def test_what_happens_while_no_worker_runs_is_delivered_when_one_starts(
    service: Service, duty: Duty, shopper: Shopper
) -> None:
    duty.kill()
    shopper.buy(10)
    shopper.buy(5)
    duty.start()
    service.phones.follow(shopper.held, 15, STARTS_SECONDS_MAX)


def test_two_workers_share_the_work(service: Service, duty: Duty, shopper: Shopper) -> None:
    first, second = duty.worker, duty.start()
    for euros in (1, 2, 3, 4):
        shopper.buy(euros)
    service.phones.follow(shopper.held, 10)
    assert (first.poll(), second.poll()) == (None, None)
    # A phone that fetches between a sale and its announcement has the change before it is told of
    # it, and says so in its log; nothing else may trouble it.
    assert [line for line in service.phones.problems() if "unchanged" not in line] == []


def test_lost_nudges_lose_no_card(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("nudges")
    with running(sqlite.migrated(), folder) as service:
        # The worker reads on in the deleted file; what the web server writes goes nowhere.
        for file in folder.glob("huey.sqlite3*"):
            file.unlink()
        shopper = _shopper(service)
        shopper.buy(12)
        service.phones.follow(shopper.held, 12)
