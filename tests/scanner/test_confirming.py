"""What a spending waits for: the shopper's yes, a manager's PIN; and one's own card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import PUBLIC_URL, Cast
from tests.scanner.conftest import Till, told
from tests.scanner.test_people import PIN, Paired, add, give_pin, journal, paired
from tests.scanner.test_till import refused
from wallet.actions.actor import SYSTEM
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.rotating_codes import draw_code
from wallet.actions.throttle import MEMBER_PIN
from wallet.actions.tills.confirm import ANSWER_WITHIN, LIFE
from wallet.actions.tills.flags import SALES_A_DAY_MAX, new_flags
from wallet.actions.tills.member_pin import choose_pin, drop_pin
from wallet.actions.tills.team import link_own_card
from wallet.ids import public_id

__all__ = ["paired"]

MEMBER_PIN_CHOSEN = "5038"
BANDS: list[dict[str, Any]] = [
    {"needs": "code", "up_to": 50},
    {"needs": "confirmation", "up_to": 200},
    {"needs": "approval"},
]


def with_bands(cast: Cast, bands: list[dict[str, Any]], **more: Any) -> None:
    """The café asks for this much from now on."""
    document = {
        **cast.program.ruleset.model_dump(mode="json", exclude_none=True),
        "spending": {"rotating": True, "bands": bands, **more},
    }

    def _publish(session: Any) -> Any:
        publish_rules(session, cast.program.id, document, "system", cast.now)
        return program_view(session, cast.program.id)

    cast.program = cast.run(_publish)


@pytest.fixture
def guarded(paired: Paired) -> Paired:
    """Dora at a paired till of a café with bands; Ada has 600 points."""
    with_bands(paired.cast, BANDS)
    paired.switch("dora")
    return paired


class Spending:
    """One reward on its way, with the request id that it keeps on every try."""

    def __init__(self, till: Till, who: str, cost: int) -> None:
        self.till, self.who = till, who
        reward = next(one for one in till.hub(who)["rewards"] if one["cost"] == cost)
        self.body = {
            "request_id": str(uuid4()),
            "member_id": till.id_of(who),
            "reward_id": reward["id"],
        }
        self.id = ""

    def take(self, **more: Any) -> TestResponse:
        return self.till.post("redemptions", **self.body, **more)

    def ask(self, **more: Any) -> dict[str, Any]:
        answer = self.till.post("confirmations", **self.body, **more)
        assert answer.status_code == 201, answer.text
        asked: dict[str, Any] = told(answer)["confirmation"]
        self.id = asked["id"]
        return asked

    def say(self, answer: str, **more: Any) -> TestResponse:
        return self.till.post(f"confirmations/{self.id}/answer", answer=answer, **more)

    def approve(self, who: str = "marc", pin: str = PIN, reason: str = "a regular") -> TestResponse:
        staff = public_id("stf", self.till.cast.staff[who])
        return self.till.post(
            f"confirmations/{self.id}/approval", staff=staff, pin=pin, reason=reason
        )

    def state(self) -> str:
        found = self.till.client.get(f"/till/api/confirmations/{self.id}")
        return str(told(found)["confirmation"]["state"])


def on_card(till: Till, who: str, confirmation: str, answer: str) -> TestResponse:
    """The shopper's phone: the page of the card, and a tap."""
    path = till.cast.view(who).card_url.removeprefix(PUBLIC_URL)
    data = {"answer": answer, "csrf_token": till.csrf}
    return till.client.post(f"{path}/confirm/{confirmation}", data=data)


