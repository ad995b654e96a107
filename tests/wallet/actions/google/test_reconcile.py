"""Reading back: what drifted is put right silently, who took the card off is noted, nothing is rushed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from passes.google import push
from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from tests.factories import PUBLIC_URL, Cast
from tests.wallet.actions.google.conftest import Android
from wallet.actions.google.gate import BULK
from wallet.actions.google.reconcile import Checked, GoogleReconciler
from wallet.actions.google_objects import GoogleObjects

PEOPLE = ("ada", "bruno", "chloe")


def reconciler(android: Android) -> GoogleReconciler:
    """Another worker's."""
    return GoogleReconciler(
        android.cast.database,
        android.client(),
        android.gate(),
        GoogleObjects(android.identity, PUBLIC_URL),
        lambda: android.cast.now,
    )


def round_(android: Android) -> Checked:
    """One whole round, a day after the last."""
    android.cast.later(days=1, minutes=1)
    return _until_idle(reconciler(android))


def _until_idle(one: GoogleReconciler) -> Checked:
    total = Checked()
    for _ in range(200):
        done = one.check()
        if not done.requests:
            return total
        total += done
    raise AssertionError("no end")


@pytest.fixture
def delivered(android: Android) -> Android:
    """Everybody's card is at Google."""
    for who in PEOPLE:
        android.issue(who)
    android.drain(android.worker())
    return android


def test_what_is_right_stays_as_it_is(delivered: Android) -> None:
    done = round_(delivered)
    assert (done.read, done.differed, done.missing, done.removed) == (3, 0, 0, 0)
    assert delivered.drain(delivered.worker()) == 0
    assert _until_idle(reconciler(delivered)) == Checked()  # not again before tomorrow


def test_what_drifted_is_put_right_without_a_word(
    delivered: Android, stand_in: GoogleStandIn
) -> None:
    store = stand_in.store
    ada, bruno, chloe = (delivered.object_id(who) for who in PEOPLE)
    store.patch("loyaltyObject", ada, {"loyaltyPoints": {"balance": {"int": 1_000_000}}})
    store.patch("loyaltyObject", bruno, {"textModulesData": []})
    del store._rows["loyaltyObject"][chloe]
    spoken = len(delivered.notices)
    done = round_(delivered)
    assert (done.read, done.differed, done.missing) == (2, 2, 1)
    delivered.drain(delivered.worker())
    assert delivered.balance("ada") == 600
    found = store.find("loyaltyObject", bruno)
    assert found is not None
    assert found["textModulesData"] != []
    assert store.find("loyaltyObject", chloe) is not None
    assert len(delivered.notices) == spoken
    assert (round_(delivered).differed, round_(delivered).missing) == (0, 0)


def test_a_class_that_drifted_is_put_right(delivered: Android, stand_in: GoogleStandIn) -> None:
    its_class = delivered.known("ada").class_id
    before = stand_in.store.find("loyaltyClass", its_class)
    assert before is not None
    stand_in.store.patch(
        "loyaltyClass",
        its_class,
        {"hexBackgroundColor": "#00ff00", "reviewStatus": "UNDER_REVIEW"},
    )
    assert round_(delivered).differed == 1
    after = stand_in.store.find("loyaltyClass", its_class)
    assert after is not None
    assert after["hexBackgroundColor"] == before["hexBackgroundColor"]


def test_who_holds_the_card_is_learnt_without_callbacks(
    delivered: Android, stand_in: GoogleStandIn
) -> None:
    ada = delivered.object_id("ada")
    stand_in.store.mark_users(ada, has_users=True)
    assert round_(delivered).removed == 0
    assert delivered.row("ada").saved_at is not None
    assert delivered.row("bruno").saved_at is None
    stand_in.store.mark_users(ada, has_users=False)
    assert round_(delivered).removed == 1
    assert delivered.row("ada").saved_at is None
    assert delivered.known("ada").removed_at == delivered.cast.now
    assert round_(delivered).removed == 0


def test_a_change_under_way_is_not_drift(delivered: Android, cast: Cast) -> None:
    cast.later(days=1, minutes=1)
    cast.buy("ada", 1000)
    done = _until_idle(reconciler(delivered))
    assert (done.read, done.differed) == (3, 0)


def test_a_round_goes_on_after_a_restart(
    delivered: Android, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PAGE_SIZE", 1)
    delivered.cast.later(days=1, minutes=1)
    read = 0
    for _ in range(60):
        done = reconciler(delivered).check()  # a new process for every step
        if not done.requests:
            break
        read += done.read
    assert read == 3
    assert not reconciler(delivered).is_unfinished()


def test_reading_back_gives_way_to_everything_else(delivered: Android) -> None:
    delivered.cast.later(days=1, minutes=1)
    gate = delivered.gate()
    assert gate.ask(BULK, 4)[0] == 4
    before = delivered.cast.now
    assert reconciler(delivered).check().requests == 1
    assert delivered.cast.now - before >= timedelta(seconds=1)  # it waited for an idle window


def test_while_google_is_away_the_round_waits(delivered: Android, stand_in: GoogleStandIn) -> None:
    delivered.cast.later(days=1, minutes=1)
    stand_in.faults.add(Fault(503))
    assert reconciler(delivered).check() == Checked()
    assert reconciler(delivered).check() == Checked()
    assert len(stand_in.faults) == 0
    delivered.cast.later(minutes=5)
    assert _until_idle(reconciler(delivered)).read == 3
