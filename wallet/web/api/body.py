"""JSON bodies as they must be: UTF-8, no duplicate keys, not nested without end, clean text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from flask import Request
from flask_babel import gettext as _

from wallet.errors import Refusal
from wallet.web.security import BODY_BYTES_MAX

DEPTH_MAX = 32  # containers within containers; our deepest body has four
ERRORS_MAX = 20  # problems told at once; more help nobody
FIELD_LENGTH_MAX = 120  # characters of a field's name that are repeated to whoever sent it
# Unicode's categories Cc and Cs: what nobody types.
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAY_BE_UNCLEAN = re.compile(r"[\\\x7f-\x9f]")  # in JSON, the rest of them needs a backslash
_MEDIA_TYPES = ("application/json", "application/merge-patch+json")


def read_json(request: Request) -> Any:
    """The body as plain data. `media_type_unsupported`, `body_too_large`, `json_invalid` or
    `body_invalid`."""
    if request.mimetype not in _MEDIA_TYPES or request.content_encoding:
        raise Refusal("media_type_unsupported")
    raw = request.get_data()
    # A body sent in chunks has no length to refuse it by, and is cut off at the limit.
    if request.content_length is None and len(raw) >= BODY_BYTES_MAX:
        raise Refusal("body_too_large")
    try:
        text = raw.decode("utf-8")
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        said = _("Line %(line)s, column %(column)s.", line=error.lineno, column=error.colno)
        raise _not_json(said) from None
    except UnicodeDecodeError:
        raise _not_json(_("This text is not encoded in UTF-8.")) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # a number of thousands of digits
        raise _not_json(_("This value cannot be used.")) from None
    if not _is_plain(text):
        check_text(data)
    return data


def _is_plain(text: str) -> bool:
    """Whether this JSON is clean and flat whatever it says: most bodies are, and this looks only once."""
    return text.count("[") + text.count("{") <= DEPTH_MAX and not _MAY_BE_UNCLEAN.search(text)


def check_text(data: Any) -> None:
    """Refuse (`body_invalid`) half characters and control characters, in keys and in values.

    They break databases (NUL in PostgreSQL), logs and passes, and nobody types them.
    """
    errors: list[dict[str, str]] = []
    for path, text in _texts(data):
        if _UNCLEAN.search(text):
            message = _("Control characters and half characters cannot be used.")
            errors.append({"field": field_name(path), "message": message})
            if len(errors) == ERRORS_MAX:
                break
    if errors:
        raise Refusal("body_invalid", errors=errors)


def field_name(path: tuple[object, ...]) -> str:
    """`items.0.quantity`, fit to be printed."""
    name = ".".join(str(part) for part in path)[:FIELD_LENGTH_MAX]
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def _texts(data: Any) -> Iterator[tuple[tuple[object, ...], str]]:
    """Every text with its path. Without recursion, and `json_invalid` when nested too deeply."""
    waiting: list[tuple[tuple[object, ...], Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict | list):
            if len(path) >= DEPTH_MAX:
                raise _too_deep()
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in pairs:
                if isinstance(key, str):
                    yield (*path, key), key
                waiting.append(((*path, key), inner))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless one name stands in it twice: readers would disagree on which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(
            name for name, times in Counter(name for name, _value in pairs).items() if times > 1
        )
        raise _not_json(_("This field stands there twice."), twice)
    return found


def _no_constant(name: str) -> Any:
    raise _not_json(_("JSON has no %(value)s.", value=name))


def _too_deep() -> Refusal:
    return _not_json(_("This is nested more than %(most)s deep.", most=DEPTH_MAX))


def _not_json(why: str, field: str = "") -> Refusal:
    """What is wrong, and with which field where that is known."""
    return Refusal("json_invalid", errors=[{"field": field_name((field,)), "message": why}])
