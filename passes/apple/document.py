"""What a card says as Apple's pass.json (a store card) and its translations; pure functions.

`frame` makes what all cards of one design, tier and set of languages share; `render` adds one
member's part. Both write JSON text from finished pieces, because this runs for every delivery;
`pass_document` is the same parsed, for tests, previews and the linter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from passes.apple.fields import Composer, Piece, amount
from passes.apple.words import Languages, Marks, Said, clashing, said
from passes.card import ANNOUNCED_ORDER, Card, Fact, PassIdentity, Section, Text
from passes.design import Design
from passes.design_parts import BELOW_STRIP_MAX, Layout

Document = dict[str, Any]

LAYOUTS_CACHED = 512  # layouts × which facts a card has
_KINDS = ("text", "link", "legal")  # the order of the design's own texts on the back
_FORMATS = {
    "qr": "PKBarcodeFormatQR",
    "aztec": "PKBarcodeFormatAztec",
    "pdf417": "PKBarcodeFormatPDF417",
    "code128": "PKBarcodeFormatCode128",
    "code39": "PKBarcodeFormatCode39",
}

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Issuer:
    """The parts of pass.json that are the same for all cards of one installation.

    `web_service_url` is the base without `/v1`.
    """

    pass_type_id: str
    team_id: str
    web_service_url: str


class Frame(NamedTuple):
    """What the cards of one design, tier and set of languages share."""

    design: Design
    languages: Languages
    start: Piece  # the beginning of pass.json, without the closing brace
    back: tuple[Section, ...]  # the design's own texts of the back
    composer: Composer


class Rendered(NamedTuple):
    """One pass.json, and pass.strings for each of the card's languages (empty: no difference)."""

    json: str
    strings: list[str]


def pass_document(
    card: Card, design: Design, tier_key: str | None, issued: PassIdentity, issuer: Issuer
) -> Document:
    """The content of pass.json, with every text in the program's own language."""
    shared = frame(design, tier_key, issuer, card.languages)
    document: Document = json.loads(render(shared, card, issued).json)
    return document


def strings(card: Card, design: Design) -> dict[str, dict[str, str]]:
    """For each language what its pass.strings says: texts of pass.json → texts to show.

    The program's own language is written too: where the phone's language has no folder, Wallet
    takes another folder rather than the texts of pass.json. Texts that read the same in every
    language need no line.
    """
    shared = frame(design, None, Issuer("", "", ""), card.languages)
    files = render(shared, card, PassIdentity("", "")).strings
    return {
        language: dict(_pairs(text)) for language, text in zip(card.languages, files, strict=True)
    }


def strings_file(translations: Mapping[str, str]) -> bytes:
    """The bytes of a pass.strings file (UTF-8, one line a text)."""
    return "".join([f"{quoted(a)} = {quoted(b)};\n" for a, b in translations.items()]).encode()


def frame(
    design: Design,
    tier_key: str | None,
    issuer: Issuer,
    languages: Languages,
    marks: Marks = (),
) -> Frame:
    """The part that depends on the design alone."""
    background, foreground, label = (_rgb(colour) for colour in design.colours(tier_key))
    description = said(languages, design.description, marks)
    texts = [description]
    document: Document = {
        "formatVersion": 1,
        "passTypeIdentifier": issuer.pass_type_id,
        "teamIdentifier": issuer.team_id,
        "organizationName": design.organization_name,
        "description": description[0],
        "backgroundColor": background,
        "foregroundColor": foreground,
        "labelColor": label,
        "suppressStripShine": True,
        "sharingProhibited": not design.may_be_shared,
        "webServiceURL": issuer.web_service_url,
    }
    if words := design.logo_words(languages):
        logo = said(languages, words, marks)
        document["logoText"] = logo[0]
        texts.append(logo)
    document |= _app(design)
    if design.beacons:
        document["beacons"], spoken = _beacons(design, languages, marks)
        texts += spoken
    if not marks and (clashes := clashing(texts)):
        return frame(design, tier_key, issuer, languages, clashes)
    start = Piece(_encode(document)[:-1], tuple(texts))
    return Frame(design, languages, start, _own_sections(design), Composer(languages))


