"""The console's pages about what happens at tills: shifts, and what tills offer and say."""

from __future__ import annotations

import re

import pytest

from tests.factories import Cast
from tests.scanner.treats import hold_for, refreshed, with_holds
from tests.wallet.web.conftest import Browser
from tests.wallet.web.test_console import plain
from wallet.actions.actor import Actor
from wallet.actions.receive_till_line import Reporter, SavedReward, SavedSale, receive_till_line
from wallet.actions.till_settings import coach_of, quick_amounts
from wallet.ids import public_id
from wallet.rules.coach import DEFAULTS


def test_a_day_by_person_and_store(browser: Browser, web_cast: Cast) -> None:
    browser.sign_in("odile")
    assert "Personne n’a utilisé de caisse" in browser.get("/console/shifts?day=2026-03-01").text
    stores = [store.id for store in web_cast.program.stores]
    for name, store_id, amount in (("dora", stores[0], 1_000), ("marc", stores[1], 2_500)):
        web_cast.actor = Actor(f"staff:{web_cast.staff[name]}", "cashier", "store", store_id)
        web_cast.buy("bruno", amount, found_by="typed")
    page = browser.get("/console/shifts").text
    rows = re.findall(r"(?s)<tr>\s*<th scope=\"row\".*?</tr>", page)
    rows = [row for row in rows if re.search("Dora|Marc|En tout", row)]
    assert ["Dora" in rows[0], "Marc" in rows[1], "En tout" in rows[2]] == [True] * 3
    assert "35\u00a0€" in rows[2]
    assert "35\u00a0points" in rows[2]
    assert "10\u00a0€" in rows[0]
    for wrong in ("yesterday", "2026-99-99", "9999-12-31"):
        assert "Dora" in browser.get(f"/console/shifts?day={wrong}").text


def said(**more: str) -> dict[str, str]:
    return {"quick_0": "2,50", "quick_1": "12", **more}


def test_own_words_and_amounts_reach_the_tills(browser: Browser, web_cast: Cast) -> None:
    browser.sign_in("emil")
    form = browser.get("/console/till-words").text
    assert "Avez-vous la carte {program}" in form
    answer = browser.send(
        "/console/till-words",
        said(script_fr="Bonjour", script_en=DEFAULTS["en"]["script"], questions_fr=" \r\n "),
    )
    assert answer.status_code == 303
    refreshed(web_cast)
    assert quick_amounts(web_cast.program) == [250, 1_200]
    assert coach_of(web_cast.program, "fr").script == ("Bonjour",)
    assert len(coach_of(web_cast.program, "fr").questions) == 5
    # Our own text stays ours: a later release may mend it.
    assert web_cast.program.details["till"]["coach"]["en"]["script"] == ""


@pytest.mark.parametrize(
    "wrong", [said(quick_2="a lot"), said(quick_2="-1"), said(script_fr="x" * 4_001)]
)
def test_what_cannot_be_is_shown_again(
    browser: Browser, web_cast: Cast, wrong: dict[str, str]
) -> None:
    browser.sign_in("odile")
    answer = browser.send("/console/till-words", wrong)
    assert answer.status_code == 422
    assert 'value="2,50"' in answer.text  # nothing typed is lost
    assert "till" not in refreshed(web_cast).program.details


def test_a_reward_given_too_late_has_two_ways_out(browser: Browser, web_cast: Cast) -> None:
    cast = with_holds(web_cast)
    hold = hold_for(cast, "ada")
    browser.sign_in("marc")
    member = f"/console/members/{cast.view('ada').public_id}"
    assert "400 points réservés par une caisse" in plain(browser.get(member).text)
    cast.later(minutes=40)

    def send(number: int) -> str:
        reward = public_id("rwd", cast.reward_id(30))
        saved = SavedSale(
            op_id=f"given-{number}",
            till="browser-0123456789",
            seq=number,
            amount_minor=0,
            occurred_at=cast.now,
            age_ms=1_800_000,
            member_id=cast.view("ada").public_id,
            staff_id=cast.staff["dora"],
            reward=SavedReward(reward, hold.request_id),
        )
        line = cast.run(
            lambda session: receive_till_line(session, cast.program, saved, Reporter(), cast.now)
        )
        assert line.reason == "hold_over"
        return f"/console/saved-sales/{line.op_id}"

    first, second = send(1), send(2)
    page = plain(browser.get("/console/saved-sales").text)
    assert "Un café offert · 30 points" in page
    assert "ce qui était réservé pour elle avait expiré" in page

    def decide(path: str, **said: str) -> int:
        return browser.send(path, said, page="/console/saved-sales").status_code

    assert decide(first, verdict="dismiss", note="") == 422
    assert decide(first, verdict="dismiss", note="Offert") == 303
    assert cast.balance("ada").available == 600
    assert decide(second, verdict="record", note="") == 303
    assert cast.balance("ada").available == 570
    assert "Un café offert · 30 points" in plain(browser.get("/console/saved-sales").text)


def test_another_till_is_asked_for_in_our_words_and_nothing_typed_is_lost(
    browser: Browser, web_cast: Cast
) -> None:
    browser.sign_in("odile")
    page = "/console/tills"
    wrong = {"name": " ", "store": "sto_0000000000000", "lock_minutes": "7"}
    said = browser.send(page, wrong)
    assert said.status_code == 422
    for name in ("name", "store", "lock_minutes"):
        assert f'id="{name}-error"' in said.text, "all of them at once"
    assert "novalidate" in said.text
    right = browser.get(page).text
    store = re.search(r'<option value="(sto_[^"]+)"', right)
    assert store
    long = {"name": "Comptoir " * 20, "store": store[1], "lock_minutes": "15"}
    said = browser.send(page, long)
    assert said.status_code == 422
    assert "Comptoir Comptoir" in said.text
    assert 'value="15" selected' in said.text
    assert browser.send(page, {**long, "name": "Comptoir 2"}).status_code == 201