def test_the_shoppers_yes_on_their_own_card_lets_it_through(guarded: Paired) -> None:
    spending = Spending(guarded, "ada", 100)
    refused(spending.take(), 403, "confirmation_needed")
    asked = spending.ask()
    assert (asked["state"], asked["needs"], asked["quantity"]) == (
        "open",
        "confirmation",
        "100\xa0points",
    )
    assert asked["place"] == "Café Lumière · Place du Modèle"
    assert (
        told(guarded.client.get("/till/api/confirmations/open"))["confirmation"]["id"]
        == spending.id
    )
    path = guarded.cast.view("ada").card_url.removeprefix(PUBLIC_URL)
    page = guarded.client.get(path)
    assert "Use 100\xa0points?" in page.text
    other = guarded.cast.view("bruno").card_url.removeprefix(PUBLIC_URL)
    assert "Use 100\xa0points?" not in guarded.client.get(other).text
    assert on_card(guarded, "bruno", spending.id, "yes").status_code == 404
    assert spending.state() == "open"
    assert on_card(guarded, "ada", spending.id, "yes").status_code == 303
    assert spending.state() == "yes"
    answer = spending.take()
    assert answer.status_code == 201
    assert spending.state() == "used"
    act = journal(guarded.cast)[0]
    assert (act.verb, act.confirmed, act.till_id) == ("redemption", "card", guarded.id)
    again = spending.take()
    assert (again.status_code, told(again)["repeated"]) == (200, True)
    assert guarded.cast.audit().findings == []


def test_the_open_card_is_drawn_again_when_a_till_asks(guarded: Paired) -> None:
    path = guarded.cast.view("ada").card_url.removeprefix(PUBLIC_URL)
    before = guarded.client.get(f"{path}/state").headers["ETag"]
    Spending(guarded, "ada", 100).ask()
    asked = guarded.client.get(f"{path}/state", headers={"If-None-Match": before})
    assert asked.status_code == 200
    guarded.cast.now += ANSWER_WITHIN
    later = guarded.client.get(f"{path}/state", headers={"If-None-Match": before})
    assert later.status_code == 304


def test_a_no_is_a_no_and_time_runs_out(guarded: Paired) -> None:
    spending = Spending(guarded, "ada", 100)
    spending.ask()
    on_card(guarded, "ada", spending.id, "no")
    refused(spending.take(), 409, "confirmation_refused")
    refused(spending.say("yes", pin="1111"), 409, "confirmation_over")
    late = Spending(guarded, "ada", 100)
    late.ask()
    guarded.cast.now += ANSWER_WITHIN
    assert late.state() == "over"
    on_card(guarded, "ada", late.id, "yes")
    refused(late.take(), 403, "confirmation_needed")
    in_time = Spending(guarded, "ada", 100)
    in_time.ask()
    on_card(guarded, "ada", in_time.id, "yes")
    guarded.cast.now += LIFE
    guarded.switch("dora")
    refused(in_time.take(), 403, "confirmation_needed")


def test_a_yes_is_good_for_the_spending_it_was_said_to(guarded: Paired) -> None:
    spending = Spending(guarded, "ada", 100)
    spending.ask()
    on_card(guarded, "ada", spending.id, "yes")
    dearer = Spending(guarded, "ada", 160)
    dearer.body["request_id"] = spending.body["request_id"]
    refused(dearer.take(), 403, "confirmation_needed")
    refused(guarded.post("confirmations", **dearer.body), 409, "request_id_reused")
    assert spending.take().status_code == 201


def test_the_shops_own_screen_counts_beside_a_fresh_code_only(
    guarded: Paired,
) -> None:
    spending = Spending(guarded, "ada", 100)
    assert spending.ask()["screen_may"] is False
    refused(spending.say("yes"), 403, "confirmation_not_here")
    fresh = Spending(guarded, "ada", 100)
    note = fresh_note(guarded, "ada")
    assert fresh.ask(shown=note)["screen_may"] is True
    assert fresh.say("yes").status_code == 200
    refused(fresh.take(), 403, "confirmation_needed")  # without the note it is not fresh any more
    assert fresh.take(shown=note).status_code == 201
    with_bands(guarded.cast, BANDS, screen_confirms=False)
    strict = Spending(guarded, "ada", 100)
    assert strict.ask(shown=fresh_note(guarded, "ada"))["screen_may"] is False


