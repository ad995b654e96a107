"""Save links and the Android phone that follows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from passes.apple.identity import AppleIdentity
from passes.simulate.android import AndroidPhone, SaveRefused
from passes.simulate.google import GoogleStandIn
from passes.simulate.pictures import Pictures
from tests.passes.simulate.loyalty import (
    ACCOUNT,
    CLASS_ID,
    OBJECT_ID,
    STRANGER_KEY,
    a_class,
    an_object,
    points_of,
    save_jwt,
    skinny,
)
from tests.passes.simulate.shop import Shop


@pytest.fixture
def shop(apple_identity: AppleIdentity) -> Iterator[Shop]:
    with Shop(apple_identity) as one:
        yield one


@pytest.fixture
def pictures(shop: Shop) -> Iterator[Pictures]:
    fetched = Pictures(frozenset({shop.url}))
    yield fetched
    fetched.close()


@pytest.fixture
def google(pictures: Pictures) -> GoogleStandIn:
    return GoogleStandIn(ACCOUNT, lambda kind, resource: [], picture_reachable=pictures.reachable)


@pytest.fixture
def android(google: GoogleStandIn, pictures: Pictures) -> Iterator[AndroidPhone]:
    phone = AndroidPhone(google, pictures)
    phone.start()
    yield phone
    phone.stop()


@pytest.fixture
def shops_class(shop: Shop) -> dict[str, Any]:
    return a_class(programLogo={"sourceUri": {"uri": f"{shop.url}/media/logo.png"}})


@pytest.fixture
def stored(google: GoogleStandIn, shops_class: dict[str, Any]) -> GoogleStandIn:
    """Class and object are at Google's, as after an insert by REST."""
    google.store.insert("loyaltyClass", shops_class)
    google.store.insert("loyaltyObject", an_object())
    return google


def link(token: str) -> str:
    return f"https://pay.google.com/gp/v/save/{token}"


def settle(phone: AndroidPhone) -> None:
    assert phone.tasks.settle(), phone.activity.lines


def test_a_skinny_link_saves_what_the_api_holds(
    android: AndroidPhone, stored: GoogleStandIn
) -> None:
    assert android.save(link(save_jwt(skinny()))) == OBJECT_ID
    face = android.cards()[0]["face"]
    assert face["program"] == "Café Lumière"
    assert face["points"] == [{"label": "Points", "value": "1\u202f240"}]
    assert face["logo"] is not None
    found = stored.store.find("loyaltyObject", OBJECT_ID)
    assert found is not None
    assert found["hasUsers"] is True


def test_a_fat_link_makes_class_and_object(
    android: AndroidPhone, google: GoogleStandIn, shops_class: dict[str, Any]
) -> None:
    slim = {key: value for key, value in an_object().items() if key != "textModulesData"}
    android.save(link(save_jwt({"loyaltyClasses": [shops_class], "loyaltyObjects": [slim]})))
    assert google.store.find("loyaltyObject", OBJECT_ID) is not None


def test_a_fat_link_does_not_change_what_exists(
    android: AndroidPhone, stored: GoogleStandIn
) -> None:
    slim = {"id": OBJECT_ID, "classId": CLASS_ID, "loyaltyPoints": points_of(9)}
    android.save(link(save_jwt({"loyaltyObjects": [slim]})))
    assert android.cards()[0]["face"]["points"][0]["value"] == "1\u202f240"


@pytest.mark.parametrize(
    "token",
    [
        save_jwt(skinny(), STRANGER_KEY),
        save_jwt(skinny(), iss="somebody@else.test"),
        save_jwt(skinny(), aud="apple"),
        save_jwt(skinny(), typ="JWT"),
        save_jwt(skinny(), origins="https://cafe.test"),
        save_jwt({}),
        save_jwt({"loyaltyObjects": [{"id": OBJECT_ID, "classId": f"{CLASS_ID}2"}]}),
        save_jwt({"loyaltyObjects": [{"id": f"{OBJECT_ID}2", "classId": f"{CLASS_ID}2"}]}),
        save_jwt({"loyaltyObjects": [{"id": OBJECT_ID, "rotatingBarcode": {}}]}),
        save_jwt({**skinny(), "padding": "x" * 1400}),
        "not.a.jwt",
    ],
)
def test_a_wrong_link_is_refused(android: AndroidPhone, stored: GoogleStandIn, token: str) -> None:
    with pytest.raises(SaveRefused):
        android.save(link(token))
    assert android.cards() == []
    assert android.activity.codes == ["refused"]


def test_a_link_that_is_none_is_refused(android: AndroidPhone) -> None:
    with pytest.raises(SaveRefused, match="not a save link"):
        android.save("https://cafe.test/card/abc")


