"""Once: one id, one answer, whoever asks how often; a refusal uses no id up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Cast
from wallet.actions.once import Ask, once
from wallet.errors import Refusal


def ask(
    cast: Cast, facts: Any, *, key: str = "k1", scope: str = "key:1", program_id: int | None = None
) -> dict[str, Any]:
    """Do something once; the answer counts how often it was really done."""

    def work() -> dict[str, Any]:
        worked.append(facts)
        return {"n": len(worked)}

    before = len(worked)
    said = Ask(program_id or cast.program.id, scope, key, facts)
    answer = cast.run(lambda session: once(session, said, cast.now, work))
    assert len(worked) - before == (0 if answer.get("repeated") else 1)
    return answer


worked: list[Any] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    worked.clear()


def test_the_first_answer_is_given_again_and_says_so(cast: Cast) -> None:
    first = ask(cast, {"amount": 1, "items": [{"a": 1}]})
    assert first == {"n": 1}
    assert ask(cast, {"items": [{"a": 1}], "amount": 1}) == {"n": 1, "repeated": True}
    assert len(worked) == 1


def test_other_facts_under_the_same_id_are_refused(cast: Cast) -> None:
    ask(cast, {"amount": 1})
    for other in ({"amount": 2}, {"amount": "1"}, {"amount": 1, "x": None}, {}, None):
        with pytest.raises(Refusal, match="request_id_reused"):
            ask(cast, other)
    assert len(worked) == 1


def test_ids_of_other_callers_and_brands_are_their_own(cast: Cast) -> None:
    ask(cast, {"amount": 1})
    assert "repeated" not in ask(cast, {"amount": 2}, scope="key:2")
    assert "repeated" not in ask(cast, {"amount": 3}, program_id=cast.other.program.id)
    assert "repeated" not in ask(cast, {"amount": 4}, key="k2")


def test_a_refusal_uses_no_id_up(cast: Cast) -> None:
    def refuse() -> dict[str, Any]:
        raise Refusal("insufficient_balance")

    said = Ask(cast.program.id, "key:1", "k1", {"amount": 1})
    with pytest.raises(Refusal, match="insufficient_balance"):
        cast.run(lambda session: once(session, said, cast.now, refuse))
    assert ask(cast, {"amount": 1}) == {"n": 1}


def test_facts_with_texts_no_database_keeps_are_still_compared(cast: Cast) -> None:
    ask(cast, {"name": "a\ud800\x00"})
    assert ask(cast, {"name": "a\ud800\x00"})["repeated"]
