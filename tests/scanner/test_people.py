"""Paired tills and the people before them: codes, PINs, locks, and what a revoked till still may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from scanner import sync
from tests.databases import Sqlite
from tests.factories import Cast, open_database
from tests.scanner.conftest import Till, told
from tests.scanner.test_till import refused
from wallet.actions.actor import SYSTEM
from wallet.actions.staff_access import TILL_SESSION_IDLE
from wallet.actions.throttle import PAIRING_PER_ADDRESS, PIN_PER_PERSON, Limit
from wallet.actions.tills.flags import new_flags
from wallet.actions.tills.pair import (
    CODE_LIFE,
    UNUSED_MAX,
    NewTill,
    add_till,
    pair,
    renew_code,
    revoke_till,
    spoken_code,
    till_behind,
)
from wallet.actions.tills.pin import (
    MISSES_IN_A_ROW_MAX,
    draw_pin,
    prove_pin,
    set_pin,
    spot_of,
    take_pin,
)
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.tables.till import acts_of

PIN = "4729"


def add(cast: Cast, name: str = "Counter") -> tuple[int, str]:
    """A till that waits, and its code."""
    new = NewTill(name, cast.program.stores[1].id)
    view, code = cast.run(lambda s: add_till(s, cast.program, new, SYSTEM, cast.now))
    return private_id("til", view.id) or 0, code


def give_pin(cast: Cast, who: str, pin: str = PIN) -> str:
    """This person's PIN."""
    return cast.run(lambda s: set_pin(s, cast.program, cast.staff[who], pin, SYSTEM, cast.now))


def revoke(cast: Cast, till_id: int) -> None:
    cast.run(lambda s: revoke_till(s, cast.program, till_id, SYSTEM, cast.now))


class Paired(Till):
    """A browser that is a till."""

    id: int

    def pair(self, code: str) -> TestResponse:
        """Type the code."""
        return self.client.post("/till/pair", data={"code": code, "csrf_token": self.csrf})

    def switch(self, who: str, pin: str = PIN) -> TestResponse:
        """Tap a name, type a PIN."""
        return self.post("switch", staff=public_id("stf", self.cast.staff[who]), pin=pin)


@pytest.fixture
def paired(app: Flask, cast: Cast) -> Paired:
    """A till in the second store at which Dora and Marc have PINs, and nobody is yet."""
    till = Paired(app.test_client(), cast)
    till.come_in()
    till.id, code = add(cast)
    assert till.pair(spoken_code(code).lower()).status_code == 303
    for who in ("dora", "marc"):
        give_pin(cast, who)
    return till


def test_a_code_pairs_one_device_once(paired: Paired, open_till: Callable[[], Till]) -> None:
    cast = paired.cast
    till_id, code = add(cast, "Second")
    first, second = (pair_by(cast, code) for _ in range(2))
    assert (first, second) == ("", "pairing_failed")
    assert pair_by(cast, "0000-0000") == pair_by(cast, "é") == pair_by(cast, "") == "pairing_failed"
    _view, later = cast.run(lambda s: renew_code(s, cast.program, till_id, cast.now))
    cast.now += CODE_LIFE
    assert pair_by(cast, later) == "pairing_failed"
    # Until the new code is used, the device of before is the till.
    assert told(paired.client.get("/till/api/people"))["people"]


def pair_by(cast: Cast, code: str, address: str = "127.0.0.1") -> str:
    """The refusal of pairing with this code, or nothing."""
    try:
        pair(cast.database, code, address, cast.now)
    except Refusal as refusal:
        return refusal.code
    return ""


def test_guessing_codes_ends_soon_and_for_the_right_one_too(cast: Cast) -> None:
    _till_id, code = add(cast)
    for _guess in range(PAIRING_PER_ADDRESS.count):
        assert pair_by(cast, "00000000", "10.0.0.9") == "pairing_failed"
    assert pair_by(cast, code, "10.0.0.9") == "too_many_attempts"
    assert pair_by(cast, code, "10.0.0.8") == ""


