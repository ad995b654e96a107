"""What a card says as Google's loyalty class and object; pure functions.

One class for each program, design version and tier with a look of its own: whatever is the same for
all those cards. One object for each member.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from passes.card import LABELS, Card, Fact, Place, Section, Text, say
from passes.design import Design
from passes.design_parts import ROWS, Rows
from passes.google.rotating import RotatingCode, rotating_barcode
from passes.images import ImageStore, google_images, media_hash

Resource = dict[str, Any]

INT32_MAX = 2**31 - 1  # what Google's `int` balance can say
MODULES_MAX = 10  # text modules that Google's details show
MESSAGES_MAX = 10  # messages that Google keeps on an object
LOCATIONS_MAX = 10  # Google refuses a class with more
NAME_CHARACTERS_MAX = 20  # of programs, issuers and members; Google cuts the rest without a sign
BASE = "base"  # the class of members without a tier, or whose tier looks like the design

# Facts that Google has a field for; every other one is a text module. Where an object has nothing at
# a path, its place stays free.
_PATHS = {
    "balance": "object.loyaltyPoints.balance",
    "member": "object.accountName",
    "number": "object.accountId",
}
# Told in the details of every card, on the face or not.
DETAILED = ("tier", "next_reward")
# The places of a row, by how many facts stand in it.
_PLACES = {
    1: ("oneItem", ("item",)),
    2: ("twoItems", ("startItem", "endItem")),
    3: ("threeItems", ("startItem", "middleItem", "endItem")),
}
_SECRET = ("rotatingBarcode",)  # never outside the REST interface


@dataclass(frozen=True, slots=True)
class Pictures:
    """Public addresses of a look's pictures. Google keeps pictures by address, so each address
    holds the hash of its bytes and a changed picture is a new one."""

    logo: str
    hero: str
    wide: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """What a program says on all its cards, whatever the design.

    `places` only for issuers whom Google allows merchant locations: for others it refuses the whole
    class. An empty `callback_url` leaves out the callbacks.
    """

    name: Text
    country: str = ""  # ISO 3166
    callback_url: str = ""
    website: str = ""
    places: Sequence[Place] = ()


@dataclass(frozen=True, slots=True)
class Protection:
    """What makes copying the card harder. Without `static_code` a phone that cannot turn the code
    shows none at all; with it, a copier can make his phone fall back to it."""

    rotating: RotatingCode | None = None
    static_code: bool = True
    screenshots: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the shop below the card. Times are RFC 3339 with zone."""

    key: str
    header: Text
    body: Text
    starts_at: str | None = None
    ends_at: str | None = None


OPEN = Protection()


def pictures(
    design: Design, store: ImageStore, media_url: str, tier_key: str | None = None
) -> Pictures:
    """Addresses under `media_url`, where `passes.images.media` is published by hash."""
    found = google_images(design, store, tier_key)
    addresses = {name: f"{media_url}/{media_hash(png)}.png" for name, png in found.items()}
    return Pictures(**addresses)


def variant(design: Design, tier_key: str | None) -> str:
    """The word for a tier's class: tiers without a look of their own share one."""
    return tier_key if tier_key in design.tiers else BASE


def class_id(issuer_id: str, program: str, design: str, tier_variant: str) -> str:
    """Google allows letters, digits, `.`, `_` and `-` after the issuer. `design` names a version:
    cards of two versions live side by side while a new one reaches a share of them."""
    return f"{issuer_id}.comptoir_{program}.{design}.{tier_variant}"


def loyalty_class(
    identifier: str,
    brand: Brand,
    design: Design,
    look: Pictures,
    tier_key: str | None = None,
    *,
    shimmer: bool = False,
) -> Resource:
    """What all cards of a program, design and tier share. `shimmer` lays Google's moving foil over
    the card, which no screenshot has."""
    background, _, _ = design.colours(tier_key)
    description = {language: say(design.description, language) for language in brand.name}
    resource: Resource = {
        "id": identifier,
        "issuerName": design.organization_name,
        **_localized("programName", brand.name),
        "programLogo": _image(look.logo, description),
        "heroImage": _image(look.hero, description),
        "hexBackgroundColor": background,
        **_localized("accountNameLabel", LABELS["member"], brand.name),
        **_localized("accountIdLabel", LABELS["number"], brand.name),
        # Google approves by itself; sending back its own APPROVED would be refused.
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        "classTemplateInfo": _template(design.google_rows),
        **_own_texts(design),
    }
    if look.wide:
        resource["wideProgramLogo"] = _image(look.wide, description)
    if brand.country:
        resource["countryCode"] = brand.country
    if brand.website:
        resource["homepageUri"] = {
            "uri": brand.website,
            **_localized("description", brand.name),
        }
    if brand.places:
        resource["merchantLocations"] = [_location(one) for one in brand.places[:LOCATIONS_MAX]]
    if shimmer:
        resource["securityAnimation"] = {"animationType": "FOIL_SHIMMER"}
    if _may_be_called(brand.callback_url):
        resource["callbackOptions"] = {"url": brand.callback_url}
    return resource


