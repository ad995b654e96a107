"""A value is what a frozen dataclass is, but for who sees to it that nobody assigns to it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from passes.values import value_class


@value_class
class Quick:
    name: str
    words: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    words: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict, hash=False)


def test_a_value_is_made_compared_and_hashed_like_a_frozen_dataclass() -> None:
    made, other = Quick("a", ("b",)), Frozen("a", ("b",))
    assert [one.name for one in fields(made)] == [one.name for one in fields(other)]
    assert made == Quick("a", ("b",), {})
    assert made != Quick("a", ("c",))
    assert hash(made) == hash(other) == hash(Quick("a", ("b",), {"x": 1}))
    assert repr(made) == repr(other).replace("Frozen", "Quick")
    assert replace(made, name="z") == Quick("z", ("b",))
    assert Quick("a").counts is not Quick("a").counts


def test_only_what_a_value_has_can_be_assigned() -> None:
    with pytest.raises(AttributeError):
        Quick("a").other = 1  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        Frozen("a").name = "b"  # type: ignore[misc]
