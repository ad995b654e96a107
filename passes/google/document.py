"""What a card says as Google's loyalty class and object; pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from passes.card import LABELS, Card, Fact, Section, Text, say
from passes.design import Design
from passes.images import ImageStore, google_images, media_hash

Resource = dict[str, Any]

INT32_MAX = 2**31 - 1  # what Google's `int` balance can say
MODULES_MAX = 10  # text modules that Google shows
NAME_CHARACTERS_MAX = 20  # of programs, issuers and members; Google cuts the rest without a sign

# Up to three rows of up to three items on the face; paths without a value leave their place free.
_ROWS = (
    ("object.loyaltyPoints.balance", "object.textModulesData['tier']"),
    ("object.textModulesData['next_reward']",),
    ("object.accountName", "object.accountId"),
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Public addresses of a look's pictures. Google keeps pictures by address, so each address
    holds the hash of its bytes and a changed picture is a new one."""

    logo: str
    hero: str


def pictures(
    design: Design, store: ImageStore, media_url: str, tier_key: str | None = None
) -> Pictures:
    """Addresses under `media_url`, where `passes.images.media` is published by hash."""
    found = google_images(design, store, tier_key)
    addresses = {name: f"{media_url}/{media_hash(png)}.png" for name, png in found.items()}
    return Pictures(**addresses)


def loyalty_class(
    class_id: str, program_name: Text, design: Design, look: Pictures, callback_url: str = ""
) -> Resource:
    """What all cards of a program share. `class_id` is `issuer.suffix`; an empty `callback_url`
    leaves out the callbacks (Google accepts https only)."""
    background, _, _ = design.colours(None)
    resource: Resource = {
        "id": class_id,
        "issuerName": design.organization_name,
        **_localized("programName", program_name),
        "programLogo": _image(look.logo, design.description),
        "heroImage": _image(look.hero, design.description),
        "hexBackgroundColor": background,
        **_localized("accountNameLabel", LABELS["member"], program_name),
        **_localized("accountIdLabel", LABELS["number"], program_name),
        # Google approves by itself; sending back its own APPROVED would be refused.
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        "classTemplateInfo": {
            "cardTemplateOverride": {"cardRowTemplateInfos": [_row(paths) for paths in _ROWS]}
        },
    }
    if callback_url.startswith("https://"):
        resource["callbackOptions"] = {"url": callback_url}
    return resource


def loyalty_object(object_id: str, class_id: str, card: Card, look: Pictures) -> Resource:
    """One member's card, whole: a PATCH replaces arrays, so none may be left to chance.

    `look` is that of the member's tier; the class has a colour for all, the picture is the tier's.
    """
    language = card.languages[0]
    resource: Resource = {
        "id": object_id,
        "classId": class_id,
        "state": "INACTIVE" if card.voided else "ACTIVE",
        "accountId": card.member_number,
        "barcode": {
            "type": "QR_CODE",
            "value": card.code,
            "alternateText": card.code_text,
            "renderEncoding": "UTF_8",
        },
        "loyaltyPoints": {
            **_localized("label", card.balance.label),
            "balance": _balance(card.balance, language),
        },
        "heroImage": _image(look.hero, card.program_name),
        "textModulesData": _modules(card)[:MODULES_MAX],
        "linksModuleData": {"uris": [_link(one) for one in card.sections if one.url]},
    }
    if card.member_name:
        resource["accountName"] = card.member_name[:NAME_CHARACTERS_MAX]
    if card.expires_at:
        resource["validTimeInterval"] = {"end": {"date": card.expires_at}}
    return resource


def essentials(resource: Resource) -> Resource:
    """The least of an object that makes a usable card: code, balance and name, in one language.

    Short enough for a save link; the whole object follows by the REST interface.
    """
    kept = ("accountId", "accountName", "barcode", "validTimeInterval")
    found = {**reference(resource), **{name: resource[name] for name in kept if name in resource}}
    if points := resource.get("loyaltyPoints"):
        found["loyaltyPoints"] = {name: points[name] for name in ("label", "balance")}
    return found


def reference(resource: Resource) -> Resource:
    """Only which object is meant."""
    return {name: resource[name] for name in ("id", "classId", "state")}


def _modules(card: Card) -> list[Resource]:
    facts = [fact for fact in (card.tier, card.next_reward) if fact]
    plain = [section for section in card.sections if not section.url]
    return [
        *(_module(fact.key, fact.label, fact.value) for fact in facts),
        *(_module(f"back-{one.key}", one.title, one.body) for one in plain),
    ]


def _balance(fact: Fact, language: str) -> Resource:
    if fact.number is not None and abs(fact.number) <= INT32_MAX:
        return {"int": fact.number}
    return {"string": say(fact.value, language)}


def _row(paths: tuple[str, ...]) -> Resource:
    items = [{"firstValue": {"fields": [{"fieldPath": path}]}} for path in paths]
    if len(items) == 1:
        return {"oneItem": {"item": items[0]}}
    return {"twoItems": {"startItem": items[0], "endItem": items[1]}}


def _module(key: str, header: Text, body: Text) -> Resource:
    return {"id": key, **_localized("header", header), **_localized("body", body)}


def _link(section: Section) -> Resource:
    return {"id": section.key, "uri": section.url, **_localized("description", section.title)}


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