def fresh_note(till: Till, who: str) -> str:
    """What a look-up says of the code that is on the web card now."""
    till.cast.later(seconds=60)  # the next code
    path = till.cast.view(who).card_url.removeprefix(PUBLIC_URL)
    till.client.get(path)  # the card's key is made when it is first drawn
    code = code_on(till, who)
    found = told(till.post("lookup", query=code, source="camera"))
    assert found["shown"]["code"] == "fresh"
    return str(found["shown"]["note"])


def code_on(till: Till, who: str) -> str:
    """The code that the web card shows."""
    with till.cast.database.reading() as session:
        drawn = draw_code(session, till.cast.people[who], "web", till.cast.now)
    assert drawn is not None
    return drawn.value


def test_a_shopper_without_a_phone_types_their_pin(guarded: Paired) -> None:
    cast = guarded.cast
    choose_pin(cast.database, cast.people["ada"], MEMBER_PIN_CHOSEN, "", cast.now)
    spending = Spending(guarded, "ada", 100)
    assert spending.ask()["has_pin"] is True
    for _miss in range(MEMBER_PIN.count - 1):
        refused(spending.say("yes", pin="9182"), 403, "pin_wrong")
    assert spending.say("yes", pin=MEMBER_PIN_CHOSEN).status_code == 200
    assert spending.take().status_code == 201
    assert journal(cast)[0].confirmed == "pin"
    guess = Spending(guarded, "ada", 100)
    guess.ask()
    for _miss in range(MEMBER_PIN.count):
        refused(guess.say("yes", pin="9182"), 403, "pin_wrong")
    refused(guess.say("yes", pin=MEMBER_PIN_CHOSEN), 429, "too_many_attempts")
    cast.run(lambda s: drop_pin(s, cast.people["ada"]))
    refused(guess.say("yes", pin=MEMBER_PIN_CHOSEN), 403, "pin_wrong")


def test_the_pin_is_chosen_on_the_card_and_changed_with_the_old_one(guarded: Paired) -> None:
    path = guarded.cast.view("ada").card_url.removeprefix(PUBLIC_URL)

    def keep(pin: str, before: str = "") -> str:
        data = {"pin": pin, "before": before, "csrf_token": guarded.csrf}
        assert guarded.client.post(f"{path}/pin", data=data).status_code == 303
        return guarded.client.get(path).text

    assert "too easy to guess" in keep("1234")
    assert "Your PIN is kept" in keep("5038")
    assert "The PIN is not right" in keep("9182")
    assert "Your PIN is kept" in keep("9182", "5038")


def test_above_that_a_manager_says_yes_too(guarded: Paired) -> None:
    cast = guarded.cast
    spending = Spending(guarded, "ada", 400)
    spending.ask()
    assert told(spending.approve())["confirmation"]["needs"] == "confirmation"
    refused(spending.take(), 403, "confirmation_needed")
    on_card(guarded, "ada", spending.id, "yes")
    assert spending.take().status_code == 201
    act = journal(cast)[0]
    assert (act.staff_id, act.approved_by) == (cast.staff["dora"], cast.staff["marc"])
    assert act.reason == "a regular"


def test_only_managers_allow_with_a_reason_and_their_own_pin(guarded: Paired) -> None:
    spending = Spending(guarded, "ada", 100)
    spending.ask()
    refused(spending.approve("dora"), 403, "approval_not_theirs")
    refused(spending.approve(pin="9182"), 403, "pin_wrong")
    refused(spending.approve(reason=" "), 422, "reason_missing")
    assert spending.state() == "open"
    # A manager's word stands for the shopper's in the middle band: the phone may be flat.
    assert spending.approve().status_code == 200
    assert spending.take().status_code == 201


def test_the_manager_does_not_allow_their_own_card(guarded: Paired) -> None:
    cast = guarded.cast
    link(cast, "marc", cast.view("ada").number)
    spending = Spending(guarded, "ada", 100)
    spending.ask()
    refused(spending.approve(), 403, "own_card")


def link(cast: Cast, who: str, card: str, phone: str = "") -> None:
    cast.run(lambda s: link_own_card(s, cast.program, cast.staff[who], card, phone, SYSTEM))


