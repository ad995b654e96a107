"""Classes and objects reach Google whether they exist or not, and every refusal says what to do."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from passes.google.identity import GoogleIdentity, make_development_account
from passes.google.push import (
    Call,
    GoogleClient,
    get_call,
    insert_call,
    list_call,
    message_call,
    patch_call,
)
from passes.google.refusal import GoogleRefusal
from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from tests.fakes.http import serve
from tests.passes.cast import ADA
from tests.passes.google.test_document import CLASS, OBJECT, the_class, the_object


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


def refusal(client: GoogleClient) -> GoogleRefusal:
    with pytest.raises(GoogleRefusal) as refused:
        client.upsert_object(the_object())
    return refused.value


def test_an_object_without_its_class_is_refused_for_good(client: GoogleClient) -> None:
    error = refusal(client)
    assert (error.reason, error.permanent) == ("class_missing", True)
    assert f"Class {CLASS} not found" in error.words


@pytest.mark.parametrize(
    ("fault", "reason", "permanent", "of_service", "retry_after"),
    [
        (Fault(400, "invalidResource"), "invalid", True, False, None),
        (Fault(401, "authError"), "no_token", True, True, None),
        (Fault(403, "permissionDenied"), "not_permitted", True, True, None),
        (Fault(403, "accessNotConfigured"), "api_disabled", True, True, None),
        (Fault(403, "rateLimitExceeded"), "too_fast", False, True, None),
        (Fault(429, "rateLimitExceeded", retry_after_seconds=7), "too_fast", False, True, 7.0),
        (Fault(429, "quotaExceeded"), "too_fast", False, True, None),
        (Fault(500, "backendError"), "unavailable", False, True, None),
        (Fault(503, "", retry_after_seconds=99999), "unavailable", False, True, 3600.0),
    ],
)
def test_pitfall_24_refusals_are_told_apart(
    with_class: GoogleClient,
    google: GoogleStandIn,
    fault: Fault,
    reason: str,
    permanent: bool,
    of_service: bool,
    retry_after: float | None,
) -> None:
    google.faults.add(fault, times=2)
    error = refusal(with_class)
    assert (error.reason, error.permanent) == (reason, permanent)
    assert (error.of_service, error.retry_after_seconds) == (of_service, retry_after)
    assert str(error).startswith(f"{reason}: Scripted fault.")


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
    assert (error.reason, error.permanent) == ("unreachable", False)
    assert "No access token" in error.words


def test_an_account_that_google_does_not_know_is_refused_for_good(
    google_url: str, tmp_path: Path
) -> None:
    stranger = make_development_account(tmp_path)
    client = GoogleClient(google_url, f"{google_url}/token", stranger)
    error = refusal(client)
    client.close()
    assert (error.reason, error.permanent) == ("no_token", True)
    assert "invalid_grant" in error.words


# --- Several requests in one ----------------------------------------------------------------------


def test_a_batch_is_answered_call_by_call(with_class: GoogleClient, google: GoogleStandIn) -> None:
    ada, bruno = the_object(), {**the_object(), "id": OBJECT.replace("ada", "bruno")}
    other = {**the_object(), "id": "3388000000000000001.éclair"}
    with_class.upsert_object(ada)
    before = google.counters["tokens"]
    results = with_class.send(
        [
            insert_call("loyaltyObject", ada),
            insert_call("loyaltyObject", bruno),
            insert_call("loyaltyObject", other),
            get_call("loyaltyObject", f"{OBJECT}-nobody"),
            patch_call("loyaltyObject", richer()),
        ]
    )
    told = [one.reason if isinstance(one, GoogleRefusal) else one["id"] for one in results]
    assert told == ["exists", bruno["id"], "invalid", "object_missing", OBJECT]
    assert google.counters["tokens"] == before
    assert google.counters["batches"] == 1


def test_one_fault_in_a_batch_is_one_calls_fault(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    objects = [{**the_object(), "id": f"{OBJECT}-{number}"} for number in range(4)]
    google.faults.add(Fault())
    google.faults.add(Fault(503, retry_after_seconds=9))
    results = with_class.send([insert_call("loyaltyObject", one) for one in objects])
    told = [one.reason if isinstance(one, GoogleRefusal) else "" for one in results]
    assert told == ["", "unavailable", "", ""]
    refused = results[1]
    assert isinstance(refused, GoogleRefusal)
    assert refused.retry_after_seconds == 9


def test_a_batch_whose_token_is_refused_is_sent_again_with_another(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    google.forget_tokens()
    objects = [{**the_object(), "id": f"{OBJECT}-{number}"} for number in range(2)]
    results = with_class.send([insert_call("loyaltyObject", one) for one in objects])
    assert [isinstance(one, GoogleRefusal) for one in results] == [False, False]


def test_without_a_batch_endpoint_calls_go_singly(
    google: GoogleStandIn, account: GoogleIdentity
) -> None:
    app = Flask("google-without-batches")
    app.register_blueprint(google.blueprint())
    for rule in [one for one in app.url_map.iter_rules() if one.rule == "/batch"]:
        app.view_functions[rule.endpoint] = lambda: ("no batches here", 404)
    with serve(app) as url:
        client = GoogleClient(url, f"{url}/token", account)
        client.upsert_class(the_class())
        objects = [{**the_object(), "id": f"{OBJECT}-{number}"} for number in range(3)]
        results = client.send([insert_call("loyaltyObject", one) for one in objects])
        client.close()
    assert [one["id"] for one in results if not isinstance(one, GoogleRefusal)] == [
        one["id"] for one in objects
    ]


def test_a_service_that_is_away_is_not_asked_for_the_rest(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    with_class._has_batch = False
    google.faults.add(Fault(503), times=9)
    before = google.counters["POST loyaltyObject"]
    objects = [{**the_object(), "id": f"{OBJECT}-{number}"} for number in range(5)]
    results = with_class.send([insert_call("loyaltyObject", one) for one in objects])
    assert all(isinstance(one, GoogleRefusal) for one in results)
    assert google.counters["POST loyaltyObject"] == before + 1


def test_a_page_of_a_classs_objects_is_read_back(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    with_class.upsert_object(the_object())
    page = with_class.one(list_call(the_class()["id"]))
    assert [one["id"] for one in page["resources"]] == [OBJECT]


# --- What a PATCH leaves -------------------------------------------------------------------------


def test_pitfall_27_a_patch_leaves_nothing_that_we_no_longer_say(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    with_class.upsert_object({**the_object(), "validTimeInterval": {"end": {"date": "2027-01-01"}}})
    nameless = {key: said for key, said in the_object().items() if key != "accountName"}
    nameless["textModulesData"] = nameless["textModulesData"][:1]
    with_class.upsert_object(nameless)
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert "accountName" not in stored
    assert "validTimeInterval" not in stored
    assert stored["textModulesData"] == nameless["textModulesData"]


def test_pitfall_25_a_class_is_always_sent_for_review(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    sent = patch_call("loyaltyClass", the_class()).body
    assert sent is not None
    assert sent["reviewStatus"] == "UNDER_REVIEW"
    assert with_class.upsert_class(the_class())["reviewStatus"] == "APPROVED"
    # What Google answered, sent back as it is, would be refused.
    stored = google.store.find("loyaltyClass", the_class()["id"])
    echoed = with_class.send([Call("PATCH", f"loyaltyClass/{the_class()['id']}", stored)])[0]
    assert isinstance(echoed, GoogleRefusal)


def test_pitfall_26_the_days_notifications_are_told_from_the_rate_of_requests(
    with_class: GoogleClient, google: GoogleStandIn
) -> None:
    with_class.upsert_object(the_object())
    said = {"header": "Hello", "body": "A word", "messageType": "TEXT_AND_NOTIFY"}
    results = with_class.send([message_call(OBJECT, said) for _ in range(4)])
    told = [one.reason if isinstance(one, GoogleRefusal) else "" for one in results]
    assert told == ["", "", "", "notices_spent"]
    google.faults.add(Fault(429, "rateLimitExceeded"))
    busy = with_class.send([message_call(OBJECT, said)])[0]
    assert isinstance(busy, GoogleRefusal)
    assert busy.reason == "too_fast"
