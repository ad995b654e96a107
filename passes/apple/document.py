"""What a card says as Apple's pass.json (a store card) and its translations; pure functions.

This runs for every delivery, so `render` fills a template: it is written once for all cards that
differ in nothing but what is one member's own (names, numbers, movements). `pass_document` is the
same parsed, for tests, previews and the linter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from passes.apple.fields import OWN_SECTIONS, Writer, hole, linked, literal, own_number
from passes.apple.files import File, Head, whole
from passes.apple.words import Block, Languages, Marks, OwnTexts, Said, clashing, said
from passes.card import ANNOUNCED_ORDER, Card, Fact, PassIdentity, Section, Text
from passes.design import Design
from passes.design_parts import BELOW_STRIP_MAX, Beacon, Layout

Document = dict[str, Any]

TEMPLATES_KEPT_MAX = 64  # of one design and tier; some ten kilobytes each
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


class Template(NamedTuple):
    """pass.json, from some point on with holes, and the texts in it."""

    head: Head
    json: bytes
    block: Block


class Frame:
    """What the cards of one design, tier and set of languages share, and the templates so far.

    Safe to share between threads: what is kept changes no result, and the list is replaced whole.
    """

    def __init__(
        self, design: Design, tier_key: str | None, issuer: Issuer, languages: Languages
    ) -> None:
        self.design, self.languages = design, languages
        self.own_sections = _own_sections(design)
        self.name = _name(design, languages)
        self.document, self.texts = _start(design, tier_key, issuer, languages)
        self._templates: list[tuple[object, Template]] = []

    def template(self, card: Card) -> Template:
        """The template for cards that say the same as this one in all that is not their own.

        The last ones are compared one after the other: unequal cards mostly differ at once.
        """
        wanted = _likeness(card)
        for known, template in self._templates:
            if known == wanted:
                return template
        template = write_template(self, card)
        self._templates = [(wanted, template), *self._templates[: TEMPLATES_KEPT_MAX - 1]]
        return template


def _likeness(card: Card) -> object:
    """Everything in a card that its template depends on, as plain tuples and dictionaries: those
    are compared without running a line of Python."""
    return (
        card.announced,
        card.voided,
        card.expires_at is None,
        not card.member_name,
        [
            fact and (fact.key, fact.label, fact.announce, fact.currency, fact.number is None)
            for fact in (card.next_reward, card.ready, card.balance, card.credit, *card.extras)
        ],
        card.tier and (card.tier.label, card.tier.value, card.tier.announce, card.tier.number),
        [
            (one.key, one.title, one.url is None)
            if one.key in OWN_SECTIONS
            else (one.key, one.title, one.body, one.url)
            for one in card.sections
        ],
        card.places,
    )


class Rendered(NamedTuple):
    """pass.json, and the pass.strings of each of the card's languages."""

    json: File
    strings: list[File]


def pass_document(
    card: Card, design: Design, tier_key: str | None, issued: PassIdentity, issuer: Issuer
) -> Document:
    """The content of pass.json, with every text in the program's own language."""
    shared = Frame(design, tier_key, issuer, card.languages)
    document: Document = json.loads(whole(render(shared, card, issued).json))
    return document


def strings(card: Card, design: Design) -> dict[str, dict[str, str]]:
    """For each language what its pass.strings says: texts of pass.json → texts to show.

    The program's own language is written too: where the phone's language has no folder, Wallet
    takes another folder rather than the texts of pass.json. What is one member's and reads the
    same in every language (a name) needs no line.
    """
    shared = Frame(design, None, Issuer("", "", ""), card.languages)
    files = render(shared, card, PassIdentity("", "")).strings
    return {
        language: dict(_pairs(whole(file).decode()))
        for language, file in zip(card.languages, files, strict=True)
    }


def strings_file(translations: Mapping[str, str]) -> bytes:
    """The bytes of a pass.strings file (UTF-8, one line a text)."""
    return "".join([f"{quoted(a)} = {quoted(b)};\n" for a, b in translations.items()]).encode()


def render(shared: Frame, card: Card, issued: PassIdentity) -> Rendered:
    """pass.json and pass.strings of one member's card."""
    template = shared.template(card)
    texts = _own_texts(card)
    filled = template.block.with_own(texts, (card.member_name, card.member_number))
    if filled is None:
        return _the_long_way(shared, template, card, issued, texts)
    values, files = filled
    values[b"member"] = quoted(card.member_name).encode()
    values[b"number"] = quoted(card.member_number).encode()
    values.update(_own_values(card, issued))
    return Rendered((template.head, template.json % values), files)


