"""How Wallet on an iPhone draws a store card: everything from the files of the pass, nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from babel import dates, numbers

from passes.simulate.barcode import qr_picture
from passes.simulate.pass_strings import parse_strings

Files = Mapping[str, bytes]

GROUPS = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields")
# What the style has room for; Wallet drops the rest without a word.
HEADER_MAX = 3
BELOW_STRIP_MAX = 4  # secondary and auxiliary together, under a square barcode
PLACES_MAX = 10  # and no more stores
POSTER_MAX = {"header": 1, "primary": 4, "footer": 1}
_SCALES = ("@3x", "@2x", "")
_DATE_STYLES = {"Short": "short", "Medium": "medium", "Long": "long", "Full": "full"}
_WHITE, _BLACK, _GREY = "rgb(255, 255, 255)", "rgb(0, 0, 0)", "rgb(90, 90, 90)"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the pass, in the phone's language."""

    key: str
    label: str
    value: str
    links: tuple[tuple[str, str], ...] = ()  # (text, address)

    def to_json(self) -> dict[str, Any]:
        """What the page draws."""
        return {
            "key": self.key,
            "label": self.label,
            "value": self.value,
            "links": [{"text": text, "url": url} for text, url in self.links],
        }


class Words:
    """The pass's own translations, with the text itself where there is none."""

    def __init__(self, files: Files, language: str) -> None:
        self.language = language
        data = next(
            (
                files[name]
                for folder in _folders(files, language)
                if (name := f"{folder}pass.strings") in files
            ),
            None,
        )
        self._pairs = parse_strings(data) if data is not None else {}

    def __call__(self, text: str) -> str:
        return self._pairs.get(text, text)


def document(files: Files) -> dict[str, Any]:
    """pass.json, parsed."""
    data = json.loads(files["pass.json"])
    if not isinstance(data, dict):
        raise ValueError("pass.json is not an object")
    return data


def fields(files: Files, language: str) -> dict[str, list[Field]]:
    """The fields of each group as a person reads them."""
    words = Words(files, language)
    style = document(files).get("storeCard", {})
    return {group: [_field(raw, words) for raw in style.get(group, [])] for group in GROUPS}


def face(files: Files, language: str) -> dict[str, Any]:
    """What the card shows, as plain data for a page."""
    content = document(files)
    words = Words(files, language)
    shown = fields(files, language)
    secondary = shown["secondaryFields"][:BELOW_STRIP_MAX]
    auxiliary = shown["auxiliaryFields"][: BELOW_STRIP_MAX - len(secondary)]
    return {
        **_poster(content, words),
        "organization": words(str(content.get("organizationName", ""))),
        "description": words(str(content.get("description", ""))),
        "logo_text": words(str(content.get("logoText", ""))),
        "colours": {
            "background": content.get("backgroundColor", _WHITE),
            "foreground": content.get("foregroundColor", _BLACK),
            "label": content.get("labelColor", _GREY),
        },
        "images": {
            role: _digest(image(files, role, language)) for role in ("icon", "logo", "strip")
        },
        "header": [field.to_json() for field in shown["headerFields"][:HEADER_MAX]],
        "primary": [field.to_json() for field in shown["primaryFields"][:1]],
        "secondary": [field.to_json() for field in secondary],
        "auxiliary": [field.to_json() for field in auxiliary],
        "back": [field.to_json() for field in shown["backFields"]],
        "barcode": _barcode(content),
        "near": _near(content, words),
        "voided": content.get("voided") is True,
        "expired": _expired(content),
    }


def _near(content: Mapping[str, Any], words: Words) -> list[dict[str, str]]:
    """The stores near which the lock screen shows the card, and what it says there."""
    return [
        {
            "place": f"{one.get('latitude')},{one.get('longitude')}",
            "text": words(str(one.get("relevantText", ""))),
        }
        for one in content.get("locations", [])[:PLACES_MAX]
    ]


