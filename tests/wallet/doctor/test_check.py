"""Findings are spoken in the reader's language, with dates and numbers as the reader writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.words import fill
from wallet.doctor import Check, speak, worst
from wallet.doctor.language import language_of_shell, translator


def test_dates_and_numbers_are_written_in_the_readers_language() -> None:
    check = Check(
        "apple_certificate_ending",
        "warn",
        "The certificate ends in {days} days, on {until}.",
        facts={"days": 12_000, "until": datetime(2027, 3, 9, tzinfo=UTC)},
    )
    french = speak(check, translator("fr"), "fr")
    assert french.sentence == "Le certificat se termine dans 12\u202f000 jours, le 9 mars 2027."
    english = speak(check, translator("en"), "en")
    assert english.sentence == "The certificate ends in 12,000 days, on March 9, 2027."


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_filled_in_is_never_filled_again(value: str, other: str) -> None:
    told = fill("a {one} b {two} c {three}", {"one": value, "two": "{one}" + other}, "en")
    assert told == f"a {value} b {{one}}{other} c {{three}}"


def test_the_worst_part_is_the_state_of_the_whole() -> None:
    ok, warn, fail = (Check(state, state, "") for state in ("ok", "warn", "fail"))
    assert worst([]) == "ok"
    assert worst([ok, warn]) == "warn"
    assert worst([fail, ok, warn]) == "fail"


def test_the_shell_says_which_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language_of_shell() == "en"
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert language_of_shell() == "fr"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert language_of_shell() == "en"
