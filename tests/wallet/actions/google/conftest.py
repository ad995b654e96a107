"""The café's cards on Android phones: Google's stand-in over real HTTP, a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2
import pytest

from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient
from passes.simulate import google_store
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_store import Change
from tests.factories import PUBLIC_URL, Cast
from tests.fakes.simulators import (
    ServedGoogle,
    google_identity,
    google_wallet,
    simulator_certs,
)
from wallet.actions.google.deliver import EVERYTHING_LANE, GoogleDelivery
from wallet.actions.google.gate import Gate
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.issue_pass import issue_pass
from wallet.tables.google import GoogleObject, object_row
from wallet.tables.wallet_pass import WalletPass, pass_at

__all__ = ["android", "google_identity", "google_wallet", "simulator_certs", "stand_in"]

TIMEOUT_SECONDS = (
    15.0  # of one request to the stand-in: four suites at a time may hold it up for seconds
)


@dataclass(repr=False)
class Android:
    """The worker's side of Google: whatever it does happens at `cast.now`, which sleeping moves."""

    cast: Cast
    google: ServedGoogle
    identity: GoogleIdentity
    told: list[tuple[datetime, Change]] = field(default_factory=list)
    clients: list[GoogleClient] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def worker(
        self, url: str = "", timeout: float = TIMEOUT_SECONDS, *, names_stores: bool = False
    ) -> GoogleDelivery:
        """Another worker process, as far as Google can tell."""
        return GoogleDelivery(
            self.cast.database,
            self.client(url, timeout),
            self.gate(),
            GoogleObjects(self.identity, PUBLIC_URL, merchant_locations=names_stores),
            lambda: self.cast.now,
        )

    def client(self, url: str = "", timeout: float = TIMEOUT_SECONDS) -> GoogleClient:
        """A connection to Google's stand-in, or to whoever listens at `url`."""
        url = url or self.google.url
        made = GoogleClient(url, f"{url}/token", self.identity, timeout=httpx2.Timeout(timeout))
        self.clients.append(made)
        return made

    def gate(self) -> Gate:
        """The gate as another worker uses it."""
        return Gate(
            self.cast.database, self.identity.issuer_id, lambda: self.cast.now, sleep=self.sleep
        )

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.slept.append(seconds)
        self.cast.now += timedelta(seconds=seconds)

    def issue(self, who: str) -> None:
        """The shopper asks for the card."""
        self.cast.run(
            lambda session: issue_pass(
                session,
                self.cast.program,
                self.cast.member(session, who),
                "google",
                self.cast.now,
            )
        )

    def row(self, who: str) -> WalletPass:
        """The pass."""
        with self.cast.database.reading() as session:
            found = pass_at(session, self.cast.people[who], "google")
            assert found
            return found

    def known(self, who: str) -> GoogleObject:
        """What we believe that Google holds."""
        with self.cast.database.reading() as session:
            found = object_row(session, self.row(who).id)
            assert found
            return found

    def object_id(self, who: str) -> str:
        """Google's id of the card."""
        return f"{self.identity.issuer_id}.{self.row(who).serial}"

    def balance(self, who: str) -> int:
        """What the card says at Google."""
        found = self.google.stand_in.store.find("loyaltyObject", self.object_id(who))
        assert found is not None
        balance: int = found["loyaltyPoints"]["balance"]["int"]
        return balance

    def drain(self, worker: GoogleDelivery, steps: int = 200) -> int:
        """Deliver until nothing is due; how many cards were tried."""
        tried = 0
        for _ in range(steps):
            done = worker.step(EVERYTHING_LANE)
            tried += done
            if not done:
                return tried
        raise AssertionError("still something to do")

    def asked(self, method: str, kind: str) -> int:
        """How often Google was asked so, in batches too."""
        return self.google.stand_in.counters[f"{method} {kind}"]

    @property
    def notices(self) -> list[tuple[str, datetime]]:
        """Notifications shown to holders, by object."""
        return [(change.id, at) for at, change in self.told if change.notify]


@dataclass
class _Clock:
    """The module `time` as the stand-in uses it."""

    cast: Cast

    def time(self) -> float:
        """Unix time of the test."""
        return self.cast.now.timestamp()


@pytest.fixture
def android(
    cast: Cast,
    google_wallet: ServedGoogle,
    google_identity: GoogleIdentity,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Android]:
    made = Android(cast, google_wallet, google_identity)
    google_wallet.stand_in.store.listeners.append(
        lambda change: made.told.append((cast.now, change))
    )
    # Google's day is the test's day.
    monkeypatch.setattr(google_store, "time", _Clock(cast))
    yield made
    for client in made.clients:
        client.close()


@pytest.fixture
def stand_in(google_wallet: ServedGoogle) -> GoogleStandIn:
    return google_wallet.stand_in