def test_a_draft_class_cannot_be_saved(
    android: AndroidPhone, google: GoogleStandIn, shops_class: dict[str, Any]
) -> None:
    google.store.insert("loyaltyClass", {**shops_class, "reviewStatus": "DRAFT"})
    google.store.insert("loyaltyObject", an_object())
    with pytest.raises(SaveRefused, match="draft"):
        android.save(link(save_jwt(skinny())))


def test_a_logo_that_cannot_be_fetched_fails_the_save(
    android: AndroidPhone, google: GoogleStandIn, shop: Shop
) -> None:
    missing = {"sourceUri": {"uri": f"{shop.url}/media/none.png"}}
    google.store.insert("loyaltyClass", a_class(programLogo=missing))
    google.store.insert("loyaltyObject", an_object())
    with pytest.raises(SaveRefused, match="logo"):
        android.save(link(save_jwt(skinny())))


def test_pictures_of_foreign_origins_are_not_fetched(pictures: Pictures) -> None:
    assert not pictures.reachable("http://169.254.169.254/latest/meta-data/")


def test_a_change_at_google_reaches_the_phone_in_silence(
    android: AndroidPhone, stored: GoogleStandIn
) -> None:
    android.save(link(save_jwt(skinny())))
    stored.store.patch("loyaltyObject", OBJECT_ID, {"loyaltyPoints": points_of(1300)})
    settle(android)
    assert android.cards()[0]["face"]["points"][0]["value"] == "1\u202f300"
    assert android.activity.notifications == []


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "Points\u00a0: 1\u202f300"), ("en", "Points: 1,300")]
)
def test_a_change_that_wants_it_is_notified(
    android: AndroidPhone, stored: GoogleStandIn, language: str, text: str
) -> None:
    android.speak(language)
    android.save(link(save_jwt(skinny())))
    wish = {"loyaltyPoints": points_of(1300), "notifyPreference": "NOTIFY_ON_UPDATE"}
    stored.store.patch("loyaltyObject", OBJECT_ID, wish)
    settle(android)
    assert [one["text"] for one in android.activity.notifications] == [text]


def test_a_message_may_ring(android: AndroidPhone, stored: GoogleStandIn) -> None:
    android.save(link(save_jwt(skinny())))
    message = {"header": "Happy hour", "body": "Now", "messageType": "TEXT_AND_NOTIFY"}
    stored.store.add_message("loyaltyObject", OBJECT_ID, message)
    settle(android)
    assert android.activity.notifications[-1]["title"] == "Happy hour"
    assert android.cards()[0]["face"]["messages"] == [{"label": "Happy hour", "value": "Now"}]


def test_texts_are_in_the_phones_language(android: AndroidPhone, stored: GoogleStandIn) -> None:
    android.save(link(save_jwt(skinny())))
    assert android.cards()[0]["face"]["details"] == [{"label": "Statut", "value": "Or"}]
    android.speak("en")
    assert android.cards()[0]["face"]["details"] == [{"label": "Status", "value": "Gold"}]


def test_rows_follow_the_classs_template(
    android: AndroidPhone, google: GoogleStandIn, shops_class: dict[str, Any]
) -> None:
    def item(path: str) -> dict[str, Any]:
        return {"firstValue": {"fields": [{"fieldPath": path}]}}

    row = {
        "twoItems": {
            "startItem": item("object.loyaltyPoints.balance"),
            "endItem": item("object.textModulesData['tier']"),
        }
    }
    template = {"cardTemplateOverride": {"cardRowTemplateInfos": [row]}}
    google.store.insert("loyaltyClass", {**shops_class, "classTemplateInfo": template})
    google.store.insert("loyaltyObject", an_object())
    android.save(link(save_jwt(skinny())))
    assert android.cards()[0]["face"]["rows"] == [
        [
            {"label": "Points", "value": "1\u202f240", "at": "start"},
            {"label": "Statut", "value": "Or", "at": "end"},
        ]
    ]


def test_a_removed_card_is_no_longer_followed(android: AndroidPhone, stored: GoogleStandIn) -> None:
    android.save(link(save_jwt(skinny())))
    android.delete(OBJECT_ID)
    stored.store.patch("loyaltyObject", OBJECT_ID, {"loyaltyPoints": points_of(1300)})
    settle(android)
    assert android.cards() == []
    found = stored.store.find("loyaltyObject", OBJECT_ID)
    assert found is not None
    assert found["hasUsers"] is False


def test_a_restart_keeps_the_cards(
    android: AndroidPhone, stored: GoogleStandIn, pictures: Pictures
) -> None:
    android.save(link(save_jwt(skinny())))
    later = AndroidPhone(stored, pictures)
    later.load(android.dump())
    assert [card["id"] for card in later.cards()] == [OBJECT_ID]
