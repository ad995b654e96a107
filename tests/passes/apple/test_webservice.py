"""PassKit's five endpoints answer as Apple documents, and tell strangers nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import http_date

from passes.apple.webservice import (
    BODY_BYTES_MAX,
    LOG_REQUESTS_MAX,
    FloodLimit,
    apple_web_service,
)
from passes.registry import StoredPass
from tests.passes.cast import ADA, DESIGN

TYPE = "pass.dev.comptoir.loyalty"
SERIAL = "serial-of-ada"
TOKEN = "token-of-ada-0123456789"
PUSH = "ab" * 32
REGISTRATION = f"/apple/v1/devices/device1/registrations/{TYPE}/{SERIAL}"
LIST = f"/apple/v1/devices/device1/registrations/{TYPE}"
PASS = f"/apple/v1/passes/{TYPE}/{SERIAL}"
LOG = "/apple/v1/log"
HOLDER = {"Authorization": f"ApplePass {TOKEN}"}
MODIFIED = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC)


class Registry:
    """Who holds which pass, in dictionaries."""

    def __init__(self) -> None:
        card, design = ADA.to_json(), DESIGN.model_dump()
        self.passes = {SERIAL: StoredPass(SERIAL, TOKEN, card, design, None, MODIFIED)}
        self.registrations: dict[tuple[str, str], str] = {}
        self.changes = [(41, SERIAL)]
        self.fetches: list[str] = []
        self.logged: list[str] = []
        self.asked: list[int] = []
        self.silenced = False

    def token_of(self, serial: str) -> str | None:
        found = self.passes.get(serial)
        return found.auth_token if found else None

    def find(self, serial: str) -> StoredPass | None:
        return self.passes.get(serial)

    def may_announce(self, serial: str, version: int) -> bool:
        self.asked.append(version)
        return not self.silenced

    def fetched(self, serial: str, version: int) -> None:
        self.fetches.append(serial)

    def register(self, device: str, push_token: str, serial: str) -> bool:
        new = (device, serial) not in self.registrations
        self.registrations[device, serial] = push_token
        return new

    def unregister(self, device: str, serial: str) -> None:
        self.registrations.pop((device, serial), None)

    def updated_since(self, device: str, tag: int | None) -> tuple[int, Sequence[str]]:
        changes = [
            (at, serial)
            for at, serial in self.changes
            if at > (tag or 0) and (device, serial) in self.registrations
        ]
        return max((at for at, _ in changes), default=0), [serial for _, serial in changes]

    def log(self, messages: Sequence[str]) -> None:
        self.logged += messages


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def client(registry: Registry) -> FlaskClient:
    app = Flask(__name__)
    service = apple_web_service(registry, lambda found: found.serial.encode(), TYPE)
    app.register_blueprint(service, url_prefix="/apple")
    return app.test_client()


def test_a_registration_is_new_once_and_takes_the_new_push_token(
    client: FlaskClient, registry: Registry
) -> None:
    first = client.post(REGISTRATION, json={"pushToken": PUSH}, headers=HOLDER)
    second = client.post(REGISTRATION, json={"pushToken": "CD" * 32}, headers=HOLDER)
    assert (first.status_code, second.status_code) == (201, 200)
    assert registry.registrations == {("device1", SERIAL): "cd" * 32}


def test_unregistering_forgets(client: FlaskClient, registry: Registry) -> None:
    client.post(REGISTRATION, json={"pushToken": PUSH}, headers=HOLDER)
    assert client.delete(REGISTRATION, headers=HOLDER).status_code == 200
    assert client.delete(REGISTRATION, headers=HOLDER).status_code == 200
    assert registry.registrations == {}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TOKEN,
        f"ApplePass {TOKEN}x",
        f"ApplePass {TOKEN[:-1]}",
        f"Bearer {TOKEN}",
        "ApplePass ",
        "ApplePass é☕",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", REGISTRATION), ("DELETE", REGISTRATION), ("GET", PASS)]
)
def test_a_wrong_token_is_401(
    client: FlaskClient, registry: Registry, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    answer = client.open(path, method=method, headers=headers, json={"pushToken": PUSH})
    assert answer.status_code == 401
    assert registry.registrations == {}
    assert registry.fetches == []


@pytest.mark.parametrize(
    "path",
    [
        PASS.replace(SERIAL, "nobody"),
        PASS.replace(TYPE, "pass.com.other"),
        PASS.replace(SERIAL, "x" * 5000),
        REGISTRATION.replace(SERIAL, "nobody"),
        REGISTRATION.replace(TYPE, "pass.com.other"),
    ],
)
def test_unknown_passes_answer_as_wrong_tokens_do(client: FlaskClient, path: str) -> None:
    known = PASS if "passes" in path.split("/") else REGISTRATION
    method = "GET" if known == PASS else "POST"
    stranger = client.open(known, method=method, headers={"Authorization": "ApplePass guess"})
    answer = client.open(path, method=method, headers=HOLDER)
    assert answer.status_code == stranger.status_code == 401
    assert answer.data == stranger.data
    assert dict(answer.headers) == dict(stranger.headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"pushToken": 7}',
        b'{"pushToken": ""}',
        b'{"pushToken": "a/b"}',
        b'{"pushToken": "a\\r\\nb"}',
        b'{"pushToken": "' + b"ab" * 500 + b'"}',
        b"[" * BODY_BYTES_MAX,
        b'{"pushToken": "' + PUSH.encode() + b'", "x": "' + b"x" * BODY_BYTES_MAX + b'"}',
    ],
)
def test_a_body_without_a_push_token_is_400(
    client: FlaskClient, registry: Registry, body: bytes
) -> None:
    assert client.post(REGISTRATION, data=body, headers=HOLDER).status_code == 400
    assert registry.registrations == {}


@pytest.mark.parametrize(
    ("token", "kept"),
    [("AB" * 32, "ab" * 32), ("A1" * 50, "a1" * 50), ("Opaque-1_2.3~", "Opaque-1_2.3~")],
)
def test_a_push_token_may_become_longer_or_be_another_text(
    client: FlaskClient, registry: Registry, token: str, kept: str
) -> None:
    answer = client.post(REGISTRATION, json={"pushToken": token}, headers=HOLDER)
    assert answer.status_code == 201
    assert list(registry.registrations.values()) == [kept]


@pytest.mark.parametrize("device", ["a b", "é", "x" * 200, "a%00b"])
def test_a_strange_device_id_is_refused(client: FlaskClient, device: str) -> None:
    path = REGISTRATION.replace("device1", device)
    assert client.post(path, json={"pushToken": PUSH}, headers=HOLDER).status_code == 400
    assert client.get(LIST.replace("device1", device)).status_code == 204


def test_the_list_needs_no_token_and_names_what_changed(client: FlaskClient) -> None:
    client.post(REGISTRATION, json={"pushToken": PUSH}, headers=HOLDER)
    answer = client.get(LIST)
    assert answer.status_code == 200
    assert answer.json == {"lastUpdated": "41", "serialNumbers": [SERIAL]}
    assert client.get(f"{LIST}?passesUpdatedSince=40").status_code == 200
    assert client.get(f"{LIST}?passesUpdatedSince=41").status_code == 204


def test_the_list_is_empty_for_strangers(client: FlaskClient) -> None:
    assert client.get(LIST).status_code == 204
    assert client.get(LIST.replace(TYPE, "pass.com.other")).status_code == 204


@pytest.mark.parametrize("tag", ["", "x", "-1", "1.5", "٤٠", "9" * 400])
def test_a_tag_we_never_gave_brings_the_whole_list_or_nothing(
    client: FlaskClient, tag: str
) -> None:
    client.post(REGISTRATION, json={"pushToken": PUSH}, headers=HOLDER)
    answer = client.get(LIST, query_string={"passesUpdatedSince": tag})
    assert answer.status_code == 200
    assert answer.json == {"lastUpdated": "41", "serialNumbers": [SERIAL]}


def test_the_pass_comes_with_its_type_and_date(client: FlaskClient, registry: Registry) -> None:
    answer = client.get(PASS, headers=HOLDER)
    assert answer.status_code == 200
    assert answer.data == SERIAL.encode()
    assert answer.headers["Content-Type"] == "application/vnd.apple.pkpass"
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 10:30:05 GMT"
    assert "no-cache" in answer.headers["Cache-Control"]
    assert registry.fetches == [SERIAL]


def test_an_unchanged_pass_is_304_and_one_second_later_is_not(
    client: FlaskClient, registry: Registry
) -> None:
    same = {**HOLDER, "If-Modified-Since": "Sun, 22 Nov 2026 10:30:05 GMT"}
    answer = client.get(PASS, headers=same)
    assert (answer.status_code, answer.data) == (304, b"")
    assert registry.fetches == [SERIAL]  # the phone has it

    later = MODIFIED + timedelta(seconds=1)
    registry.passes[SERIAL] = dataclasses.replace(registry.passes[SERIAL], modified_at=later)
    answer = client.get(PASS, headers=same)
    assert answer.status_code == 200
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 10:30:06 GMT"


@pytest.mark.parametrize("since", ["", "yesterday", "1795343405"])
def test_a_date_that_is_none_brings_the_pass(client: FlaskClient, since: str) -> None:
    assert client.get(PASS, headers={**HOLDER, "If-Modified-Since": since}).status_code == 200


def test_the_log_takes_what_phones_say(client: FlaskClient, registry: Registry) -> None:
    answer = client.post(LOG, json={"logs": ["[2026] Get pass\n\x1b[31mtask", 7, "é" * 5000]})
    assert answer.status_code == 200
    assert registry.logged == ["[2026] Get pass [31mtask", "é" * 1000]


@pytest.mark.parametrize("body", [None, [], {"logs": "x"}, {"logs": {}}, {"other": 1}])
def test_the_log_never_fails(client: FlaskClient, registry: Registry, body: Any) -> None:
    assert client.post(LOG, json=body).status_code == 200
    assert client.post(LOG, data=b'{"logs":' + b"[" * 50_000).status_code == 200
    assert registry.logged == []


def test_a_flood_of_log_lines_is_cut(client: FlaskClient, registry: Registry) -> None:
    client.post(LOG, json={"logs": ["x"] * 5000})
    assert len(registry.logged) == 50


def test_log_requests_without_end_are_429_for_that_address_alone(
    client: FlaskClient, registry: Registry
) -> None:
    answers = [client.post(LOG, json={"logs": ["x"]}) for _ in range(LOG_REQUESTS_MAX + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "60")
    assert len(registry.logged) == LOG_REQUESTS_MAX
    elsewhere = client.post(
        LOG, json={"logs": ["y"]}, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.status_code == 200


def test_a_new_minute_forgets_the_flood() -> None:
    limit = FloodLimit(2, 60.0)
    assert [limit.allows("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limit.allows("a", 60.0)


def test_a_stranger_costs_one_look_up_whether_the_serial_exists_or_not(
    client: FlaskClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No oracle by time: nothing is read of the pass before the token was found right."""
    asked: list[str] = []

    class Spy(Registry):
        def token_of(self, serial: str) -> str | None:
            asked.append("token")
            return super().token_of(serial)

        def find(self, serial: str) -> StoredPass | None:
            asked.append("find")
            return super().find(serial)

    monkeypatch.setattr(registry, "__class__", Spy)
    for path in (PASS, PASS.replace(SERIAL, "nobody"), PASS.replace(TYPE, "pass.com.other")):
        asked.clear()
        assert client.get(path, headers={"Authorization": "ApplePass guess"}).status_code == 401
        assert asked == ["token"]


