"""What the designer says: faults of a document in sentences, the choices of its lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from babel.numbers import format_percent
from flask_babel import gettext as _

from passes.design import Fault
from passes.finding import Finding
from passes.starters import STARTERS
from wallet.actions.card_facts import credit_of
from wallet.actions.program_view import ProgramView
from wallet.web.locale import current_language

COLOURS = ("background", "foreground", "label")
_SECTIONS = (
    # What a finding's or fault's place begins with → the part of the form that mends it.
    (("design.tiers", "tiers"), "tiers"),
    (
        ("images_by_language", "barcodes", "may_be_shared", "app", "nfc", "poster", "userInfo"),
        "more",
    ),
    (("associatedStoreIdentifiers", "artwork", "primaryLogo", "secondaryLogo"), "more"),
    (("design.", "background", "foreground", "label", "pattern"), "colours"),
    (
        ("images", "icon", "logo.", "logo@", "strip", "hero", "class.programLogo", "class.hero"),
        "art",
    ),
    (
        (
            "storeCard.backFields",
            "back",
            "object.textModules",
            "object.links",
            "class.links",
            "class.text",
        ),
        "back",
    ),
    (("storeCard", "layout", "google_rows", "class.classTemplate", "object."), "facts"),
    (("announce",), "news"),
    (("locations", "distance_m", "relevantDates", "beacons", "periods"), "stores"),
    (("shows_near", "near_"), "stores"),
)


def section_of(where: str) -> str:
    """The part of the form in which this place is mended; `texts` for everything else."""
    if where.endswith("changeMessage"):
        return "news"
    return next((name for starts, name in _SECTIONS if where.startswith(starts)), "texts")


def fault_json(fault: Fault) -> dict[str, str]:
    """A fault for the page: where, in which part of the form, and a sentence."""
    path = fault.path
    return {"path": path, "section": section_of(path), "sentence": _fault_sentence(fault)}


def _fault_sentence(fault: Fault) -> str:
    sentences: Mapping[str, Callable[[], str]] = {
        "string_too_short": lambda: _("This is needed."),
        "too_short": lambda: _("This is needed."),
        "missing": lambda: _("This is needed."),
        "string_too_long": lambda: _(
            "At most %(most)s characters.", most=fault.figures.get("max_length", "")
        ),
        "too_long": lambda: _(
            "At most %(most)s of these.", most=fault.figures.get("max_length", "")
        ),
        "string_pattern_mismatch": lambda: (
            _("A colour is written like #1d3b34.")
            if fault.path.rpartition(".")[2] in COLOURS
            else _("This does not have the right form.")
        ),
        "less_than_equal": lambda: _("At most %(most)s.", most=fault.figures.get("le", "")),
        "greater_than_equal": lambda: _("At least %(least)s.", least=fault.figures.get("ge", "")),
        "int_parsing": lambda: _("Please give a whole number."),
        "int_type": lambda: _("Please give a whole number."),
    }
    if own := _sentence_of_place(fault):
        return own
    if fault.path.endswith("url"):
        return _("Please give an address that begins with https, http, mailto or tel.")
    if fault.path.startswith("announce"):
        return _("Write %(mark)s once, where the new value goes.", mark="%@")
    if fault.path == "layout":
        return _("A fact can stand in one place only.")
    if fault.path == "":
        return _("Each text of the back needs a key of its own.")
    return sentences.get(fault.kind, lambda: _("This cannot be used here."))()


def _sentence_of_place(fault: Fault) -> str:
    """What is wrong in the parts that few designs have; empty where nothing special is to say."""
    if fault.path.startswith("near_words") and fault.kind == "value_error":
        return _("Write %(mark)s at most once, where the store's name goes.", mark="%@")
    if fault.path.startswith("periods"):
        return _("Please give both times: it must end after it starts, at most 24 hours later.")
    if fault.path == "nfc.public_key":
        return _("This is no public key: base64 of a P-256 key is needed.")
    if fault.path.startswith("beacons") and fault.path.endswith("uuid"):
        return _("A UUID has 32 digits or letters from A to F, in five groups.")
    if fault.path.startswith("poster.actions") and fault.path.endswith("url"):
        return _("Please give an address that begins with https.")
    return ""


def finding_json(finding: Finding, language: str) -> dict[str, Any]:
    """A finding for the page."""
    sentence, fix = (said.get(language) or said["en"] for said in (finding.sentence, finding.fix))
    return {
        "code": finding.code,
        "section": section_of(finding.where),
        "wallet": finding.wallet,
        "blocks": finding.blocks,
        "sentence": sentence,
        "fix": fix,
        "change": None if finding.change is None else dict(finding.change),
    }


def fact_names(program: ProgramView, language: str) -> list[tuple[str, str]]:
    """(key, name) of every fact that a card of this program may have."""
    main = program.ruleset.main_unit
    others = [unit for unit in program.ruleset.units if unit.key != main.key]
    credit = credit_of(program)
    found = [
        ("balance", program.text(main.name, language)),
        ("member", _("Name of the member")),
        ("tier", _("Status")),
        ("next_reward", _("Way to the next reward")),
        ("ready", _("Reward that can be had now")),
        ("number", _("Member number")),
    ]
    if credit:
        found.insert(1, ("credit", program.text(credit.name, language)))
    found += [
        (f"unit:{unit.key}", program.text(unit.name, language)) for unit in others if unit != credit
    ]
    return found


def news_names(program: ProgramView, language: str) -> list[tuple[str, str]]:
    """(key, name) of the facts whose change a phone can say."""
    can = ("balance", "credit", "tier", "ready")
    return [(key, name) for key, name in fact_names(program, language) if key in can]


def art_names() -> list[tuple[str, str, str]]:
    """(role, name, hint) of the pictures that both wallets show."""
    return [
        (
            "logo",
            _("Logo"),
            _("Top left on the iPhone. Transparent PNG, up to 160 × 50 points."),
        ),
        ("icon", _("Icon"), _("Square. On the lock screen, and in a circle on Android.")),
        (
            "strip",
            _("Picture of the iPhone"),
            _("Behind the large text: keep the left calm. 375 × 144 points."),
        ),
        (
            "hero",
            _("Picture of Android"),
            _("Below the code, full width: 1032 × 336 pixels. Without one, the iPhone's is used."),
        ),
    ]


def code_names() -> list[tuple[str, str]]:
    """(key, name) of the codes that tills read."""
    return [
        ("qr", _("QR code")),
        ("aztec", "Aztec"),
        ("pdf417", "PDF417"),
        ("code128", "Code 128"),
        ("code39", _("Code 39 (iOS 27)")),
    ]


def action_names() -> list[tuple[str, str]]:
    """(key, name) of the buttons of the full-size look; the phone writes them in its own words."""
    return [
        ("shop", _("Shop")),
        ("order", _("Order")),
        ("viewOffersRewards", _("Offers and rewards")),
        ("membershipBenefits", _("Benefits")),
        ("addToBalance", _("Add to the balance")),
        ("bookAppointment", _("Book an appointment")),
        ("call", _("Call")),
    ]


def places() -> list[tuple[str, str]]:
    """(group of the layout, name) of where a fact can stand."""
    return [
        ("header", _("Top right")),
        ("primary", _("Large, on the picture")),
        ("secondary", _("Below, from the left")),
        ("auxiliary", _("Below, at the right")),
        ("back", _("On the back")),
    ]


def samples() -> list[tuple[str, str]]:
    """(key, name) of the sample members."""
    return [
        ("regular", _("Usual")),
        ("new", _("0 points")),
        ("full", _("99,999 points")),
        ("long", _("Long words")),
    ]


def patterns() -> list[tuple[str, str]]:
    """(key, name) of what is drawn where there is no picture."""
    return [
        ("rings", _("Rings")),
        ("arches", _("Arches")),
        ("waves", _("Waves")),
        ("leaves", _("Leaves")),
        ("rays", _("Lanes")),
    ]


def starter_names() -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """(key, name, what it changes) of each template to start from."""
    names = {
        "cafe": _("Café"),
        "boutique": _("Boutique"),
        "salon": _("Salon"),
        "grocer": _("Grocer"),
        "sports": _("Sports shop"),
    }
    return [(key, names[key], document) for key, document in STARTERS.items()]


def spoken_change(path: str) -> str:
    """What a difference between two versions is about, in a word."""
    words: Mapping[str, Callable[[], str]] = {
        "organization_name": lambda: _("name"),
        "description": lambda: _("description"),
        "logo_text": lambda: _("text beside the logo"),
        "monogram": lambda: _("initials"),
        "background": lambda: _("background"),
        "foreground": lambda: _("text colour"),
        "label": lambda: _("colour of labels"),
        "pattern": lambda: _("drawn picture"),
        "tiers": lambda: _("look of a status"),
        "images": lambda: _("pictures"),
        "images_by_language": lambda: _("pictures of a language"),
        "layout": lambda: _("places of the facts"),
        "google_rows": lambda: _("rows of Android’s card"),
        "back": lambda: _("texts of the back"),
        "announce": lambda: _("sentences of the lock screen"),
        "shows_near_stores": lambda: _("near the stores"),
        "near_stores": lambda: _("stores near which it shows up"),
        "near_words": lambda: _("sentence near a store"),
        "distance_m": lambda: _("distance to the stores"),
        "periods": lambda: _("days on which it comes forward"),
        "beacons": lambda: _("beacons"),
        "barcodes": lambda: _("kind of code"),
        "may_be_shared": lambda: _("sharing"),
        "app": lambda: _("app of your own"),
        "nfc": lambda: _("reading without contact"),
        "poster": lambda: _("full-size look"),
    }
    return words.get(path, lambda: _("settings"))()


def percent(share: int) -> str:
    """A share as the reader writes it."""
    return str(format_percent(share / 100, locale=current_language()))


def release_status(status: str, share_percent: int) -> tuple[str, str]:
    """(what a version is doing, the kind of its badge)."""
    return {
        "published": (_("on the cards"), "ok"),
        "staged": (_("on %(share)s of the cards", share=percent(share_percent)), "brass"),
        "withdrawn": (_("taken back"), "warn"),
    }.get(status, (_("earlier"), ""))


def iso(moment: datetime | None) -> str | None:
    """A time for the page's script."""
    return moment.isoformat() if moment else None


