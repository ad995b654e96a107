"""Every refusal has a stable code, a status and a sentence in both languages, and is raised somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.pofile import read_po

from wallet.errors import CODES, Refusal

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for folder in ("wallet", "scanner", "passes") for path in (ROOT / folder).rglob("*.py")
]


def test_every_refusal_has_a_code_a_status_and_a_sentence_in_both_languages() -> None:
    with (ROOT / "translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        french = {message.id: message for message in read_po(file)}
    for code, (status, english) in CODES.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
        assert 400 <= status < 600, code
        assert english, code
        assert english[-1] in ".?!", code
        assert english in french, code
        assert french[english].string, code
        assert not french[english].fuzzy, code
        assert french[english].string != english, code
        assert Refusal(code).sentence == english


def test_the_codes_are_those_that_are_raised() -> None:
    texts = [path.read_text() for path in SOURCES]
    raised = {
        code for text in texts for code in re.findall(r'raise Refusal\(\s*"([a-z0-9_]+)"', text)
    }
    assert raised <= set(CODES)
    outside = "".join(text for text in texts if "CODES: dict" not in text)
    unused = {code for code in CODES if f'"{code}"' not in outside}
    assert unused == {"reward_unavailable"}  # of an earlier release; codes do not go
