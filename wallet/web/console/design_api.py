"""What the designer's page asks for: the preview, the draft, pictures, publishing, its progress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request, url_for

from passes.design import Design
from passes.errors import DesignError
from passes.images import POSTER_PREVIEWS, PREVIEWS
from passes.safe_picture import UPLOAD_BYTES_MAX, WHOLE, Crop
from wallet import clock
from wallet.actions.design_draft import Draft, design_draft, drop_draft, save_draft
from wallet.actions.keep_picture import keep_picture, read_picture
from wallet.actions.preview_design import lint_samples, picture_of, preview_design, sample_keys
from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.web.console.design_words import fault_json, finding_json, iso
from wallet.web.console.frame import own_program
from wallet.web.locale import current_language
from wallet.web.security import staff
from wallet.web.wiring import read, settings, write

PICTURE_SECONDS = 3600  # its address says all that it is made of
LOOK_LENGTH_MAX = 4_000  # characters of an address

Json = dict[str, Any]


def preview() -> Response:
    """POST: a document and a sample → both faces, the lock screen, findings; or what is wrong."""
    program, said = own_program(), body()
    document, sample = document_of(said), said.get("sample")
    tier = said.get("tier") or None
    if sample not in sample_keys() or not isinstance(tier, str | None):
        raise Refusal("body_invalid")
    if faults := Design.faults(document):
        return jsonify(faults=[fault_json(one) for one in faults])
    at_google = settings().google_store_locations
    shown = read(
        lambda session: preview_design(
            session, program, document, sample, tier, google_knows_stores=at_google
        )
    )
    design = Design.parse(document)
    has_wide = bool(shown.faces["google"][program.locale]["wide_logo"])
    return jsonify(
        faces=shown.faces,
        news=shown.news,
        tier=shown.tier_key,
        parts=shown.parts,
        pictures={
            language: pictures(design, shown.tier_key, language, has_wide=has_wide)
            for language in program.locales
        },
    )


def findings() -> Response:
    """POST: a document → what to mend, found on samples of every tier."""
    program, document = own_program(), document_of(body())
    if Design.faults(document):
        return jsonify(findings=[], is_faulty=True)  # nobody can say how such a card looks
    found = read(lambda session: lint_samples(session, program, document))
    said = [finding_json(one, current_language()) for one in found]
    return jsonify(findings=said, is_faulty=False)


def picture(name: str) -> Response:
    """GET: one picture of a face. The address holds the look, so it never changes."""
    text = request.args.get("look", "")
    if name not in PREVIEWS or len(text) > LOOK_LENGTH_MAX:
        raise Refusal("not_found")
    try:
        document = _document_of_look(json.loads(text))
        data = read(lambda session: picture_of(session, document, name, None, None))
    except (ValueError, TypeError, DesignError) as error:
        raise Refusal("not_found") from error
    answer = Response(data, content_type="image/png")
    answer.headers["Cache-Control"] = f"private, max-age={PICTURE_SECONDS}"
    return answer


def pictures(
    design: Design, tier_key: str | None, language: str, *, has_wide: bool = False
) -> dict[str, str]:
    """Name → address of every picture of this face."""
    background, foreground, _ = design.colours(tier_key)
    look = {
        "background": background,
        "foreground": foreground,
        "monogram": design.monogram,
        "pattern": design.pattern,
        "images": design.pictures(tier_key, language),
    }
    text = json.dumps(look, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return {
        name: url_for("console.design_picture", name=name, look=text)
        for name in PREVIEWS
        if _is_shown(design, name, has_wide=has_wide)
    }


def _is_shown(design: Design, name: str, *, has_wide: bool) -> bool:
    """Whether a face of this design has a place for that picture."""
    if name == "wide":
        return has_wide
    if name == "secondary_logo" and name not in design.images:
        return False
    return name not in POSTER_PREVIEWS or design.poster is not None


def _document_of_look(look: Mapping[str, Any]) -> Json:
    """The least design that has this look."""
    return {
        **look,
        "organization_name": "-",
        "description": {"en": "-"},
        "label": look["foreground"],
    }


def save() -> Response:
    """PUT: the draft, if nobody else saved it since."""
    program, said = own_program(), body()
    revision = said.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise Refusal("body_invalid")
    document = sound_document_of(said)
    by, now = staff().name, clock.now()
    try:
        kept = write(lambda session: save_draft(session, program.id, document, revision, by, now))
    except Refusal as refusal:
        if refusal.code != "draft_conflict":
            raise
        # With the draft that was quicker: the page joins both.
        newest = read(lambda session: design_draft(session, program))
        raise Refusal("draft_conflict", **refusal.facts, draft=draft_json(newest)) from refusal
    return jsonify(draft_json(kept))


def discard() -> Response:
    """POST: the draft is dropped; the page goes on from the design in force."""
    program = own_program()

    def _work(session: Any) -> Draft:
        drop_draft(session, program.id)
        return design_draft(session, program)

    return jsonify(draft_json(write(_work)))


def add_picture() -> Response:
    """POST: the bytes of a picture, made anew and kept; colours drawn from it come with it."""
    program, crop = own_program(), _crop(request.args.get("crop", ""))
    data = request.get_data(cache=False)
    if len(data) > UPLOAD_BYTES_MAX:
        raise Refusal("picture_too_large")
    safe = read_picture(data, crop)
    kept = write(lambda session: keep_picture(session, program.id, safe, clock.now()))
    return jsonify(
        sha256=kept.sha256,
        width=kept.width,
        height=kept.height,
        schemes=[
            {"background": one.background, "foreground": one.foreground, "label": one.label}
            for one in kept.schemes
        ],
    )


def _crop(text: str) -> Crop:
    """Four shares of the picture, `left,top,right,bottom`; the whole of it when nothing is said."""
    if not text:
        return WHOLE
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Refusal("body_invalid") from error
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise Refusal("body_invalid")
    return left, top, right, bottom


def body() -> Json:
    """The request's JSON object."""
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        raise Refusal("json_invalid")
    return said


def document_of(said: Json) -> Json:
    """The design document in it."""
    document = said.get("document")
    if not isinstance(document, dict):
        raise Refusal("body_invalid")
    return document


def sound_document_of(said: Json) -> Json:
    """The same, if it is a design; `design_invalid` says where it is not."""
    document = document_of(said)
    if faults := Design.faults(document):
        raise Refusal("design_invalid", faults=[fault_json(one) for one in faults])
    return document


def draft_json(draft: Draft) -> Json:
    """A draft for the page."""
    return {
        "document": dict(draft.document),
        "revision": draft.revision,
        "saved_at": iso(draft.saved_at),
        "saved_by": draft.saved_by,
    }


def has_changes(program: ProgramView, draft: Draft) -> bool:
    """Whether the draft would change anything."""
    return dict(draft.document) != Design.parse(program.design).model_dump(mode="json")
