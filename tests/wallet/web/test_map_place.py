"""A place, from whatever a map lets one copy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.web.console.forms.map_place import place_in

PARIS = (48.8566, 2.3522)


@pytest.mark.parametrize(
    "text",
    [
        "48.8566, 2.3522",
        "48.8566,2.3522",
        "48,8566 ; 2,3522",
        "48,8566, 2,3522",
        " 48.8566 2.3522 ",
        "(48.8566, 2.3522)",
        "48.8566° N, 2.3522° E",
        "https://www.google.com/maps/place/Caf%C3%A9/@48.9,2.4,17z/data=!3m1!4b1!4m6!3d48.8566!4d2.3522",
        "https://www.google.fr/maps/@48.8566,2.3522,15z",
        "https://www.google.com/maps/search/?api=1&query=48.8566%2C2.3522",
        "https://maps.apple.com/?address=1+rue&ll=48.8566,2.3522&q=Caf%C3%A9",
        "https://maps.apple.com/place?coordinate=48.8566,2.3522&name=Caf",
        "https://www.openstreetmap.org/#map=18/48.8566/2.3522",
        "https://www.openstreetmap.org/?mlat=48.8566&mlon=2.3522#map=5/40.1/1.2",
        "geo:48.8566,2.3522?z=17",
    ],
)
def test_a_map_says_where(text: str) -> None:
    assert place_in(text) == PARIS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("33.8688° S, 151.2093° E", (-33.8688, 151.2093)),
        ("14,6161° N, 61,0588° O", (14.6161, -61.0588)),
        ("-21.1151, 55.5364", (-21.1151, 55.5364)),
        ("48, 2", (48.0, 2.0)),
        ("٤٨.٨, ٢.٣", (48.8, 2.3)),
    ],
)
def test_every_quarter_of_the_globe(text: str, place: tuple[float, float]) -> None:
    assert place_in(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "1 rue Neuve, 75000 Paris",
        "https://maps.app.goo.gl/Ab1Cd2Ef3",
        "91.0, 2.0",
        "48.8, 181.0",
        "48.8566",
        "48.8566, 2.3522, 17",
        "@,",
        "nan, inf",
    ],
)
def test_what_says_no_place(text: str) -> None:
    assert place_in(text) is None


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_anything_else_is_no_place_or_one_on_earth(text: str) -> None:
    found = place_in(text)
    assert found is None or (-90 <= found[0] <= 90 and -180 <= found[1] <= 180)
