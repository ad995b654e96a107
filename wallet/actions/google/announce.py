"""Put a message on the cards of many: it goes out behind everything that changed, and notifies those
whose budget allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.identify import is_clean
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.tables.google import put_message

HEADER_CHARACTERS_MAX = 60  # Google shows some 35 of them in a notification
BODY_CHARACTERS_MAX = 500  # what Google recommends


@dataclass(frozen=True, slots=True)
class Words:
    """A message in one language."""

    header: str
    body: str


def announce_message(
    session: Session,
    program: ProgramView,
    words: Mapping[str, Words],
    now: datetime,
    tier_key: str | None = None,
) -> int:
    """On how many cards it will appear. `words` by language, the program's own among them. A message
    that still waits on a card gives way to this one."""
    if tier_key is not None and program.ruleset.tier(tier_key) is None:
        raise Refusal("tier_not_found")
    if program.locale not in words or not all(_is_sound(one) for one in words.values()):
        raise Refusal("body_invalid")
    message = {
        "id": public_id("msg", new_id()),
        "language": program.locale,  # PostgreSQL keeps no order of keys
        "header": {language: one.header for language, one in words.items()},
        "body": {language: one.body for language, one in words.items()},
    }
    session.info["nudge"] = True
    return put_message(session, program.id, tier_key, message, now)


def as_google_has_it(message: Mapping[str, Any], *, notify: bool) -> dict[str, Any]:
    """The message as Google's API takes it."""
    header, body, language = message["header"], message["body"], message["language"]
    return {
        "id": message["id"],
        "header": header[language],
        "body": body[language],
        "localizedHeader": _localized(header, language),
        "localizedBody": _localized(body, language),
        "messageType": "TEXT_AND_NOTIFY" if notify else "TEXT",
    }


def _localized(text: Mapping[str, str], own: str) -> dict[str, Any]:
    others = sorted(language for language in text if language != own)
    values = [{"language": language, "value": text[language]} for language in (own, *others)]
    return {"defaultValue": values[0], "translatedValues": values[1:]}


def _is_sound(words: Words) -> bool:
    return (
        0 < len(words.header.strip()) <= HEADER_CHARACTERS_MAX
        and 0 < len(words.body.strip()) <= BODY_CHARACTERS_MAX
        and is_clean(words.header)
        and is_clean(words.body)
    )
