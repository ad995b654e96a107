"""Classes and objects reach Google whether they exist or not, and every refusal says what to do."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from passes.errors import DeliveryError
from passes.google.identity import GoogleIdentity, make_development_account
from passes.google.push import GoogleClient
from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from tests.passes.cast import ADA
from tests.passes.google.test_document import OBJECT, the_class, the_object


@pytest.fixture
def client(google_url: str, account: GoogleIdentity) -> Iterator[GoogleClient]:
    made = GoogleClient(google_url, f"{google_url}/token", account)
    yield made
    made.close()


@pytest.fixture
def with_class(client: GoogleClient) -> GoogleClient:
    client.upsert_class(the_class())
    return client


def richer() -> dict[str, object]:
    balance = dataclasses.replace(ADA.balance, number=1300)
    return the_object(dataclasses.replace(ADA, balance=balance))


def test_what_is_missing_is_inserted_and_what_is_there_is_patched(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    with_class.upsert_object(the_object())
    answer = with_class.upsert_object(richer())

    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["loyaltyPoints"]["balance"] == {"int": 1300} == answer["loyaltyPoints"]["balance"]
    assert stored["version"] == "2"


def test_a_class_can_be_written_again_after_its_approval(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    answer = with_class.upsert_class({**the_class(), "hexBackgroundColor": "#000000"})
    assert answer["hexBackgroundColor"] == "#000000"
    assert answer["reviewStatus"] == "APPROVED"


def test_one_token_serves_many_calls_and_a_refused_one_is_replaced(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    for _ in range(3):
        with_class.upsert_object(the_object())
    assert google.counters["tokens"] == 1

    google.forget_tokens()
    with_class.upsert_object(richer())
    assert google.counters["tokens"] == 2


def test_losing_a_race_of_inserts_ends_in_a_patch(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    google.store.insert("loyaltyObject", the_object())
    google.faults.add(Fault(404, "resourceNotFound"))  # what the other one had not written yet
    with_class.upsert_object(richer())
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["loyaltyPoints"]["balance"] == {"int": 1300}


def test_an_object_can_be_read_back(with_class: GoogleClient) -> None:
    assert with_class.get_object(OBJECT) is None
    with_class.upsert_object(the_object())
    found = with_class.get_object(OBJECT)
    assert found is not None
    assert found["classReference"]["programName"] == "Café Lumière"


def test_notifications_are_asked_for_until_the_day_is_spent(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    told: list[bool] = []
    with_class.upsert_object(the_object())
    google.store.listeners.append(lambda change: told.append(change.notify))
    for number in range(5):
        balance = dataclasses.replace(ADA.balance, number=number)
        card = dataclasses.replace(ADA, balance=balance)
        with_class.upsert_object(the_object(card), notify=True)

    assert told == [True, True, True, False, False]
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["loyaltyPoints"]["balance"] == {"int": 4}


def refusal(client: GoogleClient) -> DeliveryError:
    with pytest.raises(DeliveryError) as refused:
        client.upsert_object(the_object())
    return refused.value


def test_an_object_without_its_class_is_refused_for_good(client: GoogleClient) -> None:
    error = refusal(client)
    assert error.permanent
    assert "Class 3388000000000000001.demo not found" in str(error)
    assert "issuer id" in str(error)


@pytest.mark.parametrize(
    ("fault", "permanent", "retry_after", "words"),
    [
        (Fault(400, "invalidResource"), True, None, "400"),
        (Fault(401, "authError"), True, None, "401"),
        (Fault(403, "permissionDenied"), True, None, "add the service account as a user"),
        (Fault(403, "rateLimitExceeded"), False, None, "403"),
        (Fault(429, "rateLimitExceeded", retry_after_seconds=7), False, 7.0, "429"),
        (Fault(429, "quotaExceeded"), False, None, "429"),
        (Fault(500, "backendError"), False, None, "500"),
        (Fault(503, "backendError", retry_after_seconds=99999), False, 3600.0, "503"),
    ],
)
def test_refusals_are_told_apart(
    with_class: GoogleClient,
    google: GoogleStandIn,
    fault: Fault,
    permanent: bool,
    retry_after: float | None,
    words: str,
) -> None:
    google.faults.add(fault, times=2)
    error = refusal(with_class)
    assert (error.permanent, error.retry_after_seconds) == (permanent, retry_after)
    assert words in str(error)


def test_a_cut_connection_is_for_later(google_url: str, account: GoogleIdentity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = GoogleClient(url, f"{google_url}/token", account)
        error = refusal(client)
        client.close()
        thread.join()
    assert not error.permanent


def test_nobody_listening_is_for_later(account: GoogleIdentity) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = GoogleClient(url, f"{url}/token", account)
        error = refusal(client)
        client.close()
    assert not error.permanent
    assert "No access token" in str(error)


def test_an_account_that_google_does_not_know_is_refused_for_good(
    google_url: str, tmp_path: Path
) -> None:
    stranger = make_development_account(tmp_path)
    client = GoogleClient(google_url, f"{google_url}/token", stranger)
    error = refusal(client)
    client.close()
    assert error.permanent
    assert "invalid_grant" in str(error)
