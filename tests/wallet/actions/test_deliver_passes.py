"""Apple's update tags: a new one for each change, the same one for each further try of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from passes.apple.push import PushOutcome
from passes.errors import DeliveryError
from tests.factories import Cast
from wallet.actions.deliver_apple import deliver_apple
from wallet.actions.deliver_passes import EVERYTHING, LEASE, Hold, Pace
from wallet.actions.issue_pass import issue_pass
from wallet.actions.publish_design import publish_design
from wallet.actions.refresh_cards import REFRESH_JOB, refresh_cards_job
from wallet.actions.registry import Registry
from wallet.actions.run_jobs import run_jobs
from wallet.tables.wallet_pass import WalletPass, pass_at

Deliver = Callable[[], int]


@dataclass
class Apns:
    """Answers as told; remembers which tokens were pushed."""

    status: int = 200
    pushed: list[str] = field(default_factory=list)

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """The same answer for all."""
        self.pushed += tokens
        return [PushOutcome(token, self.status) for token in tokens]


@pytest.fixture
def apns() -> Apns:
    return Apns()


@pytest.fixture
def deliver(cast: Cast, apns: Apns) -> Deliver:
    """Ada's card is on one iPhone; what was changed is delivered by calling this."""
    cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "apple", cast.now
        )
    )
    Registry(cast.database, lambda: cast.now).register("iphone", "token", _row(cast).serial)
    hold = Hold()
    return lambda: deliver_apple(cast.database, apns, lambda: cast.now, hold)


def _row(cast: Cast) -> WalletPass:
    with cast.database.reading() as session:
        found = pass_at(session, cast.people["ada"], "apple")
        assert found
        return found


def test_each_change_gets_a_tag_of_its_own(cast: Cast, deliver: Deliver, apns: Apns) -> None:
    tags = [_row(cast).update_tag]
    for _ in range(3):
        cast.buy("ada")
        assert deliver() == 1
        tags.append(_row(cast).update_tag)
    assert tags == sorted(set(tags))
    assert apns.pushed == ["token"] * 3


def test_nothing_changed_is_nothing_sent(cast: Cast, deliver: Deliver, apns: Apns) -> None:
    assert deliver() == 0
    assert apns.pushed == []


@pytest.mark.parametrize("status", [0, 503, 403])
def test_a_push_tried_again_keeps_its_tag(
    cast: Cast, deliver: Deliver, apns: Apns, status: int
) -> None:
    # A phone that came for another card may have taken this change already; told again under a new
    # tag it would fetch the same once more and complain.
    cast.buy("ada")
    apns.status = status
    deliver()
    told = _row(cast).update_tag
    cast.later(hours=1)
    apns.status = 200
    assert deliver() == 1
    assert _row(cast).update_tag == told
    assert _row(cast).delivered_version == _row(cast).wanted_version


def test_a_change_while_the_push_is_tried_again_gets_a_new_tag(
    cast: Cast, deliver: Deliver, apns: Apns
) -> None:
    cast.buy("ada")
    apns.status = 503
    deliver()
    told = _row(cast).update_tag
    cast.later(seconds=2)
    cast.buy("ada")
    deliver()
    assert _row(cast).update_tag > told


def test_a_claim_that_was_never_settled_comes_back_when_its_lease_ends(
    cast: Cast, deliver: Deliver, apns: Apns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _die(_tokens: Sequence[str]) -> list[PushOutcome]:
        raise KeyboardInterrupt

    cast.buy("ada")
    with monkeypatch.context() as patched:
        patched.setattr(apns, "push_many", _die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    told = _row(cast).update_tag
    assert deliver() == 0
    cast.now += LEASE
    assert deliver() == 1
    assert _row(cast).update_tag == told
    assert apns.pushed == ["token"]


def test_a_service_that_cannot_be_reached_is_tried_later(
    cast: Cast, deliver: Deliver, apns: Apns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _unreachable(_tokens: Sequence[str]) -> list[PushOutcome]:
        raise DeliveryError("no route")

    cast.buy("ada")
    with monkeypatch.context() as patched:
        patched.setattr(apns, "push_many", _unreachable)
        assert deliver() == 1
    row = _row(cast)
    assert (row.last_error, row.lease_until, row.delivered_version) == ("no route", None, 1)
    assert deliver() == 0
    cast.later(minutes=1)
    assert deliver() == 1
    assert _row(cast).last_error == ""


def test_a_phone_is_told_once_of_each_change(cast: Cast, deliver: Deliver) -> None:
    registry = Registry(cast.database, lambda: cast.now)
    cast.buy("ada")
    deliver()
    tag, serials = registry.updated_since("iphone", None)
    assert serials == [_row(cast).serial]
    assert registry.updated_since("iphone", tag) == (tag, [])
    cast.buy("ada")
    deliver()
    newer, serials = registry.updated_since("iphone", tag)
    assert (newer > tag, serials) == (True, [_row(cast).serial])


def test_a_phone_from_before_a_restore_is_told_everything(cast: Cast, deliver: Deliver) -> None:
    """Its tag is ahead of ours: what we count from here on it would take for old."""
    registry = Registry(cast.database, lambda: cast.now)
    cast.buy("ada")
    deliver()
    ours = _row(cast).update_tag
    assert registry.updated_since("iphone", ours + 100) == (ours, [_row(cast).serial])


def test_a_refresh_keeps_its_pace_and_a_scan_does_not_wait_for_it(cast: Cast, apns: Apns) -> None:
    registry, hold, pace = Registry(cast.database, lambda: cast.now), Hold(), Pace(3)
    people = [f"guest{number}" for number in range(8)]
    for who in people:
        cast.enrol(who)
        serial = cast.run(
            lambda session: (
                issue_pass(
                    session,
                    cast.program,
                    cast.member(session, who),  # noqa: B023
                    "apple",
                    cast.now,
                ).serial
            )
        )
        registry.register(who, who, serial)
    design = {**cast.program.design, "background": "#123456"}
    cast.run(lambda session: publish_design(session, cast.program.id, design, "system", cast.now))
    assert run_jobs(cast.database, {REFRESH_JOB: refresh_cards_job}, lambda: cast.now) == 1

    def step() -> int:
        """What goes out now, as often as the worker asks."""
        done = 0
        while some := deliver_apple(cast.database, apns, lambda: cast.now, hold, EVERYTHING, pace):
            done += some
        return done

    assert step() == 3
    cast.buy("guest7")
    assert step() == 1  # the scan, although the second's share is spent
    assert apns.pushed[-1] == "guest7"
    for expected in (3, 1, 0):
        cast.later(seconds=1)
        assert step() == expected
    assert sorted(apns.pushed) == people
    cast.later(minutes=5)
    cast.run(
        lambda session: publish_design(
            session, cast.program.id, {**design, "background": "#654321"}, "system", cast.now
        )
    )
    run_jobs(cast.database, {REFRESH_JOB: refresh_cards_job}, lambda: cast.now)
    assert step() == 3  # what was not used in five minutes is not saved up
