"""The code on an iPhone: fresh until something was taken, then old; and cards that follow the rules."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.factories import TILL, Cast
from tests.wallet.actions.test_shown_card import (
    BANDS,
    COST,
    google_value,
    guarded,
    publish,
    shown,
    take,
)
from wallet.actions import apple_code
from wallet.actions.edit_reward import edit_reward
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import RULES
from wallet.actions.merge_members import merge_members
from wallet.actions.program_view import program_view
from wallet.actions.recompose_cards import (
    RECOMPOSE_JOB,
    follow_programs,
    recompose_cards_job,
)
from wallet.actions.run_jobs import run_jobs
from wallet.actions.shown_card import Shown
from wallet.tables.wallet_pass import WalletPass, pass_at

__all__ = ["guarded"]

ROUNDS = int(os.environ.get("COMPTOIR_TEST_CODE_ROUNDS", "5"))  # of two tills; a campaign sets more


@pytest.fixture
def iphone(guarded: Cast) -> Cast:
    """Ada has the card on an iPhone too."""
    issue(guarded, "ada")
    return guarded


def issue(cast: Cast, who: str) -> None:
    cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, who), "apple", cast.now
        )
    )


def card(cast: Cast, who: str = "ada") -> WalletPass:
    """What phones would fetch."""
    with cast.database.reading() as session:
        found = pass_at(session, cast.people[who], "apple")
        assert found
        return found


def code(cast: Cast, who: str = "ada") -> str:
    """What the newest Apple card shows."""
    text: str = card(cast, who).card["code"]
    return text


def holder(cast: Cast, text: str) -> int:
    """Whose code it is."""
    with cast.database.reading() as session:
        return find_member(session, cast.program, MemberRef(code=text)).id


def test_the_newest_code_of_the_apple_card_is_fresh_and_spends_once(iphone: Cast) -> None:
    first, static = code(iphone), iphone.view("ada").code
    assert first[:10] == static[:10]
    assert first != static
    iphone.later(days=3)  # it does not turn by the clock
    assert take(iphone, first) == "taken"
    second = code(iphone)
    assert second not in (first, static)
    # The picture from before still says whose card it is, which is enough to add points.
    assert take(iphone, first) == "code_too_old"
    assert shown(iphone, first) == Shown("old")
    assert holder(iphone, first) == iphone.people["ada"]
    assert take(iphone, static) == "code_must_be_fresh"
    assert take(iphone, second) == "taken"


def test_a_code_noted_before_something_else_was_taken_is_used(iphone: Cast) -> None:
    seen = shown(iphone, code(iphone))
    assert seen
    assert take(iphone, google_value(iphone)) == "taken"
    assert seen.kind == "fresh"
    assert take(iphone, code(iphone)) == "taken"  # the card turned with the other one


def test_what_is_taken_without_a_code_turns_the_card_too(iphone: Cast) -> None:
    before = code(iphone)
    small = min(reward.cost for reward in iphone.program.rewards)
    assert take(iphone, None, small) == "taken"
    assert code(iphone) != before
    assert take(iphone, before) == "code_too_old"


def test_the_codes_of_both_wallets_do_not_spoil_each_other(iphone: Cast) -> None:
    assert take(iphone, google_value(iphone)) == "taken"
    assert take(iphone, code(iphone)) == "taken"
    iphone.later(seconds=60)
    assert take(iphone, google_value(iphone)) == "taken"


def test_forged_turns_are_nobodys_or_not_fresh(iphone: Cast) -> None:
    text = code(iphone)
    for at in range(10, 18):  # the seal
        other = "0" if text[at] != "0" else "1"
        assert take(iphone, text[:at] + other + text[at + 1 :]) == "code_not_ours"
    guessed = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert take(iphone, guessed) == "code_too_old"


def test_a_code_is_judged_by_one_look_at_what_was_taken(
    iphone: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another till takes something in the middle of the look: the code is the one of before, and used."""
    looks = iter(range(10))
    text = code(iphone)
    with monkeypatch.context() as patch:
        patch.setattr(apple_code, "last_step", lambda _session, _member_id: next(looks))
        seen = shown(iphone, text)
    assert seen == Shown("fresh", 1)


