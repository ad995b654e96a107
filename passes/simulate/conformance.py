"""Is this web service one that iPhones can live with: the whole protocol, step by step, strictly.

The phone that asks does not exist, so the server under test needs nothing but its own address. What
an iPhone would write to the server's log stands beside each failure, in PassKit's words.
"""

from __future__ import annotations

import contextlib
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx2

from passes.apple.probe import PROBE_LOG_LINE, probe_token
from passes.simulate.conformance_texts import SENTENCES
from passes.simulate.iphone_shelf import Held, OpenPass, PassRefused, Shelf
from passes.simulate.iphone_web import Fetched, Listing, PassKitClient, WebError

CHANGE_SECONDS_MAX = 30.0  # a worker that sleeps looks every second; slower is a fault
POLL_SECONDS = 0.25

State = Literal["ok", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `sentence` is English with `{holes}`; `log` is what a phone would log."""

    code: str
    state: State
    facts: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""

    @property
    def sentence(self) -> str:
        """What was found, as the key of its translations."""
        return SENTENCES[self.code][self.state]


class _Broken(Exception):
    """A step failed. `final`: the following ones make no sense."""

    def __init__(self, problem: str, log: str = "", *, final: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.log, self.final = problem, log, final


class Skipped(Exception):
    """A step could not be tried; the message says why."""


class Conformance:
    """One run against one pass. `change` makes the server change that pass, or waits for it; without
    it updates are not tried.

    `allow_http` is the iPhone's developer switch; `web_service_url` replaces the pass's own.
    """

    def __init__(
        self,
        open_pass: OpenPass,
        *,
        allow_http: bool = False,
        web_service_url: str = "",
        change: Callable[[], object] | None = None,
        change_seconds_max: float = CHANGE_SECONDS_MAX,
    ) -> None:
        self.device = uuid.uuid4().hex
        self._shelf = Shelf(open_pass, any_style=True)
        self._web = PassKitClient(self.device, allow_http=allow_http)
        self._url = web_service_url.rstrip("/")
        self._change = change
        self._patience = change_seconds_max
        self._token = probe_token()
        self._held: Held | None = None
        self._tag = ""

    def run(self, package: bytes) -> Iterator[Step]:
        """Every step in its order; it ends early where nothing more can be told."""
        try:
            for code, attempt in self._steps(package):
                step = _tried(code, attempt)
                yield step
                if step.state == "fail" and step.facts.get("final"):
                    return
        finally:
            self._clean()

    def _steps(self, package: bytes) -> list[tuple[str, Callable[[], Mapping[str, Any]]]]:
        return [
            ("opens", lambda: self._opens(package)),
            ("address", self._address),
            ("reachable", self._reachable),
            ("wrong_token", self._wrong_token),
            ("unknown_serial", self._unknown_serial),
            ("registers", self._registers),
            ("registers_again", self._registers_again),
            ("garbage", self._garbage),
            ("lists", self._lists),
            ("nothing_new", self._nothing_new),
            ("fetches", self._fetches),
            ("not_modified", self._not_modified),
            ("guards_pass", self._guards_pass),
            ("change_listed", self._change_listed),
            ("change_fetched", self._change_fetched),
            ("settles", self._settles),
            ("logs", self._logs),
            ("guards_registration", self._guards_registration),
            ("unregisters", self._unregisters),
            ("forgets", self._forgets),
        ]

    # --- the pass

    def _opens(self, package: bytes) -> Mapping[str, Any]:
        try:
            held = self._shelf.verified(package)
        except PassRefused as error:
            raise _Broken(
                str(error), f"Invalid data error reading pass: {error}", final=True
            ) from error
        if self._url:
            held = replace(held, address=replace(held.address, url=self._url))
        self._held = held
        return {"bytes": len(package), "serial": held.address.serial}

    def _address(self) -> Mapping[str, Any]:
        address = self._pass.address
        if not address.url:
            raise _Broken("webServiceURL", final=True)
        try:
            self._web.check_address(address)
        except WebError as error:
            raise _Broken(address.url, str(error), final=True) from error
        return {"url": address.url}

    def _reachable(self) -> Mapping[str, Any]:
        """Any answer will do: a wrong one is told by the next steps."""
        try:
            self._web.changed(self._pass.address, "0")
        except WebError as error:
            if isinstance(error.__cause__, httpx2.TransportError):
                reason = str(error.__cause__) or type(error.__cause__).__name__
                raise _Broken(reason, str(error), final=True) from error
        return {"url": self._pass.address.url}

    # --- registrations

    def _wrong_token(self) -> Mapping[str, Any]:
        stranger = replace(self._pass.address, token=secrets.token_urlsafe(24))
        return self._refused(lambda: self._web.register(stranger, self._token))

    def _unknown_serial(self) -> Mapping[str, Any]:
        unknown = replace(self._pass.address, serial=secrets.token_hex(16))
        return self._refused(lambda: self._web.register(unknown, self._token))

    def _registers(self) -> Mapping[str, Any]:
        if not self._asked(lambda: self._web.register(self._pass.address, self._token), final=True):
            raise _Broken("200", "")
        return {}

    def _registers_again(self) -> Mapping[str, Any]:
        self._token = probe_token()  # tokens rotate: the server has to take the new one
        if self._asked(lambda: self._web.register(self._pass.address, self._token)):
            raise _Broken("201", "")
        return {}

    def _garbage(self) -> Mapping[str, Any]:
        status = self._asked(lambda: self._web.register_raw(self._pass.address, b'{"pushToken": '))
        if not 400 <= status < 500:
            raise _Broken(str(status))
        return {"status": status}

    # --- lists

    def _lists(self) -> Mapping[str, Any]:
        listing = self._asked(lambda: self._web.changed(self._pass.address, None))
        serial = self._pass.address.serial
        if listing is None:
            raise _Broken("204", "")
        if serial not in listing.serials:
            raise _Broken(", ".join(listing.serials)[:120])
        self._tag = listing.tag
        return {"count": len(listing.serials), "tag": listing.tag}

    def _nothing_new(self) -> Mapping[str, Any]:
        if not self._tag:
            raise Skipped
        listing = self._asked(lambda: self._web.changed(self._pass.address, self._tag))
        if listing is not None:
            raise _Broken(", ".join(listing.serials)[:120], _unmoved(listing, self._tag))
        return {}

    # --- passes

    def _fetches(self) -> Mapping[str, Any]:
        fetched = self._asked(lambda: self._web.fetch(self._pass.address, None))
        if fetched is None:
            raise _Broken("304")
        self._take(fetched)
        return {"bytes": len(fetched.data), "modified": fetched.last_modified or ""}

    def _not_modified(self) -> Mapping[str, Any]:
        since = self._pass.last_modified
        if since is None:
            raise Skipped
        fetched = self._asked(lambda: self._web.fetch(self._pass.address, since))
        if fetched is not None:
            raise _Broken("200", "; ".join(fetched.complaints))
        return {"since": since}

    def _guards_pass(self) -> Mapping[str, Any]:
        stranger = replace(self._pass.address, token=secrets.token_urlsafe(24))
        return self._refused(lambda: self._web.fetch(stranger, None))

    # --- a change

    def _change_listed(self) -> Mapping[str, Any]:
        if self._change is None:
            raise Skipped
        started = time.monotonic()
        self._change()
        while (listing := self._changed_since()) is None:
            if time.monotonic() - started > self._patience:
                raise _Broken(f"{self._patience:.0f} s")
            time.sleep(POLL_SECONDS)
        if listing.tag == self._tag:
            raise _Broken(listing.tag, _unmoved(listing, self._tag))
        self._tag = listing.tag
        return {"seconds": round(time.monotonic() - started, 1)}

    def _changed_since(self) -> Listing | None:
        found = self._asked(lambda: self._web.changed(self._pass.address, self._tag or None))
        return found if found is not None and self._pass.address.serial in found.serials else None

    def _change_fetched(self) -> Mapping[str, Any]:
        if self._change is None:
            raise Skipped
        before = self._pass
        fetched = self._asked(lambda: self._web.fetch(before.address, before.last_modified))
        if fetched is None:
            raise _Broken("304", self._unchanged())
        self._take(fetched)
        if self._pass.same_content(before):
            raise _Broken("200", self._unchanged())
        return {"modified": fetched.last_modified or ""}

    def _settles(self) -> Mapping[str, Any]:
        if self._change is None:
            raise Skipped
        return self._nothing_new()

    # --- the end

    def _logs(self) -> Mapping[str, Any]:
        status = self._asked(lambda: self._web.log(self._pass.address, [PROBE_LOG_LINE]))
        if status != 200:
            raise _Broken(str(status))
        return {}

    def _guards_registration(self) -> Mapping[str, Any]:
        stranger = replace(self._pass.address, token=secrets.token_urlsafe(24))
        return self._refused(lambda: self._web.unregister(stranger))

    def _unregisters(self) -> Mapping[str, Any]:
        self._asked(lambda: self._web.unregister(self._pass.address))
        return {}

    def _forgets(self) -> Mapping[str, Any]:
        listing = self._asked(lambda: self._web.changed(self._pass.address, None))
        if listing is not None and self._pass.address.serial in listing.serials:
            raise _Broken(self._pass.address.serial)
        return {}

    # --- tools

    @property
    def _pass(self) -> Held:
        assert self._held is not None, "the first step has taken it"
        return self._held

    def _asked(self, call: Callable[[], Any], *, final: bool = False) -> Any:
        """The answer of a call that ought to succeed."""
        try:
            return call()
        except WebError as error:
            problem = str(error).rpartition("encountered error: ")[2]
            raise _Broken(problem, str(error), final=final) from error

    def _refused(self, call: Callable[[], object]) -> Mapping[str, Any]:
        """A call that ought to be answered 401."""
        try:
            call()
        except WebError as error:
            if error.status == 401:
                return {}
            raise _Broken(str(error.status or error)) from error
        raise _Broken("200")

    def _take(self, fetched: Fetched) -> None:
        """Verify a pass that came, and keep it."""
        before = self._pass
        try:
            new = self._shelf.verified(fetched.data)
        except PassRefused as error:
            raise _Broken(str(error), f"Invalid data error reading pass: {error}") from error
        if self._url:
            new = replace(new, address=replace(new.address, url=self._url))
        if new.address != before.address:
            raise _Broken("an update may not change the pass's identity, token or address")
        self._held = replace(new, last_modified=fetched.last_modified)
        if fetched.complaints:
            raise _Broken("; ".join(fetched.complaints), "; ".join(fetched.complaints))

    def _unchanged(self) -> str:
        serial = self._pass.address.serial
        return f"Server requested update to serial number '{serial}', but the pass was unchanged."

    def _clean(self) -> None:
        """Leave nothing registered, whatever went wrong."""
        if self._held is not None and self._held.address.url:
            with contextlib.suppress(WebError):  # it was said already
                self._web.unregister(self._held.address)
        self._web.close()


def _tried(code: str, attempt: Callable[[], Mapping[str, Any]]) -> Step:
    try:
        return Step(code, "ok", attempt())
    except Skipped:
        return Step(code, "skip")
    except _Broken as error:
        facts = {"problem": error.problem[:300], "final": error.final}
        return Step(code, "fail", facts, error.log[:600])


def _unmoved(listing: Listing, tag: str) -> str:
    if listing.tag != tag:
        return ""
    included = f"included {len(listing.serials)} serial numbers"
    remained = f"but the lastUpdated tag ({tag}) remained the same"
    return f"Response to 'What changed?' request {included} {remained}."
