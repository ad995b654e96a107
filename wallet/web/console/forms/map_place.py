"""Where a place is, from whatever a map lets one copy: two numbers, or the address of the map itself.

Nothing is fetched: a shortened address (maps.app.goo.gl/…) hides the numbers and is none of these.
"""

from __future__ import annotations

import re

_NUMBER = r"(-?\d{1,3}(?:[.,]\d{1,14})?)"
_PAIR = re.compile(
    rf"\(?\s*{_NUMBER}\s*°?\s*([NS]?)(?:\s*[;,]\s*|\s+){_NUMBER}\s*°?\s*([EWO]?)\s*\)?",
    re.IGNORECASE,
)
_OTHER_HALF = {"S": -1, "W": -1, "O": -1}  # O is a French map's west
_DOTTED = r"(-?\d{1,3}\.\d{1,14})"  # in an address a comma parts the two
_IN_ADDRESS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"!3d{_DOTTED}!4d{_DOTTED}",  # Google: the place itself, not the middle of the map
        rf"[?&]mlat={_DOTTED}&(?:amp;)?mlon={_DOTTED}",  # OpenStreetMap: the marker
        rf"[?&](?:q|ll|sll|query|center|coordinate|daddr|destination)={_DOTTED}(?:,|%2C){_DOTTED}",
        rf"^geo:{_DOTTED},{_DOTTED}",
        rf"@{_DOTTED},{_DOTTED}",  # Google: the middle of the map
        rf"#map=\d{{1,2}}(?:\.\d+)?/{_DOTTED}/{_DOTTED}",  # OpenStreetMap: the middle of the map
    )
)


def place_in(text: str) -> tuple[float, float] | None:
    """(latitude, longitude) in degrees; None where the text says no place on Earth."""
    latitude, longitude = _typed(text.strip()) or _in_address(text) or (None, None)
    if latitude is None or longitude is None:
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return latitude, longitude


def _typed(text: str) -> tuple[float, float] | None:
    if not (found := _PAIR.fullmatch(text)):
        return None
    north, half, east, side = found.groups()
    return (
        _number(north) * _OTHER_HALF.get(half.upper(), 1),
        _number(east) * _OTHER_HALF.get(side.upper(), 1),
    )


def _in_address(text: str) -> tuple[float, float] | None:
    for one in _IN_ADDRESS:
        if found := one.search(text):
            return float(found[1]), float(found[2])
    return None


def _number(text: str) -> float:
    return float(text.replace(",", "."))