def render(shared: Frame, card: Card, issued: PassIdentity) -> Rendered:
    """pass.json and pass.strings of one member's card."""
    parts: list[str] = []
    pieces: list[Piece] = []
    own: list[Said] = []
    _compose(shared, card, issued, parts, pieces, own)
    block = shared.composer.block(pieces)
    files = block.with_own(own)
    if files is None:
        marks = clashing([*block.texts, *own])
        marked = shared._replace(composer=Composer(shared.languages, marks))
        return render(marked, card, issued)
    return Rendered("".join(parts), files)


@lru_cache(maxsize=LAYOUTS_CACHED)
def placed(layout: Layout, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Group of pass.json → keys of the facts that stand there; every fact of the card somewhere.

    `*` in the layout stands for the facts that it names nowhere else; what finds no room on the
    face goes to the back.
    """
    named = {
        *layout.header,
        *layout.primary,
        *layout.secondary,
        *layout.auxiliary,
        *layout.back,
    }
    others = [key for key in keys if key not in named]
    header = tuple([key for key in layout.header if key in keys])
    primary = tuple([key for key in layout.primary if key in keys])
    auxiliary = tuple([key for key in layout.auxiliary if key in keys])
    wanted = chain.from_iterable([others if key == "*" else [key] for key in layout.secondary])
    room = max(BELOW_STRIP_MAX - len(auxiliary), 0)
    secondary = tuple([key for key in wanted if key in keys])[:room]
    face = {*header, *primary, *secondary, *auxiliary}
    back = [key for key in layout.back if key in keys and key not in face]
    back += [key for key in keys if key not in face and key not in back]
    return {
        "headerFields": header,
        "primaryFields": primary,
        "secondaryFields": secondary,
        "auxiliaryFields": auxiliary[:BELOW_STRIP_MAX],
        "backFields": tuple(back),
    }


def _compose(
    shared: Frame,
    card: Card,
    issued: PassIdentity,
    parts: list[str],
    pieces: list[Piece],
    own: list[Said],
) -> None:
    """Fill in the parts of pass.json, the pieces that cards share, and the texts they do not."""
    design, composer = shared.design, shared.composer
    facts = card.facts
    groups = placed(design.layout, tuple(facts))
    speaker, sentence = _announcing(card, design, facts)
    pieces.append(shared.start)
    parts += (shared.start.json, _own(card, issued, design))
    if card.places and design.shows_near_stores:
        parts += (',"locations":', composer.places(card.places, pieces), _near(design))
    separator = ',"storeCard":{"'
    for group, keys in groups.items():
        said_here = [
            composer.fact(key, facts[key], sentence if key == speaker else None, pieces, own)
            for key in keys
        ]
        if group == "backFields":
            # Without detectors iOS would offer to call the member number.
            said_here = [f'{one[:-1]},"dataDetectorTypes":[]}}' for one in said_here]
            said_here += [composer.section(one, pieces, own) for one in card.sections]
            said_here += [composer.section(one, pieces, own) for one in shared.back]
        if said_here:
            parts += (separator, group, '":[', ",".join(said_here), "]")
            separator = ',"'
    parts.append("}")
    if design.poster:
        parts.append(_poster(shared, facts, (speaker, sentence), pieces, own))
    parts.append("}")


def _own(card: Card, issued: PassIdentity, design: Design) -> str:
    """What is this pass's alone: who it is, its code, and how it stands."""
    code, spoken = quoted(card.code), quoted(card.code_text)
    kinds = design.barcodes if "qr" in design.barcodes else (*design.barcodes, "qr")
    codes = ",".join(
        [
            f'{{"format":"{_FORMATS[kind]}","message":{code},"messageEncoding":"iso-8859-1",'
            f'"altText":{spoken}}}'
            for kind in kinds
        ]
    )
    text = (
        f',"serialNumber":{quoted(issued.serial)},"authenticationToken":{quoted(issued.auth_token)},'
        f'"barcodes":[{codes}]'
    )
    if design.nfc:
        text += (
            f',"nfc":{{"message":{code},"encryptionPublicKey":{quoted(design.nfc.public_key)},'
            f'"requiresAuthentication":{str(design.nfc.requires_authentication).lower()}}}'
        )
    if design.app:
        # For the shop's app: what the card shows anyway. Anybody with the file can read it.
        text += f',"userInfo":{{"member":{quoted(card.member_number)}}}'
    money = card.balance if card.balance.currency else card.credit
    if money and money.currency and money.number is not None:
        text += (
            f',"semantics":{{"balance":{{"amount":"{amount(money.number, money.currency)}",'
            f'"currencyCode":{quoted(money.currency)}}}}}'
        )
    if card.expires_at:
        text += f',"expirationDate":{quoted(card.expires_at)}'
    return f'{text},"voided":true' if card.voided else text


def _announcing(card: Card, design: Design, facts: Mapping[str, Fact]) -> tuple[str, Text | None]:
    """The one fact that speaks when it changes and its sentence; nothing for a silent update.

    Where the design silences the chosen fact, the next in order speaks, if it has changed too.
    """
    if card.announced is None:
        return "", None
    for key in (card.announced, *ANNOUNCED_ORDER):
        fact = facts.get(key)
        words = design.announce.get(key, fact.announce if fact else None)
        if fact and words:
            return key, words
    return "", None


def _near(design: Design) -> str:
    """What is of use only near a store: Apple shows a store card for a time alone never."""
    text = f',"maxDistance":{design.distance_m}' if design.distance_m else ""
    if design.periods:
        dates = [{"startDate": one.starts_at, "endDate": one.ends_at} for one in design.periods]
        text += f',"relevantDates":{_encode(dates)}'
    return text


def _app(design: Design) -> Document:
    if design.app is None:
        return {}
    found: Document = {"associatedStoreIdentifiers": list(design.app.store_ids)}
    if design.app.launch_url:
        found["appLaunchURL"] = design.app.launch_url
    return found


def _beacons(
    design: Design, languages: Languages, marks: Marks
) -> tuple[list[Document], list[Said]]:
    found, texts = [], []
    for one in design.beacons:
        beacon: Document = {"proximityUUID": one.uuid.upper()}
        beacon |= {
            name: value
            for name, value in (("major", one.major), ("minor", one.minor))
            if value is not None
        }
        if one.text:
            text = said(languages, one.text, marks)
            beacon["relevantText"] = text[0]
            texts.append(text)
        found.append(beacon)
    return found, texts


def _own_sections(design: Design) -> tuple[Section, ...]:
    """The design's texts of the back: what is told, then links, then the small print."""
    order = sorted(design.back, key=lambda one: _KINDS.index(one.kind))
    return tuple(Section(f"own-{one.key}", one.title, one.body, one.url) for one in order)


def _poster(
    shared: Frame,
    facts: Mapping[str, Fact],
    announcing: tuple[str, Text | None],
    pieces: list[Piece],
    own: list[Said],
) -> str:
    """The full-size look of iOS 27 beside the classic one; a phone reads one of the two styles."""
    poster = shared.design.poster
    assert poster is not None
    speaker, sentence = announcing
    groups = (
        ("headerFields", poster.header),
        ("primaryFields", poster.primary),
        ("footerFields", poster.footer),
    )
    filled = []
    for group, keys in groups:
        said_here = [
            shared.composer.fact(
                f"poster-{key}", facts[key], sentence if key == speaker else None, pieces, own
            )
            for key in keys
            if key in facts
        ]
        filled.append(f'"{group}":[{",".join(said_here)}]')
    text = f',"posterGeneric":{{{",".join(filled)}}}'
    if poster.actions:
        actions = [
            {"identifier": one.key, "type": one.kind, "url": one.url} for one in poster.actions
        ]
        text += f',"featuredActions":{_encode(actions)}'
    return text


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """The texts of a pass.strings that `strings_files` wrote: two JSON strings a line."""
    decoder = json.JSONDecoder()
    for line in text.split("\n")[:-1]:
        key, end = decoder.raw_decode(line)
        yield key, decoder.raw_decode(line, end + 3)[0]


def _rgb(colour: str) -> str:
    """`#rrggbb` in the one notation that Apple documents."""
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgb({red}, {green}, {blue})"
