"""Thousands of iPhones with what goes wrong in life: pushes that are lost or come twice, tokens that
change, phones that are wiped, clocks that are wrong. Each does what PassKit does and keeps only what it has to."""

from __future__ import annotations

import heapq
import json
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.http import http_date

from passes.simulate.faults import Fault, Faults

# (method, path, headers, JSON body or nothing) → (status, headers, body)
Call = Callable[[str, str, Mapping[str, str], object | None], tuple[int, Mapping[str, str], bytes]]

LOST_SHARE = 0.01  # pushes that Apple takes and the phone never gets
TWICE_SHARE = 0.02
WRONG_CLOCK_SHARE = 0.1
WRONG_CLOCKS_SECONDS = (-86_400, -90, 5, 90, 600, 86_400)
NETWORK_SECONDS = (0.2, 3.0)  # from Apple's answer to the phone's first question
TRIES_MAX = 5
RETRY_SECONDS = 30.0


@dataclass(slots=True)
class FleetPhone:
    """One phone with one pass. `held` is the Last-Modified of what it shows, `data` the file.

    A pass that did not come from the web service has no such time: the phone takes that of its own
    clock, which is `clock_off` seconds ahead of the true one.
    """

    device: str
    push_token: str
    serial: str
    auth_token: str
    tag: str = ""
    held: str = ""
    data: bytes = b""
    clock_off: int = 0
    is_wiped: bool = False
    missed: bool = False


class Fleet:
    """Phones that follow the web service of one pass type. Times are seconds of the caller's clock;
    nothing happens but in `work`."""

    def __init__(self, call: Call, pass_type: str, seed: int = 1) -> None:
        self._call, self._pass_type = call, pass_type
        self._random = random.Random(seed)  # noqa: S311  a script, not a secret
        self._due: list[tuple[float, int, str, int]] = []
        self._counter = 0
        self.phones: dict[str, FleetPhone] = {}  # by serial number
        self._by_token: dict[str, FleetPhone] = {}
        self.problems: list[str] = []
        self.unchanged = 0
        self.calls = 0

    def install(self, serial: str, auth_token: str, data: bytes, now: datetime) -> FleetPhone:
        """A new phone takes a pass from a web page and registers."""
        phone = FleetPhone(secrets.token_hex(16), secrets.token_hex(32), serial, auth_token)
        if self._random.random() < WRONG_CLOCK_SHARE:
            phone.clock_off = self._random.choice(WRONG_CLOCKS_SECONDS)
        phone.data, phone.held = data, http_date(now + timedelta(seconds=phone.clock_off))
        self.phones[serial] = phone
        self._by_token[phone.push_token] = phone
        self._register(phone, 201)
        return phone

    def push(self, token: str, now: float) -> None:
        """Apple took a push for this token."""
        phone = self._by_token.get(token)
        if phone is None or phone.is_wiped:
            return
        chance = self._random.random()
        if chance < LOST_SHARE:
            phone.missed = True
            return
        for _ in range(2 if chance < LOST_SHARE + TWICE_SHARE else 1):
            self._later(now + self._random.uniform(*NETWORK_SECONDS), phone.serial)

    def rotate(self, phone: FleetPhone) -> str:
        """The phone gets another push token and registers with it; the old token."""
        old, phone.push_token = phone.push_token, secrets.token_hex(32)
        self._by_token.pop(old, None)
        self._by_token[phone.push_token] = phone
        self._register(phone, 200)
        return old

    def poll_all(self, now: float) -> None:
        """The daily question of every phone, push or no push."""
        for phone in self.phones.values():
            if not phone.is_wiped:
                self._later(now, phone.serial)

    def work(self, now: float) -> int:
        """Do what is due; how much that was."""
        done = 0
        while self._due and self._due[0][0] <= now:
            _, _, serial, tries = heapq.heappop(self._due)
            self._update(self.phones[serial], now, tries)
            done += 1
        return done

    @property
    def is_idle(self) -> bool:
        """Whether no phone has anything to do."""
        return not self._due

    def _later(self, at: float, serial: str, tries: int = 0) -> None:
        self._counter += 1
        heapq.heappush(self._due, (at, self._counter, serial, tries))

    def _register(self, phone: FleetPhone, expected: int) -> None:
        path = f"/v1/devices/{phone.device}/registrations/{self._pass_type}/{phone.serial}"
        status, _, _ = self._ask("POST", path, _holder(phone), {"pushToken": phone.push_token})
        if status != expected:
            self.problems.append(f"register: {status} instead of {expected}")

    def _update(self, phone: FleetPhone, now: float, tries: int) -> None:
        path = f"/v1/devices/{phone.device}/registrations/{self._pass_type}"
        query = f"?passesUpdatedSince={phone.tag}" if phone.tag else ""
        status, _, body = self._ask("GET", path + query, {}, None)
        if status == 204:
            return
        if status != 200:
            self._failed(phone, now, tries, f"list: {status}")
            return
        listing = json.loads(body)
        if phone.serial in listing["serialNumbers"] and not self._fetch(phone):
            self._failed(phone, now, tries, "fetch failed")
            return
        if listing["lastUpdated"] == phone.tag:
            self.problems.append("list: the tag stayed the same")
        phone.tag = listing["lastUpdated"]

    def _fetch(self, phone: FleetPhone) -> bool:
        headers = {**_holder(phone), "If-Modified-Since": phone.held}
        path = f"/v1/passes/{self._pass_type}/{phone.serial}"
        status, answered, body = self._ask("GET", path, headers, None)
        if status == 304:
            self.unchanged += 1
            return True
        if status != 200:
            self.problems.append(f"fetch: {status}")
            return False
        if answered["Last-Modified"] == phone.held:
            self.problems.append("fetch: Last-Modified stayed the same")
        phone.held, phone.data, phone.missed = answered["Last-Modified"], body, False
        return True

    def _failed(self, phone: FleetPhone, now: float, tries: int, problem: str) -> None:
        if tries < TRIES_MAX:
            self._later(now + RETRY_SECONDS * 2**tries, phone.serial, tries + 1)
        else:
            self.problems.append(problem)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: object | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.calls += 1
        return self._call(method, path, headers, body)


class Moods(Faults):
    """What Apple's service does wrong by the time of day: `mood(now)` gives the fault of one request."""

    def __init__(self, mood: Callable[[], Fault | None]) -> None:
        super().__init__()
        self._mood = mood
        self.requests = 0

    def take(self, method: str = "") -> Fault | None:
        """The fault for the request that has just come; counts the request."""
        self.requests += 1
        return self._mood()


def _holder(phone: FleetPhone) -> dict[str, str]:
    return {"Authorization": f"ApplePass {phone.auth_token}"}
