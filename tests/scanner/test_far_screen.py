"""A device of its own before the customer: what it sees, what it may say, and when it is let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Cast
from tests.scanner.conftest import Till, told
from tests.scanner.test_confirming import BANDS, Spending, fresh_note, with_bands
from tests.scanner.test_people import Paired, journal, paired
from tests.scanner.test_till import refused
from wallet.actions.actor import SYSTEM
from wallet.actions.tills.pair import CODE_LIFE, UNUSED_MAX, revoke_till
from wallet.actions.tills.screens import (
    FACE_LIFE,
    SCREENS_PER_TILL,
    add_screen,
    revoke_screen,
    screens,
)
from wallet.errors import Refusal
from wallet.ids import private_id

__all__ = ["paired"]

HELLO = {"kind": "member", "title": "Hello Ada", "label": "You have", "balance": "600 points"}


@dataclass
class Screen(Till):
    """A tablet."""

    def pair(self, code: str) -> TestResponse:
        return self.client.post("/till/screen/pair", data={"code": code, "csrf_token": self.csrf})

    def look(self, seen: int = -1) -> TestResponse:
        return self.client.get(f"/till/screen/api/face?seen={seen}")

    def face(self) -> dict[str, Any] | None:
        shown: dict[str, Any] | None = told(self.look())["face"]
        return shown

    def say(self, question: str, answer: str) -> TestResponse:
        body = {"question": question, "answer": answer}
        headers = {"X-CSRFToken": self.csrf}
        return self.client.post("/till/screen/api/answers", json=body, headers=headers)


@pytest.fixture
def tablet(app: Flask, paired: Paired) -> Screen:
    """Paired with a code that Dora asked for at her till."""
    paired.switch("dora")
    invited = paired.post("screens")
    assert invited.status_code == 201
    screen = Screen(app.test_client(), paired.cast)
    screen.come_in()
    assert told(invited)["svg"].startswith("<svg")
    assert screen.pair(told(invited)["code"].lower()).status_code == 303
    assert told(paired.client.get("/till/api/screens")) == {"screens": 1}
    return screen


def test_it_shows_what_the_till_shows_and_for_no_longer(paired: Paired, tablet: Screen) -> None:
    cast = paired.cast
    assert tablet.client.get("/till/screen").status_code == 200
    assert told(tablet.look()) == {"version": 0, "face": None}
    assert told(paired.post("face", **HELLO)) == {"screens": 1}
    shown = told(tablet.look())
    assert shown["face"] == HELLO
    assert tablet.look(shown["version"]).status_code == 204
    done = {**HELLO, "kind": "done", "title": "Thank you, Ada", "figure": "+12 points"}
    paired.post("face", **done)
    assert told(tablet.look(shown["version"]))["face"] == done
    # A till that has gone silent shows nobody's name.
    cast.now += FACE_LIFE
    assert tablet.face() is None
    paired.post("face", **done)
    assert tablet.face() == done


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "script", "title": "x"},
        {"kind": "member"},
        {**HELLO, "title": "x" * 401},
        {**HELLO, "code": "x" * 20_001},
        {**HELLO, "html": "<b>"},
        {**HELLO, "meter": [1, 2, 3]},
    ],
)
def test_a_face_that_is_none_is_not_shown(
    paired: Paired, tablet: Screen, wrong: dict[str, Any]
) -> None:
    refused(paired.post("face", **wrong), 422, "body_invalid")
    assert tablet.face() is None


def test_its_tap_is_the_yes_that_a_band_asks_for(paired: Paired, tablet: Screen) -> None:
    """Beside a fresh code alone, on what its own till asks, and once."""
    cast = paired.cast
    with_bands(cast, BANDS)
    refused(tablet.say("cnf_0000000000000", "yes"), 409, "confirmation_over")
    without = Spending(paired, "ada", 60)
    without.ask()
    refused(tablet.say(without.id, "yes"), 403, "confirmation_not_here")
    assert tablet.say(without.id, "no").status_code == 204
    assert without.state() == "no"
    spending = Spending(paired, "ada", 100)
    note = fresh_note(paired, "ada")
    refused(spending.take(shown=note), 403, "confirmation_needed")
    spending.ask(shown=note)
    assert tablet.say(spending.id, "yes").status_code == 204
    assert spending.take(shown=note).status_code == 201
    refused(tablet.say(spending.id, "yes"), 409, "confirmation_over")
    assert cast.balance("ada").available == 500
    assert journal(cast)[0].confirmed == "screen"


def test_it_may_do_nothing_else(tablet: Screen) -> None:
    for address in ("/till/api/people", "/till/api/shift", "/till/api/screens", "/console/"):
        assert tablet.client.get(address, headers={"Accept": "application/json"}).status_code == 401
    refused(tablet.post("lookup", query="ada"), 401, "unauthorized")
    refused(tablet.post("face", **HELLO), 401, "unauthorized")


@pytest.mark.parametrize("way", ["screen", "till", "unused"])
def test_it_is_let_go_at_once(paired: Paired, tablet: Screen, way: str) -> None:
    cast = paired.cast
    paired.post("face", **HELLO)
    if way == "screen":
        (shown,) = cast.run(lambda s: screens(s, cast.program, cast.now))
        number = private_id("scr", shown.id) or 0
        cast.run(lambda s: revoke_screen(s, cast.program, number, SYSTEM, cast.now))
        assert [act.verb for act in journal(cast)][:1] == ["screen_revoke"]
        assert told(paired.post("face", **HELLO)) == {"screens": 0}
    elif way == "till":
        cast.run(lambda s: revoke_till(s, cast.program, paired.id, SYSTEM, cast.now))
    else:
        cast.now += UNUSED_MAX
    refused(tablet.look(), 401, "screen_revoked")
    refused(tablet.say("cnf_0000000000000", "yes"), 401, "screen_revoked")
    again = tablet.client.get("/till/screen")
    assert (again.status_code, again.location) == (303, "/till/screen/pair")
    assert tablet.client.get("/till/screen/pair").status_code == 200


def test_codes_are_good_once_for_minutes_and_one_at_a_time(app: Flask, paired: Paired) -> None:
    cast = paired.cast
    paired.switch("dora")
    codes = [told(paired.post("screens"))["code"] for _ in range(2)]
    screen = Screen(app.test_client(), cast)
    screen.come_in()
    assert screen.pair(codes[0]).status_code == 403  # the second took its place
    assert screen.pair("é").status_code == screen.pair("").status_code == 403
    assert screen.pair(codes[1]).status_code == 303
    late = told(paired.post("screens"))["code"]
    cast.now += CODE_LIFE
    other = Screen(app.test_client(), cast)
    other.come_in()
    assert other.pair(late).status_code == 403
    assert "is not right" in other.pair(late).text
    refused(other.look(), 401, "screen_unpaired")
    cast.now += timedelta(minutes=16)  # wrong ones of one address are counted
    for _ in range(SCREENS_PER_TILL - 1):
        paired.switch("dora")
        assert other.pair(told(paired.post("screens"))["code"]).status_code == 303
    refused(paired.post("screens"), 409, "screens_too_many")


def test_another_brand_sees_and_drops_none(paired: Paired, tablet: Screen) -> None:
    cast: Cast = paired.cast
    other = cast.other.program
    (shown,) = cast.run(lambda s: screens(s, cast.program, cast.now))
    assert cast.run(lambda s: screens(s, other, cast.now)) == []
    number = private_id("scr", shown.id) or 0
    with pytest.raises(Refusal, match="screen_not_found"):
        cast.run(lambda s: revoke_screen(s, other, number, SYSTEM, cast.now))
    with pytest.raises(Refusal, match="till_not_found"):
        cast.run(lambda s: add_screen(s, other, paired.id, SYSTEM, cast.now))
    assert tablet.face() is None
