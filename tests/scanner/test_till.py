"""The till's door, request by request."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import Cast
from tests.scanner.conftest import Till, told
from wallet.actions.find_member import CHOICES_MAX
from wallet.actions.load_demo import RULES
from wallet.actions.publish_rules import publish_rules
from wallet.actions.rotating_codes import draw_code, make_code_key
from wallet.actions.throttle import UNKNOWN_CODES_PER_STAFF
from wallet.ids import CROCKFORD
from wallet.rules.rotating_code import make_prefix, make_value
from wallet.tables.purchase import newest_purchase


def refused(answer: TestResponse, status: int, code: str) -> None:
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, told(answer)["code"]) == (status, code)


# --- Finding somebody ------------------------------------------------------------------------


def test_a_code_opens_the_hub(till: Till, cast: Cast) -> None:
    answer = till.post("lookup", query=cast.view("ada").code, source="camera")
    member = told(answer)["member"]
    assert member["name"] == "Ada"
    assert member["tier"] == {"key": "gold", "name": "Gold"}
    assert member["balances"] == {"points": {"available": 600, "pending": 0}}
    assert member["id"] == till.id_of("ada")
    assert member["number"].replace(" ", "") == cast.view("ada").number


@pytest.mark.parametrize("find", ["number", "email", "phone", "name", "code"])
def test_every_rung_of_the_ladder_finds_the_member(till: Till, cast: Cast, find: str) -> None:
    view = cast.view("ada")
    query = {
        "number": till.hub("ada")["number"],
        "email": "Ada@Exemple.Test",
        "phone": "06 12 34 56 78",
        "name": "ada",
        "code": f"{view.code[:2].lower()}-{view.code[2:]}",
    }[find]
    answer = till.post("lookup", query=query)
    assert told(answer)["member"]["id"] == view.public_id


def test_a_name_that_fits_several_asks_which_without_telling_contacts(
    till: Till, cast: Cast
) -> None:
    cast.enrol("adam")
    answer = till.post("lookup", query="ada")
    assert {choice["name"] for choice in told(answer)["choices"]} == {"Ada", "Adam"}
    assert "exemple.test" not in answer.text
    assert all(set(choice) == {"id", "name", "number"} for choice in told(answer)["choices"])
    assert told(answer)["more"] is False
    for at in range(CHOICES_MAX):
        cast.enrol(f"ada{'bcdefghi'[at]}")
    many = told(till.post("lookup", query="ada"))
    assert (len(many["choices"]), many["more"]) == (CHOICES_MAX, True)


def test_an_accent_in_lower_case_finds_the_capital(till: Till, cast: Cast) -> None:
    cast.enrol("élio")
    answer = till.post("lookup", query="éli")
    assert told(answer)["member"]["name"] == "Élio"


def test_nobody_fits(till: Till) -> None:
    assert till.post("lookup", query="zzz nobody").json == {"choices": [], "more": False}


def test_rewards_come_best_first_and_say_what_is_within_reach(till: Till, cast: Cast) -> None:
    rewards = till.hub("ada")["rewards"]
    costs = [reward["cost"] for reward in rewards]
    assert costs == sorted(costs, reverse=True)
    assert all(reward["affordable"] == (reward["cost"] <= 600) for reward in rewards)
    following = till.hub("bruno")["next_reward"]
    assert following["missing"] == min(costs)


def test_names_follow_the_language_of_the_cashier(till: Till) -> None:
    till.client.get("/till/?lang=fr")
    assert till.hub("ada")["tier"]["name"] == "Or"
    till.client.get("/till/?lang=en")
    assert till.hub("ada")["tier"]["name"] == "Gold"


def test_a_forged_code_is_not_ours(till: Till, cast: Cast) -> None:
    code = cast.view("ada").code
    last = CROCKFORD[(CROCKFORD.index(code[-1]) + 1) % 32]
    refused(till.post("lookup", query=code[:-1] + last), 404, "code_not_ours")
    refused(till.post("lookup", query="https://example.org/menu"), 404, "code_not_ours")


def test_a_card_of_the_other_brand_is_unknown_here(till: Till, cast: Cast) -> None:
    refused(till.post("lookup", query=cast.other.view("fatou").code), 404, "code_not_ours")
    foreign = cast.other.view("fatou").public_id
    refused(till.post("lookup", member_id=foreign), 404, "member_not_found")


def test_guessing_codes_is_stopped_for_everything_and_ends(till: Till, cast: Cast) -> None:
    code = cast.view("ada").code
    for guess in range(UNKNOWN_CODES_PER_STAFF.count):
        tail = CROCKFORD[guess % 32] + CROCKFORD[(guess * 7) % 32]
        refused(till.post("lookup", query=code[:-3] + "Z" + tail), 404, "code_not_ours")
    refused(till.post("lookup", query=code), 429, "too_many_attempts")
    cast.later(minutes=11)
    assert till.post("lookup", query=code).status_code == 200


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "member_not_found"),
        (" ", "member_not_found"),
        ("\x00", "member_not_found"),
        ("a\x00b", "member_not_found"),
        ("\u202e", "query_too_short"),
        ("ab", "query_too_short"),
        ("%%%", "query_too_short"),
        ("___", "query_too_short"),
        ("x" * 200, ""),
        ("' OR 1=1 --", ""),
    ],
)
def test_odd_queries_find_nobody_and_break_nothing(till: Till, query: str, code: str) -> None:
    answer = till.post("lookup", query=query)
    if code:
        refused(answer, 422 if code == "query_too_short" else 404, code)
    else:
        assert told(answer) == {"choices": [], "more": False}


# --- Sales -----------------------------------------------------------------------------------


def test_a_sale_adds_points_at_once(till: Till, cast: Cast) -> None:
    answer = till.sell("bruno", 1250)
    assert answer.status_code == 201
    assert told(answer)["changes"] == [{"unit": "points", "quantity": 12}]
    assert told(answer)["member"]["balances"]["points"]["available"] == 12
    assert told(answer)["repeated"] is False
    assert cast.balance("bruno").available == 12


def test_a_sale_says_who_and_where(till: Till, cast: Cast) -> None:
    till.sell("bruno", 1250)
    last = till.hub("bruno")["last_visit_at"]
    assert last == cast.now.isoformat()
    with cast.database.reading() as session:
        purchase = newest_purchase(session, cast.people["bruno"])
    assert purchase is not None
    assert purchase.actor == f"staff:{cast.staff['dora']}"
    assert purchase.store_id == cast.program.stores[0].id
    assert (purchase.channel, purchase.source) == ("store", "till")


def test_the_same_request_counts_once_and_answers_the_same(till: Till, cast: Cast) -> None:
    request_id = str(uuid4())
    first = till.sell("bruno", 1250, request_id=request_id)
    again = till.sell("bruno", 1250, request_id=request_id)
    assert again.status_code == 200
    assert told(again)["repeated"] is True
    assert {**told(again), "repeated": False} == told(first)
    assert cast.balance("bruno").available == 12


def test_the_same_request_with_other_facts_is_refused(till: Till) -> None:
    request_id = str(uuid4())
    till.sell("bruno", 1250, request_id=request_id)
    refused(till.sell("bruno", 1300, request_id=request_id), 409, "request_id_reused")


def test_the_same_amount_within_a_minute_is_asked_about(till: Till, cast: Cast) -> None:
    till.sell("bruno", 1250)
    cast.later(seconds=59)
    asked = till.sell("bruno", 1250)
    refused(asked, 409, "repeat_suspected")
    assert told(asked)["by"] == "Dora"
    assert told(asked)["at"].startswith("2026-03-14T09:26:53")
    assert till.sell("bruno", 1251).status_code == 201
    confirmed = till.sell("bruno", 1250, confirm_repeat=True)
    assert confirmed.status_code == 201
    assert cast.balance("bruno").available == 36


def test_the_same_amount_after_a_minute_is_another_sale(till: Till, cast: Cast) -> None:
    till.sell("bruno", 1250)
    cast.later(seconds=61)
    assert till.sell("bruno", 1250).status_code == 201


def test_a_confirmed_repeat_keeps_its_request_id(till: Till, cast: Cast) -> None:
    till.sell("bruno", 1250)
    request_id = str(uuid4())
    refused(till.sell("bruno", 1250, request_id=request_id), 409, "repeat_suspected")
    sent = {"request_id": request_id, "confirm_repeat": True}
    assert till.sell("bruno", 1250, **sent).status_code == 201
    assert till.sell("bruno", 1250, **sent).status_code == 200
    assert cast.balance("bruno").available == 24


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        (0, 422, "amount_invalid"),
        (-1250, 422, "amount_invalid"),
        (10**12, 422, "amount_too_large"),
        (10**30, 422, "body_invalid"),
        (12.5, 422, "body_invalid"),
        ("1250", 422, "body_invalid"),
        (None, 422, "body_invalid"),
        (True, 422, "body_invalid"),
    ],
)
def test_impossible_amounts_are_refused(
    till: Till, cast: Cast, amount: object, status: int, code: str
) -> None:
    refused(till.sell("bruno", amount), status, code)
    assert cast.balance("bruno").available == 0


def test_a_closed_membership_earns_nothing(till: Till) -> None:
    refused(till.sell("chloe", 1250), 409, "member_closed")


def test_a_member_of_the_other_brand_cannot_be_given_points(till: Till, cast: Cast) -> None:
    before = cast.other.balance("fatou").available
    foreign = cast.other.view("fatou").public_id
    refused(till.sell("ada", 1250, member_id=foreign), 404, "member_not_found")
    assert cast.other.balance("fatou").available == before


@pytest.mark.parametrize(
    "request_id", ["", "short", "x" * 65, "with space in it", "\ud83d\ude00" * 8]
)
def test_a_request_needs_a_proper_id(till: Till, request_id: str) -> None:
    refused(till.sell("bruno", 1250, request_id=request_id), 422, "body_invalid")


# --- Rewards ---------------------------------------------------------------------------------


def test_a_reward_takes_its_points(till: Till, cast: Cast) -> None:
    cost = min(reward.cost for reward in cast.program.rewards)
    answer = till.redeem("ada", cost)
    assert answer.status_code == 201
    assert told(answer)["changes"] == [{"unit": "points", "quantity": -cost}]
    assert told(answer)["reward"]["cost"] == cost
    assert cast.balance("ada").available == 600 - cost


def test_too_few_points_for_a_reward(till: Till, cast: Cast) -> None:
    cost = min(reward.cost for reward in cast.program.rewards)
    refused(till.redeem("bruno", cost), 409, "insufficient_balance")


def test_a_reward_is_taken_once_per_request(till: Till, cast: Cast) -> None:
    cost = min(reward.cost for reward in cast.program.rewards)
    request_id = str(uuid4())
    till.redeem("ada", cost, request_id=request_id)
    again = till.redeem("ada", cost, request_id=request_id)
    assert told(again)["repeated"] is True
    assert cast.balance("ada").available == 600 - cost


def test_a_reward_of_the_other_brand_does_not_exist(till: Till, cast: Cast) -> None:
    reward = cast.other.program.rewards[0]
    answer = till.post(
        "redemptions",
        request_id=str(uuid4()),
        member_id=till.id_of("ada"),
        reward_id=f"rwd_{reward.id}",
    )
    refused(answer, 404, "reward_not_found")


# --- Undo ------------------------------------------------------------------------------------


def test_a_sale_is_undone_whole(till: Till, cast: Cast) -> None:
    sold = told(till.sell("bruno", 1250))
    answer = till.undo(sold["undo"])
    assert answer.status_code == 201
    assert told(answer)["changes"] == [{"unit": "points", "quantity": -12}]
    assert cast.balance("bruno").available == 0
    assert cast.view("bruno").standing.missing_minor == 25_000
    refused(till.undo(sold["undo"]), 409, "already_reversed")


def test_a_sale_without_points_can_be_undone_too(till: Till, cast: Cast) -> None:
    sold = told(till.sell("bruno", 50))
    assert sold["changes"] == []
    assert cast.view("bruno").standing.missing_minor == 24_950
    answer = till.undo(sold["undo"])
    assert told(answer)["changes"] == []
    assert cast.view("bruno").standing.missing_minor == 25_000
    refused(till.undo(sold["undo"]), 409, "already_reversed")


def test_after_an_undo_the_same_amount_is_not_asked_about(till: Till) -> None:
    sold = told(till.sell("bruno", 1250))
    till.undo(sold["undo"])
    assert till.sell("bruno", 1250).status_code == 201


def test_a_reward_is_given_back(till: Till, cast: Cast) -> None:
    cost = min(reward.cost for reward in cast.program.rewards)
    taken = told(till.redeem("ada", cost))
    answer = till.undo(taken["undo"])
    assert told(answer)["changes"] == [{"unit": "points", "quantity": cost}]
    assert cast.balance("ada").available == 600


def test_an_undo_counts_once_per_request(till: Till, cast: Cast) -> None:
    sold = told(till.sell("bruno", 1250))
    request_id = str(uuid4())
    first = till.undo(sold["undo"], request_id=request_id)
    again = till.undo(sold["undo"], request_id=request_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert cast.balance("bruno").available == 0


def test_points_that_were_used_cannot_be_undone_away(till: Till, cast: Cast) -> None:
    cost = min(reward.cost for reward in cast.program.rewards)
    sold = told(till.sell("bruno", cost * 100))
    till.redeem("bruno", cost)
    refused(till.undo(sold["undo"]), 409, "undo_spent")
    assert cast.balance("bruno").available == 0


def test_the_act_of_a_colleague_is_not_ours_to_undo(
    till: Till, open_till: Callable[[], Till], cast: Cast
) -> None:
    sold = told(till.sell("bruno", 1250))
    other = open_till()
    other.sign_in("marc")
    refused(other.undo(sold["undo"]), 403, "forbidden")
    assert cast.balance("bruno").available == 12


def test_after_ten_minutes_a_manager_decides(till: Till, cast: Cast) -> None:
    sold = told(till.sell("bruno", 1250))
    taken = told(till.redeem("ada", min(reward.cost for reward in cast.program.rewards)))
    cast.later(minutes=10, seconds=1)
    refused(till.undo(sold["undo"]), 409, "undo_too_late")
    refused(till.undo(taken["undo"]), 409, "undo_too_late")


@pytest.mark.parametrize(
    ("undo", "code"),
    [
        ({"purchase_id": "pur_0000000000001"}, "purchase_not_found"),
        ({"purchase_id": "nonsense"}, "purchase_not_found"),
        ({"entry_id": "ent_0000000000001"}, "entry_not_found"),
        ({"entry_id": "pur_0000000000001"}, "entry_not_found"),
    ],
)
def test_what_does_not_exist_cannot_be_undone(till: Till, undo: dict[str, str], code: str) -> None:
    refused(till.undo(undo), 404, code)


# --- Who may ---------------------------------------------------------------------------------

VERBS = ("lookup", "purchases", "redemptions", "undo")


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_signed_in(open_till: Callable[[], Till], till: Till, verb: str) -> None:
    stranger = open_till()
    stranger.come_in()
    refused(stranger.post(verb), 401, "unauthorized")


@pytest.mark.parametrize("verb", VERBS)
def test_a_marketer_has_no_till(open_till: Callable[[], Till], till: Till, verb: str) -> None:
    other = open_till()
    other.sign_in("emil")
    assert other.client.get("/till/").status_code == 403
    refused(other.post(verb), 403, "forbidden")


@pytest.mark.parametrize("verb", VERBS)
def test_a_request_without_the_pages_token_is_refused(till: Till, verb: str) -> None:
    till.csrf = ""
    refused(till.post(verb), 400, "csrf_failed")


@pytest.mark.parametrize("verb", VERBS)
def test_bodies_are_strict(till: Till, verb: str) -> None:
    refused(till.post(verb), 422, "body_invalid")
    refused(till.post(verb, unknown=1), 422, "body_invalid")
    headers = {"X-CSRFToken": till.csrf}
    path = f"/till/api/{verb}"
    refused(till.client.post(path, data="x=1", headers=headers), 415, "media_type_unsupported")
    kind = {"content_type": "application/json", "headers": headers}
    refused(till.client.post(path, data=b"{", **kind), 400, "json_invalid")
    refused(till.client.post(path, data=b'{"query": "\\ud800"}', **kind), 400, "json_invalid")
    refused(till.client.post(path, data=b"[]", **kind), 422, "body_invalid")
    refused(till.client.post(path, data=b" " * 300_000, **kind), 413, "body_too_large")


def test_signing_out_ends_it_at_once(till: Till, cast: Cast) -> None:
    till.client.post("/staff/sign-out", data={"csrf_token": till.csrf})
    assert till.client.get("/till/").status_code == 302
    assert till.post("lookup", query="ada").status_code in (400, 401)


# --- What the scan proves ----------------------------------------------------------------------


def turning(cast: Cast) -> str:
    """The code on Ada's web card now."""
    cast.run(
        lambda session: make_code_key(session, cast.program, cast.people["ada"], "web", cast.now)
    )
    with cast.database.reading() as session:
        drawn = draw_code(session, cast.people["ada"], "web", cast.now)
        assert drawn is not None
        return drawn.value


