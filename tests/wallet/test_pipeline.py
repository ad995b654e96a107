"""Many statements in one pipeline: values are written as the driver writes them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer

from wallet.pipeline import PLAIN

moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]) | st.none()
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    moments,
)


@given(values)
def test_the_commonest_types_are_written_as_the_driver_writes_them(value: Any) -> None:
    [expected] = Transformer(None).dump_sequence([value], [PyFormat.TEXT])
    for _ in range(2):  # a moment is kept
        written = PLAIN[type(value)](value)
        assert written == (None if expected is None else bytes(expected))
