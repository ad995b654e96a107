"""Pushes over real HTTP/2 and TLS: many at a time, over dying connections, with every answer read."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passes.apple import http2
from passes.apple.identity import AppleIdentity, make_development_identity
from passes.apple.push import ApnsClient, PushOutcome, Verdict
from passes.errors import DeliveryError
from passes.simulate.apns import ApnsStandIn
from passes.simulate.apns_wire import STREAMS_MAX
from passes.simulate.faults import Fault

TOKEN = "ab" * 32


@pytest.fixture
def server(certs: Path) -> Iterator[ApnsStandIn]:
    home = certs / "apple"
    stand_in = ApnsStandIn(home / "apns-server.pem", home / "apns-server.key", home / "root.pem")
    with stand_in.start():
        yield stand_in


@pytest.fixture
def client(server: ApnsStandIn, identity: AppleIdentity, certs: Path) -> Iterator[ApnsClient]:
    made = ApnsClient(server.url, identity, certs / "apple" / "root.pem")
    yield made
    made.close()


def verdicts(outcomes: list[PushOutcome]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def test_a_push_says_nothing_but_come_and_look(client: ApnsClient, server: ApnsStandIn) -> None:
    (outcome,) = client.push_many([TOKEN])

    assert outcome.verdict is Verdict.DELIVERED
    assert len(outcome.apns_id) == 36
    (received,) = server.received
    assert received.token == TOKEN
    assert received.request.body == b"{}"
    assert received.request.headers["apns-topic"] == "pass.dev.comptoir.loyalty"
    assert received.request.headers["apns-push-type"] == "background"
    kept_for = int(received.request.headers["apns-expiration"]) - time.time()
    assert 6 * 86400 <= kept_for + 1 <= 7 * 86400 + 1


def test_many_go_over_one_connection_within_its_limit(
    client: ApnsClient, server: ApnsStandIn
) -> None:
    tokens = [f"{number:064x}" for number in range(STREAMS_MAX * 5)]

    outcomes = client.push_many(tokens)
    more = client.push_many(tokens[:3])

    assert [outcome.token for outcome in outcomes] == tokens
    assert set(verdicts(outcomes + more)) == {Verdict.DELIVERED}
    assert server.counters["connections"] == 1


def test_no_tokens_need_no_connection(client: ApnsClient, server: ApnsStandIn) -> None:
    assert client.push_many([]) == []
    assert server.counters["connections"] == 0


def test_each_token_gets_its_own_answer(client: ApnsClient, server: ApnsStandIn) -> None:
    gone = "cd" * 32
    server.retire_token(gone, at_ms=1_795_343_405_000)

    good, retired, bad = client.push_many([TOKEN, gone, "no token at all"])

    assert verdicts([good, retired, bad]) == [
        Verdict.DELIVERED,
        Verdict.DROP_REGISTRATION,
        Verdict.DROP_REGISTRATION,
    ]
    assert (retired.status, retired.reason) == (410, "Unregistered")
    assert retired.timestamp == datetime.fromtimestamp(1_795_343_405, UTC)
    assert (bad.status, bad.reason, bad.timestamp) == (400, "BadDeviceToken", None)


@pytest.mark.parametrize("action", ["goaway", "drop"])
def test_what_a_dying_connection_left_unanswered_is_sent_again(
    client: ApnsClient, server: ApnsStandIn, action: str
) -> None:
    tokens = [f"{number:064x}" for number in range(250)]
    server.faults.add(Fault(), times=120)  # these are answered
    server.faults.add(Fault(action=action))  # type: ignore[arg-type]

    outcomes = client.push_many(tokens)

    assert set(verdicts(outcomes)) == {Verdict.DELIVERED}
    assert {received.token for received in server.received} == set(tokens)
    assert server.counters["connections"] == 2


def test_a_connection_closed_while_idle_is_replaced(
    client: ApnsClient, server: ApnsStandIn, certs: Path
) -> None:
    client.push_many([TOKEN])
    port = server.port
    server.stop()
    server.start(port=port)
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]
    assert server.counters["connections"] == 2


def test_a_connection_idle_for_long_is_proven_by_a_ping(
    client: ApnsClient, server: ApnsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.push_many([TOKEN])
    monkeypatch.setattr(http2, "IDLE_SECONDS_MAX", -1.0)
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]
    assert server.counters["connections"] == 1


def test_a_server_that_always_hangs_up_is_given_up_for_now(
    client: ApnsClient, server: ApnsStandIn
) -> None:
    server.faults.add(Fault(action="drop"), times=50)
    (outcome,) = client.push_many([TOKEN])
    assert (outcome.status, outcome.verdict) == (0, Verdict.AWAY)
    assert server.counters["connections"] == 3


def test_silence_ends_in_a_timeout_and_the_next_push_starts_afresh(
    client: ApnsClient, server: ApnsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2, "ANSWER_SECONDS", 0.3)
    server.faults.add(Fault(action="hang"))
    first, second = client.push_many([TOKEN, "cd" * 32])
    assert {first.verdict, second.verdict} == {Verdict.AWAY, Verdict.DELIVERED}
    assert {first.reason, second.reason} == {"Timeout", ""}
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]


def test_a_slow_answer_is_waited_for_while_the_other_side_answers_pings(
    client: ApnsClient, server: ApnsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(http2, "PING_SECONDS", 5.0)
    server.faults.add(Fault(delay_seconds=0.6))
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]
    assert server.counters["connections"] == 1


def test_a_connection_that_answers_no_ping_is_given_up_long_before_its_requests(
    client: ApnsClient, server: ApnsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.push_many([TOKEN])
    monkeypatch.setattr(http2, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(http2, "PING_SECONDS", 0.2)
    monkeypatch.setattr(http2, "ANSWER_SECONDS", 3600.0)
    # As when a firewall forgot the connection: what we write arrives nowhere.
    monkeypatch.setattr(http2.Http2Connection, "_flush", _swallow)
    (outcome,) = client.push_many([TOKEN])
    assert (outcome.status, outcome.reason, outcome.verdict) == (0, "Timeout", Verdict.AWAY)
    monkeypatch.undo()
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]
    assert server.counters["connections"] == 2


def _swallow(connection: http2.Http2Connection) -> None:
    connection._h2.data_to_send()


def test_an_unavailable_server_is_left_for_a_new_connection(
    client: ApnsClient, server: ApnsStandIn
) -> None:
    server.faults.add(Fault(503, "ServiceUnavailable"))
    assert verdicts(client.push_many([TOKEN])) == [Verdict.AWAY]
    assert verdicts(client.push_many([TOKEN])) == [Verdict.DELIVERED]
    assert server.counters["connections"] == 2


def test_nobody_listening_is_for_later(identity: AppleIdentity, certs: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        (outcome,) = ApnsClient(url, identity, certs / "apple" / "root.pem").push_many([TOKEN])
    assert (outcome.status, outcome.verdict) == (0, Verdict.AWAY)
    assert "refused" in outcome.reason


def test_a_server_with_a_foreign_certificate_is_not_trusted(
    server: ApnsStandIn, identity: AppleIdentity
) -> None:
    with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED") as refused:
        ApnsClient(server.url, identity).push_many([TOKEN])
    assert refused.value.permanent


@contextlib.contextmanager
def plain_tls_server(certs: Path) -> Iterator[str]:
    """A server that wants a certificate of our authority, shakes hands once and says no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "apple/apns-server.pem", certs / "apple/apns-server.key")
    context.load_verify_locations(certs / "apple/root.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands() -> None:
            plain, _ = listener.accept()
            with plain, contextlib.suppress(ssl.SSLError):
                context.wrap_socket(plain, server_side=True).close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_certificate_that_the_server_refuses_is_permanent(certs: Path, tmp_path: Path) -> None:
    stranger = make_development_identity(tmp_path)  # of another authority
    with plain_tls_server(certs) as url:
        client = ApnsClient(url, stranger, certs / "apple" / "root.pem")
        with pytest.raises(DeliveryError) as refused:
            client.push_many([TOKEN])
    assert refused.value.permanent


def test_a_server_without_http2_is_a_wrong_address(identity: AppleIdentity, certs: Path) -> None:
    with plain_tls_server(certs) as url:
        client = ApnsClient(url, identity, certs / "apple" / "root.pem")
        with pytest.raises(DeliveryError, match="does not speak HTTP/2") as refused:
            client.push_many([TOKEN])
    assert refused.value.permanent


def test_threads_take_turns_on_one_connection(client: ApnsClient, server: ApnsStandIn) -> None:
    found: list[PushOutcome] = []

    def push(start: int) -> None:
        found.extend(client.push_many([f"{start + number:064x}" for number in range(100)]))

    threads = [threading.Thread(target=push, args=(start * 1000,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 400
    assert set(verdicts(found)) == {Verdict.DELIVERED}
    assert server.counters["connections"] == 1


@pytest.mark.parametrize(
    ("status", "reason", "verdict"),
    [
        (200, "", Verdict.DELIVERED),
        (400, "BadDeviceToken", Verdict.DROP_REGISTRATION),
        (400, "DeviceTokenNotForTopic", Verdict.DROP_REGISTRATION),
        (410, "Unregistered", Verdict.DROP_REGISTRATION),
        (410, "ExpiredToken", Verdict.DROP_REGISTRATION),
        (410, "", Verdict.DROP_REGISTRATION),
        *(
            (400, reason, Verdict.CONFIGURATION)
            for reason in (
                "TopicDisallowed",
                "MissingTopic",
                "BadTopic",
                "BadExpirationDate",
                "BadPriority",
                "InvalidPushType",
                "PayloadEmpty",
                "BadCollapseId",
                "SomethingNew",
            )
        ),
        *(
            (403, reason, Verdict.CONFIGURATION)
            for reason in (
                "BadCertificate",
                "BadCertificateEnvironment",
                "ExpiredProviderToken",
                "InvalidProviderToken",
                "MissingProviderToken",
                "UnrelatedKeyIdInToken",
                "BadEnvironmentKeyIdInToken",
            )
        ),
        (404, "BadPath", Verdict.CONFIGURATION),
        (405, "MethodNotAllowed", Verdict.CONFIGURATION),
        (413, "PayloadTooLarge", Verdict.CONFIGURATION),
        (429, "TooManyRequests", Verdict.RETRY),
        (429, "TooManyProviderTokenUpdates", Verdict.AWAY),
        (500, "InternalServerError", Verdict.AWAY),
        (503, "ServiceUnavailable", Verdict.AWAY),
        (503, "Shutdown", Verdict.AWAY),
        (502, "", Verdict.AWAY),
        (0, "Timeout", Verdict.AWAY),
    ],
)
def test_every_reason_has_its_verdict(status: int, reason: str, verdict: Verdict) -> None:
    assert PushOutcome(TOKEN, status, reason).verdict is verdict
