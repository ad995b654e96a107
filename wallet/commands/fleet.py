"""`comptoir simulate fleet`: a trial of delivery with thousands of simulated iPhones.

Everything but the phones is the product itself: web service, worker's steps, push client, and Apple's
stand-in over HTTP/2 with TLS. Only the clock is not: ten minutes of it pass as fast as the machine can.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.http import http_date

from passes.apple.identity import make_development_identity
from passes.apple.keeper import IdentityKeeper
from passes.apple.push import ApnsClient
from passes.apple.webservice import apple_web_service
from passes.google.identity import make_development_account
from passes.simulate.apns import ApnsStandIn
from passes.simulate.faults import Fault
from passes.simulate.fleet import Fleet, FleetPhone, Moods
from wallet.actions.actor import Actor
from wallet.actions.create_program import create_program
from wallet.actions.deliver_apple import deliver_apple
from wallet.actions.deliver_passes import EVERYTHING, SCANS, Hold
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.publish_design import publish_design
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.refresh_cards import refresh_cards_job
from wallet.actions.registry import Registry
from wallet.actions.upgrade_database import upgrade_database
from wallet.commands.frame import one_line
from wallet.config import Settings
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.parts import Parts
from wallet.tables.delivery import Delivery
from wallet.tables.member import member_with_id
from wallet.tables.wallet_pass import Registration, WalletPass
from wallet.web.pass_maker import PassMaker

TILL = Actor("staff:1", "cashier", "store")
CALM_SECONDS = 60
OUTAGE_SECONDS = 300
AFTER_SECONDS = 240
PUBLISH_AT = CALM_SECONDS + OUTAGE_SECONDS // 2  # a new design, in the middle of the outage
SAMPLE = 50  # phones whose card is compared word for word
DAY = timedelta(days=1)
STEPS_MAX = 20_000  # seconds of the simulated clock, then the trial has failed
TOO_MANY_SHARE = 0.01  # pushes answered by 429 when all is well otherwise
PUSH_SHARE_MAX = 1.1  # pushes for each changed pass
PROBES_MAX = 40  # and what may be spent on asking whether Apple is back; among thousands nothing
SECRET = "a-trial-that-is-gone-when-it-ends-0123456789"  # noqa: S105  opens nothing

# What Apple does in each minute of the outage.
OUTAGE = (
    Fault(503, "ServiceUnavailable"),
    Fault(action="hang"),
    Fault(action="drop"),
    Fault(500, "InternalServerError"),
    Fault(503, "Shutdown"),
)


@dataclass(slots=True)
class Outcome:
    """What came of a trial. Lags are seconds of the simulated clock from the sale to the push, costs
    milliseconds of a sale on the machine's own."""

    phones: int
    changes: int
    pushes: int
    untrue: int
    left_registered: int
    unchanged: int
    problems: list[str]
    calm_lag: float
    cost_calm_ms: float
    cost_outage_ms: float
    recovered_seconds: int | None
    waiting: int = 0
    seconds: int = 0
    wrong_clocks: int = 0

    @property
    def pushes_per_change(self) -> float:
        """Requests to Apple for each changed pass."""
        return self.pushes / max(self.changes, 1)

    @property
    def is_good(self) -> bool:
        """Every phone true, no phone that is gone still registered, and no more pushes than needed."""
        return not (
            self.untrue
            or self.left_registered
            or self.problems
            or self.waiting
            or self.pushes > self.changes * PUSH_SHARE_MAX + PROBES_MAX
        )


@dataclass(slots=True)
class _Costs:
    calm: list[float] = field(default_factory=list)
    outage: list[float] = field(default_factory=list)


