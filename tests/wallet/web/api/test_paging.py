"""Cursors: what was made is read, everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.errors import Refusal
from wallet.web.api.paging import ID_MAX, cut, make_cursor, read_cursor


@given(st.integers(0, ID_MAX))
def test_a_cursor_is_read_as_it_was_made(last_id: int) -> None:
    assert read_cursor("entries", make_cursor("entries", last_id)) == last_id


def test_no_cursor_is_the_first_page() -> None:
    assert read_cursor("entries", "") is None


@given(st.text(min_size=1))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="cursor_invalid"):
        read_cursor("entries", text)


@pytest.mark.parametrize("last_id", [ID_MAX + 1, -1])
def test_an_id_that_no_row_has_is_refused(last_id: int) -> None:
    with pytest.raises(Refusal, match="cursor_invalid"):
        read_cursor("entries", make_cursor("entries", last_id))


def test_the_next_cursor_is_there_only_when_rows_are_left() -> None:
    assert cut([5, 4, 3], 2, "entries", int) == ([5, 4], make_cursor("entries", 4))
    assert cut([5, 4], 2, "entries", int) == ([5, 4], None)
    assert cut([], 2, "entries", int) == ([], None)
