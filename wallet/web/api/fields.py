"""Texts, times and numbers as callers may send them, each with its form and its limit."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from wallet.actions.identify import EMAIL_LENGTH_MAX, EXTERNAL_ID_LENGTH_MAX
from wallet.rules.money import AMOUNT_MINOR_MAX

TEXT_LENGTH_MAX = 200  # names and categories of articles; longer ones are descriptions
SOURCE_LENGTH_MAX = 64  # a shop's name for itself
PHONE_LENGTH_MAX = 40  # with spaces, brackets and an extension
CODE_LENGTH_MAX = 104  # a member code four times over: what a scanner may add round it
ITEMS_MAX = 500  # lines of one sale; with every field full it still fits the largest body
QUANTITY_MAX = 100_000  # of one article in one sale
EXTERNAL_IDS_MAX = 20  # shops that know one member
WORDING_LENGTH_MAX = 2_000  # the sentence that was agreed to
PAGE_SIZE = 20
PAGE_SIZE_MAX = 100  # rows of one page of a list
YEAR_MIN = 2000  # older sales are slips of the keyboard, and year 1 breaks time zones

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _time(value: object) -> datetime:
    """RFC 3339 with a zone; naive times are refused because nobody knows when they were."""
    wrong = PydanticCustomError("time_form", "not an RFC 3339 time")
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise wrong
    impossible = PydanticCustomError("time_range", "no such time, or too long ago")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise impossible from None
    if at.year < YEAR_MIN:
        raise impossible
    return at


def _date(value: object) -> date | None:
    wrong = PydanticCustomError("date_form", "not a date")
    if value is None:
        return None
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise wrong
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise wrong from None


def digits_of(value: object) -> object:
    """A number in a query string."""
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


Time = Annotated[
    datetime,
    BeforeValidator(_time),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-05-04T12:30:00Z"}),
]
Day = Annotated[
    date | None,
    BeforeValidator(_date),
    WithJsonSchema({"type": ["string", "null"], "format": "date", "example": "1990-05-04"}),
]
Text = Annotated[str, StringConstraints(max_length=TEXT_LENGTH_MAX)]
Email = Annotated[str, StringConstraints(max_length=EMAIL_LENGTH_MAX)]
Phone = Annotated[str, StringConstraints(max_length=PHONE_LENGTH_MAX)]
Locale = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)
]
Source = Annotated[str, StringConstraints(min_length=1, max_length=SOURCE_LENGTH_MAX)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=EXTERNAL_ID_LENGTH_MAX)]
Channel = Literal["store", "online", "phone"]
# The range is the ledger's own answer (`amount_invalid`, `amount_too_large`); it is told here.
Amount = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": AMOUNT_MINOR_MAX})]
LineAmount = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
