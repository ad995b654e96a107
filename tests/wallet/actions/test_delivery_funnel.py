"""Each change on its way: wanted, pushed, listed, fetched; and phones that need telling again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from passes.apple.push import PushOutcome
from tests.factories import Cast
from wallet.actions.deliver_apple import deliver_apple
from wallet.actions.deliver_passes import SCANS, Hold
from wallet.actions.issue_pass import issue_pass
from wallet.actions.registry import Registry, handed_out
from wallet.tables.delivery import Delivery, alarms
from wallet.tables.wallet_pass import Device, Registration, WalletPass, pass_at


@dataclass
class Apns:
    """Apple's answer for each token: 200 unless told otherwise; remembers what was pushed."""

    answers: dict[str, PushOutcome] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """One outcome for each token."""
        self.pushed += tokens
        return [
            self.answers.get(token) or PushOutcome(token, 200, apns_id=f"id-{len(self.pushed)}")
            for token in tokens
        ]


@dataclass
class Scene:
    """Ada's card, the phones that hold it, and the worker's step."""

    cast: Cast
    apns: Apns
    registry: Registry
    hold: Hold
    serial: str

    def deliver(self) -> int:
        """One batch."""
        database, now = self.cast.database, self.cast.now
        return deliver_apple(database, self.apns, lambda: now, self.hold)

    def buy(self) -> None:
        """A change of Ada's card, a minute after the last."""
        self.cast.later(minutes=1)
        self.cast.buy("ada")

    def row(self) -> WalletPass:
        """The pass."""
        with self.cast.database.reading() as session:
            found = pass_at(session, self.cast.people["ada"], "apple")
            assert found
            return found

    def deliveries(self) -> list[Delivery]:
        """Oldest first."""
        with self.cast.database.reading() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.version)))

    def all(self, kind: type) -> list:  # type: ignore[type-arg]
        """Every row of a table."""
        with self.cast.database.reading() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def scene(cast: Cast) -> Scene:
    cast.run(
        lambda session: handed_out(
            issue_pass(session, cast.program, cast.member(session, "ada"), "apple", cast.now)
        )
    )
    made = Scene(cast, Apns(), Registry(cast.database, lambda: cast.now), Hold(), "")
    made.serial = made.row().serial
    made.registry.register("iphone", "aa", made.serial)
    return made


def test_a_change_is_followed_from_wish_to_phone(scene: Scene) -> None:
    scene.buy()
    wanted = scene.cast.now
    scene.cast.later(seconds=1)
    scene.cast.buy("ada")  # the phone hears of both at once
    scene.cast.later(seconds=1)
    pushed = scene.cast.now
    assert scene.deliver() == 1
    scene.cast.later(seconds=2)
    listed = scene.cast.now
    _, serials = scene.registry.updated_since("iphone", None)
    assert serials == [scene.serial]
    scene.cast.later(seconds=3)
    found = scene.registry.find(scene.serial)
    assert found
    scene.registry.fetched(scene.serial, found.version)
    scene.registry.notes.flush()
    (row,) = scene.deliveries()
    assert (row.wanted_at, row.announced_at, row.pushed_at) == (wanted, pushed, pushed)
    assert (row.listed_at, row.fetched_at) == (listed, scene.cast.now)
    assert (row.phones, row.pushes, row.push_id, row.provider) == (1, 1, "id-1", "apple")
    assert (row.version, row.is_urgent) == (found.version, True)
    assert scene.row().taken_version == found.version


def test_a_pass_on_no_phone_leaves_no_trace(scene: Scene) -> None:
    scene.registry.unregister("iphone", scene.serial)
    scene.buy()
    assert scene.deliver() == 1
    assert (scene.deliveries(), scene.apns.pushed) == ([], [])


def test_only_the_phone_that_was_not_told_is_told_again(scene: Scene) -> None:
    scene.registry.register("ipad", "bb", scene.serial)
    scene.apns.answers["bb"] = PushOutcome("bb", 429, "TooManyRequests")
    scene.buy()
    scene.deliver()
    assert sorted(scene.apns.pushed) == ["aa", "bb"]
    assert "429" in scene.row().last_error
    scene.apns.answers.clear()
    scene.cast.later(minutes=1)
    assert scene.deliver() == 1
    assert sorted(scene.apns.pushed) == ["aa", "bb", "bb"]
    (row,) = scene.deliveries()
    assert (row.phones, row.pushes) == (2, 2)
    assert scene.row().delivered_version == scene.row().wanted_version


