"""A published design at Google: its class goes out with the rows and stores that were chosen."""

from __future__ import annotations

from typing import Any

from passes.simulate.google import GoogleStandIn
from passes.simulate.google_face import face
from tests.factories import Cast
from tests.wallet.actions.google.conftest import Android
from wallet.actions.near_stores import store_key
from wallet.actions.program_view import StoreView, program_view
from wallet.actions.publish_design import publish_design, roll_back_design
from wallet.actions.refresh_cards import refresh_cards_job


def held(android: Android, stand_in: GoogleStandIn, who: str) -> tuple[dict[str, Any], ...]:
    """The card at Google and its class."""
    resource = stand_in.store.find("loyaltyObject", android.object_id(who))
    assert resource is not None
    its_class = stand_in.store.find("loyaltyClass", resource["classId"])
    assert its_class is not None
    return its_class, resource


def paths(its_class: dict[str, Any]) -> list[list[str]]:
    """Field paths of its rows."""
    rows = its_class["classTemplateInfo"]["cardTemplateOverride"]["cardRowTemplateInfos"]
    return [
        [
            item["firstValue"]["fields"][0]["fieldPath"]
            for layout in row.values()
            for item in layout.values()
        ]
        for row in rows
    ]


def publish(cast: Cast, **changes: Any) -> None:
    document = {**cast.program.design, **changes}
    cast.run(lambda session: publish_design(session, cast.program.id, document, "Emil", cast.now))
    spread(cast)


def spread(cast: Cast) -> None:
    """The refresh that publishing asked for."""
    program = cast.run(lambda session: program_view(session, cast.program.id))
    payload = {"program_id": program.id, "design_id": program.design_id}
    refresh_cards_job(cast.database, payload, cast.now)


def test_the_class_that_google_gets_has_the_rows_that_were_chosen(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker()
    android.issue("ada")
    android.drain(worker)
    usual, before = held(android, stand_in, "ada")
    rows = [["number"], ["balance", "ready", "tier"]]
    publish(cast, google_rows=rows)
    assert android.drain(worker) == 1
    its_class, resource = held(android, stand_in, "ada")
    assert its_class["id"] != usual["id"], "a version has a class of its own"
    assert paths(its_class) == [
        ["object.accountId"],
        [
            "object.loyaltyPoints.balance",
            "object.textModulesData['ready']",
            "object.textModulesData['tier']",
        ],
    ]
    # The card has the texts that those rows ask for, and the phone draws them.
    assert "ready" in {one["id"] for one in resource["textModulesData"]}
    drawn = face(its_class, resource, "fr", lambda url: url)["rows"]
    assert [len(row) for row in drawn] == [1, 3]
    cast.run(lambda session: roll_back_design(session, cast.program.id, 1, "Emil", cast.now, ""))
    spread(cast)
    assert android.drain(worker) == 1
    again, after = held(android, stand_in, "ada")
    assert paths(again) == paths(usual)
    assert after["textModulesData"] == before["textModulesData"]


def test_the_class_names_the_chosen_stores_and_none_where_the_card_stays_put(
    android: Android, cast: Cast, stand_in: GoogleStandIn
) -> None:
    worker = android.worker(names_stores=True)
    android.issue("ada")
    android.drain(worker)
    its_class, _ = held(android, stand_in, "ada")
    assert its_class["merchantLocations"] == [spot(one) for one in cast.program.stores]
    first, second = cast.program.stores
    chosen = {"near_stores": [store_key(second.id), "sto_0000000000000"]}
    for changes, stores in (
        (chosen, [second]),
        ({**chosen, "shows_near_stores": False}, []),
        ({"near_stores": None}, [first, second]),
    ):
        publish(cast, **changes)
        assert android.drain(worker) == 1
        its_class, _ = held(android, stand_in, "ada")
        assert its_class.get("merchantLocations", []) == [spot(one) for one in stores]


def spot(store: StoreView) -> dict[str, float | None]:
    return {"latitude": store.latitude, "longitude": store.longitude}
