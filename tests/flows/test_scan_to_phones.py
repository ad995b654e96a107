"""From the cashier's scan to both phones: points given, a reward taken, an act undone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.flows.passes import member_code
from tests.service import Held, Service, Visitor


@pytest.fixture
def cashier(service: Service) -> Visitor:
    """Somebody at the till."""
    visitor = service.visitor()
    visitor.sign_in("cashier")
    return visitor


def _with_card(service: Service) -> tuple[str, Held]:
    """A new member's code, read from the card, and the card on both phones."""
    card_url = service.visitor().join("demo", service.new_contact(), "Ada")
    return member_code(service, card_url), service.phones.add(card_url)


def _scanned(cashier: Visitor, code: str) -> dict[str, Any]:
    answer = cashier.till("lookup", query=code, source="camera")
    assert answer.status_code == 200, answer.text
    member: dict[str, Any] = answer.json()["member"]
    return member


def _sale(cashier: Visitor, member: dict[str, Any], amount_minor: int) -> dict[str, Any]:
    body = {"request_id": str(uuid4()), "member_id": member["id"], "amount_minor": amount_minor}
    answer = cashier.till("purchases", **body)
    assert answer.status_code == 201, answer.text
    done: dict[str, Any] = answer.json()
    return done


def test_points_given_at_the_till_reach_both_phones_and_go_back_when_undone(
    service: Service, cashier: Visitor
) -> None:
    code, held = _with_card(service)
    assert service.phones.balances(held) == ("0", "0")
    member = _scanned(cashier, code)
    assert (member["name"], member["tier"]["key"]) == ("Ada", "bronze")
    assert member["balances"]["points"] == {"available": 0, "pending": 0}

    done = _sale(cashier, member, 4250)
    assert done["changes"] == [{"unit": "points", "quantity": 42}]
    assert done["member"]["balances"]["points"]["available"] == 42
    service.phones.follow(held, 42)

    undone = cashier.till("undo", request_id=str(uuid4()), **done["undo"])
    assert undone.status_code == 201
    assert undone.json()["member"]["balances"]["points"]["available"] == 0
    service.phones.follow(held, 0)
    assert service.phones.problems() == []


def test_a_reward_taken_at_the_till_reaches_both_phones(service: Service, cashier: Visitor) -> None:
    code, held = _with_card(service)
    done = _sale(cashier, _scanned(cashier, code), 10_000)
    reward = next(reward for reward in done["member"]["rewards"] if reward["affordable"])

    body = {"request_id": str(uuid4()), "member_id": done["member"]["id"]}
    taken = cashier.till("redemptions", reward_id=reward["id"], **body)
    assert taken.status_code == 201
    service.phones.follow(held, 100 - reward["cost"])


def test_a_tap_sent_twice_counts_once_on_the_phones(service: Service, cashier: Visitor) -> None:
    code, held = _with_card(service)
    member = _scanned(cashier, code)
    body = {"request_id": str(uuid4()), "member_id": member["id"], "amount_minor": 700}
    first, second = (cashier.till("purchases", **body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert not first.json()["repeated"]
    assert second.json()["repeated"]
    service.phones.follow(held, 7)
    assert service.carrying(code) == "7"


def test_many_changes_end_at_the_last_balance(service: Service, cashier: Visitor) -> None:
    code, held = _with_card(service)
    member = _scanned(cashier, code)
    for euros in range(1, 9):
        _sale(cashier, member, euros * 100)
    service.phones.follow(held, 36)


def test_a_card_of_another_program_is_refused_at_this_till(
    service: Service, cashier: Visitor
) -> None:
    theirs = service.visitor().join("sillage", service.new_contact(), "Fatou")
    code = member_code(service, theirs)
    answer = cashier.till("lookup", query=code, source="camera")
    assert (answer.status_code, answer.json()["code"]) == (404, "code_not_ours")
