"""What is shown at the till and what may be taken with it: fresh once, pictures never, on both databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from tests.factories import TILL, Cast
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import RULES
from wallet.actions.merge_members import merge_members
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.redeem import Taking, redeem
from wallet.actions.rotating_codes import count_miss, draw_code, google_code, make_code_key
from wallet.actions.shown_card import Shown, note_of, read_note, shown_by
from wallet.actions.throttle import MISSES_PER_CARD
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.rotating_code import make_value
from wallet.tables.code_key import CodeKey

COST = 100
BANDS = [{"needs": "anything", "up_to": 50}, {"needs": "fresh_code"}]


@pytest.fixture
def guarded(cast: Cast) -> Cast:
    """From 51 points on something fresh must be shown; Ada has a Google card and a web card."""
    rules = {**RULES, "spending": {"bands": BANDS}}
    publish(cast, rules)
    cast.program = cast.run(lambda session: program_view(session, cast.program.id))
    cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "google", cast.now
        )
    )
    cast.run(
        lambda session: make_code_key(session, cast.program, cast.people["ada"], "web", cast.now)
    )
    return cast


def publish(cast: Cast, rules: dict[str, Any]) -> None:
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))


def miss(cast: Cast, text: str) -> None:
    cast.run(lambda session: count_miss(session, cast.program, text, cast.now))


def google_value(cast: Cast, who: str = "ada", *, later: float = 0) -> str:
    """What the Android phone draws."""
    with cast.database.reading() as session:
        code = google_code(session, cast.people[who])
        assert code is not None
        seconds = int((cast.now + timedelta(seconds=later)).timestamp())
        return make_value(code.prefix, code.key, seconds)


def shown(cast: Cast, text: str) -> Shown | None:
    with cast.database.reading() as session:
        return shown_by(session, cast.program, text, cast.now)


def take(cast: Cast, text: str | None, cost: int = COST) -> str:
    """Scan, hand the note back, take the reward: `taken`, or the code of the refusal."""

    def _work(session: Any) -> str:
        member = cast.member(session, "ada")
        seen = shown_by(session, cast.program, text, cast.now) if text else None
        reward_id = public_id("rwd", cast.reward_id(cost))
        redeem(session, cast.program, member, reward_id, TILL, cast.now, Taking(shown=seen))
        return "taken"

    try:
        return cast.run(_work)
    except Refusal as refusal:
        return refusal.code


def test_a_screenshot_of_a_rotating_code_is_refused_after_ninety_seconds(guarded: Cast) -> None:
    picture = google_value(guarded)
    assert shown(guarded, picture) == Shown("fresh", int(guarded.now.timestamp()) // 30)
    guarded.later(seconds=90)
    assert take(guarded, picture) == "code_too_old"
    # Whose card it is can still be told: enough to add points.
    with guarded.database.reading() as session:
        found = find_member(session, guarded.program, MemberRef(code=picture))
        assert found.id == guarded.people["ada"]
    assert take(guarded, google_value(guarded)) == "taken"


def test_the_static_code_and_a_name_never_take_what_needs_a_fresh_one(guarded: Cast) -> None:
    static = guarded.view("ada").code
    assert take(guarded, static) == "code_must_be_fresh"
    assert take(guarded, None) == "code_needed"
    assert guarded.balance("ada").available == 600


def test_below_the_first_limit_anything_will_do(guarded: Cast) -> None:
    small = min(reward.cost for reward in guarded.program.rewards)
    assert small <= 50
    assert take(guarded, None, small) == "taken"


def test_a_step_is_spent_for_all_cards_of_the_member_and_so_are_older_ones(guarded: Cast) -> None:
    with guarded.database.reading() as session:
        drawn = draw_code(session, guarded.people["ada"], "web", guarded.now)
        assert drawn is not None
    earlier = google_value(guarded, later=-30)
    assert take(guarded, drawn.value) == "taken"
    assert take(guarded, drawn.value) == "code_used"
    assert take(guarded, google_value(guarded)) == "code_used"
    assert take(guarded, earlier) == "code_used"
    guarded.later(seconds=30)
    assert take(guarded, google_value(guarded)) == "taken"


def test_a_refusal_does_not_use_the_code_up(guarded: Cast) -> None:
    value = google_value(guarded)
    dear = max(reward.cost for reward in guarded.program.rewards)
    guarded.run(lambda session: setattr(guarded.member(session, "ada"), "status", "closed"))
    assert take(guarded, value, dear) == "member_closed"
    guarded.run(lambda session: setattr(guarded.member(session, "ada"), "status", "active"))
    assert take(guarded, value) == "taken"


def test_a_phone_whose_clock_is_off_by_a_step_is_let_through(guarded: Cast) -> None:
    assert shown(guarded, google_value(guarded, later=30)) is not None
    assert take(guarded, google_value(guarded, later=60)) == "code_too_old"
    assert take(guarded, google_value(guarded, later=-60)) == "code_too_old"
    assert take(guarded, google_value(guarded, later=30)) == "taken"


def test_guessed_digits_close_the_card_for_spending_for_an_hour(guarded: Cast) -> None:
    value = google_value(guarded)
    for guess in range(MISSES_PER_CARD.count):
        forged = f"{value[:-8]}{guess:08d}"
        with pytest.raises(Refusal, match="code_not_ours"):
            shown(guarded, forged)
        miss(guarded, forged)
    assert take(guarded, value) == "code_closed"
    guarded.later(hours=1, seconds=1)
    assert take(guarded, google_value(guarded)) == "taken"


def test_junk_costs_no_database_read_and_no_guess(guarded: Cast) -> None:
    value = google_value(guarded)
    for junk in (
        "hello",
        f"R1{'0' * 34}",
        value.replace(value[5], "Z" if value[5] != "Z" else "Y"),
    ):
        miss(guarded, junk)
    assert take(guarded, value) == "taken"


def test_a_note_is_for_one_member_and_one_cashier_and_ages(guarded: Cast) -> None:
    seen = Shown("fresh", 5)
    with guarded.database.reading() as session:
        ada, bruno = (guarded.member(session, who) for who in ("ada", "bruno"))
        note = note_of(session, ada, seen, "staff:1", guarded.now)

        def read(member: Any, who: str, minutes: float = 0) -> Shown | None:
            at = guarded.now + timedelta(minutes=minutes)
            return read_note(session, member, note, who, at)

        assert read(ada, "staff:1") == seen
        assert read(ada, "staff:1", 4.9) == seen
        assert read(ada, "staff:1", 5.1) == Shown("old", 5)
        assert read(bruno, "staff:1") is None
        assert read(ada, "staff:2") is None
        for junk in ("", "é", "AAAA", note[:-2], note + "A"):
            assert read_note(session, ada, junk, "staff:1", guarded.now) is None


def test_the_secret_is_kept_sealed(guarded: Cast) -> None:
    with guarded.database.reading() as session:
        code = google_code(session, guarded.people["ada"])
        assert code is not None
        for row in session.query(CodeKey):
            assert code.key not in row.sealed
            assert len(row.sealed) > len(code.key)


def test_a_card_of_a_merged_member_spends_for_the_survivor(guarded: Cast) -> None:
    guarded.enrol("double")
    guarded.run(
        lambda session: make_code_key(
            session, guarded.program, guarded.people["double"], "google", guarded.now
        )
    )
    value = google_value(guarded, "double")
    guarded.run(
        lambda session: merge_members(
            session,
            guarded.program,
            guarded.member(session, "double"),
            guarded.member(session, "ada"),
            TILL,
            guarded.now,
        )
    )
    assert take(guarded, value) == "taken"
    assert take(guarded, google_value(guarded)) == "code_used"


def test_a_card_that_came_by_a_merge_keeps_its_key(guarded: Cast) -> None:
    guarded.enrol("double")
    guarded.run(
        lambda session: issue_pass(
            session, guarded.program, guarded.member(session, "double"), "google", guarded.now
        )
    )
    value = google_value(guarded, "double")
    guarded.run(
        lambda session: merge_members(
            session,
            guarded.program,
            guarded.member(session, "double"),
            guarded.member(session, "bruno"),
            TILL,
            guarded.now,
        )
    )
    # The phone holds the same object as before, and now it is Bruno's.
    assert google_value(guarded, "bruno") == value
    with guarded.database.reading() as session:
        found = find_member(session, guarded.program, MemberRef(code=value))
        assert found.id == guarded.people["bruno"]


def race(cast: Cast, rounds: int) -> Iterator[list[str]]:
    """The same fresh code at two tills at once, again and again."""
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            cast.later(seconds=30)
            value, both = google_value(cast), Barrier(2)

            def till(value: str = value, both: Barrier = both) -> str:
                both.wait(timeout=60)
                return take(cast, value)

            yield sorted(one.result() for one in [pool.submit(till) for _ in range(2)])


def test_one_fresh_code_at_two_tills_redeems_once(
    guarded: Cast, race_rounds: int, refill: Callable[[], None]
) -> None:
    for answers in race(guarded, race_rounds):
        assert answers == ["code_used", "taken"]
        refill()


@pytest.fixture
def race_rounds() -> int:
    """A few in the suite; COMPTOIR_RACE_ROUNDS=200 keeps the whole promise."""
    return int(os.environ.get("COMPTOIR_RACE_ROUNDS", "5"))


@pytest.fixture
def refill(guarded: Cast) -> Callable[[], None]:
    """Points for the next round."""

    def _buy() -> None:
        guarded.buy("ada", COST * 100)

    return _buy


def test_publishing_other_guards_brings_googles_cards_anew(cast: Cast) -> None:
    def versions() -> list[int]:
        with cast.database.reading() as session:
            found = issue_pass_of(session)
            return [found.wanted_version, found.delivered_version]

    def issue_pass_of(session: Any) -> Any:
        return issue_pass(session, cast.program, cast.member(session, "ada"), "google", cast.now)

    cast.run(issue_pass_of)
    before = versions()
    for spending, more in (({"rotating": True}, 0), ({"rotating": True, "screenshots": False}, 1)):
        rules = {**RULES, "spending": spending}
        publish(cast, rules)
        assert versions() == [before[0] + more, before[1]]