def loyalty_object(
    identifier: str,
    its_class: str,
    card: Card,
    look: Pictures,
    protection: Protection = OPEN,
    messages: Sequence[Message] | None = None,
    *,
    rows: Rows = ROWS,
) -> Resource:
    """One member's card, whole: a PATCH replaces arrays, so none may be left to chance.

    `look` is that of the member's tier; `rows` those of its class, which the object must have the
    texts for. `messages` are all that the card shall have; None leaves those alone that Google has.
    With a rotating code the object must go by the REST interface only.
    """
    card = card.in_order()
    language = card.languages[0]
    resource: Resource = {
        "id": identifier,
        "classId": its_class,
        "state": "INACTIVE" if card.voided else "ACTIVE",
        "accountId": card.member_number,
        "loyaltyPoints": {
            **_localized("label", card.balance.label),
            "balance": _balance(card.balance, language),
        },
        "heroImage": _image(look.hero, card.program_name),
        "textModulesData": _modules(card, rows),
        "linksModuleData": {"uris": [_link(one) for one in card.sections if one.url]},
        "passConstraints": {
            "screenshotEligibility": "ELIGIBLE" if protection.screenshots else "INELIGIBLE"
        },
        **_codes(card, protection),
    }
    if card.member_name:
        resource["accountName"] = shortened(card.member_name, NAME_CHARACTERS_MAX)
    if card.expires_at:
        resource["validTimeInterval"] = {"end": {"date": card.expires_at}}
    if messages is not None:
        resource["messages"] = [_message(one) for one in messages[-MESSAGES_MAX:]]
    return resource


def expired(resource: Resource) -> Resource:
    """The same object after its end: Google moves it among the expired passes."""
    return {**resource, "state": "EXPIRED"}


def portable(resource: Resource) -> Resource:
    """The object without what must never travel in a link: whoever sees the link sees all of it."""
    return {name: value for name, value in resource.items() if name not in _SECRET}


def essentials(resource: Resource) -> Resource:
    """The least of an object that makes a usable card: code, balance and name, in one language.

    Short enough for a save link; the whole object follows by the REST interface.
    """
    kept = ("accountId", "accountName", "barcode", "validTimeInterval")
    found = {**_named(resource), **{name: resource[name] for name in kept if name in resource}}
    if points := resource.get("loyaltyPoints"):
        found["loyaltyPoints"] = {name: points[name] for name in ("label", "balance")}
    return found


def class_essentials(its_class: Resource) -> Resource:
    """The least of a class that Google takes, in one language, for a save link."""
    kept = ("id", "issuerName", "programName", "hexBackgroundColor", "reviewStatus")
    logo = {"sourceUri": its_class["programLogo"]["sourceUri"]}
    return {**{name: its_class[name] for name in kept}, "programLogo": logo}


def reference(resource: Resource) -> Resource:
    """Only which object is meant."""
    return {name: resource[name] for name in ("id", "classId")}


def shortened(text: str, length: int) -> str:
    """At most `length` characters, with a sign that something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _own_texts(design: Design) -> Resource:
    """The design's own texts and links of the back: all cards of the class have them."""
    texts = [one for one in design.back if not one.url]
    links = [one for one in design.back if one.url]
    found: Resource = {}
    if texts:
        modules = [_module(f"own-{one.key}", one.title, one.body) for one in texts]
        found["textModulesData"] = modules[:MODULES_MAX]
    if links:
        uris = [
            {"id": f"own-{one.key}", "uri": one.url, **_localized("description", one.title)}
            for one in links
        ]
        found["linksModuleData"] = {"uris": uris}
    return found


