"""Strings files as iPhones read them."""

from __future__ import annotations

import pytest

from passes.simulate.pass_strings import StringsError, parse_strings

SOURCE = (
    '/* "not" = "this"; */\n"Points" = "Étoiles";\n"say \\"hi\\"" = "dis \\"oui\\"\\n/* là */";\n'
)
PAIRS = {"Points": "Étoiles", 'say "hi"': 'dis "oui"\n/* là */'}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert parse_strings(SOURCE.encode(encoding)) == PAIRS


def test_code_points_may_be_escaped() -> None:
    assert parse_strings(rb'"a" = "\U00e9\\";') == {"a": "é\\"}


@pytest.mark.parametrize("broken", [b'"a" = "b"', b'"a" "b";', b'"a" = "b";\nx', b'"a = "b";'])
def test_what_is_no_pair_is_refused(broken: bytes) -> None:
    with pytest.raises(StringsError):
        parse_strings(broken)


def test_other_bytes_are_refused() -> None:
    with pytest.raises(StringsError, match="neither"):
        parse_strings(b'"caf\xe9" = "x";')
