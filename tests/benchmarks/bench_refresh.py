"""A new design for 100,000 cards, and scans meanwhile: how long their pushes take, from the sale to
Apple's answer.

The worker runs as `comptoir worker`, the push service in a process of its own (see bench_push), and
nothing slows the refresh down on purpose (COMPTOIR_REFRESH_PER_SECOND=0).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from passes.apple.identity import make_development_identity
from tests.benchmarks.bench_push import push_service
from tests.benchmarks.databases import ENGINES, fresh_database
from wallet.actions.actor import Actor
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.actions.publish_design import publish_design
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.upgrade_database import upgrade_database
from wallet.config import Settings
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.ids import new_id
from wallet.tables.delivery import Delivery
from wallet.tables.member import Member, member_with_id
from wallet.tables.wallet_pass import Device, Registration, WalletPass
from wallet.waker import Waker, make_huey

CARDS = int(os.environ.get("BENCH_CARDS", "100000"))
SHOPPERS = 40  # who scan while it goes on
IDLE_SCANS = 40
SCAN_EVERY_SECONDS = 0.25
LIMIT_MS = 2000.0  # what a scan's push may take during the refresh
IDLE_LIMIT_MS = 150.0
ENDS_SECONDS_MAX = 1800.0
STARTS_SECONDS_MAX = 120.0
CHUNK = 5000
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-bench"
TILL = Actor("staff:1", "cashier", "store")


def run() -> None:
    """On both databases; PostgreSQL is passed over, and said so, where it cannot be had."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is None:
                continue
            url = database.engine.url.render_as_string(hide_password=False)
            database.dispose()
            _on(engine, url)


