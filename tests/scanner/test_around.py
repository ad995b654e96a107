"""What is around the sale: photos, practice, the shift, the customer's screen, icons, what to say."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from passes.qr import qr_png
from tests.factories import Cast
from tests.scanner.conftest import Till, told
from tests.scanner.treats import refreshed
from wallet.actions.till_settings import TillSettings, coach_of, save_till_settings
from wallet.errors import Refusal
from wallet.rules.coach import DEFAULTS, PARTS, coach, coach_texts
from wallet.web.security import BODY_BYTES_MAX, PHOTO_BYTES_MAX

CODES = ("M10123456789ABCDEFGHJKMNPQ", "M1ZYXWVTSRQPNMKJHGFEDCBA98")


def refused(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, told(answer)["code"]) == (status, code)


# --- Photos ----------------------------------------------------------------------------------


def photo(till: Till, data: bytes, kind: str = "image/jpeg") -> TestResponse:
    return till.client.post(
        "/till/api/photo", data=data, content_type=kind, headers={"X-CSRFToken": till.csrf}
    )


def picture(*texts: str, side: int = 500, kind: str = "JPEG", **more: Any) -> bytes:
    """Codes side by side on a grey counter."""
    ground = Image.new("RGB", (side * max(len(texts), 1), side), (120, 110, 100))
    for place, text in enumerate(texts):
        code = Image.open(io.BytesIO(qr_png(text))).convert("RGB").resize((side // 2, side // 2))
        ground.paste(code, (place * side + side // 4, side // 4))
    data = io.BytesIO()
    ground.save(data, kind, **more)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_read_and_kept_nowhere(till: Till, kind: str) -> None:
    assert told(photo(till, picture(CODES[0], kind=kind)))["texts"] == [CODES[0]]


def test_a_large_photo_and_two_cards(till: Till) -> None:
    data = picture(*CODES, side=2200, quality=100, subsampling=0)
    assert len(data) > BODY_BYTES_MAX
    found = told(photo(till, data))["texts"]
    assert sorted(found) == sorted(CODES)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo_unreadable"),
        (b"GIF89a" + bytes(40), 422, "photo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "photo_unreadable"),
        (picture(CODES[0])[:900], 422, "photo_unreadable"),
        (picture(), 404, "photo_without_code"),
        (bytes(PHOTO_BYTES_MAX + 1), 413, "body_too_large"),
    ],
    ids=["empty", "a gif", "an svg", "cut off", "no code", "huge"],
)
def test_what_cannot_be_read_says_so(till: Till, data: bytes, status: int, code: str) -> None:
    refused(photo(till, data), status, code)


def test_a_bomb_is_known_by_its_head(till: Till) -> None:
    data = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(data, "PNG")
    assert len(data.getvalue()) < 100_000
    refused(photo(till, data.getvalue(), "image/png"), 413, "photo_too_large")


# --- Practice --------------------------------------------------------------------------------


def practise(till: Till, *acts: dict[str, Any]) -> TestResponse:
    return till.post("practice", acts=list(acts))


def test_practice_does_everything_and_books_nothing(till: Till, cast: Cast) -> None:
    before = cast.audit().entries
    fresh = told(practise(till))
    start = fresh["member"]["balances"]["points"]["available"]
    reward = next(each for each in fresh["member"]["rewards"] if each["affordable"])
    sale = {"kind": "purchase", "amount_minor": 1250}
    assert told(practise(till, sale))["changes"] == [{"unit": "points", "quantity": 12}]
    taken = told(practise(till, sale, {"kind": "redemption", "reward_id": reward["id"]}))
    assert taken["reward"]["name"] == reward["name"]
    left = start + 12 - reward["cost"]
    assert taken["member"]["balances"]["points"]["available"] == left
    undone = told(practise(till, sale, {"kind": "undo"}))
    assert undone["member"]["balances"]["points"]["available"] == start
    cup = told(practise(till, {"kind": "activity", "activity": "own_cup"}))
    assert cup["changes"] == [{"unit": "points", "quantity": 5}]
    assert cast.audit().entries == before


@pytest.mark.parametrize(
    ("acts", "status", "code"),
    [
        ([{"kind": "purchase", "amount_minor": 0}], 422, "amount_invalid"),
        ([{"kind": "redemption", "reward_id": "rwd_0000000000000"}], 404, "reward_not_found"),
        ([{"kind": "activity", "activity": "nothing"}], 404, "activity_unknown"),
        ([{"kind": "undo"}], 409, "already_reversed"),
        ([{"kind": "undo"}] * 41, 409, "practice_too_long"),
        ([{"kind": "undo"}] * 42, 422, "body_invalid"),
        ([{"kind": "gift"}], 422, "body_invalid"),
    ],
)
def test_practice_refuses_as_the_till_does(
    till: Till, acts: list[dict[str, Any]], status: int, code: str
) -> None:
    refused(practise(till, *acts), status, code)


# --- The shift -------------------------------------------------------------------------------


def test_the_shift_adds_up_and_is_ones_own(till: Till, cast: Cast) -> None:
    assert told(till.client.get("/till/api/shift"))["sales"] == 0
    first = told(till.sell("bruno", 5_000, found_by="camera"))
    told(till.sell("bruno", 1_200, found_by="typed"))
    told(till.undo(first["undo"]))
    told(till.sell("ada", 2_000, found_by="wedge"))
    told(till.redeem("ada", 30))
    told(till.post("members", request_id=str(uuid4()), contact="neu@exemple.test"))
    cast.buy("bruno", 9_900)  # somebody else's
    said = told(till.client.get("/till/api/shift"))
    assert said.pop("day") == "2026-03-14"
    assert said == {
        "sales": 2,
        "amount_minor": 3_200,
        "given": 12 + 30,
        "used": 30,
        "enrolled": 1,
        "enrolled_per_hundred": 50.0,
        "without_card": 1,
        "undone": 1,
    }
    till.client.delete_cookie("staff")
    till.sign_in("odile")
    assert told(till.client.get("/till/api/shift"))["sales"] == 0


# --- Pages, icons, what to say -------------------------------------------------------------------


def test_the_screen_and_the_practice_page_say_what_they_are(till: Till) -> None:
    assert "face__title" in till.client.get("/till/screen").text
    page = till.client.get("/till/practice").text
    found = re.search(r'(?s)id="till-data">(.*?)</script>', page)
    assert found
    assert json.loads(found[1])["practice"] is True
    assert "nothing counts" in page


def test_icons_are_what_the_manifest_says(till: Till) -> None:
    manifest = till.client.get("/till/app.webmanifest").get_json(force=True)
    pictures = [each for each in manifest["icons"] if each["type"] == "image/png"]
    assert {(each["sizes"], each["purpose"]) for each in pictures} == {
        (f"{side}x{side}", purpose) for side in (192, 512) for purpose in ("any", "maskable")
    }
    for each in pictures:
        drawn = Image.open(io.BytesIO(till.client.get(each["src"]).data)).convert("RGBA")
        assert f"{drawn.width}x{drawn.height}" == each["sizes"]
        corner = drawn.getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert corner[3] == (255 if each["purpose"] == "maskable" else 0)
    assert till.client.get("/till/icon-191.png").status_code == 404


def test_both_languages_have_all_that_can_be_said() -> None:
    shapes = {}
    for language in ("fr", "en"):
        said = coach(coach_texts({}, language), "Café")
        assert all(advice.title and advice.answer for advice in said.questions + said.objections)
        assert not any("{" in step for step in said.script)
        shapes[language] = [len(said.script), len(said.questions), len(said.objections)]
    assert shapes["fr"] == shapes["en"] == [5, 5, 4]
    assert set(DEFAULTS["fr"]) == set(PARTS)


def test_the_merchants_own_words_and_amounts(till: Till, cast: Cast) -> None:
    own = {"fr": {"script": "Bonjour !\r\n\r\n  Et  avec ça ?", "objections": "Non\nSi."}}
    settings = TillSettings([300, 1_500], own)
    cast.run(lambda session: save_till_settings(session, cast.program, settings))
    refreshed(cast)
    said = coach_of(cast.program, "fr")
    assert said.script == ("Bonjour !", "Et  avec ça ?")
    assert (said.objections[0].title, said.objections[0].answer) == ("Non", "Si.")
    assert len(said.questions) == 5  # ours, where the merchant's are empty
    page = till.client.get("/till/?lang=fr").text
    assert "Et  avec ça ?" in page
    assert re.findall(r'data-quick="(\d+)"', page) == ["300", "1500"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (TillSettings([1, 2, 3, 4, 5], {}), "quick_amounts_invalid"),
        (TillSettings([0], {}), "quick_amounts_invalid"),
        (TillSettings([], {"fr": {"script": "x" * 4_001}}), "coach_too_long"),
    ],
)
def test_settings_that_cannot_be(cast: Cast, settings: TillSettings, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        cast.run(lambda session: save_till_settings(session, cast.program, settings))
    assert refusal.value.code == code
