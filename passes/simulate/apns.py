"""A stand-in for Apple's push service: real HTTP/2 over TLS with client certificates."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from passes.apple.probe import PROBE_TOKEN_PREFIX
from passes.simulate.apns_rules import (
    OK,
    Answer,
    ProviderKey,
    PushRequest,
    authenticated,
    check,
    wakes_wallet,
)
from passes.simulate.apns_wire import Connection
from passes.simulate.faults import Faults

TOKEN_BYTES = 32  # the length of today's device tokens
RECEIVED_KEPT = 1000  # pushes remembered for tests and counters
START_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 5.0

Tokens = Literal["well-formed", "issued", "any"]


@dataclass(frozen=True, slots=True)
class Received:
    """One push request and the answer it got."""

    token: str
    request: PushRequest
    answer: Answer


class ApnsStandIn:
    """Apple's push service on a loopback port.

    `tokens` says which are known: every well-formed one, only those `issue_token` gave, or any text,
    so that a phone of somebody else's making may call its token what it likes; never those of phones
    that the set-up test invents. `provider_keys` are the push keys known, by key id. `on_push(token)` is called for each push that reaches a phone, on the server's own thread:
    it must return at once.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        client_ca: Path,
        *,
        tokens: Tokens = "well-formed",
        on_push: Callable[[str], None] | None = None,
    ) -> None:
        self.on_push = on_push
        self.faults = Faults()
        self.provider_keys: dict[str, ProviderKey] = {}
        self.counters: Counter[str] = Counter()
        self.received: deque[Received] = deque(maxlen=RECEIVED_KEPT)
        self.host = ""
        self.port = 0
        self._tokens = tokens
        self._known: set[str] = set()
        self._retired: dict[str, int] = {}
        self._tls = _server_context(certificate, key, client_ca)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._stop = asyncio.Event()

    @property
    def url(self) -> str:
        """What a client is given as the push service's address."""
        return f"https://{self.host}:{self.port}"

    def start(self, host: str = "127.0.0.1", port: int = 0) -> ApnsStandIn:
        """Listen; port 0 takes a free one. An `OSError` tells that the port is taken."""
        self._started.clear()
        self._failure = None
        self._thread = threading.Thread(
            target=self._run, args=(host, port), name="apns-stand-in", daemon=True
        )
        self._thread.start()
        if not self._started.wait(START_SECONDS_MAX):
            raise TimeoutError("the push stand-in did not start")
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        """Close every connection and give the port back."""
        if self._thread is None or self._loop is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS_MAX)
        self._thread = None

    def issue_token(self) -> str:
        """A new device token, known from now on."""
        token = secrets.token_hex(TOKEN_BYTES)
        self._known.add(token)
        return token

    def retire_token(self, token: str, *, at_ms: int | None = None) -> None:
        """Answer 410 Unregistered for this token, as of `at_ms` (Unix milliseconds)."""
        self._retired[token] = int(time.time() * 1000) if at_ms is None else at_ms

    def __enter__(self) -> ApnsStandIn:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def answer(self, push: PushRequest) -> Answer:
        """Apple's answer to one push, remembered and counted; wakes the phone when it is 200."""
        answer = self._judge(push)
        self.received.append(Received(push.token, push, answer))
        self.counters["pushes"] += 1
        self.counters["accepted" if answer.status == 200 else f"refused:{answer.reason}"] += 1
        if answer.status == 200 and not wakes_wallet(push.body):
            self.counters["ignored"] += 1
        elif answer.status == 200 and self.on_push is not None:
            self.on_push(push.token)
        return answer

    def _judge(self, push: PushRequest) -> Answer:
        push, answer = authenticated(push, self.provider_keys, time.time())
        answer = check(push, self._tokens == "any") if answer is OK else answer
        if answer is not OK:
            return answer
        if push.token in self._retired:
            return Answer(410, "Unregistered", self._retired[push.token])
        is_invented = push.token.startswith(PROBE_TOKEN_PREFIX)
        if is_invented or (self._tokens == "issued" and push.token not in self._known):
            return Answer(400, "BadDeviceToken")
        return OK

    def _run(self, host: str, port: int) -> None:
        try:
            asyncio.run(self._serve(host, port))
        except OSError as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self, host: str, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                connections.add(task)
                task.add_done_callback(connections.discard)
            self.counters["connections"] += 1
            # Python 3.11 reports a connection that is cancelled when we stop as an error of its own.
            with contextlib.suppress(asyncio.CancelledError):
                await Connection(self, reader, writer).run()

        server = await asyncio.start_server(connected, host, port, ssl=self._tls)
        self.host, self.port = server.sockets[0].getsockname()[:2]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(server.wait_closed(), STOP_SECONDS_MAX)


def _server_context(certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_ca)
    # Apple lets a client without a certificate in and asks for a provider token: 403. One with a
    # certificate of somebody else fails the handshake.
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["h2"])
    return context
