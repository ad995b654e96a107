"""Apple's rules and habits, checked on the pass.json and the files that a card becomes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from passes.apple.lint_files import lint_images, lint_strings, read_strings
from passes.apple.lint_room import lint_room
from passes.apple.schema import document_faults
from passes.colour import CONTRAST_TEXT, Rgb, contrast, readable
from passes.finding import Finding

Strings = Mapping[str, Mapping[str, str]]  # language → text of pass.json → text to show

_STYLES = ("storeCard", "posterGeneric")
_ANY = {"en": "Change this entry.", "fr": "Modifiez cet élément."}

# What the strict model says → a code of its own, and what to do in both languages.
_KNOWN = (
    (
        "at most 4 secondary",
        "too_many_fields",
        "Move a fact to the back of the card.",
        "Déplacez une information au dos de la carte.",
    ),
    (
        "at most 3 items",
        "too_many_fields",
        "Keep three facts in the header at most.",
        "Gardez au plus trois informations dans l’en-tête.",
    ),
    (
        "at most 1 item",
        "too_many_fields",
        "Keep one fact over the picture.",
        "Gardez une seule information sur l’image.",
    ),
    (
        "at most 10 items",
        "too_many_places",
        "Keep the ten nearest.",
        "Gardez les dix plus proches.",
    ),
    (
        "must contain %@",
        "announcement_without_value",
        "Write %@ where the new value goes, once.",
        "Écrivez %@ à l’endroit de la nouvelle valeur, une seule fois.",
    ),
    (
        "only one field may announce",
        "several_announcements",
        "Let one fact announce its changes.",
        "Ne laissez qu’une information annoncer ses changements.",
    ),
    (
        "with a zone",
        "time_without_zone",
        "Write the time with its zone, like 2027-03-31T18:00:00+02:00.",
        "Écrivez l’heure avec son fuseau, comme 2027-03-31T18:00:00+02:00.",
    ),
    (
        "must be rgb",
        "colour",
        "Write the colour as rgb(59, 36, 23).",
        "Écrivez la couleur sous la forme rgb(59, 36, 23).",
    ),
    (
        "unique over the whole pass",
        "same_key_twice",
        "Give each fact a key of its own.",
        "Donnez à chaque information sa propre clé.",
    ),
    (
        "older phones",
        "code_of_new_phones_only",
        "Add a QR code behind it.",
        "Ajoutez un code QR à la suite.",
    ),
    (
        "need a location",
        "time_without_place",
        "Add a store near which the card shows up, or leave the times out.",
        "Ajoutez une boutique près de laquelle la carte apparaît, ou retirez les horaires.",
    ),
)


def lint_document(document: Mapping[str, Any], translations: Strings) -> list[Finding]:
    """What to mend in a pass.json and its translations."""
    return [
        *_faults(document),
        *_ending(document),
        *_untranslated_announcements(document, translations),
        *lint_room(document, translations),
    ]


def lint_package(files: Mapping[str, bytes], document: Mapping[str, Any]) -> list[Finding]:
    """The same for a whole package, with its pictures, translations and colours."""
    return [
        *lint_document(document, read_strings(files)),
        *lint_strings(files),
        *lint_images(files, is_poster="posterGeneric" in document),
        *_contrast(document),
    ]


def _faults(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Where the document breaks Apple's format: Wallet would not install the card, or not show it
    as meant."""
    for where, message in document_faults(document):
        code, fix = "format", _ANY
        for part, name, english, french in _KNOWN:
            if part in message:
                code, fix = name, {"en": english, "fr": french}
                break
        yield Finding(
            f"apple.{code}",
            "proven",
            {
                "en": f"This card breaks a rule of Apple Wallet. {where}: {message}.",
                "fr": f"Cette carte enfreint une règle d’Apple Wallet. {where} : {message}.",
            },
            fix,
            _with_key(document, where),
        )


def _with_key(document: Mapping[str, Any], where: str) -> str:
    """`storeCard.headerFields.0.value` by the field's key instead of its number."""
    found = re.match(r"(\w+)\.(\w+Fields)\.(\d+)(.*)", where)
    if not found:
        return where
    style, group, number, rest = found.groups()
    try:
        key = document[style][group][int(number)]["key"]
    except (KeyError, IndexError, TypeError):
        return where
    return f"{style}.{group}.{key}{rest}"


def _ending(document: Mapping[str, Any]) -> Iterator[Finding]:
    text = document.get("expirationDate")
    if not isinstance(text, str):
        return
    try:
        ends = datetime.fromisoformat(text)
        is_over = ends < datetime.now(UTC)
    except (ValueError, TypeError):
        return  # the strict model has said so
    gone = {"en": "has gone", "fr": "est rangée"} if is_over else {"en": "goes", "fr": "se range"}
    yield Finding(
        "apple.expires",
        "hint",
        {
            "en": f"The card {gone['en']} to the expired passes, out of sight, on {text[:10]}.",
            "fr": f"La carte {gone['fr']} parmi les cartes expirées, hors de vue, le {text[:10]}.",
        },
        {
            "en": "Give a date only to a card that must end.",
            "fr": "Ne datez qu’une carte qui doit prendre fin.",
        },
        "expirationDate",
    )


def _untranslated_announcements(
    document: Mapping[str, Any], translations: Strings
) -> Iterator[Finding]:
    """A translation that lost its %@ makes the phone say a text without the value."""
    for style in _STYLES:
        for group, fields in _groups(document.get(style)):
            for field in fields:
                message = field.get("changeMessage")
                for language, words in translations.items():
                    said = words.get(message, message) if isinstance(message, str) else None
                    if said is not None and said.count("%@") != 1:
                        yield _lost_value(f"{style}.{group}.{field.get('key')}", language)


def _lost_value(where: str, language: str) -> Finding:
    return Finding(
        "apple.announcement_without_value",
        "proven",
        {
            "en": f"The lock-screen sentence in “{language}” does not say the new value.",
            "fr": f"La phrase de l’écran verrouillé en « {language} » ne dit pas la nouvelle valeur.",
        },
        {
            "en": "Write %@ where the new value goes, once.",
            "fr": "Écrivez %@ à l’endroit de la nouvelle valeur, une seule fois.",
        },
        f"{where}.changeMessage",
    )


def _groups(style: Any) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if isinstance(style, Mapping):
        for group, fields in style.items():
            if isinstance(fields, list):
                yield group, [one for one in fields if isinstance(one, Mapping)]


def _contrast(document: Mapping[str, Any]) -> Iterator[Finding]:
    ground = _rgb(document.get("backgroundColor"))
    for name in ("foregroundColor", "labelColor"):
        ink = _rgb(document.get(name))
        if ground is None or ink is None or contrast(ink, ground) >= CONTRAST_TEXT:
            continue
        better = "rgb({}, {}, {})".format(*readable(ink, ground))
        ratio = f"{contrast(ink, ground):.1f}"
        yield Finding(
            "apple.contrast",
            "hint",
            {
                "en": f"{name} is hard to read on the card: contrast {ratio}, {CONTRAST_TEXT} is needed.",
                "fr": f"{name} se lit mal sur la carte : contraste {ratio.replace('.', ',')}, "
                "il faut 4,5.",
            },
            {"en": f"Use {better}.", "fr": f"Choisissez {better}."},
            name,
        )


def _rgb(text: Any) -> Rgb | None:
    found = re.fullmatch(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", str(text))
    if not found:
        return None
    red, green, blue = (min(int(part), 255) for part in found.groups())
    return red, green, blue
