"""The whole service on free ports: web server, worker, simulators; and people who use it over HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx2
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import create_app
from passes.google.identity import DEVELOPMENT_ISSUER_ID
from passes.simulate.server import Place, Simulators
from tests.factories import OTHER_PROGRAM, PASSWORD, SECRET_KEY, Counter, new_program
from tests.fakes.http import POLL_SECONDS as STOP_POLL_SECONDS
from tests.fakes.http import Quiet, closing
from wallet import clock
from wallet.actions.api_access import create_key
from wallet.actions.load_demo import PROGRAM
from wallet.actions.staff_access import NewStaff, create_staff
from wallet.config import ROOT, Settings
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.parts import Parts, apple_keeper, google_identity, make_database
from wallet.waker import make_huey, nudge_task
from wallet.web.wiring import wiring
from wallet.worker import Worker

T = TypeVar("T")

COMPTOIR = str(Path(sys.executable).with_name("comptoir"))
HTTP_SECONDS_MAX = 30.0  # the first pass of a program is drawn while somebody waits
STARTS_SECONDS_MAX = 180.0  # two cores shared by many
STOPS_SECONDS_MAX = 20.0
# A phone that is not right by then is wrong; how soon it is right is measured elsewhere.
FOLLOWS_SECONDS_MAX = 60.0
POLL_SECONDS = 0.03
ROLES = ("owner", "manager", "marketer", "cashier")

_numbers = count(1)


def eventually(read: Callable[[], T], wanted: T, seconds: float = FOLLOWS_SECONDS_MAX) -> None:
    """Read again and again until it is what is wanted; what it was instead when time is up."""
    deadline = time.monotonic() + seconds
    while (found := read()) != wanted:
        assert time.monotonic() < deadline, f"still {found!r}, not {wanted!r}"
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Held:
    """One member's card on both simulated phones, by the ids that the phones gave."""

    iphone: str
    android: str


@dataclass
class Visitor:
    """A browser without scripts: keeps cookies, sends forms with the token of the page it stands on."""

    http: httpx2.Client
    csrf: str = ""

    def page(self, path: str) -> str:
        """A page's text; its token is kept for what is sent next."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        token = re.search(r'name="csrf[_-]token" (?:value|content)="([^"]+)"', answer.text)
        self.csrf = token[1] if token else self.csrf
        return answer.text

    def send(self, path: str, form: Mapping[str, str]) -> httpx2.Response:
        """A form of the page last looked at."""
        return self.http.post(path, data={**form, "csrf_token": self.csrf})

    def join(self, slug: str, contact: str, name: str = "", **form: str) -> str:
        """Become a member; the address of the card."""
        self.page(f"/p/{slug}/join")
        answer = self.send(f"/p/{slug}/join", {"contact": contact, "name": name, **form})
        assert answer.status_code == 303, answer.text
        return str(httpx2.URL(str(answer.url)).join(answer.headers["Location"]))

    def sign_in(self, role: str) -> None:
        """Go to the till as this member of the staff."""
        self.page("/staff/sign-in")
        form = {"email": f"{role}@exemple.test", "password": PASSWORD, "next": "/till/"}
        answer = self.send("/staff/sign-in", form)
        assert answer.headers.get("Location") == "/till/", answer.text
        self.page("/till/")

    def till(self, verb: str, **body: Any) -> httpx2.Response:
        """What the till's page sends."""
        return self.http.post(f"/till/api/{verb}", json=body, headers={"X-CSRFToken": self.csrf})


