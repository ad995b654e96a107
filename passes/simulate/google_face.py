"""How Google Wallet on an Android phone draws a loyalty card: from the class and the object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from babel import numbers
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from passes.simulate.barcode import qr_picture
from passes.simulate.google_store import Resource

ROWS_SHOWN_MAX = 3  # and no more rows on the face
# Where Google's reference puts the items of a row.
_AT = {"item": "centre", "startItem": "start", "middleItem": "middle", "endItem": "end"}
MODULES_SHOWN_MAX = 10  # text modules that Google shows of the object, and as many of the class
_MICROS = 1_000_000
_PATH_STEP = re.compile(r"(\w+)(?:\['([^']+)'\])?")
_HEX = re.compile(r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")

PictureOf = Callable[[str], str | None]


def face(
    parent: Resource, card: Resource, language: str, picture_of: PictureOf, now: float = 0.0
) -> dict[str, Any]:
    """What the card shows at `now` (Unix seconds), as plain data. `picture_of(url)` names a fetched
    picture."""
    return {
        "issuer": _text(parent, "issuerName", language),
        "program": _text(parent, "programName", language),
        "background": _colour(parent.get("hexBackgroundColor")),
        "logo": picture_of(_address(parent.get("programLogo"))),
        "wide_logo": picture_of(_address(parent.get("wideProgramLogo"))),
        "shimmers": parent.get("securityAnimation", {}).get("animationType") == "FOIL_SHIMMER",
        "screenshots": card.get("passConstraints", {}).get("screenshotEligibility") != "INELIGIBLE",
        "hero": picture_of(_address(card.get("heroImage") or parent.get("heroImage"))),
        "points": [
            shown
            for name in ("loyaltyPoints", "secondaryLoyaltyPoints")
            if (shown := _points(card.get(name), language))
        ],
        "rows": _rows(parent, card, language),
        "account": _account(parent, card, language),
        "barcode": code_at(card, now),
        "details": details(parent, card, language),
        "links": links(parent, card, language),
        "messages": _messages(parent, card, language),
        "near": [
            {"place": f"{one.get('latitude')},{one.get('longitude')}"}
            for one in parent.get("merchantLocations", [])
        ],
        "state": str(card.get("state", "")),
    }


def notification(
    parent: Resource, before: Resource, after: Resource, language: str
) -> tuple[str, str]:
    """Title and text of the notification of a field update."""
    title = _text(parent, "programName", language)
    for name in ("loyaltyPoints", "secondaryLoyaltyPoints"):
        points = _points(after.get(name), language)
        if points and before.get(name) != after.get(name):
            colon = "\u00a0: " if language == "fr" else ": "
            return title, points["label"] + colon + points["value"]
    return title, ""


def message_text(message: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Title and text of a message."""
    return _text(message, "header", language), _text(message, "body", language)


def picture_addresses(parent: Resource, card: Resource) -> list[str]:
    """Every picture that the face of the card shows."""
    images = (
        parent.get("programLogo"),
        parent.get("wideProgramLogo"),
        card.get("heroImage") or parent.get("heroImage"),
    )
    return [url for image in images if (url := _address(image))]


def _text(resource: Mapping[str, Any], name: str, language: str) -> str:
    """A text, or its translation from the `localized…` twin."""
    twin = resource.get("localized" + name[0].upper() + name[1:])
    if isinstance(twin, dict):
        choices = [*twin.get("translatedValues", []), twin.get("defaultValue", {})]
        for choice in choices:
            if str(choice.get("language", "")).split("-")[0] == language:
                return str(choice.get("value", ""))
        if fallback := twin.get("defaultValue", {}).get("value"):
            return str(fallback)
    return str(resource.get(name, ""))


def _points(points: Any, language: str) -> dict[str, str] | None:
    if not isinstance(points, dict):
        return None
    return {
        "label": _text(points, "label", language),
        "value": _balance(points.get("balance", {}), language),
    }


def _balance(balance: Mapping[str, Any], language: str) -> str:
    if "string" in balance:
        return str(balance["string"])
    if "int" in balance or "double" in balance:
        return numbers.format_decimal(balance.get("int", balance.get("double")), locale=language)
    money = balance.get("money")
    if isinstance(money, dict):
        amount = int(money.get("micros", 0)) / _MICROS
        return numbers.format_currency(amount, str(money["currencyCode"]), locale=language)
    return ""


def _rows(parent: Resource, card: Resource, language: str) -> list[list[dict[str, str]]]:
    """The rows of the class's template, none when it has none. Each cell says `at` which place of the
    row it stands, whatever is missing beside it."""
    template = parent.get("classTemplateInfo", {}).get("cardTemplateOverride", {})
    rows = []
    for info in template.get("cardRowTemplateInfos", [])[:ROWS_SHOWN_MAX]:
        items = [(name, item) for layout in info.values() for name, item in layout.items()]
        cells = [(name, _cell(item, parent, card, language)) for name, item in items]
        rows.append(
            [{**cell, "at": _AT.get(name, "start")} for name, cell in cells if cell is not None]
        )
    return [row for row in rows if row]


