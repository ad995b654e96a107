"""Cursors: where the next page of a list begins, in a form that nobody is tempted to take apart."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from wallet.errors import Refusal

ID_MAX = 2**63 - 1
R = TypeVar("R")


def make_cursor(list_name: str, last_id: int) -> str:
    """The cursor after the row with this id."""
    return base64.urlsafe_b64encode(f"{list_name}:{last_id}".encode()).decode().rstrip("=")


def read_cursor(list_name: str, cursor: str) -> int | None:
    """The id to go on after; None for the first page. `cursor_invalid` for anything not made here."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise Refusal("cursor_invalid") from None
    name, _, digits = text.partition(":")
    if name != list_name or not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        raise Refusal("cursor_invalid")
    last_id = int(digits)
    if last_id > ID_MAX or make_cursor(list_name, last_id) != cursor:
        raise Refusal("cursor_invalid")
    return last_id


def cut(
    rows: Sequence[R], limit: int, list_name: str, id_of: Callable[[R], int]
) -> tuple[Sequence[R], str | None]:
    """(rows of the page, next cursor) from one row more than the page holds."""
    page = rows[:limit]
    return page, make_cursor(list_name, id_of(page[-1])) if len(rows) > limit else None