def test_a_phone_whose_token_rotated_meanwhile_is_not_forgotten(scene: Scene) -> None:
    """Apple calls the old token gone after the phone has come with a new one."""
    scene.buy()

    def _rotates(tokens: Sequence[str]) -> list[PushOutcome]:
        scene.registry.register("iphone", "cc", scene.serial)
        gone = scene.cast.now + timedelta(seconds=1)
        return [PushOutcome(token, 410, "Unregistered", timestamp=gone) for token in tokens]

    scene.apns.push_many = _rotates  # type: ignore[method-assign]
    scene.deliver()
    del scene.apns.push_many
    scene.cast.later(minutes=1)
    assert scene.deliver() == 1
    assert scene.apns.pushed == ["cc"]
    assert len(scene.all(Registration)) == 1


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (1, 0)])
def test_410_drops_what_was_registered_before_it(scene: Scene, seconds: int, left: int) -> None:
    registered = scene.all(Registration)[0].renewed_at
    gone = registered + timedelta(seconds=seconds)
    scene.apns.answers["aa"] = PushOutcome("aa", 410, "Unregistered", timestamp=gone)
    scene.buy()
    scene.deliver()
    assert len(scene.all(Registration)) == left


def test_a_phone_that_apple_wrongly_calls_gone_is_tried_a_few_times(scene: Scene) -> None:
    gone = scene.all(Registration)[0].renewed_at - timedelta(hours=1)
    scene.apns.answers["aa"] = PushOutcome("aa", 410, "Unregistered", timestamp=gone)
    scene.buy()
    for _ in range(20):
        scene.deliver()
        scene.cast.later(hours=1)
    assert 1 < len(scene.apns.pushed) < 10
    assert scene.row().delivered_version == scene.row().wanted_version


def test_a_push_that_went_to_the_old_token_is_sent_to_the_new_one(scene: Scene) -> None:
    scene.buy()
    scene.deliver()  # Apple takes it, the phone never gets it
    scene.cast.later(minutes=5)
    scene.registry.register("iphone", "dd", scene.serial)
    assert scene.deliver() == 1
    assert scene.apns.pushed == ["aa", "dd"]
    assert len(scene.deliveries()) == 1


def test_a_phone_that_registers_after_the_card_changed_is_told(scene: Scene) -> None:
    """Downloaded, then a sale, then registered: nobody could be told of the sale."""
    scene.registry.unregister("iphone", scene.serial)
    scene.buy()
    scene.deliver()
    tag, _ = scene.registry.updated_since("iphone", None)
    scene.registry.register("iphone", "aa", scene.serial)
    assert scene.deliver() == 1
    assert scene.apns.pushed == ["aa"]
    newer, serials = scene.registry.updated_since("iphone", tag)
    assert (newer > tag, serials) == (True, [scene.serial])


def test_silence_is_noticed_and_ends_when_the_phone_comes(scene: Scene) -> None:
    def silent() -> datetime | None:
        found: datetime | None = scene.all(Device)[0].silent_since
        return found

    scene.buy()
    first = scene.cast.now
    scene.deliver()
    scene.buy()
    scene.deliver()
    assert silent() == first
    scene.registry.updated_since("iphone", None)
    scene.registry.notes.flush()
    assert silent() is None


def test_a_configuration_error_raises_an_alarm_and_deletes_nothing(scene: Scene) -> None:
    def raised() -> list[str]:
        with scene.cast.database.reading() as session:
            return [alarm.reason for alarm in alarms(session)]

    scene.apns.answers["aa"] = PushOutcome("aa", 403, "BadCertificate")
    scene.buy()
    scene.deliver()
    assert raised() == ["403 BadCertificate"]
    assert len(scene.all(Registration)) == 1
    scene.cast.later(seconds=30)
    assert scene.deliver() == 0  # held off as a whole
    scene.apns.answers.clear()
    scene.cast.later(minutes=5)
    assert scene.deliver() == 1
    assert raised() == []


def test_while_apple_is_away_one_card_asks_for_all(cast: Cast) -> None:
    apns, hold = Apns(), Hold()
    registry = Registry(cast.database, lambda: cast.now)
    for name in ("ada", "bruno"):
        issued = cast.run(
            lambda session: issue_pass(
                session,
                cast.program,
                cast.member(session, name),  # noqa: B023
                "apple",
                cast.now,
            )
        )
        registry.register(name, name, issued.serial)
        cast.buy(name)
        apns.answers[name] = PushOutcome(name, 503, "ServiceUnavailable")
    step: Callable[[], int] = lambda: deliver_apple(  # noqa: E731
        cast.database, apns, lambda: cast.now, hold, SCANS
    )
    assert step() == 2
    for _ in range(4):
        assert step() == 0
        cast.later(seconds=20)
        assert step() == 1
    assert len(apns.pushed) == 6
    assert set(apns.pushed[2:]) == {"ada", "bruno"}  # one bad token cannot stand for the service
    apns.answers.clear()
    cast.later(seconds=20)
    assert step() == 1
    cast.later(seconds=20)
    assert step() == 1
