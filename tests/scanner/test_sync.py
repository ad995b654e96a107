"""What tills saved without a connection: exactly once, or before a manager's eyes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.factories import MANAGER, Cast
from tests.scanner.conftest import Till, told
from wallet.actions.merge_members import merge_members
from wallet.actions.receive_till_line import LATE_AFTER, SAVED_A_DAY_MAX, SAVED_AMOUNT_MAX
from wallet.actions.review_till_lines import (
    Decision,
    decide_till_line,
    lines_decided,
    lines_to_review,
)
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.staff import Staff, staff_with_email
from wallet.tables.till_line import TillLine

BROWSER = "till-0123456789"
_seqs = count()


@pytest.fixture
def dora(cast: Cast) -> str:
    """The public id of who is at the till."""
    from_page = cast.run(lambda session: staff_with_email(session, "dora@exemple.test"))
    assert from_page is not None
    return _staff_id(from_page)


def _staff_id(person: Staff) -> str:
    return public_id("stf", person.id)


def line(cast: Cast, who: str | None, staff: str, **said: Any) -> dict[str, Any]:
    """A sale of 12.00 saved ten minutes ago by the card of `who`."""
    query = {"query": cast.view(who).code} if who else {}
    return {
        "op_id": str(uuid4()),
        "seq": next(_seqs),
        "amount_minor": 1200,
        "occurred_at": (cast.now - timedelta(minutes=10)).isoformat(),
        "age_ms": 600_000,
        "staff": staff,
        **query,
        **said,
    }


def send(till: Till, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    """One batch; what became of each line."""
    answer = till.post("sync", till=BROWSER, lines=list(lines))
    assert answer.status_code == 200, answer.text
    fates: list[dict[str, Any]] = told(answer)["lines"]
    return fates


def kept(cast: Cast, op_id: str) -> TillLine:
    """The line as the database holds it."""
    found = cast.run(
        lambda session: session.scalar(select(TillLine).where(TillLine.op_id == op_id))
    )
    assert found is not None
    return found


def test_a_saved_sale_counts_once_however_often_it_is_sent(
    till: Till, cast: Cast, dora: str
) -> None:
    before = cast.balance("bruno").available
    saved = line(cast, "bruno", dora)
    first = send(till, saved)
    again = send(till, {**saved, "age_ms": 900_000}, saved)
    assert first[0]["state"] == "accepted"
    assert first[0]["changes"] == [{"unit": "points", "quantity": 12}]
    assert first[0]["member"]["name"] == "Bruno"
    assert again == first * 2
    assert cast.balance("bruno").available == before + 12
    held = kept(cast, saved["op_id"])
    assert (held.occurred_at, held.received_at) == (cast.now - timedelta(minutes=10), cast.now)


def test_one_whose_answer_was_lost_is_not_counted_again(till: Till, cast: Cast, dora: str) -> None:
    """The till tried online first: the sale is there, under the same id."""
    op_id = str(uuid4())
    assert till.sell("bruno", 1200, request_id=op_id).status_code == 201
    after = cast.balance("bruno").available
    saved = line(cast, None, dora, op_id=op_id, member_id=till.id_of("bruno"))
    assert send(till, saved)[0]["state"] == "accepted"
    assert cast.balance("bruno").available == after


def test_the_other_way_round_too(till: Till, cast: Cast, dora: str) -> None:
    """A tab that was thought dead sends its first try after all."""
    saved = line(cast, "bruno", dora)
    send(till, saved)
    after = cast.balance("bruno").available
    late = till.sell("bruno", 1200, request_id=saved["op_id"], confirm_repeat=True)
    assert late.status_code in (200, 409), late.text
    assert cast.balance("bruno").available == after


def test_the_same_id_with_other_facts_is_refused_and_told(
    till: Till, cast: Cast, dora: str
) -> None:
    saved = line(cast, "bruno", dora)
    send(till, saved)
    fate = send(till, {**saved, "amount_minor": 9900})[0]
    assert (fate["state"], fate["reason"]) == ("rejected", "request_id_reused")
    assert fate["sentence"]


def test_one_bad_line_keeps_no_other_from_counting(till: Till, cast: Cast, dora: str) -> None:
    fates = send(
        till,
        line(cast, None, dora, query="M1" + "0" * 24),
        line(cast, "bruno", dora),
        line(cast, "ada", dora, amount_minor=0),
        line(cast, None, dora, query="nobody at all"),
        line(cast, None, dora, query="مرحبا 🎉"),
    )
    assert [fate["state"] for fate in fates] == ["review", "accepted", *["review"] * 3]
    assert [fate["reason"] for fate in fates] == [
        "code_not_ours",
        "",
        "amount_invalid",
        "member_not_found",
        "member_not_found",
    ]
    assert all(fate["member"] is None for fate in fates if fate["state"] == "review")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            {"age_ms": int((LATE_AFTER + timedelta(hours=1)).total_seconds() * 1000)},
            "till_line_late",
        ),
        ({"amount_minor": SAVED_AMOUNT_MAX * 100 + 1}, "till_line_large"),
        ({"staff": "stf_0000000000000"}, "till_line_author"),
        ({"staff": None}, "till_line_author"),
    ],
)
def test_what_is_doubtful_waits_for_a_manager(
    till: Till, cast: Cast, dora: str, said: dict[str, Any], reason: str
) -> None:
    before = cast.balance("bruno")
    fate = send(till, {**line(cast, "bruno", dora), **said})[0]
    assert (fate["state"], fate["reason"]) == ("review", reason)
    assert cast.balance("bruno") == before


def test_the_fourth_time_a_card_is_saved_on_a_day_waits(till: Till, cast: Cast, dora: str) -> None:
    lines = [line(cast, "bruno", dora, amount_minor=100 + at) for at in range(SAVED_A_DAY_MAX + 1)]
    fates = send(till, *lines)
    assert [fate["state"] for fate in fates] == [*["accepted"] * SAVED_A_DAY_MAX, "review"]
    assert fates[-1]["reason"] == "till_line_often"


def test_what_somebody_saved_who_was_let_go_since_waits(
    till: Till, open_till: Callable[[], Till], cast: Cast
) -> None:
    def dismiss(session: Any) -> str:
        person = staff_with_email(session, "dora@exemple.test")
        assert person is not None
        person.is_active = False
        return _staff_id(person)

    gone = cast.run(dismiss)
    assert till.post("sync", till=BROWSER, lines=[line(cast, "bruno", gone)]).status_code == 401
    other = open_till()
    other.sign_in("marc")
    assert send(other, line(cast, "bruno", gone))[0]["reason"] == "till_line_author"


def test_a_clock_that_runs_wrong_does_not_move_the_sale(till: Till, cast: Cast, dora: str) -> None:
    saved = line(cast, "bruno", dora, occurred_at="2031-01-01T00:00:00+02:00", age_ms=5_000)
    assert send(till, saved)[0]["state"] == "accepted"
    assert kept(cast, saved["op_id"]).occurred_at == cast.now - timedelta(seconds=5)
    assert kept(cast, saved["op_id"]).said["occurred_at"] == "2031-01-01T00:00:00+02:00"


def test_who_was_merged_since_earns_as_the_one_who_survives(
    till: Till, cast: Cast, dora: str
) -> None:
    saved = line(cast, "bruno", dora)
    cast.run(
        lambda session: merge_members(
            session,
            cast.program,
            cast.member(session, "bruno"),
            cast.member(session, "ada"),
            cast.actor,
            cast.now,
        )
    )
    before = cast.balance("ada").available
    fate = send(till, saved)[0]
    assert (fate["state"], fate["member"]["name"]) == ("accepted", "Ada")
    assert cast.balance("ada").available > before


def test_a_manager_lets_it_count_or_says_why_not(till: Till, cast: Cast, dora: str) -> None:
    late = {"age_ms": int((LATE_AFTER + timedelta(days=7)).total_seconds() * 1000)}
    good, bad = line(cast, "bruno", dora, **late), line(cast, "bruno", dora, **late)
    send(till, good, bad)
    waiting = cast.run(lambda session: lines_to_review(session, cast.program))
    assert [one.op_id for one in waiting] == [bad["op_id"], good["op_id"]]
    assert waiting[0].member is not None
    assert waiting[0].staff_name == "Dora"
    before = cast.balance("bruno").available

    def decide(decision: Decision) -> None:
        cast.run(
            lambda session: decide_till_line(session, cast.program, decision, MANAGER, cast.now)
        )

    decide(Decision(good["op_id"], "record", "The till was in a drawer"))
    assert cast.balance("bruno").available == before + 12
    for verdict in ("record", "dismiss"):
        with pytest.raises(Refusal, match="till_line_decided"):
            decide(Decision(good["op_id"], verdict, "again"))
    with pytest.raises(Refusal, match="reason_missing"):
        decide(Decision(bad["op_id"], "dismiss", "  "))
    decide(Decision(bad["op_id"], "dismiss", "Sent twice by hand"))
    with pytest.raises(Refusal, match="till_line_not_found"):
        decide(Decision("no-such-line", "record"))
    assert cast.run(lambda session: lines_to_review(session, cast.program)) == []
    decided = cast.run(lambda session: lines_decided(session, cast.program))
    assert [(one.state, one.note) for one in decided] == [
        ("dismissed", "Sent twice by hand"),
        ("accepted", "The till was in a drawer"),
    ]
    # The till that asks again is told what was decided.
    assert [fate["state"] for fate in send(till, good, bad)] == ["accepted", "dismissed"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{}],
        [{"op_id": "x"}],
        "lines",
        [
            {
                "op_id": str(uuid4()),
                "seq": 0,
                "amount_minor": 1,
                "occurred_at": "yesterday",
                "age_ms": 1,
            }
        ],
        [{"op_id": str(uuid4())}] * 51,
    ],
)
def test_what_is_no_batch_is_refused_in_words(till: Till, lines: Any) -> None:
    answer = till.post("sync", till=BROWSER, lines=lines)
    assert (answer.status_code, told(answer)["code"]) == (422, "body_invalid")


def test_each_answer_says_which_release_it_comes_from(till: Till) -> None:
    page = till.client.get("/till/")
    found = re.search(r'"release": ?"([0-9a-f]+)"', page.text)
    assert found
    for answer in (page, till.client.get("/till/api/session"), till.post("lookup", query="")):
        assert answer.headers["Comptoir-Release"] == found[1]


def test_a_page_that_was_kept_gets_a_fresh_token(till: Till) -> None:
    said = told(till.client.get("/till/api/session"))
    assert set(said) == {"csrf", "staff", "store"}
    till.csrf = said["csrf"]
    assert till.post("lookup", query="123456").status_code in (200, 404)