class Phones:
    """Both simulated phones, as their page sees and presses them: through the service."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def add(self, card_url: str) -> Held:
        """Put a card on both."""
        answer = self._http.post(
            "/simulate/api/add", json={"card": card_url}, headers={"X-Comptoir-Simulator": "1"}
        )
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert "problem" not in told["iphone"] | told["android"], told
        held = Held(told["iphone"]["id"], told["android"]["id"])
        # Registering follows in the background; only a registered phone is told of changes.
        eventually(lambda: self._card("iphone", held.iphone)["registered"], wanted=True)
        return held

    def balances(self, held: Held) -> tuple[str, str]:
        """What the card says on (iPhone, Android)."""
        return self.iphone(held), self.android(held)

    def iphone(self, held: Held) -> str:
        """The balance on the iPhone."""
        shown = self._card("iphone", held.iphone)["face"]
        return str(next(part["value"] for part in shown["header"] if part["key"] == "balance"))

    def android(self, held: Held) -> str:
        """The balance on the Android phone."""
        return str(self._card("android", held.android)["face"]["points"][0]["value"])

    def follow(self, held: Held, points: int, seconds: float = FOLLOWS_SECONDS_MAX) -> None:
        """Wait until both show this balance."""
        eventually(lambda: self.balances(held), (str(points), str(points)), seconds)

    def problems(self) -> list[str]:
        """What the phones had to complain of."""
        state = self._state()
        lines = [*state["iphone"]["lines"], *state["android"]["lines"]]
        return [str(line) for line in lines if not line.get("good", True)]

    def _card(self, phone: str, identifier: str) -> dict[str, Any]:
        cards = self._state()[phone]["cards"]
        found: dict[str, Any] = next(card for card in cards if card["id"] == identifier)
        return found

    def _state(self) -> dict[str, Any]:
        answer = self._http.get("/simulate/api/state")
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state


@dataclass
class Service:
    """A running installation with two small programs, their staff and their shops' keys."""

    url: str
    settings: Settings
    database: Database
    counter: Counter
    other: Counter
    keys: dict[str, str]
    simulators: Simulators
    log: Path
    _exit: ExitStack = field(repr=False)

    @property
    def phones(self) -> Phones:
        """The simulated phones behind this service."""
        return Phones(self.client())

    def client(self, **headers: str) -> httpx2.Client:
        """A connection that follows no redirects."""
        return self._exit.enter_context(
            httpx2.Client(
                base_url=self.url, headers=headers, timeout=HTTP_SECONDS_MAX, trust_env=False
            )
        )

    def visitor(self, language: str = "fr") -> Visitor:
        """Somebody new."""
        return Visitor(self.client(**{"Accept-Language": language}))

    def shop(self, slug: str = "demo") -> httpx2.Client:
        """The program's web shop."""
        return self.client(Authorization=f"Bearer {self.keys[slug]}")

    def new_contact(self) -> str:
        """An e-mail address that nobody has."""
        return f"shopper-{next(_numbers)}@exemple.test"

    def worker(self, *command: str) -> subprocess.Popen[bytes]:
        """`comptoir worker`, or another program in its place; ended with the service at the latest."""
        return self._exit.enter_context(
            _child(command or (COMPTOIR, "worker"), self.settings, self.log)
        )

    def wait_for_worker(self) -> None:
        """Until a worker has shown itself and Google has the programs' classes."""
        eventually(self._has_worker, wanted=True, seconds=STARTS_SECONDS_MAX)

    def _has_worker(self) -> bool:
        checks = self.client().get("/readyz").json()["checks"]
        found = self.simulators.google.store.page("loyaltyClass", DEVELOPMENT_ISSUER_ID, 100, "")
        classes = [str(one["id"]) for one in found["resources"]]
        starts = [f"{DEVELOPMENT_ISSUER_ID}.comptoir_{slug}." for slug in self.keys]
        known = all(any(one.startswith(start) for one in classes) for start in starts)
        return bool(checks["worker"]) and known

    def carrying(self, code: str) -> str:
        """The balance of who carries this code, as the ledger's own tables have it."""
        found = self.shop().get("/api/v1/members", params={"code": code}).json()["data"]
        return str(found[0]["balances"]["points"]["available"])


@contextmanager
def running(
    database_url: str,
    folder: Path,
    *,
    web: Literal["thread", "process"] = "thread",
    worker: Literal["thread", "process"] | None = "thread",
    **more: Any,
) -> Iterator[Service]:
    """Start everything over a migrated database and stop it at the end.

    Web server and worker each run in this process (quick to start) or as `comptoir serve` and
    `comptoir worker`; `more` are settings.
    """
    with ExitStack() as stack:
        socket_ = stack.enter_context(_listening())
        url = f"http://127.0.0.1:{socket_.getsockname()[1]}"
        simulators = stack.enter_context(Simulators(Place(folder, url, url)).start())
        settings = Settings.read(
            data_dir=folder,
            database_url=database_url,
            public_url=url,
            secret_key=SECRET_KEY,
            simulator_url=simulators.url,
            apns_url=simulators.apns.url,
            **more,
        )
        context = Context(Vault(SECRET_KEY), url)
        database = Database(database_url, info={"context": context})
        stack.callback(database.dispose)
        service = _furnished(url, settings, database, simulators, folder / "log", stack)
        if worker == "process":
            service.worker()
        elif worker == "thread":
            stack.enter_context(_working(settings))
        if web == "thread":
            stack.enter_context(_served(create_app(settings), socket_))
        else:
            port = str(socket_.getsockname()[1])
            socket_.close()
            serve = (COMPTOIR, "serve", "--port", port)
            stack.enter_context(_child(serve, settings, service.log))
            _wait_until_up(service)
        if worker:
            service.wait_for_worker()
        yield service