def test_a_time_that_is_not_older_is_304_and_a_wrong_clock_hides_no_change(
    client: FlaskClient, registry: Registry
) -> None:
    def status(seconds: int) -> int:
        said = http_date(MODIFIED + timedelta(seconds=seconds))
        return client.get(PASS, headers={**HOLDER, "If-Modified-Since": said}).status_code

    years = 10**9
    assert [status(0), status(1), status(-1), status(years)] == [304, 304, 200, 304]
    # Nobody has this version yet: whatever the phone says, it is not this one.
    registry.passes[SERIAL] = replace(registry.passes[SERIAL], is_taken=False)
    assert [status(0), status(1), status(-1), status(years)] == [304, 200, 200, 200]


def test_a_sentence_leaves_only_where_it_may(registry: Registry) -> None:
    app = Flask(__name__)
    service = apple_web_service(registry, lambda found: str(found.announces).encode(), TYPE)
    app.register_blueprint(service, url_prefix="/apple")
    client = app.test_client()
    card = {**registry.passes[SERIAL].card, "announced": "balance"}
    registry.passes[SERIAL] = replace(registry.passes[SERIAL], card=card, version=7)
    assert client.get(PASS, headers=HOLDER).data == b"True"
    registry.silenced = True
    assert client.get(PASS, headers=HOLDER).data == b"False"
    asked = registry.asked
    client.head(PASS, headers=HOLDER)  # nobody sees it
    registry.passes[SERIAL] = replace(registry.passes[SERIAL], card={**card, "announced": None})
    assert client.get(PASS, headers=HOLDER).data == b"False"
    assert registry.asked == asked == [7, 7]