class Trial:
    """One installation in a folder, with `phones` members who have a card on an iPhone each."""

    def __init__(self, folder: Path, phones: int, database_url: str = "", seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311  a script, not a secret
        self._started = self._now = datetime.now(UTC)
        self._seconds = 0
        self._owed = 0.0
        self._recovered_at: int | None = None
        settings = Settings.read(
            data_dir=folder,
            database_url=database_url or f"sqlite:///{folder / 'trial.sqlite3'}",
            secret_key=SECRET,
        )
        context = Context(Vault(SECRET), settings.public_url)
        self.database = Database(settings.database, info={"context": context})
        upgrade_database(self.database)
        parts = _parts(settings, self.database)
        home = folder / "certs" / "apple"
        self._apns = ApnsStandIn(
            home / "apns-server.pem", home / "apns-server.key", home / "root.pem"
        )
        self._moods = Moods(self._mood)
        self._apns.faults = self._moods
        self._apns.start()
        self._clients = [
            ApnsClient(self._apns.url, parts.apple, home / "root.pem") for _ in range(2)
        ]
        self._hold = Hold()
        self._registry = Registry(self.database, lambda: self._now)
        self._maker = PassMaker(parts)
        self._web = _web(self._registry, self._maker, parts.apple.pass_type_id)
        self._fleet = Fleet(self._call, parts.apple.pass_type_id, seed)
        self._apns.on_push = self._on_push
        self._costs = _Costs()
        self._numbers = iter(range(10**9))
        self._members: list[int] = []
        self._furnish(phones)

    def close(self) -> None:
        """Give everything back."""
        for client in self._clients:
            client.close()
        self._apns.stop()
        self._registry.notes.flush()
        self.database.dispose()

    def run(self, scans_per_second: float) -> Outcome:
        """Calm, outage, recovery with a new design for all, and the next day."""
        outage_ends = CALM_SECONDS + OUTAGE_SECONDS
        active = outage_ends + AFTER_SECONDS
        while self._seconds < active or not self._is_done():
            if self._seconds < active:
                self._sales(scans_per_second)
            if self._seconds == PUBLISH_AT:
                self._publish()
            self._misfortune(active)
            self._second()
            if self._recovered_at is None and self._seconds > outage_ends and not self._waiting():
                self._recovered_at = self._seconds - outage_ends
            if self._seconds > STEPS_MAX:
                break
        finished = self._seconds
        self._next_day()
        self._registry.notes.flush()
        return self._outcome(finished)

    def _sales(self, per_second: float) -> None:
        self._owed += per_second
        while self._owed >= 1:
            self._scan()
            self._owed -= 1

    def _next_day(self) -> None:
        """Every phone asks once a day of itself: what Apple took and lost comes to light."""
        self._now += DAY
        self._seconds += int(DAY.total_seconds())
        self._fleet.poll_all(self._seconds)
        while not self._is_done() and self._seconds < STEPS_MAX + DAY.total_seconds():
            self._second()

    def _second(self) -> None:
        """One second of the simulated clock: both lanes as far as they come, then the phones."""
        for client, lane in zip(self._clients, (SCANS, EVERYTHING), strict=True):
            while deliver_apple(self.database, client, lambda: self._now, self._hold, lane):
                pass
        self._fleet.work(self._seconds)
        self._seconds += 1
        self._now += timedelta(seconds=1)
        if self._seconds == CALM_SECONDS // 2:
            self._now -= timedelta(seconds=3)  # the clock of the machine is put right

    def _mood(self) -> Fault | None:
        minute = (self._seconds - CALM_SECONDS) * len(OUTAGE) // OUTAGE_SECONDS
        if 0 <= minute < len(OUTAGE):
            return OUTAGE[minute]
        if self._random.random() < TOO_MANY_SHARE:
            return Fault(429, "TooManyRequests")
        return None

    def _misfortune(self, active: int) -> None:
        """Every few seconds a phone gets another token, and now and then one is wiped."""
        if self._seconds >= active or self._seconds % 5:
            return
        phone = self._random.choice(list(self._fleet.phones.values()))
        if phone.is_wiped:
            return
        if self._seconds % 30 or self._seconds >= PUBLISH_AT:
            self._apns.retire_token(self._fleet.rotate(phone), at_ms=self._milliseconds())
        else:
            phone.is_wiped = True
            self._apns.retire_token(phone.push_token, at_ms=self._milliseconds())

    def _milliseconds(self) -> int:
        return int(self._now.timestamp() * 1000)

    def _on_push(self, token: str) -> None:
        self._fleet.push(token, self._seconds)

    def _scan(self) -> None:
        number = next(self._numbers)
        member_id = self._random.choice(self._members)
        facts = PurchaseFacts("till", f"b{number}", "store", 1000 + number % 900, "EUR")
        began = time.perf_counter()
        with self.database.transaction() as session:
            view = program_view(session, self._program_id)
            member = member_with_id(session, self._program_id, member_id)
            assert member is not None
            record_purchase(session, view, member, facts, TILL, self._now)
        cost = (time.perf_counter() - began) * 1000
        in_outage = CALM_SECONDS <= self._seconds < CALM_SECONDS + OUTAGE_SECONDS
        (self._costs.outage if in_outage else self._costs.calm).append(cost)

    def _publish(self) -> None:
        """In the middle of the outage."""
        with self.database.transaction() as session:
            view = program_view(session, self._program_id)
            document = {**view.design, "background": "#123456"}
            publish_design(session, self._program_id, document, "system", self._now)
            design_id = program_view(session, self._program_id).design_id
        payload = {"program_id": self._program_id, "design_id": design_id}
        refresh_cards_job(self.database, payload, self._now)

    def _furnish(self, phones: int) -> None:
        with self.database.transaction() as session:
            self._program_id = create_program(session, PROGRAM, self._now).id
        for start in range(0, phones, 200):
            with self.database.transaction() as session:
                view = program_view(session, self._program_id)
                for index in range(start, min(start + 200, phones)):
                    who = Enrolment(email=f"m{index}@exemple.test")
                    member = enrol(session, view, who, TILL, self._now)
                    issue_pass(session, view, member, "apple", self._now)
                    self._members.append(member.id)
        with self.database.reading() as session:
            rows = session.execute(select(WalletPass.serial, WalletPass.auth_token)).all()
        for serial, token in rows:
            self._fleet.install(serial, token, b"", self._now)

    def _is_done(self) -> bool:
        return self._fleet.is_idle and not self._waiting()

    def _waiting(self) -> int:
        query = select(func.count()).where(WalletPass.wanted_version > WalletPass.delivered_version)
        with self.database.reading() as session:
            return int(session.scalar(query) or 0)

    def _outcome(self, finished: int) -> Outcome:
        living = [one for one in self._fleet.phones.values() if not one.is_wiped]
        with self.database.reading() as session:
            wanted = dict(session.execute(select(WalletPass.serial, WalletPass.modified_at)).all())
            changes = int(session.scalar(select(func.count()).select_from(Delivery)) or 0)
            registered = int(session.scalar(select(func.count()).select_from(Registration)) or 0)
            calm_until = self._started + timedelta(seconds=CALM_SECONDS - 5)
            calm = session.execute(
                select(Delivery.wanted_at, Delivery.pushed_at).where(
                    Delivery.wanted_at < calm_until, Delivery.pushed_at.is_not(None)
                )
            ).all()
        lags = [(pushed - sold).total_seconds() for sold, pushed in calm if pushed]
        return Outcome(
            phones=len(self._fleet.phones),
            changes=changes,
            pushes=self._moods.requests,
            untrue=sum(not self._is_true(phone, wanted[phone.serial]) for phone in living),
            left_registered=registered - len(living),
            unchanged=self._fleet.unchanged,
            problems=self._fleet.problems + self._misread(living),
            calm_lag=statistics.median(lags) if lags else 0.0,
            cost_calm_ms=statistics.median(self._costs.calm),
            cost_outage_ms=statistics.median(self._costs.outage),
            recovered_seconds=self._recovered_at,
            waiting=self._waiting(),
            seconds=finished,
            wrong_clocks=sum(bool(phone.clock_off) for phone in living),
        )

    def _is_true(self, phone: FleetPhone, modified: datetime) -> bool:
        """The phone shows the version that the row has."""
        return phone.held == http_date(modified)

    def _misread(self, living: list[FleetPhone]) -> list[str]:
        """Of a sample of phones, what they show against what the service would sign now."""
        problems = []
        for phone in self._random.sample(living, min(SAMPLE, len(living))):
            stored = self._registry.find(phone.serial)
            wanted = _said(b"".join(self._maker.build(stored))) if stored else None
            if wanted is None or _said(phone.data) != wanted:
                problems.append("a phone shows another card than the newest")
        return problems

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], body: object | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = self._web.open(f"/apple{path}", method=method, headers=dict(headers), json=body)
        return sent.status_code, dict(sent.headers), sent.data