def _the_long_way(
    shared: Frame, template: Template, card: Card, issued: PassIdentity, texts: OwnTexts
) -> Rendered:
    """The same where something is out of the ordinary, such as two texts with one key."""
    member = ((b"member", card.member_name), (b"number", card.member_number))
    own = [(hole, dict.fromkeys(shared.languages, text)) for hole, text in member] + texts
    told = [said(shared.languages, text, is_own=True) for _, text in own]
    if marks := clashing([*template.block.texts, *told]):
        template = write_template(shared, card, marks)
        told = [said(shared.languages, text, marks, is_own=True) for _, text in own]
    values = {hole: quoted(words).encode() for (hole, _), (words, _) in zip(own, told, strict=True)}
    values |= _own_values(card, issued)
    return Rendered((template.head, template.json % values), template.block.with_said(told))


def write_template(shared: Frame, card: Card, marks: Marks = ()) -> Template:
    """Write the template from scratch."""
    facts = card.facts
    design = shared.design
    writer = Writer(shared.languages, marks)
    speaker, sentence = _announcing(card, design, facts)
    # What has no hole comes first: it is hashed once.
    head = literal(_encode(shared.document)[:-1])
    if card.places and design.shows_near_stores:
        head += f',"locations":{writer.places(card.places)}{_near(design)}'
    parts = [_own(card, design, facts)]
    groups = placed(design.layout, tuple(facts))
    filled = {
        group: [writer.fact(key, facts[key], sentence if key == speaker else None) for key in keys]
        for group, keys in groups.items()
    }
    # Without detectors iOS would offer to call the member number.
    back = [f'{one[:-1]},"dataDetectorTypes":[]}}' for one in filled["backFields"]]
    sections = (*card.sections, *shared.own_sections)
    filled["backFields"] = back + [writer.section(one, at) for at, one in enumerate(sections)]
    parts.append(f',"storeCard":{_groups(filled)}')
    if design.poster:
        parts.append(_poster(design, facts, (speaker, sentence), writer))
    parts.append("}")
    block = Block(shared.languages, [*shared.texts, *writer.texts], shared.name)
    return Template(Head.of(head.encode() % ()), "".join(parts).encode(), block)


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


def _own_values(card: Card, issued: PassIdentity) -> dict[bytes, bytes]:
    """What goes into the holes of the template and is no text to translate."""
    values = {
        b"serial": quoted(issued.serial).encode(),
        b"token": quoted(issued.auth_token).encode(),
        b"code": quoted(card.code).encode(),
        b"spoken": quoted(card.code_text).encode(),
    }
    if card.expires_at:
        values[b"expires"] = quoted(card.expires_at).encode()
    for fact in (card.balance, card.next_reward, card.ready, card.credit, card.tier, *card.extras):
        if fact is not None and fact.number is not None:
            values[fact.key.encode()] = own_number(fact)
    return values


def _own_texts(card: Card) -> OwnTexts:
    """The texts that go into holes. A paragraph with an address is there as a link too."""
    texts: OwnTexts = []
    for fact in (card.balance, card.next_reward, card.ready, card.credit, *card.extras):
        if fact is not None and fact.number is None:
            texts.append((fact.key.encode(), fact.value))
    for at, section in enumerate(card.sections):
        if section.key in OWN_SECTIONS:
            texts.append((b"body%d" % at, section.body))
            if section.url is not None:
                texts.append((b"link%d" % at, linked(section)))
    return texts


