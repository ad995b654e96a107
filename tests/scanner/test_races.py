"""Requests that arrive together, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.databases import Postgres, Sqlite
from tests.factories import Cast
from tests.scanner.conftest import Till, told

TILLS = 4


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Sqlite | Postgres:
    """Both databases."""
    made: Sqlite | Postgres = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def tills(open_till: Callable[[], Till]) -> list[Till]:
    """The same cashier in several browsers."""
    opened = [open_till() for _ in range(TILLS)]
    for each in opened:
        each.sign_in("dora")
    return opened


def test_equal_requests_at_once_count_once(tills: list[Till], cast: Cast) -> None:
    request_id = str(uuid4())
    with ThreadPoolExecutor(TILLS) as pool:
        answers = list(
            pool.map(lambda till: till.sell("bruno", 1250, request_id=request_id), tills)
        )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert cast.balance("bruno").available == 12


def test_a_second_tap_elsewhere_is_asked_about(tills: list[Till], cast: Cast) -> None:
    with ThreadPoolExecutor(TILLS) as pool:
        answers = list(pool.map(lambda till: till.sell("bruno", 1250), tills))
    codes = sorted(told(answer).get("code", "done") for answer in answers)
    assert codes == ["done", "repeat_suspected", "repeat_suspected", "repeat_suspected"]
    assert cast.balance("bruno").available == 12


def test_a_reward_is_taken_only_as_often_as_the_points_reach(tills: list[Till], cast: Cast) -> None:
    cost = max(reward.cost for reward in cast.program.rewards if reward.cost <= 600)
    with ThreadPoolExecutor(TILLS) as pool:
        answers = list(pool.map(lambda till: till.redeem("ada", cost), tills))
    assert [answer.status_code for answer in answers].count(201) == 600 // cost
    assert cast.balance("ada").available == 600 % cost


def test_two_undos_at_once_take_back_once(tills: list[Till], cast: Cast) -> None:
    sold = told(tills[0].sell("bruno", 1250))
    with ThreadPoolExecutor(TILLS) as pool:
        answers = list(pool.map(lambda till: till.undo(sold["undo"]), tills))
    codes = sorted(told(answer).get("code", "done") for answer in answers)
    assert codes == ["already_reversed", "already_reversed", "already_reversed", "done"]
    assert cast.balance("bruno").available == 0
