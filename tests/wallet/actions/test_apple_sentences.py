"""Phones show a sentence with a change: three a pass and day, however often it is fetched, on both
databases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from passes.apple.push import PushOutcome
from tests.factories import Cast
from wallet.actions.deliver_apple import deliver_apple
from wallet.actions.deliver_passes import Hold
from wallet.actions.issue_pass import issue_pass
from wallet.actions.program_view import program_view
from wallet.actions.publish_design import publish_design
from wallet.actions.refresh_cards import refresh_cards_job
from wallet.actions.registry import Registry, handed_out
from wallet.rules.notices import NOTICES_MAX, QUIET, WINDOW
from wallet.tables.google import NoticeBudget
from wallet.tables.wallet_pass import WalletPass


class Apns:
    """Takes every push."""

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """One outcome for each token."""
        return [PushOutcome(token, 200, apns_id=token) for token in tokens]


class Phone:
    """Ada's iPhone: told by the worker, it fetches what the web service lets out."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.hold = cast, Hold()
        self.registry = Registry(cast.database, lambda: cast.now)
        self.serial = cast.run(
            lambda session: (
                handed_out(
                    issue_pass(
                        session, cast.program, cast.member(session, "ada"), "apple", cast.now
                    )
                ).serial
            )
        )
        self.registry.register("iphone", "aa", self.serial)
        self.version = 0
        self.heard: list[datetime] = []

    def tell(self) -> None:
        """The worker's step."""
        now = self.cast.now
        deliver_apple(self.cast.database, Apns(), lambda: now, self.hold)

    def fetch(self) -> bool:
        """The newest card; whether the phone speaks of it. One that it has already is 304."""
        found = self.registry.find(self.serial)
        assert found
        if found.version == self.version:
            return False
        self.version = found.version
        speaks = found.announces and self.registry.may_announce(self.serial, found.version)
        self.registry.fetched(self.serial, found.version)
        self.registry.notes.flush()
        if speaks:
            self.heard.append(self.cast.now)
        return speaks

    def buy(self) -> bool:
        """A scan, the push, the phone."""
        self.cast.buy("ada", 1000)
        self.tell()
        return self.fetch()

    def spent(self) -> list[datetime]:
        """What the book says, all that still counts."""
        with self.cast.database.reading() as session:
            row = session.scalar(select(NoticeBudget))
            return [at for at in row.spent if at] if row else []


@pytest.fixture
def phone(cast: Cast) -> Phone:
    return Phone(cast)


def test_three_announcements_a_day_then_silence_and_the_next_day_again(
    phone: Phone, cast: Cast
) -> None:
    said = []
    for _ in range(6):
        cast.later(hours=1)
        said.append(phone.buy())
    assert said == [True] * NOTICES_MAX + [False] * 3
    cast.now = phone.heard[0] + WINDOW
    assert phone.buy()
    # Silent or not, the card is right.
    found = phone.registry.find(phone.serial)
    assert found
    assert found.card["balance"]["number"] == cast.balance("ada").available


def test_what_belongs_to_one_visit_is_announced_once(phone: Phone, cast: Cast) -> None:
    cast.later(hours=1)
    said = []
    for _ in range(5):
        said.append(phone.buy())
        cast.later(seconds=20)
    assert said == [True, False, False, False, False]
    assert len(phone.spent()) == 1


def test_a_sentence_that_no_phone_took_goes_over_to_the_newer_card(
    phone: Phone, cast: Cast
) -> None:
    cast.later(hours=1)
    cast.buy("ada", 1000)
    phone.tell()
    old = phone.registry.find(phone.serial)
    cast.later(seconds=5)
    cast.buy("ada", 1000)
    between = phone.registry.find(phone.serial)
    assert old
    assert between
    # The worker has not decided on it: who fetches now has the phone in hand.
    assert not phone.registry.may_announce(phone.serial, between.version)
    phone.tell()
    assert not phone.registry.may_announce(phone.serial, old.version)
    assert phone.fetch()
    assert len(phone.spent()) == 1
    # The same version again, to a second phone of the member: it is the same announcement.
    assert phone.registry.may_announce(phone.serial, phone.version)


def test_a_new_design_for_all_announces_nothing_and_costs_nothing(phone: Phone, cast: Cast) -> None:
    cast.later(hours=1)
    assert phone.buy()
    cast.later(hours=1)
    with cast.database.transaction() as session:
        document = {**program_view(session, cast.program.id).design, "background": "#123456"}
        publish_design(session, cast.program.id, document, "staff:1", cast.now)
        design_id = program_view(session, cast.program.id).design_id
    payload = {"program_id": cast.program.id, "design_id": design_id}
    refresh_cards_job(cast.database, payload, cast.now)
    phone.tell()
    assert not phone.fetch()
    assert len(phone.spent()) == 1


def test_a_pass_on_no_phone_spends_nothing(cast: Cast, phone: Phone) -> None:
    phone.registry.unregister("iphone", phone.serial)
    cast.later(hours=1)
    cast.buy("ada", 1000)
    phone.tell()
    assert phone.spent() == []


@pytest.mark.timeout(120)
def test_a_fetch_and_a_newer_change_at_once_never_speak_twice_for_one(
    phone: Phone, cast: Cast
) -> None:
    both = Barrier(2)

    def _fetch(version: int) -> bool:
        both.wait()
        return phone.registry.may_announce(phone.serial, version)

    def _change() -> None:
        both.wait()
        cast.buy("ada", 1000)
        phone.tell()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(12):
            cast.later(hours=9)
            before = len([at for at in phone.spent() if at > cast.now - WINDOW])
            cast.buy("ada", 1000)
            phone.tell()
            cast.later(seconds=5)
            with cast.database.reading() as session:
                version = session.scalar(select(WalletPass.wanted_version)) or 0
            fetched, changed = pool.submit(_fetch, version), pool.submit(_change)
            changed.result()
            shown = [fetched.result(), phone.fetch()]
            assert sum(shown) == 1  # one visit, one sentence, whoever was first
            assert len([at for at in phone.spent() if at > cast.now - WINDOW]) == before + 1


event = st.tuples(st.integers(0, 7200), st.booleans(), st.booleans())


@settings(max_examples=5)
@given(st.lists(event, min_size=12, max_size=24))
def test_a_day_of_scans_never_exceeds_the_budget(
    phone: Phone, cast: Cast, events: list[tuple[int, bool, bool]]
) -> None:
    for seconds, is_told, is_fetched in events:
        cast.later(seconds=seconds)
        cast.buy("ada", 1000)
        if is_told:
            phone.tell()
        if is_fetched:
            phone.fetch()
    phone.tell()
    phone.fetch()
    times = phone.heard
    assert all(sum(at - WINDOW < other <= at for other in times) <= NOTICES_MAX for at in times)
    assert all(later - one >= QUIET for one, later in pairwise(times))
