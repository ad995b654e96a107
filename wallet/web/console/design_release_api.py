"""Publishing from the designer's page: what it would do, doing it, how far it has come, back again."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.actor import SYSTEM
from wallet.actions.design_draft import draft_to_publish, drop_draft
from wallet.actions.design_releases import (
    Effect,
    Version,
    Way,
    blocking_findings,
    effect_of,
    releases,
)
from wallet.actions.design_test_card import make_test_card
from wallet.actions.publish_design import (
    ALL,
    NOTE_LENGTH_MAX,
    Release,
    publish_design,
    roll_back_design,
    widen_design,
    withdraw_design,
)
from wallet.errors import Refusal
from wallet.web.console.delivery import PROVIDER_NAMES
from wallet.web.console.design_api import Json, body, sound_document_of
from wallet.web.console.design_words import finding_json, release_status, spoken_change
from wallet.web.console.frame import own_program
from wallet.web.locale import current_language, number
from wallet.web.present import code_picture, spell_time
from wallet.web.security import staff
from wallet.web.wiring import read, write


def effect() -> Response:
    """POST: a document → what publishing it would do to shoppers, in sentences."""
    program, document = own_program(), sound_document_of(body())
    found = read(lambda session: effect_of(session, program, document))
    return jsonify(
        changes=[spoken_change(one) for one in found.changes],
        sentences=_effect_sentences(found),
        blocking=[finding_json(one, current_language()) for one in found.blocking],
    )


def _effect_sentences(found: Effect) -> list[str]:
    apple, google = (found.on_phones.get(name, 0) for name in ("apple", "google"))
    sentences = [
        ngettext(
            "%(count)s card on a phone changes by itself within minutes.",
            "%(count)s cards on phones change by themselves within minutes.",
            apple + google,
            count=number(apple + google),
        ),
        _(
            "%(apple)s in Apple Wallet, %(google)s in Google Wallet.",
            apple=number(apple),
            google=number(google),
        ),
        _(
            "Silently: no phone rings, and no lock screen lights up. Only a new value would do that."
        ),
        _("Scans at the tills go first; cards that shoppers are waiting for do not wait for this."),
    ]
    return sentences if apple + google else [_("No card is on a phone yet: nobody notices.")]


def publish() -> Response:
    """POST: the draft as it was last saved goes to a share of the cards, with a reason."""
    program, said = own_program(), body()
    revision, share = _number(said, "revision"), _number(said, "share")
    release = Release(share, _note(said))
    by, now = staff().name, clock.now()

    def _work(session: Session) -> int:
        document = draft_to_publish(session, program.id, revision)
        blocking = blocking_findings(session, program, document)
        if blocking:
            shown = [finding_json(one, current_language()) for one in blocking]
            raise Refusal("design_blocked", findings=shown)
        version = publish_design(session, program.id, document, by, now, release)
        if share == ALL:
            drop_draft(session, program.id)
        return version

    return jsonify(version=write(_work))


def widen() -> Response:
    """POST: the staged version reaches more cards."""
    program, said = own_program(), body()
    version, share = _number(said, "version"), _number(said, "share")

    def _work(session: Session) -> None:
        widen_design(session, program.id, version, share, clock.now())
        if share == ALL:
            drop_draft(session, program.id)

    write(_work)
    return jsonify(version=version)


def withdraw() -> Response:
    """POST: the staged version goes away again."""
    program, version = own_program(), _number(body(), "version")
    write(lambda session: withdraw_design(session, program.id, version, clock.now()))
    return jsonify(version=version)


def roll_back() -> Response:
    """POST: an earlier version for all cards again."""
    program, said = own_program(), body()
    version, note = _number(said, "version"), _note(said)
    by = staff().name
    told = note or _("Back to version %(version)s", version=version)
    made = write(
        lambda session: roll_back_design(session, program.id, version, by, clock.now(), told)
    )
    return jsonify(version=made)


def progress() -> Response:
    """GET: every version with how far it has come."""
    program = own_program()
    found = read(lambda session: releases(session, program))
    return jsonify(
        versions=[_version_json(one, program.time_zone) for one in found],
        under_way=any(one.is_under_way for one in found),
    )


def test_card() -> Response:
    """POST: a card with the document's design for one's own phone; tills refuse it."""
    program, document = own_program(), sound_document_of(body())
    address = write(lambda session: make_test_card(session, program, document, clock.now()))
    return jsonify(address=address, code=code_picture(address, _("Code of the test card")))


def _version_json(version: Version, time_zone: str) -> Json:
    status, kind = release_status(version.status, version.share_percent)
    at = version.published_at
    return {
        "number": version.number,
        "state": version.status,
        "share": version.share_percent,
        "status": status,
        "kind": kind,
        "note": version.note,
        "by": _("Set-up") if version.by == SYSTEM.label else version.by,
        "at": spell_time(at, time_zone, current_language()) if at else "",
        "background": version.document["background"],
        "foreground": version.document["foreground"],
        "ways": [_way_json(way) for way in version.ways],
        "under_way": version.is_under_way,
    }


def _way_json(way: Way) -> Json:
    return {
        "name": PROVIDER_NAMES[way.provider],
        "wanted": way.wanted,
        "assigned": way.assigned,
        "arrived": way.arrived,
        "sentence": _(
            "%(arrived)s of %(wanted)s cards on phones",
            arrived=number(way.arrived),
            wanted=number(way.wanted),
        )
        if way.wanted
        else _("No card on a phone yet"),
        "removed": _removed_words(way),
    }


def _removed_words(way: Way) -> str:
    if not way.wanted and not way.removed:
        return ""
    if not way.removed:
        return _("None taken off a phone since")
    return str(
        ngettext(
            "%(count)s taken off a phone since",
            "%(count)s taken off phones since",
            way.removed,
            count=number(way.removed),
        )
    )


def _number(said: Json, name: str) -> int:
    value: Any = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refusal("body_invalid")
    return value


def _note(said: Json) -> str:
    note = said.get("note", "")
    if not isinstance(note, str) or len(note) > NOTE_LENGTH_MAX:
        raise Refusal("body_invalid")
    return " ".join(note.split())