def _parts(settings: Settings, database: Database) -> Parts:
    """As in production, but with development identities whatever the environment says."""
    certs = settings.data_dir / "certs"
    identity = make_development_identity(certs)
    keeper = IdentityKeeper(lambda: identity, lambda: 0)
    return Parts(settings, database, keeper, make_development_account(certs), lambda: None)


def _web(registry: Registry, maker: PassMaker, pass_type: str) -> FlaskClient:
    app = Flask("fleet")
    service = apple_web_service(registry, maker.build, pass_type)
    app.register_blueprint(service, url_prefix="/apple")
    return app.test_client()


def _said(data: bytes) -> Any:
    """The pass.json of a package without the sentence of its change, which leaves but once; nothing
    where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return json.loads(package.read("pass.json"), object_hook=_silenced)
    except (zipfile.BadZipFile, KeyError):
        return None


def _silenced(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "changeMessage"}


@click.command("fleet")
@click.option("--phones", default=1000, show_default=True, type=click.IntRange(10, 100_000))
@click.option(
    "--scans", default=2.0, show_default=True, help="Sales a second of the simulated clock."
)
@click.option("--seed", default=1, show_default=True, help="Of the misfortunes.")
@click.option("--database-url", default="", help="An empty database instead of SQLite in a folder.")
@one_line
def fleet_command(phones: int, scans: float, seed: int, database_url: str) -> None:
    """Try delivery with thousands of iPhones: calm, five minutes without Apple, a new design for all,
    phones that are wiped, tokens that change and clocks that are wrong. In a folder of its own, which
    is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        click.echo(f"Giving {phones} members a card on an iPhone …", err=True)
        trial = Trial(Path(folder), phones, database_url, seed)
        try:
            click.echo("Ten minutes and a day of the simulated clock …", err=True)
            found = trial.run(scans)
        finally:
            trial.close()
    for line in spoken(found):
        click.echo(line)
    if not found.is_good:
        raise click.ClickException("not every phone ended as it should")


def spoken(found: Outcome) -> list[str]:
    """An outcome in lines."""
    return [
        f"phones              {found.phones}, of which untrue {found.untrue}",
        f"with a wrong clock  {found.wrong_clocks}",
        f"changes             {found.changes}, pushes for each {found.pushes_per_change:.3f}",
        f"gone but registered {found.left_registered}",
        f"asked for nothing   {found.unchanged}",
        f"sale to push, calm  {found.calm_lag:.1f} s at the median",
        f"a sale costs        {found.cost_calm_ms:.1f} ms, during the outage {found.cost_outage_ms:.1f} ms",
        f"all told again      {found.recovered_seconds} s after Apple came back",
        *(f"problem             {text}" for text in sorted(set(found.problems))[:10]),
    ]