def test_a_name_and_a_pin_let_in_and_the_till_says_where(paired: Paired) -> None:
    refused(paired.post("lookup", member_id=paired.id_of("ada")), 401, "till_locked")
    people = told(paired.client.get("/till/api/people"))["people"]
    assert {one["name"] for one in people} == {"Dora", "Marc"}  # who has no PIN is not on the wall
    assert "Dora" not in paired.client.get("/till/").text
    answer = paired.switch("dora")
    assert told(answer)["staff"]["name"] == "Dora"
    page = paired.client.get("/till/").text
    assert "Dora" in page
    assert "Place du Modèle" in page
    bought = told(paired.sell("ada", 1000))
    acts = journal(paired.cast)
    sale = acts[0]
    assert (sale.verb, sale.staff_id, sale.till_id) == (
        "sale",
        paired.cast.staff["dora"],
        paired.id,
    )
    assert sale.store_id == paired.cast.program.stores[1].id
    assert bought["changes"] == [{"unit": "points", "quantity": 15}]
    assert told(paired.switch("marc"))["staff"]["name"] == "Marc"
    refused(paired.undo(bought["undo"]), 403, "forbidden")  # Dora's act, not his


def journal(cast: Cast) -> list[Any]:
    """The acts, newest first."""
    with cast.database.reading() as session:
        return acts_of(session, cast.program.id, None, 50)


def test_a_pin_opens_the_till_and_nothing_else(paired: Paired, app: Flask) -> None:
    paired.switch("marc")
    session = paired.client.get_cookie("staff")
    assert session is not None
    assert paired.client.get("/console/").status_code == 302
    assert paired.client.get("/till/").status_code == 200
    elsewhere = app.test_client()
    elsewhere.set_cookie("staff", session.value)
    assert elsewhere.get("/till/").status_code == 302
    paired.post("lock")
    refused(paired.sell("ada", 500), 401, "till_locked")


def test_a_till_left_alone_asks_again(paired: Paired) -> None:
    paired.switch("dora")
    assert paired.sell("ada", 500).status_code == 201
    paired.cast.now += TILL_SESSION_IDLE
    refused(paired.sell("ada", 600), 401, "till_locked")


def test_wrong_pins_close_the_door(paired: Paired) -> None:
    cast = paired.cast
    for _miss in range(PIN_PER_PERSON.count):
        refused(paired.switch("dora", "9182"), 403, "pin_wrong")
    refused(paired.switch("dora"), 429, "too_many_attempts")
    assert paired.switch("marc").status_code == 200  # a colleague is not shut out with her
    cast.later(minutes=16)
    for _miss in range(MISSES_IN_A_ROW_MAX - PIN_PER_PERSON.count):
        refused(paired.switch("dora", "9182"), 403, "pin_wrong")
    cast.later(minutes=16)
    refused(paired.switch("dora"), 403, "pin_locked")
    with cast.database.reading() as session:
        (flag,) = new_flags(session, cast.program)
    assert (flag.kind, flag.subject) == ("pin_locked", public_id("stf", cast.staff["dora"]))
    give_pin(cast, "dora", "5038")
    assert paired.switch("dora", "5038").status_code == 200


