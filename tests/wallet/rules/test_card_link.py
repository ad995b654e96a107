"""Card links: nothing but the program's key makes one, and nothing of one may be changed."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from wallet.rules.card_link import TOKEN_LENGTH, is_genuine, make_token, parse_token

KEY = bytes(range(32))
ALPHABET = string.ascii_letters + string.digits + "-_"


def opens(token: str, key: bytes = KEY) -> tuple[int, int] | None:
    """(member id, generation) that a door would believe."""
    link = parse_token(token)
    return (link.member_id, link.generation) if link and is_genuine(link, key) else None


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))
def test_a_link_says_its_member_and_generation(member_id: int, generation: int) -> None:
    token = make_token(KEY, member_id, generation)
    assert len(token) == TOKEN_LENGTH
    assert opens(token) == (member_id, generation)
    assert opens(token, bytes(32)) is None


def test_no_other_text_opens_the_same_card() -> None:
    token = make_token(KEY, 2**62 + 12345, 3)
    for at in range(TOKEN_LENGTH):
        for char in ALPHABET:
            if char != token[at]:
                assert opens(token[:at] + char + token[at + 1 :]) is None, (at, char)


@given(st.text(max_size=60) | st.text(ALPHABET, min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH))
def test_junk_opens_nothing(token: str) -> None:
    assert opens(token) is None