def ask_for_fresh_codes(cast: Cast) -> None:
    rules = {**RULES, "spending": {"bands": [{"needs": "fresh_code"}]}}
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))


def test_a_fresh_code_is_scanned_talked_over_and_used_once(till: Till, cast: Cast) -> None:
    ask_for_fresh_codes(cast)
    answer = told(till.post("lookup", query=turning(cast), source="camera"))
    assert answer["member"]["id"] == till.id_of("ada")
    assert answer["shown"]["code"] == "fresh"
    note = answer["shown"]["note"]
    cast.later(minutes=4)  # the customer cannot decide
    taken = till.redeem("ada", 100, shown=note)
    assert taken.status_code == 201
    again = till.redeem("ada", 100, shown=note)
    refused(again, 409, "code_used")
    assert "Wait for the next one" in told(again)["detail"]


def test_what_is_no_fresh_code_is_refused_with_a_sentence(till: Till, cast: Cast) -> None:
    ask_for_fresh_codes(cast)
    refused(till.redeem("ada", 100), 403, "code_needed")
    refused(till.redeem("ada", 100, shown="not a note"), 403, "code_needed")
    static = told(till.post("lookup", query=cast.view("ada").code))["shown"]
    assert static["code"] == "static"
    refused(till.redeem("ada", 100, shown=static["note"]), 403, "code_must_be_fresh")
    picture = turning(cast)
    cast.later(seconds=90)
    old = told(till.post("lookup", query=picture))["shown"]
    assert old["code"] == "old"
    answer = till.redeem("ada", 100, shown=old["note"])
    refused(answer, 409, "code_too_old")
    assert "perhaps a picture" in told(answer)["detail"]
    # It earns all the same.
    assert till.sell("ada", 1000).status_code == 201
    assert "shown" not in told(till.post("lookup", query=till.hub("ada")["number"]))