def _named(resource: Resource) -> Resource:
    return {name: resource[name] for name in ("id", "classId", "state")}


def _codes(card: Card, protection: Protection) -> Resource:
    """Phones that know both show the rotating code before the static one."""
    turning = protection.rotating
    static = {
        "type": "QR_CODE",
        "value": card.code,
        "alternateText": card.code_text,
        "renderEncoding": "UTF_8",
    }
    if turning is None:
        return {"barcode": static}
    found: Resource = {"rotatingBarcode": rotating_barcode(turning, card.member_number)}
    if protection.static_code:
        found["barcode"] = static
    return found


def _template(rows: Rows) -> Resource:
    """Rows of the face, and the line in the list of all cards. Details have no override: it would
    hide every module that it does not name, and what a card tells differs from member to member."""
    face = [_row(facts) for facts in rows if facts]
    return {
        # Without any row Google draws its own choice.
        **({"cardTemplateOverride": {"cardRowTemplateInfos": face}} if face else {}),
        "listTemplateOverride": {
            "firstRowOption": {"fieldOption": _fields("class.programName")},
            "secondRowOption": _fields("object.loyaltyPoints.balance"),
        },
    }


def _may_be_called(url: str) -> bool:
    """Google calls https only; an address of this machine is for the stand-in."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1")


def _modules(card: Card, rows: Rows) -> list[Resource]:
    """The ten that Google's details show, then what only a row of the face asks for: that must not
    take the place of anything that is told nowhere else."""
    facts = card.facts
    plain = [section for section in card.sections if not section.url]
    asked = dict.fromkeys(chain.from_iterable(rows))
    told = [
        *_fact_modules(facts, DETAILED),
        *(_module(f"back-{one.key}", one.title, one.body) for one in plain),
    ]
    face = [key for key in asked if key not in _PATHS and key not in DETAILED]
    return [*told[:MODULES_MAX], *_fact_modules(facts, face)]


def _fact_modules(facts: Mapping[str, Fact], keys: Sequence[str]) -> list[Resource]:
    found = [facts[key] for key in keys if key in facts]
    return [_module(_module_id(fact.key), fact.label, fact.value) for fact in found]


def _balance(fact: Fact, language: str) -> Resource:
    if fact.number is not None and abs(fact.number) <= INT32_MAX:
        return {"int": fact.number}
    return {"string": say(fact.value, language)}


def _row(facts: Sequence[str]) -> Resource:
    kind, places = _PLACES[len(facts)]
    items = [{"firstValue": _fields(fact_path(key))} for key in facts]
    return {kind: dict(zip(places, items, strict=True))}


def fact_path(key: str) -> str:
    """Where an object has this fact of its card."""
    return _PATHS.get(key) or f"object.textModulesData['{_module_id(key)}']"


def _module_id(key: str) -> str:
    """Google allows letters, digits, `_` and `-`: `unit:stamps` is `unit-stamps`."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", key)


def _fields(path: str) -> Resource:
    return {"fields": [{"fieldPath": path}]}


def _module(key: str, header: Text, body: Text) -> Resource:
    return {"id": key, **_localized("header", header), **_localized("body", body)}


def _message(message: Message) -> Resource:
    found = {**_module(message.key, message.header, message.body), "messageType": "TEXT"}
    interval = {
        name: {"date": moment}
        for name, moment in (("start", message.starts_at), ("end", message.ends_at))
        if moment
    }
    return {**found, "displayInterval": interval} if interval else found


def _link(section: Section) -> Resource:
    return {"id": section.key, "uri": section.url, **_localized("description", section.title)}


def _location(place: Place) -> Resource:
    return {"latitude": place.latitude, "longitude": place.longitude}


def _image(url: str, description: Text) -> Resource:
    return {"sourceUri": {"uri": url}, "contentDescription": _translations(description)}


def _localized(name: str, text: Text, like: Text | None = None) -> Resource:
    """A text in the program's language and its `localized…` twin with all languages.

    `like` gives the languages and their order where the text itself is one of our own labels.
    """
    chosen = {language: say(text, language) for language in like} if like else text
    twin = f"localized{name[0].upper()}{name[1:]}"
    return {name: next(iter(chosen.values()), ""), twin: _translations(chosen)}


def _translations(text: Text) -> Resource:
    values = [{"language": language, "value": value} for language, value in text.items()]
    return {"defaultValue": values[0], "translatedValues": values[1:]}
