"""Campaigns and balance changes share three notifications a day, and who is reached is known before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from passes.simulate.google import GoogleStandIn
from tests.factories import Cast
from tests.wallet.actions.google.conftest import Android
from wallet.actions.google.announce import Words, announce_message
from wallet.actions.google.budget import Reach, notice_reach
from wallet.errors import Refusal
from wallet.rules.notices import NOTICES_MAX, WINDOW
from wallet.tables.google import NoticeBudget

PEOPLE = ("ada", "bruno")
WORDS = {"fr": Words("Samedi", "Points doubles"), "en": Words("Saturday", "Double points")}


@pytest.fixture
def on_phones(android: Android, stand_in: GoogleStandIn) -> Android:
    """Ada and Bruno have their cards on their phones."""
    for who in PEOPLE:
        android.issue(who)
    android.drain(android.worker())

    def _saved(session: object) -> None:
        for who in PEOPLE:
            row = session.merge(android.row(who))  # type: ignore[attr-defined]
            row.saved_at = android.cast.now

    android.cast.run(_saved)
    return android


def _send(cast: Cast, tier: str | None = None) -> int:
    return cast.run(lambda session: announce_message(session, cast.program, WORDS, cast.now, tier))


def _reach(cast: Cast, tier: str | None = None) -> Reach:
    with cast.database.reading() as session:
        return notice_reach(session, cast.program, cast.now, tier)


def test_a_message_reaches_the_card_and_notifies_its_holder(
    on_phones: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    cast.later(hours=1)
    assert _send(cast) == 2
    on_phones.drain(on_phones.worker())
    found = stand_in.store.find("loyaltyObject", on_phones.object_id("ada"))
    assert found is not None
    (message,) = found["messages"]
    assert (message["header"], message["messageType"]) == ("Samedi", "TEXT_AND_NOTIFY")
    assert message["localizedBody"]["translatedValues"][0]["value"] == "Double points"
    assert len(on_phones.notices) == 2
    # Sent once: neither the next change nor another worker sends it again.
    cast.buy("ada", 1000)
    on_phones.drain(on_phones.worker())
    found = stand_in.store.find("loyaltyObject", on_phones.object_id("ada"))
    assert found is not None
    assert len(found["messages"]) == 1


def test_a_message_and_a_change_together_are_one_announcement(
    on_phones: Android, cast: Cast
) -> None:
    cast.later(hours=1)
    _send(cast)
    cast.buy("ada", 1000)
    on_phones.drain(on_phones.worker())
    assert [one for one, _ in on_phones.notices].count(on_phones.object_id("ada")) == 1
    assert on_phones.balance("ada") == cast.balance("ada").available


def test_whom_a_message_would_reach_is_known_before(
    on_phones: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    assert _reach(cast) == Reach(members=2, notified=2, silent=0, without_card=0)
    for _ in range(NOTICES_MAX):
        cast.later(hours=1)
        cast.buy("ada", 1000)
        on_phones.drain(on_phones.worker())
    assert _reach(cast) == Reach(members=2, notified=1, silent=1, without_card=0)
    assert _reach(cast, "gold") == Reach(members=1, notified=0, silent=1, without_card=0)
    before = len(on_phones.notices)
    _send(cast)
    on_phones.drain(on_phones.worker())
    assert len(on_phones.notices) == before + 1  # exactly whom it said
    found = stand_in.store.find("loyaltyObject", on_phones.object_id("ada"))
    assert found is not None
    assert found["messages"][0]["messageType"] == "TEXT"
    cast.enrol("dan")
    assert _reach(cast) == Reach(members=3, notified=1, silent=1, without_card=1)
    with pytest.raises(Refusal, match="tier_not_found"):
        _reach(cast, "platinum")


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"en": Words("Hello", "Only English")},
        {"fr": Words("", "Sans titre")},
        {"fr": Words("T" * 61, "Trop long")},
        {"fr": Words("Titre", "x" * 501)},
        {"fr": Words("Titre\0", "Corps")},
    ],
)
def test_a_message_that_no_card_could_show_is_refused(cast: Cast, words: dict[str, Words]) -> None:
    with pytest.raises(Refusal, match="body_invalid"):
        cast.run(lambda session: announce_message(session, cast.program, words, cast.now))


day = st.lists(
    st.tuples(
        st.integers(0, 5400),  # seconds until it happens
        st.sampled_from(["ada", "bruno", "campaign"]),
        st.booleans(),  # whether the worker runs at once
    ),
    min_size=10,
    max_size=25,
)


@settings(max_examples=4)
@given(day)
def test_a_day_of_scans_and_campaigns_exceeds_neither_budget_nor_rate(
    on_phones: Android, cast: Cast, events: list[tuple[int, str, bool]]
) -> None:
    workers = [on_phones.worker(), on_phones.worker()]
    for number, (wait, what, is_awake) in enumerate(events):
        cast.later(seconds=wait)
        if what == "campaign":
            _send(cast)
        else:
            cast.buy(what, 1000)
        if is_awake:
            on_phones.drain(workers[number % 2])
    on_phones.drain(workers[0])
    for who in PEOPLE:
        assert on_phones.balance(who) == cast.balance(who).available
        times = [at for one, at in on_phones.notices if one == on_phones.object_id(who)]
        assert all(sum(at - WINDOW < other <= at for other in times) <= NOTICES_MAX for at in times)
    asked = [at for at, _ in on_phones.told]
    assert all(
        asked[end] - asked[end - 20] >= timedelta(seconds=1) for end in range(20, len(asked))
    )
    with cast.database.reading() as session:
        # The book never grows: one row a card, however many days go by.
        kept = session.scalar(select(func.count()).select_from(NoticeBudget)) or 0
        assert kept <= len(PEOPLE)
