"""The push stand-in over real HTTP/2 and TLS."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.simulate.apns import ApnsStandIn
from passes.simulate.faults import Fault

TOKEN = "ab" * 32


@pytest.fixture
def client(
    apns: ApnsStandIn, apple_identity: AppleIdentity, simulator_certs: Path
) -> Iterator[httpx2.Client]:
    tls = apple_identity.client_context(simulator_certs / "apple" / "root.pem")
    with httpx2.Client(
        http2=True, http1=False, verify=tls, base_url=apns.url, timeout=5, trust_env=False
    ) as one:
        yield one


def push(
    client: httpx2.Client, identity: AppleIdentity, token: str = TOKEN, body: bytes = b"{}"
) -> httpx2.Response:
    headers = {
        "apns-topic": identity.pass_type_id,
        "apns-push-type": "background",
        "apns-priority": "5",
    }
    return client.post(f"/3/device/{token}", content=body, headers=headers)


def test_an_accepted_push_reaches_the_phone(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    woken: list[str] = []
    apns.on_push = woken.append
    response = push(client, apple_identity)
    assert response.status_code == 200
    assert response.http_version == "HTTP/2"
    assert response.content == b""
    assert response.headers["apns-id"]
    assert woken == [TOKEN]


def test_a_push_with_an_alert_is_accepted_and_lost(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    woken: list[str] = []
    apns.on_push = woken.append
    assert push(client, apple_identity, body=b'{"aps":{"alert":"x"}}').status_code == 200
    assert woken == []
    assert apns.counters["ignored"] == 1


def test_refusals_are_json_with_a_reason(
    client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    response = push(client, apple_identity, token="nonsense")
    assert response.status_code == 400
    assert response.json() == {"reason": "BadDeviceToken"}


def test_a_retired_token_is_410_with_its_time(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    apns.retire_token(TOKEN, at_ms=1_700_000_000_000)
    response = push(client, apple_identity)
    assert response.status_code == 410
    assert response.json() == {"reason": "Unregistered", "timestamp": 1_700_000_000_000}


def test_only_what_was_issued_is_known_where_that_is_asked(
    simulator_certs: Path, apple_identity: AppleIdentity
) -> None:
    home = simulator_certs / "apple"
    tls = apple_identity.client_context(home / "root.pem")
    server = ApnsStandIn(
        home / "apns-server.pem", home / "apns-server.key", home / "root.pem", tokens="issued"
    )
    with (
        server.start(),
        httpx2.Client(http2=True, verify=tls, base_url=server.url, trust_env=False) as one,
    ):
        assert push(one, apple_identity).json() == {"reason": "BadDeviceToken"}
        assert push(one, apple_identity, token=server.issue_token()).status_code == 200


def test_a_client_without_a_certificate_is_asked_for_one(
    apns: ApnsStandIn, apple_identity: AppleIdentity, simulator_certs: Path
) -> None:
    tls = ssl.create_default_context(cafile=simulator_certs / "apple" / "root.pem")
    with httpx2.Client(http2=True, verify=tls, base_url=apns.url, trust_env=False) as one:
        response = push(one, apple_identity)
    assert response.status_code == 403
    assert response.json() == {"reason": "MissingProviderToken"}


def test_a_certificate_of_somebody_else_fails_the_handshake(
    apns: ApnsStandIn, simulator_certs: Path, tmp_path: Path
) -> None:
    stranger = make_development_identity(tmp_path)
    tls = stranger.client_context(simulator_certs / "apple" / "root.pem")
    with (
        httpx2.Client(http2=True, verify=tls, base_url=apns.url, trust_env=False) as one,
        pytest.raises(httpx2.TransportError),
    ):
        push(one, stranger)
    assert apns.counters["pushes"] == 0


def test_many_pushes_share_one_connection(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    assert {push(client, apple_identity).status_code for _ in range(20)} == {200}
    assert apns.counters["connections"] == 1
    assert apns.counters["accepted"] == 20


def test_a_scripted_status_is_answered_once(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    apns.faults.add(Fault(503, "ServiceUnavailable", retry_after_seconds=7))
    response = push(client, apple_identity)
    assert response.status_code == 503
    assert response.json() == {"reason": "ServiceUnavailable"}
    assert response.headers["retry-after"] == "7"
    assert push(client, apple_identity).status_code == 200


@pytest.mark.parametrize("action", ["drop", "goaway"])
def test_a_cut_connection_is_an_error_and_the_next_one_works(
    apns: ApnsStandIn,
    client: httpx2.Client,
    apple_identity: AppleIdentity,
    action: str,
) -> None:
    apns.faults.add(Fault(action="drop" if action == "drop" else "goaway"))
    with pytest.raises(httpx2.TransportError):
        push(client, apple_identity)
    assert push(client, apple_identity).status_code == 200
    assert apns.counters["connections"] == 2


def test_a_hanging_push_times_out_at_the_client(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    apns.faults.add(Fault(action="hang"))
    client.timeout = httpx2.Timeout(0.3)
    with pytest.raises(httpx2.ReadTimeout):
        push(client, apple_identity)
    assert push(client, apple_identity).status_code == 200


def test_a_late_answer_comes_late(
    apns: ApnsStandIn, client: httpx2.Client, apple_identity: AppleIdentity
) -> None:
    apns.faults.add(Fault(delay_seconds=0.2))
    start = time.monotonic()
    assert push(client, apple_identity).status_code == 200
    assert time.monotonic() - start >= 0.2


def test_a_taken_port_is_told(apns: ApnsStandIn, simulator_certs: Path) -> None:
    home = simulator_certs / "apple"
    other = ApnsStandIn(home / "apns-server.pem", home / "apns-server.key", home / "root.pem")
    with pytest.raises(OSError, match="address"):
        other.start(port=apns.port)
