"""Why an iPhone would not install a pass whose signature and manifest are right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from passes.simulate.pass_face import GROUPS, Files, document
from passes.simulate.pass_strings import StringsError, parse_strings

TOKEN_CHARACTERS_MIN = 16  # Apple's rule for authenticationToken
LOCATIONS_MAX = 10
_REQUIRED = (
    "passTypeIdentifier",
    "serialNumber",
    "teamIdentifier",
    "organizationName",
    "description",
)
_STYLES = {"boardingPass", "coupon", "eventTicket", "generic", "storeCard"}
_COLOURS = ("foregroundColor", "backgroundColor", "labelColor")
_RGB = re.compile(r"^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$")
_ICONS = ("icon.png", "icon@2x.png", "icon@3x.png")
_FORMATS = {f"PKBarcodeFormat{name}" for name in ("QR", "PDF417", "Aztec", "Code128")}


def objections(files: Files, *, any_style: bool = False) -> list[str]:
    """Everything the phone would object to, in words like those of its own log.

    The simulated phone draws store cards; with `any_style` the others are taken too.
    """
    try:
        content = document(files)
    except (KeyError, ValueError) as error:
        return [f"Unable to parse pass.json: {error}"]
    found = [
        *_top(content),
        *_style(content, any_style=any_style),
        *_service(content),
        *_dates(content),
    ]
    found += _barcodes(content)
    if not any(name in files for name in _ICONS):
        found.append("Invalid data error reading pass: the pass has no icon.png")
    return found + _strings(files)


def _top(content: Mapping[str, Any]) -> list[str]:
    found = []
    if content.get("formatVersion") != 1 or content.get("formatVersion") is True:
        found.append("formatVersion must be the number 1")
    found += [
        f"required key '{name}' is missing or not a string"
        for name in _REQUIRED
        if not isinstance(content.get(name), str) or not content[name]
    ]
    found += [
        f"{name} is not of the form rgb(r, g, b)"
        for name in _COLOURS
        if name in content and not _RGB.match(str(content[name]))
    ]
    if len(content.get("locations", [])) > LOCATIONS_MAX:
        found.append(f"more than {LOCATIONS_MAX} locations")
    return found


def _style(content: Mapping[str, Any], *, any_style: bool) -> list[str]:
    styles = _STYLES & content.keys()
    if len(styles) != 1 or (not any_style and styles != {"storeCard"}):
        return [f"this phone shows store cards; the pass is {', '.join(sorted(styles)) or 'none'}"]
    found, seen = [], set()
    for group in GROUPS:
        for field in content[next(iter(styles))].get(group, []):
            key = field.get("key")
            if not key or key in seen:
                found.append(f"field key {key!r} is missing or not unique")
            seen.add(key)
            value = field.get("value")
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                found.append(f"field {key!r} has no value that can be shown")
    return found


def _service(content: Mapping[str, Any]) -> list[str]:
    if "webServiceURL" not in content:
        return []
    if len(str(content.get("authenticationToken", ""))) < TOKEN_CHARACTERS_MIN:
        return [f"authenticationToken must have at least {TOKEN_CHARACTERS_MIN} characters"]
    return []


def _dates(content: Mapping[str, Any]) -> list[str]:
    text = content.get("expirationDate")
    if text is None:
        return []
    try:
        zoned = datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        zoned = False
    return [] if zoned else ["expirationDate is not an ISO 8601 time with a zone"]


def _barcodes(content: Mapping[str, Any]) -> list[str]:
    codes = content.get("barcodes", [])
    found = []
    for code in codes:
        if not isinstance(code, dict) or not code.get("message"):
            found.append("a barcode has no message")
        elif code.get("format") not in _FORMATS or not code.get("messageEncoding"):
            found.append("a barcode lacks a known format or its messageEncoding")
        elif not _encodable(str(code["message"]), str(code["messageEncoding"])):
            found.append("a barcode's message is not in its messageEncoding")
    return found


def _encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _strings(files: Files) -> list[str]:
    found = []
    for name, data in files.items():
        if name.endswith(".lproj/pass.strings"):
            try:
                parse_strings(data)
            except StringsError as error:
                found.append(f"{name}: {error}")
    return found
