"""The signed cookie: kept, checked, and nothing made where none came."""

from __future__ import annotations

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from wallet.web.sessions import QuickSessions


@pytest.fixture
def app() -> Flask:
    made = Flask(__name__)
    made.secret_key = "of a test"
    made.session_interface = QuickSessions()

    @made.route("/keep")
    def keep() -> str:
        session["who"] = "ada"
        return "kept"

    made.add_url_rule("/who", "who", lambda: str(session.get("who")))
    return made


def test_what_is_kept_comes_back_and_a_forged_cookie_is_nobody(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/who").text == "None"
    client.get("/keep")
    assert client.get("/who").text == "ada"
    client.set_cookie("session", "eyJ3aG8iOiJldmUifQ.forged")
    assert client.get("/who").text == "None"


def test_without_a_cookie_no_signer_is_made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SecureCookieSessionInterface, "get_signing_serializer", fail)
    assert app.test_client().get("/who").text == "None"