def test_where_the_program_asks_for_nothing_any_scan_will_do(till: Till, cast: Cast) -> None:
    static = told(till.post("lookup", query=cast.view("ada").code))["shown"]
    assert till.redeem("ada", 100, shown=static["note"]).status_code == 201
    assert till.redeem("ada", 100).status_code == 201


def test_a_made_up_rotating_code_counts_against_the_cashier_and_the_card(
    till: Till, cast: Cast
) -> None:
    ask_for_fresh_codes(cast)
    value = turning(cast)
    for guess in range(5):
        refused(till.post("lookup", query=f"{value[:-8]}{guess:08d}"), 404, "code_not_ours")
    shown = told(till.post("lookup", query=value))["shown"]
    assert shown["code"] == "closed"
    refused(till.redeem("ada", 100, shown=shown["note"]), 429, "code_closed")
    stranger = make_prefix(cast.program.id, b"another key", 1, 5)
    refused(till.post("lookup", query=make_value(stranger, b"k", 1)), 404, "code_not_ours")


def test_paying_with_credit_needs_what_its_band_says(till: Till, cast: Cast) -> None:
    credit = {
        "key": "credit",
        "kind": "credit",
        "name": {"fr": "Avoir", "en": "Credit"},
        "one": {"fr": "avoir", "en": "credit"},
        "many": {"fr": "avoirs", "en": "credits"},
    }
    bands = [{"needs": "fresh_code", "unit": "credit"}]
    rules = {**RULES, "units": [*RULES["units"], credit], "spending": {"bands": bands}}
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))
    refused(till.sell("ada", 5000, credit_minor=100), 403, "code_needed")
    note = told(till.post("lookup", query=turning(cast), source="camera"))["shown"]["note"]
    # The code is good enough; what is missing now is only the credit itself.
    refused(till.sell("ada", 5000, credit_minor=100, shown=note), 409, "insufficient_balance")
