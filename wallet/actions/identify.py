"""Normal forms of what identifies a person: e-mail, phone number, name. Refuses what cannot be one."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from wallet.errors import Refusal

NAME_LENGTH_MAX = 64  # graphemes are fewer; no card shows more
EMAIL_LENGTH_MAX = 254  # RFC 5321
EXTERNAL_ID_LENGTH_MAX = 255
SOURCE_LENGTH_MAX = 64  # the name of a shop or a till
REASON_LENGTH_MAX = 200  # a sentence, not a letter
ITEMS_LENGTH_MAX = 500_000  # characters of JSON: about 500 lines with long names
# Control, surrogate, private-use and unassigned characters never belong in a name; bidirectional
# overrides could make one name look like another.
_BAD_CATEGORIES = {"Cc", "Cs", "Co", "Cn"}
_BIDI = dict.fromkeys(
    map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
)


def clean_email(text: str) -> str:
    """Lower-case address with a checked form; no look-up of its domain."""
    text = text.strip()
    if len(text) > EMAIL_LENGTH_MAX or not is_clean(text):
        raise Refusal("email_invalid")
    try:
        # test_environment lets `demo.test` through: demo and tests use reserved domains only.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Refusal("email_invalid") from None
    return found.normalized.lower()


def clean_phone(text: str, country: str) -> str:
    """E.164; national numbers are read as the program's country writes them."""
    if len(text) > 40 or not is_clean(text):
        raise Refusal("phone_invalid")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Refusal("phone_invalid") from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise Refusal("phone_invalid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_name(text: str) -> str:
    """NFC, single spaces, no direction overrides; at most 64 characters."""
    if not is_clean(text):
        raise Refusal("name_invalid")
    name = " ".join(unicodedata.normalize("NFC", text).translate(_BIDI).split())
    if len(name) > NAME_LENGTH_MAX:
        raise Refusal("name_invalid")
    return name


def check_text(text: str, field: str, longest: int, shortest: int = 0) -> None:
    """Refuse (`body_invalid`) a text that the database could not keep or nobody could read."""
    if not shortest <= len(text) <= longest or not is_clean(text):
        raise Refusal("body_invalid", field=field)


def check_items(items: Sequence[Mapping[str, Any]], field: str = "items") -> None:
    """The same for the lines of a sale, whatever is nested in them."""
    if not items:
        return
    text = json.dumps(list(items), ensure_ascii=False)
    is_plain = not any(unicodedata.category(char) == "Cs" for char in text)
    if len(text) > ITEMS_LENGTH_MAX or "\\u0000" in text or not is_plain:
        raise Refusal("body_invalid", field=field)


def check_external_id(source: str, value: str) -> None:
    """Refuse what a shop's id cannot be."""
    if not value or len(value) > EXTERNAL_ID_LENGTH_MAX or not is_clean(value + source):
        raise Refusal("body_invalid", field="external_ids")


def is_clean(text: str) -> bool:
    """No NUL, no control character, no lone surrogate, nothing unassigned."""
    if text.isascii():
        return text.isprintable()  # only control characters are not
    return not any(unicodedata.category(char) in _BAD_CATEGORIES for char in text)
