"""The page of the simulated phones and its way to the simulators."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask, Response, jsonify, request
from flask.testing import FlaskClient

from tests.fakes.http import serve
from wallet.config import ASSETS, Settings
from wallet.web.locale import install_locale
from wallet.web.simulate import simulate_door

GUARD = {"X-Comptoir-Simulator": "1"}


def client_of(simulator_url: str) -> FlaskClient:
    settings = Settings(simulator_url=simulator_url)
    app = Flask("page", root_path=str(ASSETS))
    install_locale(app)
    app.register_blueprint(simulate_door(settings))
    return app.test_client()


@pytest.fixture
def simulators() -> Flask:
    """Answers what it was asked."""
    app = Flask("simulators")

    @app.route("/phones/<path:path>", methods=["GET", "POST", "DELETE"])
    def phones(path: str) -> Response:
        answer = jsonify(
            path=path,
            method=request.method,
            query=request.query_string.decode(),
            body=request.get_data(as_text=True),
            guard=request.headers.get("X-Comptoir-Simulator"),
        )
        answer.status_code = 207
        answer.headers["Cache-Control"] = "private, max-age=5"
        answer.headers["Set-Cookie"] = "a=b"
        return answer

    return app


@pytest.fixture
def client(simulators: Flask) -> Iterator[FlaskClient]:
    with serve(simulators) as url:
        yield client_of(url)


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "The card, on both phones"), ("fr", "La carte, sur les deux téléphones")],
)
def test_the_page_speaks_the_readers_language(
    client: FlaskClient, language: str, title: str
) -> None:
    page = client.get(f"/simulate/?lang={language}").get_data(as_text=True)
    assert title in page


def test_the_script_gets_every_text_and_both_phones_languages(client: FlaskClient) -> None:
    page = client.get("/simulate/?lang=en").get_data(as_text=True)
    found = re.search(r'<script type="application/json" id="texts">(.*?)</script>', page)
    assert found is not None
    texts = json.loads(found[1])
    assert texts["log"]["push"] == "Push received"
    assert texts["phones"]["fr"]["empty"] == "Aucune carte"
    assert texts["phones"]["en"]["empty"] == "No cards yet"


def test_the_page_holds_to_the_content_security_policy(client: FlaskClient) -> None:
    page = client.get("/simulate/").get_data(as_text=True)
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*(?:\bsrc=|application/json))", page)


def test_a_card_in_the_address_is_only_data(client: FlaskClient) -> None:
    page = client.get('/simulate/?card="><script>alert(1)</script>').get_data(as_text=True)
    assert "<script>alert" not in page
    assert len(client.get("/simulate/?card=" + "x" * 9000).data) < 60_000


def test_questions_are_passed_on_and_answers_brought_back(client: FlaskClient) -> None:
    answer = client.post("/simulate/api/iphone/cards/a%2Fb/refresh?x=1", data="{}", headers=GUARD)
    assert answer.status_code == 207
    assert answer.get_json() == {
        "path": "iphone/cards/a/b/refresh",
        "method": "POST",
        "query": "x=1",
        "body": "{}",
        "guard": "1",
    }
    assert answer.headers["Cache-Control"] == "private, max-age=5"
    assert "Set-Cookie" not in answer.headers


def test_a_foreign_page_cannot_lend_itself_the_guard(client: FlaskClient) -> None:
    assert client.post("/simulate/api/add", data="{}").get_json()["guard"] == ""


def test_the_way_leads_to_the_phones_only(client: FlaskClient) -> None:
    assert client.get("/simulate/api/..%2Ftoken").status_code == 404
    assert client.get("/simulate/api/iphone/../../token").status_code == 404


def test_simulators_that_are_down_are_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = client_of(f"http://127.0.0.1:{port}").get("/simulate/api/state")
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "simulators_down"
