"""Save links verify, stay short, and carry as much of the card as fits."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jwt
import pytest

from passes.google.document import OPEN, Protection, class_essentials, essentials, reference
from passes.google.identity import GoogleIdentity
from passes.google.save_link import LINK_CHARACTERS_MAX, LINK_START, fat_link, skinny_link
from passes.simulate.google import GoogleStandIn
from tests.passes.cast import ADA
from tests.passes.google.test_document import (
    GUARDED,
    OBJECT,
    TURNING,
    the_class,
    the_object,
)

ORIGINS = ["https://cards.test"]


def claims(link: str, account: GoogleIdentity) -> dict[str, Any]:
    token = link.removeprefix(LINK_START)
    found: dict[str, Any] = jwt.decode(
        token, account.public_key_pem, algorithms=["RS256"], audience="google"
    )
    return found


def carried(link: str, account: GoogleIdentity) -> dict[str, Any]:
    (resource,) = claims(link, account)["payload"]["loyaltyObjects"]
    return dict(resource)


def test_the_link_verifies_and_says_who_and_where(account: GoogleIdentity) -> None:
    link = skinny_link(account, the_object(), ORIGINS)
    found = claims(link, account)
    assert link.startswith("https://pay.google.com/gp/v/save/")
    assert jwt.get_unverified_header(link.removeprefix(LINK_START))["kid"] == account.key_id
    assert (found["iss"], found["typ"], found["aud"]) == (account.email, "savetowallet", "google")
    assert found["origins"] == ORIGINS


def test_a_skinny_link_only_names_the_object(account: GoogleIdentity) -> None:
    link = skinny_link(account, the_object(), ORIGINS)
    assert carried(link, account) == reference(the_object())
    assert len(link) < 1000


def test_origins_that_leave_no_room_are_an_error(account: GoogleIdentity) -> None:
    with pytest.raises(ValueError, match="origins"):
        skinny_link(account, the_object(), ["https://" + "x" * 1400])


def test_a_fat_link_carries_the_essentials_of_class_and_object(account: GoogleIdentity) -> None:
    link = fat_link(account, the_object(), the_class(), ORIGINS)
    assert len(link) <= LINK_CHARACTERS_MAX
    assert carried(link, account) == essentials(the_object())
    (its_class,) = claims(link, account)["payload"]["loyaltyClasses"]
    assert its_class == class_essentials(the_class())


def test_a_fat_link_too_long_for_its_class_leaves_it_out(account: GoogleIdentity) -> None:
    whole = the_object(dataclasses.replace(ADA, code="M" * 300))
    payload = claims(fat_link(account, whole, the_class(), ORIGINS), account)["payload"]
    assert payload == {"loyaltyObjects": [essentials(whole)]}


def test_an_object_too_large_for_that_is_only_named(account: GoogleIdentity) -> None:
    whole = the_object(dataclasses.replace(ADA, code="M" * 900))
    link = fat_link(account, whole, the_class(), ORIGINS)
    assert len(link) <= LINK_CHARACTERS_MAX
    assert carried(link, account) == reference(whole)


@pytest.mark.parametrize("length", range(0, 900, 61))
def test_no_link_is_ever_too_long_nor_holds_a_secret(account: GoogleIdentity, length: int) -> None:
    card = dataclasses.replace(ADA, code="é" * length)
    for protection in (OPEN, GUARDED, Protection(TURNING)):
        link = fat_link(account, the_object(card, protection), the_class(), ORIGINS)
        assert len(link) <= LINK_CHARACTERS_MAX
        said = json.dumps(claims(link, account))
        assert "rotatingBarcode" not in said
        assert TURNING.key.hex() not in said


def test_google_saves_from_a_fat_link_before_anything_is_written(
    account: GoogleIdentity, google: GoogleStandIn
) -> None:
    link = fat_link(account, the_object(), the_class(), ORIGINS)
    assert google.save(link.removeprefix(LINK_START)) == OBJECT
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["barcode"]["value"] == ADA.code
    assert stored["hasUsers"]


def test_google_saves_from_a_skinny_link_what_the_interface_holds(
    account: GoogleIdentity, google: GoogleStandIn
) -> None:
    google.store.insert("loyaltyClass", the_class())
    google.store.insert("loyaltyObject", the_object(ADA, GUARDED))
    link = skinny_link(account, the_object(), ORIGINS)
    assert google.save(link.removeprefix(LINK_START)) == OBJECT
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["rotatingBarcode"]["totpDetails"]["algorithm"] == "TOTP_SHA1"
