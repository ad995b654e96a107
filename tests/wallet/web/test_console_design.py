"""The card designer over HTTP: the preview is the real card, the draft is nobody's to overwrite."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from passes.apple.package import PassBuilder
from passes.apple.verify import read_pkpass
from passes.card import PassIdentity
from passes.design import Design
from passes.images import no_uploads
from passes.simulate import pass_face
from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.design_draft import design_draft
from wallet.actions.near_stores import store_key
from wallet.actions.program_view import touch_program
from wallet.actions.sample_cards import sample_card
from wallet.tables.design import draft_design
from wallet.tables.program import Program, Store
from wallet.web.wiring import wiring

ISSUED = PassIdentity("0" * 32, "0" * 43)


class Designer:
    """Emil, who does the marketing, at the designer."""

    def __init__(self, browser: Browser) -> None:
        browser.sign_in("emil")
        self.client = browser.client
        page = browser.get("/console/design").text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        state = re.search(r'id="design-state">(.*?)</script>', page, re.DOTALL)
        assert token
        assert state
        self.token = token[1]
        self.draft: dict[str, Any] = json.loads(state[1])["draft"]

    def send(self, method: str, path: str, **said: Any) -> TestResponse:
        headers = {"X-CSRFToken": self.token, "Accept": "application/json", "Accept-Language": "en"}
        return self.client.open(f"/console/design/{path}", method=method, headers=headers, **said)

    def document(self, **changes: Any) -> dict[str, Any]:
        return {**self.draft["document"], **changes}

    def save(self, revision: int, **changes: Any) -> TestResponse:
        said = {"document": self.document(**changes), "revision": revision}
        return self.send("PUT", "draft", json=said)


@pytest.fixture
def designer(browser: Browser) -> Designer:
    return Designer(browser)


def png(size: tuple[int, int] = (64, 64), colour: str = "#884422") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


def test_the_preview_shows_what_the_signed_pass_would(designer: Designer, web_cast: Cast) -> None:
    """Element by element: the face of the .pkpass that the builder makes of the same design and card."""
    changes = {
        "organization_name": "Chez <Léa> & fils",
        "logo_text": {"fr": "Léa", "en": "Lea"},
        "background": "#10233f",
        "layout": {
            **designer.draft["document"]["layout"],
            "header": ["number"],
            "back": ["balance"],
        },
    }
    document = designer.document(**changes)
    said = {"document": document, "sample": "full", "tier": None}
    shown = designer.send("POST", "preview", json=said).get_json()
    with designer.client.application.app_context():
        apple = wiring().apple
    with web_cast.database.reading() as session:
        card, tier = sample_card(session, web_cast.program, "full")
    builder = PassBuilder(apple, Design.parse(document), no_uploads, "https://cards.test/apple")
    data = builder.build(card, tier, ISSUED, datetime.now(UTC))
    files = read_pkpass(data, [apple.intermediate]).files
    for language in web_cast.program.locales:
        wanted = pass_face.face(files, language)
        found = shown["faces"]["apple"][language]
        assert {**found, "images": None} == {**wanted, "images": None}
    assert "99" in str(shown["faces"]["google"]["fr"]["points"])
    assert shown["pictures"]["fr"]["strip"] != shown["pictures"]["fr"]["hero"]
    picture = designer.client.get(shown["pictures"]["fr"]["strip"])
    assert Image.open(io.BytesIO(picture.data)).size == (750, 288)


def test_a_draft_is_saved_by_whoever_saw_the_newest(designer: Designer) -> None:
    saved = designer.save(0, background="#112233").get_json()
    assert (saved["revision"], saved["document"]["background"]) == (1, "#112233")
    refused = designer.save(0, background="#445566")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "draft_conflict")
    assert designer.save(1, background="#445566").get_json()["revision"] == 2
    dropped = designer.send("POST", "draft/discard", json={}).get_json()
    assert dropped["document"]["background"] == designer.draft["document"]["background"]
    stale = designer.save(2, background="#778899")
    assert stale.get_json()["code"] == "draft_conflict", "a page that is open elsewhere"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"organization_name": ""}, "organization_name"),
        ({"description": {}}, "description"),
        ({"background": "red"}, "background"),
        ({"announce": {"balance": {"fr": "Bravo"}}}, "announce"),
        (
            {
                "back": [
                    {"key": "a", "title": {"fr": "x"}, "body": {"fr": "y"}, "url": "javascript:x"}
                ]
            },
            "back.0.url",
        ),
        ({"images": {"logo": "../../etc/passwd"}}, "images.logo"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_is_no_design_is_said_where_it_is(
    designer: Designer, changes: dict[str, Any], path: str
) -> None:
    said = {"document": designer.document(**changes), "sample": "regular"}
    faults = designer.send("POST", "preview", json=said).get_json()["faults"]
    assert [one["path"] for one in faults] == [path]
    assert faults[0]["sentence"]
    assert designer.send("POST", "findings", json=said).get_json()["is_faulty"], "no praise for it"
    refused = designer.save(0, **changes)
    answers = [refused, *(designer.send("POST", to, json=said) for to in ("effect", "test-card"))]
    for answer in answers:
        assert (answer.status_code, answer.get_json()["code"]) == (422, "design_invalid")


def test_a_picture_is_kept_once_and_gives_its_colours(designer: Designer) -> None:
    first, again = (
        designer.send("POST", "pictures?crop=0,0,0.5,1", data=png(), content_type="image/png")
        for _ in range(2)
    )
    kept = first.get_json()
    assert (kept["width"], kept["height"]) == (32, 64)
    assert kept == again.get_json()
    assert all(re.fullmatch("#[0-9a-f]{6}", one["background"]) for one in kept["schemes"])
    saved = designer.save(0, images={"logo": kept["sha256"]}).get_json()
    assert saved["document"]["images"] == {"logo": kept["sha256"]}
    unknown = designer.save(1, images={"logo": "0" * 64}).get_json()
    assert unknown["code"] == "picture_missing"
    said = {"document": designer.document(images={"logo": "0" * 64})}
    for to in ("effect", "findings", "test-card"):
        assert designer.send("POST", to, json=said).status_code < 500, to


def test_findings_come_with_the_change_that_mends_them(designer: Designer) -> None:
    document = designer.document(foreground="#333333", background="#222222")
    answer = designer.send("POST", "findings", json={"document": document}).get_json()
    assert answer["is_faulty"] is False
    found = answer["findings"]
    contrast = next(one for one in found if one["code"] == "card.contrast")
    assert contrast["section"] == "colours"
    mended = {**document, **contrast["change"]}
    again = designer.send("POST", "findings", json={"document": mended}).get_json()["findings"]
    assert contrast["sentence"] not in [one["sentence"] for one in again]


def test_the_rows_of_android_are_previewed_named_and_mended(
    designer: Designer, web_cast: Cast
) -> None:
    rows = [["number"], [], ["balance", "ready"]]
    document = designer.document(google_rows=rows)
    said = {"document": document, "sample": "regular", "tier": None}
    shown = designer.send("POST", "preview", json=said).get_json()["faces"]["google"]["en"]["rows"]
    assert [[cell["at"] for cell in row] for row in shown] == [["centre"], ["start", "end"]]
    assert shown[0][0]["value"] == "100 000 425"
    found = designer.send("POST", "findings", json={"document": document}).get_json()["findings"]
    (empty,) = [one for one in found if one["code"] == "google.row_empty"]
    assert (empty["section"], empty["wallet"], empty["blocks"]) == ("facts", "google", False)
    assert empty["change"] == {"google_rows": [rows[0], rows[2]]}
    effect = designer.send("POST", "effect", json={"document": document}).get_json()
    assert effect["changes"] == ["lignes de la carte Android"]
    faults = designer.send(
        "POST", "preview", json={**said, "document": {**document, "google_rows": [["tier"] * 4]}}
    )
    (fault,) = faults.get_json()["faults"]
    assert (fault["path"], fault["section"]) == ("google_rows.0", "facts")
    # A draft that was saved before there were rows comes complete.
    del document["google_rows"]
    revision = designer.save(0).get_json()["revision"]

    def forget(session: Any) -> None:
        row = draft_design(session, web_cast.program.id)
        assert row
        row.document = document

    web_cast.run(forget)
    with web_cast.database.reading() as session:
        draft = design_draft(session, web_cast.program)
    assert (draft.revision, draft.document["google_rows"][1]) == (revision, ["next_reward"])


def test_the_stores_near_which_it_shows_up_are_chosen_and_previewed(
    designer: Designer, browser: Browser, web_cast: Cast
) -> None:
    first, second = web_cast.program.stores
    key = store_key(first.id)
    words = {"fr": "Un café chez %@\u202f?", "en": "A coffee at %@?"}
    document = designer.document(near_stores=[key], near_words=words)
    said = {"document": document, "sample": "regular", "tier": None}
    shown = designer.send("POST", "preview", json=said).get_json()["faces"]
    spot = {"place": f"{first.latitude},{first.longitude}", "text": f"A coffee at {first.name}?"}
    assert shown["apple"]["en"]["near"] == [spot]
    assert shown["google"]["en"]["near"] == [], "this issuer may not name its stores"
    off = {**said, "document": {**document, "shows_near_stores": False}}
    shown = designer.send("POST", "preview", json=off).get_json()["faces"]
    assert shown["apple"]["en"]["near"] == []
    effect = designer.send("POST", "effect", json={"document": document}).get_json()
    assert effect["changes"] == [
        "boutiques près desquelles elle apparaît",
        "phrase près d’une boutique",
    ]
    wrong = {**said, "document": {**document, "near_words": {"fr": "%@ %@"}}}
    (fault,) = designer.send("POST", "preview", json=wrong).get_json()["faults"]
    assert (fault["path"], fault["section"]) == ("near_words", "stores")

    def move_out(session: Any) -> None:
        session.get_one(Store, first.id).latitude = None
        session.get_one(Store, first.id).longitude = None
        session.get_one(Store, second.id).is_open = False
        touch_program(session.get_one(Program, web_cast.program.id))

    web_cast.run(move_out)
    both = {**document, "near_stores": [key, store_key(second.id)]}
    found = designer.send("POST", "findings", json={"document": both}).get_json()["findings"]
    codes = {one["code"]: one for one in found if one["section"] == "stores"}
    assert set(codes) == {"card.store_closed", "card.store_without_place", "card.stores_none"}
    assert codes["card.store_closed"]["change"] == {"near_stores": [key]}
    # Who may change the store is led there; others are told who may.
    page = browser.get("/console/design").text
    assert f"/console/stores/{key}" not in page
    assert "Un propriétaire ou un responsable" in page
    browser.send("/staff/sign-out", {}, page="/console/")
    browser.sign_in("marc")
    assert f'href="/console/stores/{key}"' in browser.get("/console/design").text


XSS = '"><img src=x onerror=alert(1)><script>alert(2)</script>%(a)s{{7*7}}'


def test_hostile_texts_are_texts_everywhere(designer: Designer, browser: Browser) -> None:
    """In every field that takes words: saved, shown and published as what was typed."""
    words = {"fr": XSS, "en": XSS}
    changes = {
        "organization_name": XSS[:64],
        "logo_text": {"fr": XSS[:40], "en": XSS[:40]},
        "description": words,
        "monogram": "<>",
        "near_words": words,
        "announce": {"balance": {"fr": XSS + "%@", "en": "%@" + XSS}},
        "back": [
            {"key": "x", "title": words, "body": words, "url": "https://x.test/?q=<script>"},
            {"key": "y", "title": words, "body": words, "kind": "legal"},
        ],
    }
    saved = designer.save(0, **changes)
    assert saved.status_code == 200, saved.text
    said = {"document": saved.get_json()["document"], "sample": "long"}
    shown = designer.send("POST", "preview", json=said).get_json()
    assert shown["faces"]["apple"]["fr"]["description"] == XSS
    assert {one["text"] for one in shown["faces"]["apple"]["fr"]["near"]} == {XSS}
    google = shown["faces"]["google"]["fr"]
    assert {"label": XSS, "value": XSS} in google["details"]
    assert {"text": XSS, "url": "https://x.test/?q=<script>"} in google["links"]
    page = browser.get("/console/design").text
    for raw in ("<img src=x", "<script>alert"):
        assert raw not in page
    note = designer.send("POST", "publish", json={"revision": 1, "share": 100, "note": XSS})
    assert note.status_code == 200, note.text
    listed = designer.send("GET", "progress").get_json()["versions"][0]
    assert (listed["note"], listed["state"]) == (XSS, "published")
    assert "<script>alert" not in browser.get("/p/demo/join").text


def test_publishing_is_blocked_by_proven_faults_only(designer: Designer) -> None:
    hinted = designer.document()["background"]
    revision = designer.save(0, foreground=hinted).get_json()["revision"]
    late = designer.send("POST", "publish", json={"revision": 7, "share": 100, "note": ""})
    assert late.get_json()["code"] == "draft_conflict"
    said = {"revision": revision, "share": 5, "note": "  Essai  "}
    assert designer.send("POST", "publish", json=said).status_code == 200
    newest = designer.send("GET", "progress").get_json()["versions"][0]
    assert (newest["state"], newest["share"], newest["note"]) == ("staged", 5, "Essai")
    for wrong in ({"share": 7}, {"share": "5"}, {"share": True}, {"note": "x" * 201}):
        refused = designer.send("POST", "publish", json={**said, **wrong})
        assert refused.get_json()["code"] == "body_invalid", wrong


def test_a_picture_that_is_none_gets_a_sentence(designer: Designer) -> None:
    for data, code in ((b"<svg/>", "picture_format"), (png((4, 4)), "picture_too_small")):
        refused = designer.send("POST", "pictures", data=data, content_type="image/png")
        assert (refused.status_code, refused.get_json()["code"]) == (422, code)
        assert refused.get_json()["detail"]
    huge = designer.send("POST", "pictures", data=b"\0" * 11_000_000, content_type="image/png")
    assert huge.status_code == 413
    for crop in ("1,0,0,1", "a,b,c,d", "0,0,nan,1", "0,0,2,1"):
        refused = designer.send("POST", f"pictures?crop={crop}", data=png())
        assert refused.get_json()["code"] == "body_invalid", crop
