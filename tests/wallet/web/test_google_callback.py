"""Google's callbacks over HTTP: taken once, in any order, counted, and believed only when signed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import create_app
from tests.factories import NOW, PUBLIC_URL, SECRET_KEY, Cast
from tests.fakes.http import serve
from tests.passes.google.signer import Signer, millis
from wallet.actions.google.gate import gate_name
from wallet.actions.issue_pass import issue_pass
from wallet.config import Settings
from wallet.tables.google import (
    CallbackNonce,
    GoogleClass,
    ProviderGate,
    add_to_tally,
    install_totals,
    object_row,
)
from wallet.tables.wallet_pass import WalletPass, count_passes, pass_at
from wallet.web.wiring import wiring

ISSUER = "3388000000000000001"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(NOW, ISSUER)


@pytest.fixture(scope="module")
def keys_url(signer: Signer) -> Iterator[str]:
    app = Flask("keys")
    app.add_url_rule("/keys", "keys", lambda: Response(signer.keys()))
    with serve(app) as url:
        yield f"{url}/keys"


@pytest.fixture
def client(cast: Cast, database_url: str, keys_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    settings = Settings.read(
        data_dir=tmp_path,
        database_url=database_url,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
        google_callback_keys_url=keys_url,
    )
    app = create_app(settings)
    cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "google", cast.now
        )
    )
    with time_machine.travel(NOW, tick=False):
        yield app.test_client()
    with app.app_context():
        wiring().database.dispose()


def _pass(cast: Cast) -> WalletPass:
    with cast.database.reading() as session:
        found = pass_at(session, cast.people["ada"], "google")
        assert found
        return found


def _told(client: FlaskClient, body: dict[str, Any] | bytes) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post("/google/callback", data=data, content_type="application/json")
    said = answer.get_json()
    return answer.status_code, said.get("outcome") or said["code"]


def _event(
    signer: Signer, cast: Cast, event: str, nonce: str, at: datetime = NOW
) -> dict[str, Any]:
    message = dataclasses.replace(signer, now=at).message(
        f"{ISSUER}.{_pass(cast).serial}",
        event,
        nonce=nonce,
        expTimeMillis=millis(at + timedelta(hours=1)),
    )
    return signer.callback(message)


def _state(cast: Cast) -> tuple[bool, bool | None, bool, dict[tuple[str, str], int]]:
    """(on a phone, Google's word for it, taken off, counts)."""
    with cast.database.reading() as session:
        found = _pass(cast)
        row = object_row(session, found.id)
        return (
            found.saved_at is not None,
            row.has_users if row else None,
            bool(row and row.removed_at),
            install_totals(session, cast.program.id, "2026-01-01"),
        )


def test_saves_and_deletes_are_noted_and_counted(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    later = NOW + timedelta(minutes=1)
    assert _told(client, _event(signer, cast, "save", "one")) == (200, "taken")
    assert _state(cast) == (True, True, False, {("google", "save"): 1})
    with cast.database.reading() as session:
        assert count_passes(session, cast.program.id)["google"] == 1
    assert _told(client, _event(signer, cast, "del", "two", later)) == (200, "taken")
    assert _state(cast) == (False, False, True, {("google", "save"): 1, ("google", "del"): 1})
    again = NOW + timedelta(minutes=2)
    assert _told(client, _event(signer, cast, "save", "three", again)) == (200, "taken")
    assert _state(cast) == (True, True, False, {("google", "save"): 2, ("google", "del"): 1})


def test_a_callback_that_comes_again_counts_once(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    body = _event(signer, cast, "save", "one")
    assert [_told(client, body)[1] for _ in range(3)] == ["taken", "repeated", "repeated"]
    # The same event signed anew is still the same event.
    assert _told(client, _event(signer, cast, "save", "one")) == (200, "repeated")
    assert _state(cast)[3] == {("google", "save"): 1}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_newest_event_wins_in_whatever_order_they_come(
    client: FlaskClient, cast: Cast, signer: Signer, order: tuple[int, ...]
) -> None:
    events = [
        _event(signer, cast, event, f"nonce-{number}", NOW + timedelta(seconds=number))
        for number, event in enumerate(("save", "del", "save"))
    ]
    for number in order:
        assert _told(client, events[number])[0] == 200
    on_phone, has_users, is_removed, counts = _state(cast)
    assert (on_phone, has_users, is_removed) == (True, True, False)
    assert counts == {("google", "save"): 2, ("google", "del"): 1}


def test_what_is_not_googles_changes_nothing(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    forged = Signer(NOW, ISSUER).callback(signer.message(f"{ISSUER}.{_pass(cast).serial}"))
    stale = _event(signer, cast, "save", "old", NOW - timedelta(hours=2))
    assert _told(client, forged) == (401, "callback_forged")
    assert _told(client, stale) == (400, "callback_invalid")
    assert _told(client, b"{") == (400, "callback_invalid")
    assert _told(client, b" " * 20_000) == (400, "callback_invalid")
    assert _state(cast) == (False, None, False, {})


def test_a_card_that_we_do_not_know_need_not_be_told_again(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    body = signer.callback(signer.message(f"{ISSUER}.nobody"))
    assert [_told(client, body)[1] for _ in range(2)] == ["unknown", "repeated"]


def test_nonces_are_forgotten_once_their_message_is_too_old(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    for number in range(5):
        _told(client, _event(signer, cast, "save", f"early-{number}"))
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        late = _event(signer, cast, "del", "late", NOW + timedelta(hours=3))
        assert _told(client, late) == (200, "taken")
    with cast.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CallbackNonce)) == 1


def test_callbacks_and_deliveries_are_in_the_metrics(
    client: FlaskClient, cast: Cast, signer: Signer
) -> None:
    _told(client, _event(signer, cast, "save", "metrics"))
    _told(client, b"{")
    with cast.database.transaction() as session:
        add_to_tally(session, "google_requests", 7)
        now = cast.now
        session.add(
            GoogleClass(
                class_id=f"{ISSUER}.demo",
                program_id=cast.program.id,
                digest="d",
                state="APPROVED",
                tried_at=now,
                next_attempt_at=now,
                round_ended_at=now - timedelta(hours=30),
            )
        )
        session.add(
            ProviderGate(
                name=gate_name(ISSUER),
                log={},
                paused_until=now + timedelta(seconds=60),
                failures=3,
                reason="not_permitted",
                words="no",
            )
        )
    told = client.get("/metrics").get_data(as_text=True)
    assert 'comptoir_google_callbacks_total{event="save",outcome="taken"}' in told
    assert 'comptoir_google_callbacks_total{event="",outcome="malformed"}' in told
    assert 'comptoir_google_total{what="requests"} 7.0' in told
    assert 'comptoir_google_paused_seconds{reason="not_permitted"} 60.0' in told
    assert 'comptoir_google_classes{state="approved"} 1.0' in told
    assert "comptoir_google_check_age_seconds 108000.0" in told