@pytest.mark.parametrize("way", ["link", "email", "phone"])
def test_nobody_serves_their_own_card(guarded: Paired, way: str) -> None:
    cast = guarded.cast
    if way == "link":
        link(cast, "dora", cast.view("ada").number)
    elif way == "phone":
        link(cast, "dora", "", "06 12 34 56 78")
    else:
        cast.enrol("dora")
    who = "dora" if way == "email" else "ada"
    assert guarded.hub(who)["own_card"] is True
    before = cast.balance(who)
    refused(guarded.sell(who, 1000), 403, "own_card")
    body = {"member_id": guarded.id_of(who), "kind": "own_cup", "request_id": str(uuid4())}
    refused(guarded.post("activities", **body), 403, "own_card")
    if who == "ada":
        spending = Spending(guarded, who, 30)
        refused(guarded.post("confirmations", **spending.body), 403, "own_card")
    assert cast.balance(who) == before
    assert guarded.hub("bruno")["own_card"] is False
    assert guarded.sell("bruno", 1000).status_code == 201
    # A colleague serves the card.
    guarded.switch("marc")
    assert guarded.sell(who, 1000).status_code == 201


def test_a_saved_sale_for_ones_own_card_waits_for_a_manager(guarded: Paired) -> None:
    cast = guarded.cast
    link(cast, "dora", cast.view("ada").number)
    line = {
        "op_id": str(uuid4()),
        "seq": 1,
        "amount_minor": 500,
        "occurred_at": cast.now.isoformat(),
        "age_ms": 0,
        "member_id": cast.view("ada").public_id,
        "staff": public_id("stf", cast.staff["dora"]),
    }
    (fate,) = told(guarded.post("sync", till="browser-0001", lines=[line]))["lines"]
    assert (fate["state"], fate["reason"]) == ("review", "own_card")


def test_a_card_that_comes_back_all_day_is_flagged_not_stopped(guarded: Paired) -> None:
    cast = guarded.cast
    for at in range(SALES_A_DAY_MAX + 2):
        assert guarded.sell("bruno", 500 + at).status_code == 201
    with cast.database.reading() as session:
        (flag,) = new_flags(session, cast.program)
    assert (flag.kind, flag.facts["count"]) == ("card_often", SALES_A_DAY_MAX + 2)


def test_a_card_used_often_waits_for_a_manager_who_is_told(guarded: Paired) -> None:
    """Nobody is asked for more than the manager's word; the one reward it was given for is all."""
    cast = guarded.cast
    for _ in range(3):
        assert guarded.redeem("ada", 30, shown=fresh_note(guarded, "ada")).status_code == 201
    spending = Spending(guarded, "ada", 30)
    shown = fresh_note(guarded, "ada")
    refused(spending.take(shown=shown), 403, "card_used_often")
    assert cast.balance("ada").available == 510
    with cast.database.reading() as session:
        (flag,) = new_flags(session, cast.program)
    assert (flag.kind, flag.subject) == ("card_used_often", cast.view("ada").public_id)
    assert spending.ask(shown=shown)["needs"] == "approval"
    on_card(guarded, "ada", spending.id, "yes")
    refused(spending.take(shown=shown), 403, "card_used_often")  # her yes is no manager's word
    assert told(spending.approve())["confirmation"]["needs"] is None
    assert spending.take(shown=shown).status_code == 201
    assert cast.balance("ada").available == 480
    refused(Spending(guarded, "ada", 30).take(shown=shown), 403, "card_used_often")


def test_a_browser_with_a_password_asks_managers_too(till: Till, cast: Cast) -> None:
    """Step-up needs no paired till: the manager's PIN is counted under who is signed in."""
    with_bands(cast, BANDS)
    give_pin(cast, "marc")
    people = told(till.client.get("/till/api/approvers"))["people"]
    assert [one["name"] for one in people] == ["Marc"]
    spending = Spending(till, "ada", 100)
    spending.ask()
    assert spending.approve().status_code == 200
    assert spending.take().status_code == 201


