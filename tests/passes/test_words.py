"""What stands in the holes of a sentence is written as its reader writes it."""

from __future__ import annotations

from datetime import UTC, datetime

from passes.words import fill

FACTS = {"seconds": 0.3, "bytes": 167484, "day": datetime(2026, 11, 26, tzinfo=UTC), "is": True}


def test_numbers_and_days_are_those_of_the_readers_language() -> None:
    text = "{seconds} s, {bytes}, {day}, {is}, {nothing}"
    assert fill(text, FACTS, "en") == "0.3 s, 167,484, November 26, 2026, True, {nothing}"
    assert fill(text, FACTS, "fr") == "0,3 s, 167\u202f484, 26 novembre 2026, True, {nothing}"