def test_a_right_pin_in_between_starts_the_count_anew(paired: Paired) -> None:
    for _round in range(4):
        for _miss in range(PIN_PER_PERSON.count - 1):
            refused(paired.switch("dora", "9182"), 403, "pin_wrong")
        assert paired.switch("dora").status_code == 200


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("123", "pin_invalid"),
        ("1234567", "pin_invalid"),
        ("12a4", "pin_invalid"),
        ("١٢٣٤", "pin_invalid"),
        ("0000", "pin_weak"),
        ("3456", "pin_weak"),
        ("8901", "pin_weak"),
        ("9876", "pin_weak"),
    ],
)
def test_what_cannot_be_a_pin(cast: Cast, pin: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        give_pin(cast, "dora", pin)
    assert caught.value.code == code


def test_a_drawn_pin_is_a_good_one(cast: Cast) -> None:
    drawn = {draw_pin() for _ in range(50)}
    assert len(drawn) > 40
    assert all(len(pin) == 6 and pin.isdigit() for pin in drawn)
    assert give_pin(cast, "dora", "") != ""


def test_whoever_loses_the_pin_leaves_every_till(paired: Paired) -> None:
    cast = paired.cast
    paired.switch("dora")
    cast.run(lambda s: take_pin(s, cast.program, cast.staff["dora"], SYSTEM, cast.now))
    refused(paired.sell("ada", 500), 401, "till_locked")
    refused(paired.switch("dora"), 403, "pin_wrong")


def test_a_revoked_till_is_refused_at_once(paired: Paired) -> None:
    paired.switch("dora")
    assert paired.sell("ada", 500).status_code == 201
    revoke(paired.cast, paired.id)
    refused(paired.sell("ada", 700), 401, "till_revoked")
    refused(paired.switch("dora"), 401, "till_revoked")
    assert paired.client.get("/till/").headers["Location"] == "/till/pair"
    assert "Counter" in paired.client.get("/till/pair").text
    with pytest.raises(Refusal, match="till_revoked"):
        paired.cast.run(lambda s: renew_code(s, paired.cast.program, paired.id, paired.cast.now))


def test_a_till_that_nobody_used_for_a_month_is_none(paired: Paired) -> None:
    paired.cast.now += UNUSED_MAX + timedelta(minutes=5)
    refused(paired.switch("dora"), 401, "till_revoked")


def line(cast: Cast, amount_minor: int = 500, **more: Any) -> dict[str, Any]:
    """A sale as a till saved it."""
    return {
        "op_id": str(uuid4()),
        "seq": 1,
        "amount_minor": amount_minor,
        "occurred_at": cast.now.isoformat(),
        "age_ms": 1000,
        "member_id": cast.view("bruno").public_id,
        "staff": public_id("stf", cast.staff["dora"]),
        **more,
    }


def fates(answer: TestResponse) -> list[tuple[str, str]]:
    """(state, reason) of each line."""
    return [(one["state"], one["reason"]) for one in told(answer)["lines"]]


def test_a_locked_till_hands_over_what_it_saved(paired: Paired) -> None:
    sent = line(paired.cast)
    answer = paired.post("sync", till="browser-0001", lines=[sent])
    assert fates(answer) == [("accepted", "")]
    assert told(paired.client.get("/till/api/session"))["staff"] is None
    act = journal(paired.cast)[0]
    assert (act.verb, act.till_id, act.staff_id) == ("sale", paired.id, paired.cast.staff["dora"])


def test_what_a_revoked_till_saved_goes_to_a_manager(
    paired: Paired, till: Till, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = public_id("til", paired.id)
    sent, told_apart = line(cast, paired=mine), line(cast, 700)
    revoke(cast, paired.id)
    waiting = ("review", "till_line_revoked")
    for _again in range(3):
        answer = paired.post("sync", till="browser-0001", lines=[sent, told_apart])
        assert fates(answer) == [waiting, waiting]
    # Sent again they are no new ones; beyond a busy day's number nothing more is taken that day.
    monkeypatch.setattr(sync, "LINES_OF_REVOKED_TILL", Limit("revoked-till", 3, timedelta(days=1)))
    for _again in range(3):
        answer = paired.post("sync", till="browser-0001", lines=[sent, told_apart, line(cast, 800)])
        assert answer.status_code == (429 if _again else 200)
    # Sent later from a browser in which somebody is signed in, it still was that till.
    late = line(cast, 900, paired=mine)
    assert fates(till.post("sync", till="browser-0001", lines=[late])) == [waiting]
    assert cast.balance("bruno").available == 0
    with cast.database.reading() as session:
        assert [flag.kind for flag in new_flags(session, cast.program)] == ["revoked_till"]


def test_another_brands_till_and_people_stay_apart(
    paired: Paired, open_till: Callable[[], Till]
) -> None:
    cast = paired.cast
    refused(
        paired.post("switch", staff=public_id("stf", cast.staff["gaelle"]), pin=PIN),
        403,
        "pin_wrong",
    )
    with pytest.raises(Refusal, match="till_not_found"):
        cast.run(lambda s: revoke_till(s, cast.other.program, paired.id, SYSTEM, cast.now))


def test_guesses_of_many_processes_are_counted_before_they_are_looked_at(
    engine: Sqlite, cast: Cast
) -> None:
    """Each database of its own sees the same counters: no more than the limit is ever evaluated."""
    till_id, code = add(cast)
    token, _till = pair(cast.database, code, "127.0.0.1", cast.now)
    give_pin(cast, "dora")
    with cast.database.reading() as session:
        here = till_behind(session, token, cast.now)
    assert here is not None
    assert here.id == till_id
    others = [open_database(cast.database.url) for _ in range(2)]
    evaluated = 0
    for turn in range(40):
        try:
            prove_pin(others[turn % 2], spot_of(here), cast.staff["dora"], "9182", cast.now)
        except Refusal as refusal:
            evaluated += refusal.code == "pin_wrong"
    for other in others:
        other.dispose()
    assert evaluated == PIN_PER_PERSON.count
