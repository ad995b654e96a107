"""Save links verify, stay short, and carry as much of the card as fits."""

from __future__ import annotations

import dataclasses
from typing import Any

import jwt
import pytest

from passes.card import Section
from passes.google.document import essentials, reference
from passes.google.identity import GoogleIdentity
from passes.google.save_link import LINK_CHARACTERS_MAX, LINK_START, save_link
from passes.google.schema import objections
from passes.simulate.google import GoogleStandIn
from tests.passes.cast import ADA
from tests.passes.google.test_document import OBJECT, the_class, the_object

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
    link = save_link(account, the_object(), ORIGINS)
    found = claims(link, account)
    assert link.startswith("https://pay.google.com/gp/v/save/")
    assert jwt.get_unverified_header(link.removeprefix(LINK_START))["kid"] == account.key_id
    assert (found["iss"], found["typ"], found["aud"]) == (account.email, "savetowallet", "google")
    assert found["origins"] == ORIGINS
    assert objections("loyaltyObject", carried(link, account)) == []


def test_a_small_object_travels_whole(account: GoogleIdentity) -> None:
    small = essentials(the_object())
    link = save_link(account, small, ORIGINS)
    assert carried(link, account) == small


def test_a_large_object_leaves_all_but_the_essentials_behind(account: GoogleIdentity) -> None:
    whole = the_object()
    link = save_link(account, whole, ORIGINS)
    assert len(link) <= LINK_CHARACTERS_MAX
    assert carried(link, account) == essentials(whole)


def test_an_object_too_large_for_that_is_only_named(account: GoogleIdentity) -> None:
    whole = the_object(dataclasses.replace(ADA, code="M" * 900))
    link = save_link(account, whole, ORIGINS)
    assert len(link) <= LINK_CHARACTERS_MAX
    assert carried(link, account) == reference(whole)


@pytest.mark.parametrize("length", range(0, 400, 23))
def test_no_link_is_ever_too_long(account: GoogleIdentity, length: int) -> None:
    sections = (Section("s", {"fr": "é" * length}, {"fr": "x"}),)
    whole = the_object(dataclasses.replace(ADA, sections=sections))
    assert len(save_link(account, whole, ORIGINS)) <= LINK_CHARACTERS_MAX


def test_google_saves_from_the_link_before_the_object_is_written(
    account: GoogleIdentity, google: GoogleStandIn
) -> None:
    google.store.insert("loyaltyClass", the_class())
    link = save_link(account, the_object(), ORIGINS)
    assert google.save(link.removeprefix(LINK_START)) == OBJECT
    stored = google.store.find("loyaltyObject", OBJECT)
    assert stored is not None
    assert stored["barcode"]["value"] == ADA.code
    assert stored["hasUsers"]
