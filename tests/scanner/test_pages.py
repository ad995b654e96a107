"""The till's page: what it promises to browser checks, and under which headers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from scanner.texts import till_texts
from tests.factories import Cast
from tests.scanner.conftest import Till
from wallet.config import ASSETS
from wallet.ids import public_id

TEST_IDS = (
    "scan-camera",
    "scan-input",
    "member-name",
    "member-tier",
    "member-balance",
    "amount",
    "accrue",
    "undo",
    "result",
    "queue-count",
    "connection",
)
SCRIPTS = ASSETS / "static" / "scanner"


def test_every_promised_part_is_in_the_page(till: Till) -> None:
    page = till.client.get("/till/").text
    for name in TEST_IDS:
        assert page.count(f'data-testid="{name}"') == 1, name
    assert "data-testid = `reward-${reward.id}`" in (SCRIPTS / "hub.mjs").read_text().replace(
        "button.dataset.testid", "data-testid"
    )


def test_page_and_worker_may_compile_the_decoder_and_nothing_else(till: Till) -> None:
    for path in ("/till/", "/static/scanner/decode-worker.mjs"):
        with till.client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self' 'wasm-unsafe-eval'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        assert headers["Permissions-Policy"].startswith("camera=(self), microphone=()")


def test_nothing_in_the_page_needs_inline_script_or_style(till: Till) -> None:
    page = till.client.get("/till/").text
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in script or "application/json" in script for script in scripts)


def test_every_text_the_scripts_ask_for_is_there(till: Till) -> None:
    page = till.client.get("/till/").text
    found = re.search(r'id="till-data">(.*?)</script>', page, re.DOTALL)
    assert found
    texts = json.loads(found[1])["texts"]
    asked = set()
    for script in SCRIPTS.glob("*.mjs"):
        asked |= set(re.findall(r'say\("(\w+)"', script.read_text()))
    assert asked <= set(texts)


def test_every_state_of_the_camera_has_its_words(till: Till, app: object) -> None:
    source = (SCRIPTS / "camera.mjs").read_text()
    troubles = re.search(r"@typedef \{(.*?)\} Trouble", source)
    assert troubles
    names = [*re.findall(r'"(\w+)"', troubles[1]), "off", "asking", "starting", "resting"]
    with till.client.application.test_request_context():
        texts = till_texts()
    assert all(f"{name}_title" in texts for name in names)


def test_who_is_signed_out_goes_to_the_sign_in_page_and_back(
    open_till: Callable[[], Till],
) -> None:
    answer = open_till().client.get("/till/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/staff/sign-in?next=/till/"


def test_a_marketer_is_not_let_in(open_till: Callable[[], Till]) -> None:
    other = open_till()
    other.sign_in("emil")
    assert other.client.get("/till/", headers={"Accept": "application/json"}).status_code == 403


def test_the_till_is_put_into_another_store(till: Till, cast: Cast) -> None:
    second = cast.program.stores[1]
    data = {"csrf_token": till.csrf, "store": public_id("sto", second.id)}
    assert till.client.post("/till/store", data=data).status_code == 303
    assert f"<span>{second.name}</span>" in till.client.get("/till/").text


@pytest.mark.parametrize("which", ["foreign", "nonsense", ""])
def test_a_store_of_somebody_else_is_refused(till: Till, cast: Cast, which: str) -> None:
    foreign = public_id("sto", cast.other.program.stores[0].id)
    store = foreign if which == "foreign" else which
    data = {"csrf_token": till.csrf, "store": store}
    answer = till.client.post("/till/store", data=data, headers={"Accept": "application/json"})
    assert answer.status_code == 404
