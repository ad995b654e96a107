"""`POST /api/v1/purchases` with all checks against a bare Flask route that runs the minimal transaction: the same
server, threads and database; one client, and 32 at once."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.benchmarks.bench_accrual import MEMBERS, TILL
from tests.benchmarks.databases import ENGINES, SECRET, fresh_database
from tests.benchmarks.report import Case, measure
from wallet.actions.api_access import create_key
from wallet.actions.create_program import create_program
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.program_view import program_view
from wallet.commands.serve import SERVER_THREADS
from wallet.db import Database
from wallet.ids import public_id

CLIENTS = 32
ITEMS = 96
RUNS = 7
STARTS_SECONDS_MAX = 60
TARGET = "≤ 2.22 (45 % of its rate)"
_CREATED = 201


class Client:
    """One kept connection that sends sales; how long each took is kept."""

    def __init__(
        self, port: int, path: str, key: str, members: list[str], numbers: count[int]
    ) -> None:
        self.took: list[float] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._path, self._key = path, key
        self._members, self._numbers = members, numbers

    def send(self) -> None:
        """One sale of one of the members."""
        number = next(self._numbers)
        body = {
            "member": {"id": self._members[number % len(self._members)]},
            "source": "shop",
            "external_id": f"h{number}",
            "channel": "online",
            "amount_minor": 450 + number % 900,
            "currency": "EUR",
        }
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Idempotency-Key": f"h{number}",
            "Content-Type": "application/json",
        }
        started = time.perf_counter()
        self._connection.request("POST", self._path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        said = answer.read()
        self.took.append(time.perf_counter() - started)
        assert answer.status == _CREATED, said


def run() -> None:
    """Both databases."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is not None:
                _on(engine, database)


def _on(engine: str, database: Database) -> None:
    key, members = _shop(database)
    numbers = count()
    with (
        _served("product", database.url) as ours,
        _served("bare", database.url) as theirs,
    ):
        whole = [Client(ours, "/api/v1/purchases", key, members, numbers) for _ in range(CLIENTS)]
        least = [Client(theirs, "/purchases", key, members, numbers) for _ in range(CLIENTS)]
        said = "bare Flask route with the minimal transaction"
        for clients in (1, CLIENTS):
            work, base = _together(whole[:clients]), _together(least[:clients])
            work(), base()  # connections open, statements prepared
            for each in whole:
                each.took.clear()
            name = f"{engine}, {clients} client{'s' if clients > 1 else ''}"
            measure(Case("http", name, "µs per request", work, said, base, TARGET), RUNS)
        _spread(engine, [took for each in whole for took in each.took])


def _spread(engine: str, took: list[float]) -> None:
    middle, late = statistics.median(took), statistics.quantiles(took, n=100)[98]
    line = {
        "bench": "http",
        "case": f"{engine}, {CLIENTS} clients, slowest of a hundred",
        "unit": "ms",
        "value": round(late * 1e3, 1),
        "baseline": round(middle * 1e3, 1),
        "baseline_is": "the median of the same requests",
        "ratio": round(late / middle, 2),
        "target": "≤ 3",
        "runs": len(took),
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _shop(database: Database) -> tuple[str, list[str]]:
    """A program like the demo's, a shop's key, and members with a card."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        program = program_view(session, create_program(session, PROGRAM, now).id)
        members = []
        for index in range(MEMBERS):
            member = enrol(session, program, Enrolment(email=f"m{index}@exemple.test"), TILL, now)
            issue_pass(session, program, member, "apple", now)
            members.append(public_id("mbr", member.id))
        return create_key(session, program.id, "shop", "bench", now), members


def _together(clients: list[Client]) -> Callable[[], int]:
    """Each client sends its share, all at once."""

    def _share(client: Client) -> None:
        for _ in range(ITEMS // len(clients)):
            client.send()

    def _run() -> int:
        threads = [threading.Thread(target=_share, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ITEMS // len(clients) * len(clients)

    return _run


@contextmanager
def _served(which: str, url: str) -> Iterator[int]:
    """The application on a port of its own, in one process with the product's threads."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = int(made.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        ours = {
            "COMPTOIR_DATABASE_URL": url,
            "COMPTOIR_DATA_DIR": folder,
            "COMPTOIR_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "COMPTOIR_SECRET_KEY": SECRET,
        }
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws"]
        command += ["--port", str(port), "--blocking-threads", str(SERVER_THREADS)]
        command += [f"tests.benchmarks.http_apps:{which}"]
        with log.open("wb") as words:
            server = subprocess.Popen(
                command, env={**os.environ, **ours}, stdout=words, stderr=words
            )
        try:
            _wait_for(port, server, log)
            yield port
        finally:
            server.terminate()
            server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_SECONDS_MAX
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
