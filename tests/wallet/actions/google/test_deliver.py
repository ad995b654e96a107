"""Cards reach Google: inserted, changed, told once, and every refusal ends where it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from passes.google.push import Call, Result
from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from tests.factories import Cast
from tests.wallet.actions.google.conftest import Android
from wallet.actions.deliver_passes import LEASE
from wallet.rules.notices import QUIET, WINDOW
from wallet.tables.delivery import alarms
from wallet.tables.google import class_rows, gate_called
from wallet.tables.wallet_pass import WalletPass


def test_a_card_is_inserted_and_then_changed(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    android.issue("ada")
    assert android.drain(worker) == 1
    assert android.balance("ada") == 600
    cast.buy("ada", 1000)
    assert android.drain(worker) == 1
    assert android.balance("ada") > 600
    row = android.row("ada")
    assert (row.delivered_version, row.last_error, row.attempts) == (row.wanted_version, "", 0)
    assert android.asked("POST", "loyaltyObject") == 1
    assert android.asked("PATCH", "loyaltyObject") == 1
    assert android.asked("GET", "loyaltyObject") == 0
    assert android.drain(worker) == 0


def test_what_google_holds_already_is_not_sent_again(android: Android, cast: Cast) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    cast.run(lambda session: _want_again(session.get_one(WalletPass, android.row("ada").id)))
    assert android.drain(worker) == 1
    assert android.asked("PATCH", "loyaltyObject") == 0
    assert android.row("ada").delivered_version == android.row("ada").wanted_version


def _want_again(row: WalletPass) -> None:
    row.wanted_version += 1


def test_pitfall_24_a_card_that_came_by_its_save_link_is_changed(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    worker.publish_classes()
    android.issue("ada")
    its_class = stand_in.store.page("loyaltyClass", android.identity.issuer_id, 1, "")
    stand_in.store.insert(
        "loyaltyObject",
        {
            "id": android.object_id("ada"),
            "classId": its_class["resources"][0]["id"],
            "state": "ACTIVE",
        },
    )
    android.drain(worker)
    assert android.balance("ada") == 600
    assert android.row("ada").last_error == ""


def test_pitfall_24_a_card_that_google_lost_is_made_again(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    stand_in.store._rows["loyaltyObject"].clear()
    cast.buy("ada", 1000)
    android.drain(worker)
    assert android.balance("ada") > 600
    assert android.notices == []


def test_pitfall_23_the_class_goes_first_once_for_all_workers(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    first, second = android.worker(), android.worker()
    first.publish_classes()
    made = android.asked("POST", "loyaltyClass")
    assert made >= 2  # both programs
    with cast.database.reading() as session:
        assert {row.state for row in class_rows(session)} == {"APPROVED"}
    second.publish_classes()
    android.issue("ada")
    android.issue("bruno")
    android.drain(second)
    # Another look may need a class of its own; none is sent twice.
    assert android.asked("PATCH", "loyaltyClass") == 0
    with cast.database.reading() as session:
        assert android.asked("POST", "loyaltyClass") == len(class_rows(session))


def test_pitfall_25_a_changed_class_goes_for_review_again(
    android: Android, cast: Cast, stand_in: GoogleStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    android.worker().publish_classes()
    worker = android.worker()
    plain = worker._objects.classes_of
    monkeypatch.setattr(
        worker._objects,
        "classes_of",
        lambda *said: [{**one, "hexBackgroundColor": "#010203"} for one in plain(*said)],
    )
    worker.publish_classes()
    held = stand_in.store.page("loyaltyClass", android.identity.issuer_id, 100, "")["resources"]
    assert {one["hexBackgroundColor"] for one in held} == {"#010203"}
    assert {one["reviewStatus"] for one in held} == {"APPROVED"}


def test_pitfall_28_stores_that_this_issuer_may_not_name_are_left_out(
    android: Android, cast: Cast, stand_in: GoogleStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [{"latitude": 48.85, "longitude": 2.35}]
    worker = android.worker()
    classes, one_class, one_object = (
        worker._objects.classes_of,
        worker._objects.class_of,
        worker._objects.object_of,
    )
    check = stand_in.store._check

    def _refuse_places(kind: Any, resource: dict[str, Any]) -> list[str]:
        if "merchantLocations" in resource:
            return ["merchantLocations: this issuer is not allowed to use them"]
        return check(kind, resource)

    monkeypatch.setattr(stand_in.store, "_check", _refuse_places)
    monkeypatch.setattr(
        worker._objects,
        "classes_of",
        lambda *said: [{**one, "merchantLocations": places} for one in classes(*said)],
    )
    monkeypatch.setattr(
        worker._objects,
        "class_of",
        lambda *said: {**one_class(*said), "merchantLocations": places},
    )
    monkeypatch.setattr(
        worker._objects,
        "object_of",
        lambda *said: {**one_object(*said), "merchantLocations": places},
    )
    worker.publish_classes()
    android.issue("ada")
    android.drain(worker)
    assert android.balance("ada") == 600
    # Known from then on: nothing is refused a second time.
    refused = android.asked("POST", "loyaltyClass"), android.asked("POST", "loyaltyObject")
    cast.buy("ada", 1000)
    android.drain(worker)
    assert (
        android.asked("POST", "loyaltyClass"),
        android.asked("POST", "loyaltyObject"),
    ) == refused
    assert android.asked("PATCH", "loyaltyObject") == 1


# --- How often a card speaks up ------------------------------------------------------------------


def test_pitfall_26_a_visit_is_told_once_and_a_day_three_times(
    android: Android, cast: Cast
) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    for _visit in range(5):
        for _scan in range(4):
            cast.buy("ada", 1000)
            android.drain(worker)
            cast.later(seconds=10)
        cast.later(seconds=QUIET.total_seconds())
    assert len(android.notices) == 3
    assert android.balance("ada") == cast.balance("ada").available
    cast.later(seconds=WINDOW.total_seconds())
    cast.buy("ada", 1000)
    android.drain(worker)
    assert len(android.notices) == 4


def test_pitfall_26_what_google_counts_wins(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    spent = [cast.now.timestamp()] * 3  # by another system
    stand_in.store._notified[android.object_id("ada")] = spent
    for _ in range(2):
        cast.buy("ada", 1000)
        android.drain(worker)
        cast.later(hours=1)
    assert android.notices == []
    assert android.balance("ada") == cast.balance("ada").available
    # Asked once with a notification, then silently; the next change is silent from the start.
    assert android.asked("PATCH", "loyaltyObject") == 3


def test_pitfall_26_a_worker_that_dies_never_tells_twice(
    android: Android, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    sent = worker._client.send

    def _sent_and_died(calls: Sequence[Call]) -> list[Result]:
        sent(calls)
        raise KeyboardInterrupt

    for _ in range(4):
        cast.buy("ada", 1000)
        with monkeypatch.context() as patched:
            patched.setattr(worker._client, "send", _sent_and_died)
            with pytest.raises(KeyboardInterrupt):
                worker.step()
        cast.now += LEASE + QUIET
        android.drain(android.worker())
    assert len(android.notices) <= 3
    assert android.balance("ada") == cast.balance("ada").available


# --- Refusals ------------------------------------------------------------------------------------


def test_a_card_that_google_cannot_bear_holds_up_no_other(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    worker.publish_classes()
    android.issue("ada")
    android.issue("bruno")
    stand_in.faults.add(Fault(500, "backendError"))
    worker.step()
    errors = sorted(android.row(who).last_error for who in ("ada", "bruno"))
    assert errors[0] == ""
    assert errors[1].startswith("unavailable: Scripted fault.")
    with cast.database.reading() as session:
        gate = gate_called(session, android.gate().name)
        assert gate is None or gate.failures == 0
    cast.later(minutes=2)
    android.drain(worker)
    assert [android.row(who).last_error for who in ("ada", "bruno")] == ["", ""]


@pytest.mark.parametrize("reason", ["permissionDenied", "accessNotConfigured"])
def test_pitfall_24_without_permission_one_request_now_and_then_is_all(
    android: Android, cast: Cast, stand_in: GoogleStandIn, reason: str
) -> None:
    worker = android.worker()
    worker.publish_classes()
    for who in ("ada", "bruno", "chloe"):
        android.issue(who)
    stand_in.faults.add(Fault(403, reason), times=10_000)
    for _ in range(3600):
        worker.step()
        cast.later(seconds=1)
    asked = android.asked("POST", "loyaltyObject")
    assert asked < 3 + 12
    with cast.database.reading() as session:
        (alarm,) = alarms(session)
    assert alarm.provider == "google"
    wanted = {"permissionDenied": "not_permitted", "accessNotConfigured": "api_disabled"}[reason]
    assert alarm.reason.startswith(f"{wanted}: ")
    stand_in.faults.clear()
    for _ in range(3):
        cast.later(minutes=20)
        android.drain(worker)
    assert [android.row(who).last_error for who in ("ada", "bruno", "chloe")] == ["", "", ""]
    with cast.database.reading() as session:
        assert alarms(session) == []


def test_google_says_how_long_to_stay_away(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    worker.publish_classes()
    android.issue("ada")
    stand_in.faults.add(Fault(429, "rateLimitExceeded", retry_after_seconds=90))
    worker.step()
    cast.later(seconds=89)
    assert worker.step() == 0
    assert android.worker().step() == 0  # another process keeps away as well
    cast.later(seconds=10)
    android.drain(worker)
    assert android.balance("ada") == 600
    assert android.asked("POST", "loyaltyObject") == 2