def _poster(content: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """`poster`: the fields of the full-size look of iOS 27 and its buttons, where the pass has it."""
    style = content.get("posterGeneric")
    if not isinstance(style, dict):
        return {}
    groups = {
        name: [_field(raw, words).to_json() for raw in style.get(f"{name}Fields", [])[:most]]
        for name, most in POSTER_MAX.items()
    }
    actions = [str(one.get("type", "")) for one in content.get("featuredActions", [])]
    return {"poster": {**groups, "actions": actions}}


def image(files: Files, role: str, language: str) -> bytes | None:
    """The best picture for a role: the language's own first, the sharpest first."""
    for folder in (*_folders(files, language), ""):
        for scale in _SCALES:
            if found := files.get(f"{folder}{role}{scale}.png"):
                return found
    return None


def announcements(before: Files, after: Files, language: str) -> list[str]:
    """The lock-screen sentences of the fields that changed and want to be announced."""
    words = Words(after, language)
    old = {raw["key"]: raw.get("value") for raw in _raw_fields(before)}
    sentences = []
    for raw in _raw_fields(after):
        message = raw.get("changeMessage")
        if not message or old.get(raw["key"]) == raw.get("value"):
            continue
        value = _field(raw, words).value
        sentences.append(words(str(message)).replace("%@", value) if "%@" in message else "")
    return sentences


def _raw_fields(files: Files) -> list[dict[str, Any]]:
    style = document(files).get("storeCard", {})
    return [raw for group in GROUPS for raw in style.get(group, [])]


def _folders(files: Files, language: str) -> list[str]:
    """Language folders that serve this language: `fr.lproj` first, then regions."""
    folders = {name.split("/", 1)[0] for name in files if ".lproj/" in name}
    fitting = [name for name in folders if name.split(".")[0].split("-")[0] == language]
    return [f"{name}/" for name in sorted(fitting, key=len)]


def _field(raw: Mapping[str, Any], words: Words) -> Field:
    label = words(str(raw.get("label", "")))
    attributed = raw.get("attributedValue")
    if isinstance(attributed, str):
        reader = _Links()
        reader.feed(words(attributed))
        return Field(str(raw["key"]), label, reader.text, tuple(reader.links))
    return Field(str(raw["key"]), label, _value(raw, words))


def _value(raw: Mapping[str, Any], words: Words) -> str:
    value = raw.get("value")
    if isinstance(value, int | float):
        return _number(value, raw, words.language)
    text = str(value)
    if raw.get("dateStyle") or raw.get("timeStyle"):
        return _moment(text, raw, words.language)
    return words(text)


def _number(value: float, raw: Mapping[str, Any], language: str) -> str:
    currency = raw.get("currencyCode")
    if currency:
        return numbers.format_currency(value, str(currency), locale=language)
    style = str(raw.get("numberStyle", "")).removeprefix("PKNumberStyle")
    if style == "Percent":
        return numbers.format_percent(value, locale=language)
    if style == "Scientific":
        return numbers.format_scientific(value, locale=language)
    return numbers.format_decimal(value, locale=language)


def _moment(text: str, raw: Mapping[str, Any], language: str) -> str:
    moment = datetime.fromisoformat(text)
    date_style = _DATE_STYLES.get(str(raw.get("dateStyle", "")).removeprefix("PKDateStyle"))
    time_style = _DATE_STYLES.get(str(raw.get("timeStyle", "")).removeprefix("PKDateStyle"))
    parts = []
    if date_style:
        parts.append(dates.format_date(moment, date_style, locale=language))
    if time_style:
        parts.append(dates.format_time(moment, time_style, locale=language))
    return " ".join(parts) or text


def _barcode(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first code that can be displayed; this phone draws QR codes."""
    codes = content.get("barcodes") or [content.get("barcode")]
    for code in codes:
        if isinstance(code, dict) and code.get("format") == "PKBarcodeFormatQR":
            message = str(code.get("message", ""))
            return {"picture": qr_picture(message), "alt": str(code.get("altText", ""))}
    return None


def _expired(content: Mapping[str, Any]) -> bool:
    text = content.get("expirationDate")
    if not isinstance(text, str):
        return False
    return datetime.fromisoformat(text) < datetime.now(UTC)


def _digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest()[:16] if data is not None else None


class _Links(HTMLParser):
    """The text and the links of an attributed value: Wallet knows only `a href`."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[tuple[str, str]] = []
        self._href = ""
        self._start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
            self._start = len(self.text)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href.startswith(("https://", "http://", "mailto:", "tel:")):
            self.links.append((self.text[self._start :], self._href))

    def handle_data(self, data: str) -> None:
        self.text += data