@contextmanager
def from_nothing(database_url: str, folder: Path) -> Iterator[tuple[str, Database]]:
    """An installation over a migrated database in which nobody has made a program yet: its address
    and its database."""
    with ExitStack() as stack:
        socket_ = stack.enter_context(_listening())
        url = f"http://127.0.0.1:{socket_.getsockname()[1]}"
        simulators = stack.enter_context(Simulators(Place(folder, url, url)).start())
        settings = Settings.read(
            data_dir=folder,
            database_url=database_url,
            public_url=url,
            secret_key=SECRET_KEY,
            simulator_url=simulators.url,
            apns_url=simulators.apns.url,
        )
        database = Database(database_url, info={"context": Context(Vault(SECRET_KEY), url)})
        stack.callback(database.dispose)
        stack.enter_context(_working(settings))
        stack.enter_context(_served(create_app(settings), socket_))
        yield url, database


def environment(settings: Settings) -> dict[str, str]:
    """These settings as a process of the service reads them, and nothing of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPTOIR_")}
    said = settings.model_dump(exclude_defaults=True)
    ours = {f"COMPTOIR_{name.upper()}": str(value) for name, value in said.items()}
    return {**kept, **ours, "PYTHONUNBUFFERED": "1"}


def _furnished(
    url: str,
    settings: Settings,
    database: Database,
    simulators: Simulators,
    log: Path,
    stack: ExitStack,
) -> Service:
    now = clock.now()
    cafe = Counter(database, new_program(database, PROGRAM, now - timedelta(days=400)), now)
    sillage = Counter(
        database, new_program(database, OTHER_PROGRAM, now - timedelta(days=400)), now
    )
    keys = database.run(lambda session: _people(session, cafe, sillage, now))
    return Service(url, settings, database, cafe, sillage, keys, simulators, log, stack)


def _people(session: Session, cafe: Counter, sillage: Counter, now: datetime) -> dict[str, str]:
    store_id = cafe.program.stores[0].id
    for role in ROLES:
        person = NewStaff(
            f"{role}@exemple.test", role.capitalize(), role, PASSWORD, store_id=store_id
        )
        create_staff(session, cafe.program.id, person, now)
    return {
        counter.program.slug: create_key(session, counter.program.id, "shop", "web shop", now)
        for counter in (cafe, sillage)
    }


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A port of our own: its number goes into addresses before the server is made."""
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", 0))
        made.listen(128)
        yield made


@contextmanager
def _served(app: Flask, listening: socket.socket) -> Iterator[None]:
    server = make_server(
        "127.0.0.1", 0, closing(app), threaded=True, request_handler=Quiet, fd=listening.fileno()
    )
    thread = threading.Thread(target=server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        with app.app_context():
            wiring().database.dispose()


@contextmanager
def _working(settings: Settings) -> Iterator[None]:
    """The worker, woken through the configured carrier as `comptoir worker` is."""
    parts = Parts(
        settings,
        make_database(settings),
        apple_keeper(settings),
        google_identity(settings),
        lambda: None,
    )
    worker, huey, closing = Worker(parts), make_huey(settings), threading.Event()
    nudge_task(huey, worker.wake)

    def carry() -> None:
        while not closing.wait(POLL_SECONDS):
            while task := huey.dequeue():
                huey.execute(task)
        huey.storage.close()  # here: each thread has a connection of its own

    thread = threading.Thread(target=carry, name="nudges", daemon=True)
    worker.start()
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()
        worker.stop()
        parts.database.dispose()


@contextmanager
def _child(
    command: Sequence[str], settings: Settings, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service; what it says goes to `log`."""
    with log.open("ab") as words:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment(settings), stdout=words, stderr=words
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        try:
            child.wait(STOPS_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_up(service: Service) -> None:
    deadline = time.monotonic() + STARTS_SECONDS_MAX
    while True:
        try:
            if service.client().get("/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            assert time.monotonic() < deadline, service.log.read_text()
            time.sleep(POLL_SECONDS)


def card_token(card_url: str) -> str:
    """The secret word of a card's address."""
    return card_url.rpartition("/")[2]
