"""The till's door to what it holds: taken while there is a connection, used when there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.factories import Cast
from tests.scanner.conftest import Till, told
from tests.scanner.test_sync import dora, line, send
from tests.scanner.treats import with_holds

__all__ = ["dora"]


@pytest.fixture
def offline(cast: Cast) -> Cast:
    """The café lets tills give rewards without a connection; of Ada's 600 points 400 can be held."""
    return with_holds(cast)


def take(till: Till, who: str, request_id: str = "") -> TestResponse:
    return till.post("holds", request_id=request_id or str(uuid4()), member_id=till.id_of(who))


def test_a_hold_is_shown_used_and_gone(
    till: Till, offline: Cast, dora: str, open_till: Callable[[], Till]
) -> None:
    answer = take(till, "ada")
    assert answer.status_code == 201, answer.text
    member = told(answer)["member"]
    hold = member["hold"]
    assert (hold["unit"], hold["seconds_left"]) == ("points", 1800)
    assert member["balances"]["points"] == {"available": 600, "pending": 0}  # for this till
    reached = {reward["id"] for reward in member["rewards"] if reward["at_once"]}
    assert set(hold["rewards"]) <= reached
    other = open_till()
    other.sign_in("marc")
    seen = other.hub("ada")
    assert seen["hold"] is None
    assert seen["balances"]["points"]["available"] == 600 - hold["quantity"]
    (elsewhere,) = seen["held_elsewhere"]
    assert elsewhere["quantity"] == hold["quantity"]
    # The same request again, and another one, are the same hold.
    again = [take(till, "ada", hold["id"]), take(till, "ada")]
    assert [told(one)["member"]["hold"]["id"] for one in again] == [hold["id"]] * 2
    cost = next(one["cost"] for one in member["rewards"] if one["id"] == hold["rewards"][0])
    reward = {"reward_id": hold["rewards"][0], "hold": hold["id"]}
    given = line(offline, None, dora, member_id=till.id_of("ada"), amount_minor=0, reward=reward)
    first = send(till, given)
    assert first[0]["state"] == "accepted", first
    assert first[0]["changes"] == [{"unit": "points", "quantity": -cost}]
    assert send(till, given, given) == first * 2
    assert offline.balance("ada").available == 600 - cost
    assert told(other.post("lookup", member_id=till.id_of("ada")))["member"]["held_elsewhere"] == []


def test_online_the_hold_pays_and_a_late_try_adds_nothing(till: Till, offline: Cast) -> None:
    hold = told(take(till, "ada"))["member"]["hold"]
    wanted = {"member_id": till.id_of("ada"), "reward_id": hold["rewards"][0], "hold": hold["id"]}
    request_id = str(uuid4())
    done = [till.post("redemptions", request_id=request_id, **wanted) for _ in range(2)]
    assert [one.status_code for one in done] == [201, 200]
    assert told(done[0])["member"]["hold"] is None
    late = till.post("redemptions", request_id=str(uuid4()), **wanted)
    assert (late.status_code, told(late)["code"]) == (409, "hold_used")


def test_what_is_given_back_is_free_and_only_its_till_gives_it_back(
    till: Till, offline: Cast, open_till: Callable[[], Till]
) -> None:
    hold = told(take(till, "ada"))["member"]["hold"]
    other = open_till()
    other.sign_in("marc")
    refused = other.post("holds/release", hold=hold["id"])
    assert (refused.status_code, told(refused)["code"]) == (409, "hold_unknown")
    for _ in range(2):
        assert till.post("holds/release", hold=hold["id"]).status_code == 204
    assert offline.balance("ada").available == 600
    # Taking and giving back crossed on the way: the late taking ends by itself.
    offline.later(minutes=31)
    assert take(till, "bruno").status_code == 409


def test_what_came_too_late_says_why(till: Till, offline: Cast, dora: str) -> None:
    hold = told(take(till, "ada"))["member"]["hold"]
    offline.now += timedelta(minutes=45)
    reward = {"reward_id": hold["rewards"][0], "hold": hold["id"]}
    given = line(offline, None, dora, member_id=till.id_of("ada"), amount_minor=0, reward=reward)
    (fate,) = send(till, given)
    assert (fate["state"], fate["reason"]) == ("review", "hold_over")
    assert fate["sentence"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 100},
        {"member_id": None, "query": "123456"},
        {"reward": {"reward_id": "rwd_1"}},
    ],
)
def test_what_is_no_reward_is_refused(
    till: Till, offline: Cast, dora: str, wrong: dict[str, Any]
) -> None:
    reward = {"reward_id": "rwd_1", "hold": str(uuid4())}
    said = {"member_id": till.id_of("ada"), "amount_minor": 0, "reward": reward, **wrong}
    answer = till.post("sync", till="till-0123456789", lines=[line(offline, None, dora, **said)])
    assert (answer.status_code, told(answer)["code"]) == (422, "body_invalid")


def test_a_first_try_without_the_hold_is_the_same_act(till: Till, offline: Cast, dora: str) -> None:
    """Nobody answered the first try; then the till held, lost its line again and saved the act."""
    member_id = till.id_of("ada")
    reward = next(one["id"] for one in till.hub("ada")["rewards"] if one["cost"] == 30)
    wanted = {"member_id": member_id, "reward_id": reward}
    for is_tried_first in (True, False):
        before = offline.balance("ada").own
        request_id = str(uuid4())
        if is_tried_first:
            assert till.post("redemptions", request_id=request_id, **wanted).status_code == 201
        hold = told(take(till, "ada"))["member"]["hold"]
        said = {"reward_id": reward, "hold": hold["id"]}
        given = line(
            offline, None, dora, op_id=request_id, member_id=member_id, amount_minor=0, reward=said
        )
        (fate,) = send(till, given)
        assert (fate["state"], fate["reason"]) == ("accepted", "")
        late = till.post("redemptions", request_id=request_id, **wanted)
        assert late.status_code == (200 if is_tried_first else 409)
        assert offline.balance("ada").own == before - 30
        till.post("holds/release", hold=hold["id"])