def _on(engine: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_development_identity(folder / "certs")
        with push_service(folder / "certs") as apns:
            settings = settings_of(folder, url, apns)
            shop = Shop(settings)
            with working(settings):
                shop.wait_for_worker()
                _measure(shop, engine)
            shop.close()


def settings_of(folder: Path, url: str, apns: str, per_second: float = 0) -> Settings:
    """An installation whose refreshes go as fast as they can, or as many a second."""
    return Settings.read(
        data_dir=folder,
        database_url=url,
        secret_key=SECRET,
        apns_url=apns,
        refresh_per_second=per_second,
        simulator_url="http://127.0.0.1:9",  # nobody: Google's side is not measured here
    )


class Shop:
    """A program with many cards and a few shoppers."""

    def __init__(self, settings: Settings) -> None:
        context = Context(Vault(SECRET), settings.public_url)
        self.database = Database(settings.database, info={"context": context})
        upgrade_database(self.database)
        now = datetime.now(UTC)
        with self.database.transaction() as session:
            program = program_view(session, create_program(session, PROGRAM, now).id)
            self.program_id = program.id
            self.shoppers = []
            for index in range(SHOPPERS):
                contact = Enrolment(email=f"m{index}@exemple.test")
                member = enrol(session, program, contact, TILL, now)
                held = issue_pass(session, program, member, "apple", now)
                self._phone(session, held.id, index, now)
                self.shoppers.append((member.id, held.id))
        for start in range(SHOPPERS, CARDS, CHUNK):
            self._crowd(start, min(start + CHUNK, CARDS), now)
        self.waker = Waker(make_huey(settings))
        self._numbers = iter(range(10**9))

    def close(self) -> None:
        """Give everything back."""
        self.waker.close()
        self.database.dispose()

    def scan(self) -> int:
        """A sale; the pass that changed."""
        number = next(self._numbers)
        member_id, pass_id = self.shoppers[number % SHOPPERS]
        facts = PurchaseFacts("till", f"b{number}", "store", 450 + number % 900, "EUR")
        with self.database.transaction() as session:
            view = program_view(session, self.program_id)
            member = member_with_id(session, self.program_id, member_id)
            assert member is not None
            record_purchase(session, view, member, facts, TILL, datetime.now(UTC))
        self.waker.nudge()
        return pass_id

    def publish(self) -> int:
        """A new design; the id that later deliveries have at least."""
        with self.database.transaction() as session:
            design = dict(program_view(session, self.program_id).design)
            design["background"] = "#123456"
            publish_design(session, self.program_id, design, "system", datetime.now(UTC))
        self.waker.nudge()
        return new_id()

    def pushed(self, *, urgent: bool, since: datetime) -> list[float]:
        """Milliseconds from the change to Apple's answer, of deliveries wanted since then."""
        with self.database.reading() as session:
            rows = session.execute(
                select(Delivery.wanted_at, Delivery.pushed_at).where(
                    Delivery.is_urgent.is_(urgent),
                    Delivery.wanted_at >= since,
                    Delivery.pushed_at.is_not(None),
                )
            )
            return [(pushed - wanted).total_seconds() * 1000 for wanted, pushed in rows if pushed]

    def waiting(self) -> int:
        """Cards whose phones do not know yet."""
        with self.database.reading() as session:
            query = select(func.count()).where(
                WalletPass.wanted_version > WalletPass.delivered_version
            )
            return int(session.scalar(query) or 0)

    def wait_for_worker(self) -> None:
        """Until a first scan is pushed."""
        began = datetime.now(UTC)
        self.scan()
        deadline = time.monotonic() + STARTS_SECONDS_MAX
        while not self.pushed(urgent=True, since=began):
            assert time.monotonic() < deadline, "the worker does not push"
            time.sleep(0.2)

    def _phone(self, session: Any, pass_id: int, index: int, now: datetime) -> None:
        device = Device(
            id=new_id(),
            library_id=f"d{index}",
            push_token=f"{index:064x}",
            created_at=now,
            seen_at=now,
        )
        session.add(device)
        session.flush()
        session.add(
            Registration(
                device_id=device.id, wallet_pass_id=pass_id, created_at=now, renewed_at=now
            )
        )

    def _crowd(self, start: int, end: int, now: datetime) -> None:
        """Members with a card on a phone, as copies of the first one's rows."""
        with self.database.transaction() as session:
            member_id, pass_id = self.shoppers[0]
            member = _row(session, Member, member_id)
            held = _row(session, WalletPass, pass_id)
            rows: dict[Any, list[dict[str, Any]]] = {
                Member: [],
                WalletPass: [],
                Device: [],
                Registration: [],
            }
            for index in range(start, end):
                ids = [new_id() for _ in range(4)]
                rows[Member].append(
                    {**member, "id": ids[0], "number": f"X{index}", "code": f"X{index}"}
                )
                unlike = {"id": ids[1], "member_id": ids[0], "serial": f"serial-{index}"}
                rows[WalletPass].append({**held, **unlike})
                seen = {"created_at": now, "seen_at": now}
                phone = {"id": ids[2], "library_id": f"d{index}", "push_token": f"{index:064x}"}
                rows[Device].append({**phone, **seen})
                pair = {"id": ids[3], "device_id": ids[2], "wallet_pass_id": ids[1]}
                rows[Registration].append({**pair, "created_at": now, "renewed_at": now})
            for table, values in rows.items():
                session.execute(insert(table), values)


def _row(session: Any, table: Any, row_id: int) -> dict[str, Any]:
    found = session.execute(select(table.__table__).where(table.__table__.c.id == row_id)).one()
    return dict(found._mapping)


def _measure(shop: Shop, engine: str) -> None:
    began = datetime.now(UTC)
    for _ in range(IDLE_SCANS):
        shop.scan()
        time.sleep(SCAN_EVERY_SECONDS)
    time.sleep(1.0)
    idle = shop.pushed(urgent=True, since=began)
    _print(
        f"{engine}, idle: from the sale to Apple's answer, median",
        statistics.median(idle),
        IDLE_LIMIT_MS,
        idle,
    )

    began, started = datetime.now(UTC), time.monotonic()
    shop.publish()
    scans = 0
    time.sleep(1.0)
    while shop.waiting() and time.monotonic() - started < ENDS_SECONDS_MAX:
        shop.scan()
        scans += 1
        time.sleep(SCAN_EVERY_SECONDS)
    seconds = time.monotonic() - started
    time.sleep(1.0)
    busy = shop.pushed(urgent=True, since=began)
    name = f"{engine}, {CARDS} cards refreshed in {seconds:.0f} s with {scans} scans meanwhile: the slowest scan"
    _print(name, max(busy), LIMIT_MS, busy)
    _print(f"{engine}, the same: the scans' median", statistics.median(busy), LIMIT_MS, busy)
    told = len(shop.pushed(urgent=False, since=began))
    _print(
        f"{engine}, the same: cards announced, of all that changed",
        told,
        float(CARDS),
        [float(told)],
    )


def _print(case: str, value: float, limit: float, runs: Sequence[float]) -> None:
    line = {
        "bench": "refresh",
        "case": case,
        "unit": "ms",
        "value": round(value, 1),
        "baseline": limit,
        "baseline_is": "the limit",
        "ratio": round(value / limit, 3),
        "runs": len(runs),
        "min": round(min(runs), 1),
        "max": round(max(runs), 1),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """While `comptoir worker` runs."""
    names = ("data_dir", "secret_key", "apns_url", "refresh_per_second", "simulator_url")
    wanted = {f"COMPTOIR_{name.upper()}": str(getattr(settings, name)) for name in names}
    wanted["COMPTOIR_DATABASE_URL"] = settings.database
    command = [str(Path(sys.executable).with_name("comptoir")), "worker"]
    with tempfile.TemporaryFile() as log:
        worker = subprocess.Popen(command, env={**os.environ, **wanted}, stdout=log, stderr=log)
        killer = threading.Timer(ENDS_SECONDS_MAX * 2, worker.kill)
        killer.daemon = True
        killer.start()
        try:
            yield
        finally:
            killer.cancel()
            worker.terminate()
            worker.wait(30)
            log.seek(0)
            for text in log.read().decode().splitlines():
                if "google" not in text and "error" in text:
                    sys.stderr.write(text[:300] + "\n")