def page_texts() -> dict[str, str]:
    """What the page's script says; it fills in `%(name)s` itself."""
    return {
        "saving": _("Saving …"),
        "saved": _("Draft saved at %(time)s"),
        "unchanged": _("This is the card that shoppers have."),
        "together": _("%(by)s is working on it too: what you both changed is in."),
        "clash": _(
            "%(by)s changed the same as you meanwhile: %(what)s. Whose counts? Everything else of you both is kept."
        ),
        "clash_wait": _("Not saved yet: please choose whose change counts."),
        "faulty": _("Not saved: please check the marked fields."),
        "away": _(
            "The server does not answer. What you typed stays here and is saved as soon as it does."
        ),
        "mend": _("Mend it"),
        "proven": _("must be mended"),
        "hint": _("could be better"),
        "perfect": _("Nothing to mend: both wallets show this card well."),
        "contrast": _("%(ratio)s to 1"),
        "wallet": _("Wallet"),
        "other": _("Another card"),
        "now": _("now"),
        "near_count": _("%(count)s of %(all)s chosen"),
        "near_here": _("near a store"),
        "near_google": _("Near a store, Android shows the card in words of its own."),
        **_part_texts(),
        **{f"action_{key}": name for key, name in action_names()},
        "rows_swapped": _("%(fact)s stands here now, %(other)s in row %(row)s."),
        "rows_moved": _("%(fact)s stands here now, no longer in row %(row)s."),
        "rows_unknown": _("%(fact)s (not in this program)"),
        "no_poster": _("The full-size look is off: it is under “More”."),
        "own_picture": _("own picture"),
        "uploading": _("Making the picture safe …"),
        "details": _("Details"),
        "messages": _("Messages"),
        "voided": _("No longer valid"),
        "expired": _("Expired"),
        "guarded": "",
        "switches": "|".join(
            (_("Automatic Updates"), _("Allow Notifications"), _("Show on Lock Screen"))
        ),
        "nothing_to_publish": _("Nothing to publish: this is the card that shoppers have."),
        "widen": _("To %(share)s"),
        "withdraw": _("Take it back"),
        "bring_back": _("Bring back"),
        "bring_back_sure": _("Bring version %(version)s back to all cards?"),
        "withdraw_sure": _("Take this version back? Its cards show the one before again."),
        "version": _("Version %(version)s"),
        "by": _("%(name)s, %(at)s"),
        "changes": _("What changes: %(changes)s."),
        "drop": _("Drop all changes and go back to the card that shoppers have?"),
    }


def _part_texts() -> dict[str, str]:
    """What differs between the card that is live and the draft, by the part of a face."""
    return {
        "same_card": _("Nothing changes to the eye."),
        "piece_new": _("New: %(name)s"),
        "piece_gone": _("Gone: %(name)s"),
        "piece_moved": _("Elsewhere: %(name)s"),
        "piece_on_front": _("On the front now: %(name)s"),
        "piece_off_front": _("On the back only: %(name)s"),
        "piece_other": _("Other words: %(name)s"),
        "part_background": _("Background"),
        "part_foreground": _("Text colour"),
        "part_label": _("Colour of labels"),
        "part_organization": _("Name of the brand"),
        "part_issuer": _("Name of the brand"),
        "part_program": _("Name of the program"),
        "part_description": _("What is read aloud"),
        "part_logo_text": _("Text beside the logo"),
        "part_logo": _("Logo"),
        "part_icon": _("Icon"),
        "part_strip": _("Picture"),
        "part_google_logo": _("Logo"),
        "part_wide": _("Logo"),
        "part_hero": _("Picture"),
        "part_near": _("Stores near which it shows up"),
        "part_near_words": _("Sentence near a store"),
    }
