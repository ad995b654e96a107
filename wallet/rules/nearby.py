"""Which stores are near: the great circle between two places."""

from __future__ import annotations

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0

Spot = tuple[float, float]  # latitude, longitude; degrees WGS 84


def distance_km(one: Spot, other: Spot) -> float:
    """Haversine formula; good to half a percent."""
    north, south = radians(one[0]), radians(other[0])
    rise, turn = sin((south - north) / 2), sin(radians(other[1] - one[1]) / 2)
    share = rise * rise + cos(north) * cos(south) * turn * turn
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(share)))


def nearest(spots: Mapping[int, Spot], home: int | None, limit: int) -> list[int]:
    """Ids of the places nearest to `home`, itself first. Without a home (or one that has no place)
    the first ones; where all fit in, in their own order, so that a card need not change."""
    here = spots.get(home) if home is not None else None
    if here is None or len(spots) <= limit:
        return list(spots)[:limit]
    return sorted(spots, key=lambda one: (distance_km(here, spots[one]), one))[:limit]