def _own(card: Card, design: Design, facts: Mapping[str, Fact]) -> str:
    """What is this pass's alone: who it is, its code, and how it stands."""
    kinds = design.barcodes if "qr" in design.barcodes else (*design.barcodes, "qr")
    codes = ",".join(
        [
            f'{{"format":"{_FORMATS[kind]}","message":{hole("code")},'
            f'"messageEncoding":"iso-8859-1","altText":{hole("spoken")}}}'
            for kind in kinds
        ]
    )
    text = (
        f',"serialNumber":{hole("serial")},"authenticationToken":{hole("token")},'
        f'"barcodes":[{codes}]'
    )
    if design.nfc:
        key = literal(quoted(design.nfc.public_key))
        is_strict = str(design.nfc.requires_authentication).lower()
        text += f',"nfc":{{"message":{hole("code")},"encryptionPublicKey":{key},'
        text += f'"requiresAuthentication":{is_strict}}}'
    if design.app:
        # For the shop's app: what the card shows anyway. Anybody with the file can read it.
        text += f',"userInfo":{{"member":{hole("number")}}}'
    money = next((key for key in ("balance", "credit") if key in facts and facts[key].currency), "")
    if money:
        currency = literal(quoted(str(facts[money].currency)))
        text += f',"semantics":{{"balance":{{"amount":"{hole(money)}","currencyCode":{currency}}}}}'
    if card.expires_at:
        text += f',"expirationDate":{hole("expires")}'
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
        text += f',"relevantDates":{literal(_encode(dates))}'
    return text


def _start(
    design: Design, tier_key: str | None, issuer: Issuer, languages: Languages, marks: Marks = ()
) -> tuple[Document, list[Said]]:
    """The part that depends on the design alone, with its texts."""
    background, foreground, label = (_rgb(colour) for colour in design.colours(tier_key))
    texts: list[Said] = []

    def _say(words: Text) -> str:
        texts.append(said(languages, words, marks))
        return texts[-1][0]

    document: Document = {
        "formatVersion": 1,
        "passTypeIdentifier": issuer.pass_type_id,
        "teamIdentifier": issuer.team_id,
        "organizationName": design.organization_name,
        "description": _say(design.description),
        "backgroundColor": background,
        "foregroundColor": foreground,
        "labelColor": label,
        "suppressStripShine": True,
        "sharingProhibited": not design.may_be_shared,
        "webServiceURL": issuer.web_service_url,
    }
    if words := design.logo_words(languages):
        document["logoText"] = _say(words)
    if design.app:
        document["associatedStoreIdentifiers"] = list(design.app.store_ids)
        if design.app.launch_url:
            document["appLaunchURL"] = design.app.launch_url
    if design.beacons:
        document["beacons"] = [_beacon(one, _say) for one in design.beacons]
    if clashes := clashing([_name(design, languages), *texts]):
        return _start(design, tier_key, issuer, languages, clashes)
    return document, texts


def _name(design: Design, languages: Languages) -> Said:
    """The shop's name, which no phone may take for one of the other texts."""
    return said(languages, dict.fromkeys(languages, design.organization_name))


def _beacon(beacon: Beacon, say: Callable[[Text], str]) -> Document:
    found: Document = {"proximityUUID": beacon.uuid.upper()}
    for name, value in (("major", beacon.major), ("minor", beacon.minor)):
        if value is not None:
            found[name] = value
    if beacon.text:
        found["relevantText"] = say(beacon.text)
    return found


def _own_sections(design: Design) -> tuple[Section, ...]:
    """The design's texts of the back: what is told, then links, then the small print."""
    order = sorted(design.back, key=lambda one: _KINDS.index(one.kind))
    return tuple(Section(f"own-{one.key}", one.title, one.body, one.url) for one in order)


def _poster(
    design: Design,
    facts: Mapping[str, Fact],
    announcing: tuple[str, Text | None],
    writer: Writer,
) -> str:
    """The full-size look of iOS 27 beside the classic one; a phone reads one of the two styles."""
    poster = design.poster
    assert poster is not None
    speaker, sentence = announcing
    groups = {
        "headerFields": poster.header,
        "primaryFields": poster.primary,
        "footerFields": poster.footer,
    }
    filled = {
        group: [
            writer.fact(f"poster-{key}", facts[key], sentence if key == speaker else None)
            for key in keys
            if key in facts
        ]
        for group, keys in groups.items()
    }
    text = f',"posterGeneric":{_groups(filled)}'
    if poster.actions:
        actions = [
            {"identifier": one.key, "type": one.kind, "url": one.url} for one in poster.actions
        ]
        text += f',"featuredActions":{literal(_encode(actions))}'
    return text


def _groups(filled: Mapping[str, list[str]]) -> str:
    """Groups of fields, those that have any."""
    parts = [f'"{group}":[{",".join(found)}]' for group, found in filled.items() if found]
    return f"{{{','.join(parts)}}}"


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
