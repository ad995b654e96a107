"""Floods are held back per caller and call; counts that cannot be had keep nobody out."""

from __future__ import annotations

import socket
from unittest.mock import Mock

import pytest
from flask import Blueprint, Flask

from wallet.errors import Refusal
from wallet.web import floods
from wallet.web.floods import Floods

CALLERS = {"who": "ada"}


def service(url: str = "memory://") -> Flask:
    """Two calls of a plain door, one of a door with a limit of its own, one of a door without any."""
    app = Flask(__name__)
    plain, narrow, free = (Blueprint(name, __name__) for name in ("plain", "narrow", "free"))
    held = Floods(url, "3 per minute", lambda: CALLERS["who"])
    held.install(app)
    held.limit(narrow, lambda: "2 per minute", lambda: "key")
    held.exempt(free)
    for door, name in ((plain, "one"), (plain, "two"), (narrow, "narrow"), (free, "free")):
        door.add_url_rule(f"/{name}", name, lambda: "fine")
    for door in (plain, narrow, free):
        app.register_blueprint(door)

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> tuple[dict[str, object], int]:
        return {"code": error.code, **error.facts}, 429

    return app


def statuses(app: Flask, path: str, times: int) -> list[int]:
    client = app.test_client()
    return [client.get(path).status_code for _ in range(times)]


def test_each_caller_has_so_many_of_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    app = service()
    assert statuses(app, "/one", 4) == [200, 200, 200, 429]
    assert statuses(app, "/two", 1) == [200]
    monkeypatch.setitem(CALLERS, "who", "bruno")
    assert statuses(app, "/one", 1) == [200]


def test_who_is_held_back_is_told_for_how_long() -> None:
    app = service()
    statuses(app, "/one", 3)
    said = app.test_client().get("/one").get_json()
    assert said["code"] == "rate_limited"
    assert 1 <= said["retry_after_seconds"] <= 60


def test_a_door_may_have_a_limit_more_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    app = service()
    assert statuses(app, "/narrow", 3) == [200, 200, 429]
    monkeypatch.setitem(CALLERS, "who", "bruno")  # its own limit counts keys, not addresses
    assert statuses(app, "/narrow", 1) == [429]
    assert statuses(app, "/free", 9) == [200] * 9
    assert statuses(app, "/nowhere", 9) == [404] * 9


def test_counts_that_cannot_be_had_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        app = service(f"redis://127.0.0.1:{nobody.getsockname()[1]}/0")
        held = app.extensions[floods.EXTENSION]
        hit = Mock(wraps=held._counts.hit)
        monkeypatch.setattr(held._counts, "hit", hit)
        assert statuses(app, "/one", 5) == [200] * 5
    assert hit.call_count == 1, "it is asked again only after a while"
