"""Whether what Google holds is what we sent; pure.

Google adds fields of its own (`version`, `kind`, `hasUsers` …), so only what we say is compared. A
list is compared whole, because we send lists whole; numbers of 64 bits travel as texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DIFFERENCES_MAX = 20
# Google answers with its own word where we ask for a review.
_REVIEWS = {"UNDER_REVIEW": {"UNDER_REVIEW", "APPROVED"}}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The places where Google's copy differs from ours, e.g. `loyaltyPoints.balance.int`."""
    found: list[str] = []
    _compare("", ours, theirs, found)
    return found[:DIFFERENCES_MAX]


def _compare(place: str, ours: Any, theirs: Any, found: list[str]) -> None:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name, said in ours.items():
            _compare(f"{place}.{name}" if place else name, said, theirs.get(name), found)
    elif _is_list(ours) and _is_list(theirs) and len(ours) == len(theirs):
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            _compare(f"{place}[{number}]", mine, other, found)
    elif not _same(ours, theirs):
        found.append(place)


def _same(ours: Any, theirs: Any) -> bool:
    if theirs is None:
        # Google leaves out what is empty.
        return ours in (None, "", [], {}, False) or (isinstance(ours, Mapping) and _is_void(ours))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float | str) and isinstance(theirs, int | float | str):
        return str(ours) == str(theirs) or str(theirs).upper() in _REVIEWS.get(str(ours), ())
    return bool(ours == theirs)


def _is_void(value: Mapping[str, Any]) -> bool:
    return all(_same(said, None) for said in value.values())


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