def test_questions_of_others_are_not_there(
    guarded: Paired, open_till: Callable[[], Till], cast: Cast
) -> None:
    spending = Spending(guarded, "ada", 100)
    spending.ask()
    stranger = open_till()
    stranger.sign_in("gaelle")
    refused(
        stranger.client.get(f"/till/api/confirmations/{spending.id}"), 404, "confirmation_not_found"
    )
    refused(
        stranger.post(f"confirmations/{spending.id}/answer", answer="no"),
        404,
        "confirmation_not_found",
    )
    assert add(cast)[0]


def by_manager(till: Till, verb: str, **more: Any) -> TestResponse:
    """Marc's PIN at this till."""
    word = {
        "request_id": str(uuid4()),
        "staff": public_id("stf", till.cast.staff["marc"]),
        "pin": PIN,
        "reason": "typed twice",
    }
    return till.post(verb, **{**word, **more})


def test_what_is_too_late_to_undo_a_manager_takes_back(guarded: Paired) -> None:
    cast = guarded.cast
    bought = told(guarded.sell("bruno", 1000))
    cast.later(minutes=11)
    guarded.switch("dora")
    refused(guarded.undo(bought["undo"]), 409, "undo_too_late")
    (line,) = told(guarded.post("movements", member_id=guarded.id_of("bruno")))["movements"]
    assert (line["quantity"], line["by"]) == ("10\xa0points", "Dora")
    refused(
        by_manager(guarded, "reversals", entry_id=line["id"], reason=" "), 422, "reason_missing"
    )
    refused(by_manager(guarded, "reversals", entry_id=line["id"], pin="9182"), 403, "pin_wrong")
    dora = public_id("stf", cast.staff["dora"])
    refused(
        by_manager(guarded, "reversals", entry_id=line["id"], staff=dora),
        403,
        "approval_not_theirs",
    )
    assert cast.balance("bruno").available == 10
    body = {"entry_id": line["id"], "request_id": str(uuid4())}
    answer = by_manager(guarded, "reversals", **body)
    assert (answer.status_code, told(answer)["changes"]) == (
        201,
        [{"unit": "points", "quantity": -10}],
    )
    assert told(by_manager(guarded, "reversals", **body))["repeated"] is True
    assert cast.balance("bruno").available == 0
    act = journal(cast)[0]
    assert (act.verb, act.staff_id, act.approved_by, act.reason) == (
        "reversal",
        cast.staff["dora"],
        cast.staff["marc"],
        "typed twice",
    )
    assert told(guarded.post("movements", member_id=guarded.id_of("bruno")))["movements"] == []
    assert cast.audit().findings == []


def test_a_manager_gives_by_hand_up_to_what_their_role_may(guarded: Paired) -> None:
    cast = guarded.cast
    about = {"member_id": guarded.id_of("bruno"), "unit": "points"}
    assert by_manager(guarded, "adjustments", quantity=25, **about).status_code == 201
    assert cast.balance("bruno").available == 25
    refused(
        by_manager(guarded, "adjustments", quantity=2_001, **about), 403, "adjustment_too_large"
    )
    link(cast, "dora", cast.view("bruno").number)  # not for the cashier's own card either
    refused(by_manager(guarded, "adjustments", quantity=5, **about), 403, "own_card")
    assert cast.balance("bruno").available == 25


def test_the_console_shows_who_did_what_where(
    guarded: Paired, open_till: Callable[[], Till]
) -> None:
    for at in range(SALES_A_DAY_MAX + 1):
        guarded.sell("bruno", 500 + at)
    office = open_till()
    office.sign_in("marc")
    page = office.client.get("/console/journal?lang=en").text
    assert "4 sales on one card in a day: Bruno" in page
    assert "Counter · Place du Modèle" in page
    file = office.client.get(f"/console/members/{guarded.id_of('bruno')}").text
    assert "Dora · Counter" in file
    with guarded.cast.database.reading() as session:
        (flag,) = new_flags(session, guarded.cast.program)
    seen = office.client.post(
        f"/console/flags/{public_id('flg', flag.id)}", data={"csrf_token": office.csrf}
    )
    assert seen.status_code == 303
    assert "4 sales on one card" not in office.client.get("/console/journal").text