def test_one_code_at_two_tills_redeems_once(iphone: Cast) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            iphone.buy("ada", COST * 100)
            text, both = code(iphone), Barrier(2)

            def till(text: str = text, both: Barrier = both) -> str:
                both.wait(timeout=60)
                return take(iphone, text)

            answers = sorted(one.result() for one in [pool.submit(till) for _ in range(2)])
            # The other till scanned before or after the first one took something.
            assert answers in (["code_used", "taken"], ["code_too_old", "taken"])


def test_a_merged_card_shows_the_code_of_who_has_the_points_now(iphone: Cast) -> None:
    iphone.enrol("double")
    issue(iphone, "double")
    old = code(iphone, "double")

    def _merge(session: Any) -> None:
        merge_members(
            session,
            iphone.program,
            iphone.member(session, "double"),
            iphone.member(session, "ada"),
            TILL,
            iphone.now,
        )

    iphone.run(_merge)
    assert holder(iphone, old) == iphone.people["ada"]
    assert shown(iphone, old) == Shown("old")
    assert code(iphone, "double") == code(iphone)
    assert take(iphone, code(iphone, "double")) == "taken"


def test_without_such_a_band_the_card_keeps_the_code_that_never_changes(cast: Cast) -> None:
    issue(cast, "ada")
    assert code(cast) == cast.view("ada").code
    assert shown(cast, code(cast)) == Shown("static")


def settle(cast: Cast) -> int:
    """The calendar's round and the jobs that come of it; how many programs were followed."""
    followed = follow_programs(cast.database, lambda: cast.now)
    while run_jobs(cast.database, {RECOMPOSE_JOB: recompose_cards_job}, lambda: cast.now):
        pass
    return followed


def test_cards_follow_the_rules_and_the_catalogue_without_a_scan(cast: Cast) -> None:
    for who in ("ada", "bruno"):
        issue(cast, who)
    assert settle(cast) == 0  # the first round only takes note
    publish(cast, {**RULES, "spending": {"bands": BANDS}})
    assert code(cast) == cast.view("ada").code
    assert settle(cast) == 1
    cast.program = cast.run(lambda session: program_view(session, cast.program.id))
    for who in ("ada", "bruno"):
        row = card(cast, who)
        assert row.card["code"] != cast.view(who).code
        assert not row.is_urgent
        assert "announced" not in row.card  # nobody is woken
    assert take(cast, code(cast)) == "taken"
    before = card(cast, "bruno").wanted_version
    reward = min(cast.program.rewards, key=lambda one: one.cost)
    names = {"fr": "Un café allongé", "en": "A long coffee"}
    cast.run(lambda session: edit_reward(session, cast.program.id, reward.id, {"name": names}))
    assert settle(cast) == 1
    row = card(cast, "bruno")
    assert row.wanted_version == before + 1
    assert "Un café allongé" in str(row.card)
    assert settle(cast) == 0
    assert card(cast, "bruno").wanted_version == before + 1


def test_a_job_of_an_older_change_gives_way_to_the_newer_one(cast: Cast) -> None:
    issue(cast, "ada")
    settle(cast)
    publish(cast, {**RULES, "spending": {"bands": BANDS}})
    view = cast.run(lambda session: program_view(session, cast.program.id))
    payload = {"program_id": view.id, "revision": view.revision - 1}
    recompose_cards_job(cast.database, payload, cast.now)
    assert code(cast) == cast.view("ada").code
    recompose_cards_job(cast.database, {**payload, "revision": view.revision}, cast.now)
    assert code(cast) != cast.view("ada").code
