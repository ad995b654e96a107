"""Answers in JSON: what Flask's own provider would say, only sooner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.json.provider import DefaultJSONProvider

from wallet.web.json_answers import QuickJson


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": ["é", "🎁", None, True, 1.5]},
        [1, 2],
        "text",
        {"at": datetime(2026, 3, 14, 12, tzinfo=UTC), "on": date(2026, 3, 14)},
        {"price": Decimal("1.50"), "point": Point(3)},
        {"huge": 1 << 80},
        {"half": "\ud83d"},
        {1: "a name that is no text"},
    ],
)
def test_the_same_value_is_said_as_by_flask(value: Any) -> None:
    app = Flask(__name__)
    with app.app_context():
        app.json = QuickJson(app)
        ours = jsonify(value)
        app.json = DefaultJSONProvider(app)
        theirs = jsonify(value)
    assert ours.mimetype == theirs.mimetype
    assert json.loads(ours.get_data()) == json.loads(theirs.get_data())


def test_names_are_in_order_and_several_values_are_a_list() -> None:
    app = Flask(__name__)
    with app.app_context():
        app.json = QuickJson(app)
        assert jsonify(b=1, a=2).get_data() == b'{"a":2,"b":1}\n'
        assert jsonify(1, 2).get_data() == b"[1,2]\n"
