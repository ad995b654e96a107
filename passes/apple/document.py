"""What a card says as Apple's pass.json (a store card) and its translations; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from json.encoder import encode_basestring as quoted
from typing import Any

from passes.apple.schema import LOCATIONS_MAX
from passes.card import LABELS, Card, Fact, PassIdentity, Section, Text, say
from passes.design import Design

LINES_CACHED = 2048  # most lines of pass.strings are the same for all cards of a program

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issuer:
    """The parts of pass.json that are the same for all cards of one installation.

    `web_service_url` is the base without `/v1`.
    """

    pass_type_id: str
    team_id: str
    web_service_url: str


def pass_document(
    card: Card, design: Design, tier_key: str | None, issued: PassIdentity, issuer: Issuer
) -> Document:
    """The content of pass.json, with every text in the program's own language."""
    return {
        **frame(design, tier_key, issuer, card.languages[0]),
        **content(card, issued),
    }


def frame(design: Design, tier_key: str | None, issuer: Issuer, language: str) -> Document:
    """The part that depends on the design alone."""
    background, foreground, label = (_rgb(colour) for colour in design.colours(tier_key))
    document = {
        "formatVersion": 1,
        "passTypeIdentifier": issuer.pass_type_id,
        "teamIdentifier": issuer.team_id,
        "organizationName": design.organization_name,
        "description": say(design.description, language),
        "backgroundColor": background,
        "foregroundColor": foreground,
        "labelColor": label,
        "suppressStripShine": True,
        "sharingProhibited": True,  # the code is one member's; everybody can get a card of their own
        "webServiceURL": issuer.web_service_url,
    }
    if design.logo_text:
        document["logoText"] = design.logo_text
    return document


def content(card: Card, issued: PassIdentity) -> Document:
    """The part that is this member's."""
    document: Document = {
        "serialNumber": issued.serial,
        "authenticationToken": issued.auth_token,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": card.code,
                "messageEncoding": "iso-8859-1",
                "altText": card.code_text,
            }
        ],
        "storeCard": _fields(card),
    }
    language = card.languages[0]
    if card.places:
        document["locations"] = [
            {
                "latitude": place.latitude,
                "longitude": place.longitude,
                "relevantText": say(place.text, language),
            }
            for place in card.places[:LOCATIONS_MAX]
        ]
    if card.expires_at:
        document["expirationDate"] = card.expires_at
    if card.voided:
        document["voided"] = True
    return document


def strings(card: Card, design: Design) -> dict[str, dict[str, str]]:
    """For each language what goes into `{language}.lproj/pass.strings`: texts of pass.json → texts
    to show.

    The program's own language is written too: where the phone's language has no folder, Wallet
    takes another folder rather than the texts of pass.json.
    """
    own = card.languages[0]
    texts = [(say(text, own), text) for text in _texts(card, design)]
    return {
        language: {base: text.get(language) or base for base, text in texts}
        for language in card.languages
    }


def strings_file(translations: Mapping[str, str]) -> bytes:
    """The bytes of a pass.strings file (UTF-8, one line a text); it escapes as JSON does."""
    return "".join([_line(text, words) for text, words in translations.items()]).encode()


@lru_cache(maxsize=LINES_CACHED)
def _line(text: str, words: str) -> str:
    return f"{quoted(text)} = {quoted(words)};\n"


def _fields(card: Card) -> Document:
    """Only the header shows while cards are stacked, so the balance is there; it alone announces."""
    language = card.languages[0]
    groups: Document = {"headerFields": [_fact(card.balance, language)]}
    if card.member_name:
        member = Fact("member", LABELS["member"], {language: card.member_name})
        groups["primaryFields"] = [_fact(member, language)]
    if card.tier:
        groups["secondaryFields"] = [_fact(card.tier, language)]
    if card.next_reward:
        groups["auxiliaryFields"] = [_fact(card.next_reward, language)]
    number = Fact("number", LABELS["number"], {language: card.member_number})
    groups["backFields"] = [
        # Without detectors iOS would offer to call the member number.
        {**_fact(number, language), "dataDetectorTypes": []},
        *(_section(section, language) for section in card.sections),
    ]
    return groups


def _fact(fact: Fact, language: str) -> Document:
    field: Document = {"key": fact.key, "label": say(fact.label, language)}
    if fact.number is None:
        field["value"] = say(fact.value, language)
    else:
        field["value"] = fact.number
        field["numberStyle"] = "PKNumberStyleDecimal"
    if fact.announce:
        field["changeMessage"] = say(fact.announce, language)
    return field


def _section(section: Section, language: str) -> Document:
    body = say(section.body, language)
    field = {"key": f"back-{section.key}", "label": say(section.title, language), "value": body}
    if section.url:
        field["attributedValue"] = _link(section.url, body)
    return field


def _texts(card: Card, design: Design) -> Iterator[Text]:
    """Every text of pass.json that has translations."""
    yield design.description
    for fact in (card.balance, card.tier, card.next_reward):
        if fact:
            yield fact.label
            if fact.number is None:
                yield fact.value
            if fact.announce:
                yield fact.announce
    yield LABELS["member"]
    yield LABELS["number"]
    for section in card.sections:
        yield section.title
        yield section.body
        if section.url:
            yield {key: _link(section.url, body) for key, body in section.body.items()}
    for place in card.places[:LOCATIONS_MAX]:
        yield place.text


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _rgb(colour: str) -> str:
    """`#rrggbb` in the one notation that Apple documents."""
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgb({red}, {green}, {blue})"