def _cell(
    item: Mapping[str, Any], parent: Resource, card: Resource, language: str
) -> dict[str, str] | None:
    fields = item.get("firstValue", {}).get("fields", [])
    for field in fields:
        found = at_path(str(field.get("fieldPath", "")), parent, card, language)
        if found is not None:
            return found
    return None


def at_path(path: str, parent: Resource, card: Resource, language: str) -> dict[str, str] | None:
    """Label and value of a field path such as `object.textModulesData['tier']`."""
    root, _, rest = path.partition(".")
    holder: Resource = {"object": card, "class": parent}.get(root, {})
    steps = [match.groups() for match in _PATH_STEP.finditer(rest)]
    if not steps:
        return None
    name, key = steps[0]
    value = holder.get(name)
    if key is not None and isinstance(value, list):
        module = next((one for one in value if one.get("id") == key), None)
        return _module(module, language) if module else None
    if name.lower().endswith("points"):
        return _points(value, language)
    if isinstance(value, str):
        return {
            "label": _text(parent, f"{name}Label", language),
            "value": _text(holder, name, language),
        }
    return None


def _module(module: Mapping[str, Any], language: str) -> dict[str, str]:
    return {"label": _text(module, "header", language), "value": _text(module, "body", language)}


def _account(parent: Resource, card: Resource, language: str) -> list[dict[str, str]]:
    pairs = (("accountName", "accountNameLabel"), ("accountId", "accountIdLabel"))
    return [
        {"label": _text(parent, label, language), "value": str(card[name])}
        for name, label in pairs
        if card.get(name)
    ]


def code_at(card: Resource, now: float) -> dict[str, Any] | None:
    """The code on the card: the rotating one before the static one. `ends_at_ms`
    (Unix time) is when it changes; nothing where it never does."""
    turning = card.get("rotatingBarcode")
    if isinstance(turning, dict) and turning.get("totpDetails"):
        value, ends_at_ms = _turned(turning, now)
        return _code(turning, value, ends_at_ms)
    code = card.get("barcode")
    return _code(code, str(code.get("value", "")), None) if isinstance(code, dict) else None


def _code(code: Resource, value: str, ends_at_ms: int | None) -> dict[str, Any] | None:
    if str(code.get("type", "")).upper() not in ("QR_CODE", "QRCODE"):
        return None
    alt = str(code.get("alternateText", ""))
    return {"picture": qr_picture(value), "alt": alt, "ends_at_ms": ends_at_ms}


def _turned(code: Resource, now: float) -> tuple[str, int]:
    """The value drawn at `now`, by RFC 6238 with the object's keys, and until when (milliseconds)."""
    details = code["totpDetails"]
    period_ms = int(details["periodMillis"])
    now_ms = int(now * 1000)
    value = str(code["valuePattern"])
    value = value.replace("{totp_timestamp_millis}", str(now_ms))
    value = value.replace("{totp_timestamp_seconds}", str(now_ms // 1000))
    for number, parameter in enumerate(details["parameters"]):
        key, length = bytes.fromhex(parameter["key"]), int(parameter["valueLength"])
        once = HOTP(key, length, SHA1(), enforce_key_length=False)  # noqa: S303  the algorithm Google names
        digits = once.generate(now_ms // period_ms).decode()
        value = value.replace(f"{{totp_value_{number}}}", digits)
    return value, (now_ms // period_ms + 1) * period_ms


def details(parent: Resource, card: Resource, language: str) -> list[dict[str, str]]:
    """The texts below the card: its own, then those of its class."""
    modules = [
        module
        for holder in (card, parent)
        for module in holder.get("textModulesData", [])[:MODULES_SHOWN_MAX]
    ]
    return [_module(module, language) for module in modules]


def links(parent: Resource, card: Resource, language: str) -> list[dict[str, str]]:
    """The links below the card that lead somewhere: its own, then those of its class."""
    uris = [
        uri
        for holder in (card, parent)
        for uri in holder.get("linksModuleData", {}).get("uris", [])
        if str(uri.get("uri", "")).startswith(("https://", "http://", "mailto:", "tel:"))
    ]
    return [
        {"text": _text(uri, "description", language) or str(uri["uri"]), "url": str(uri["uri"])}
        for uri in uris
    ]


def _messages(parent: Resource, card: Resource, language: str) -> list[dict[str, str]]:
    messages = [*card.get("messages", []), *parent.get("messages", [])]
    return [_module(message, language) for message in reversed(messages)]


def _address(image: Any) -> str:
    return str(image.get("sourceUri", {}).get("uri", "")) if isinstance(image, dict) else ""


def _colour(value: Any) -> str:
    return str(value) if isinstance(value, str) and _HEX.match(value) else "#5f6368"
