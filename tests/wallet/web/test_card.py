"""The web card over HTTP: what it shows, how it follows, how it gets into a wallet."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import jwt
import pytest
from sqlalchemy import select

from tests.factories import Cast
from tests.wallet.web.conftest import ANDROID, IPHONE, Browser
from wallet.tables.wallet_pass import WalletPass


@pytest.fixture
def ada_card(web_cast: Cast) -> str:
    """The address of Ada's card."""
    return web_cast.view("ada").card_url


@pytest.fixture
def today(web_cast: Cast) -> None:
    """The development certificate is as young as this run; nothing can be signed before it."""
    web_cast.now = datetime.now(UTC)


def passes(cast: Cast) -> list[WalletPass]:
    with cast.database.reading() as session:
        return list(session.scalars(select(WalletPass)))


def test_the_card_shows_code_number_name_balance_tier_and_why(
    browser: Browser, web_cast: Cast, ada_card: str
) -> None:
    view = web_cast.view("ada")
    page = browser.get(ada_card).text
    assert " ".join(re.findall("...", view.number)) in page
    assert "<bdi>Ada</bdi>" in page
    assert 'data-number="600"' in page
    assert re.search(r"wallet-card__tier.*?Or</span>", page, re.DOTALL)
    assert "600 €, 1 point par 1 €" in page.replace("\u202f", " ").replace("\u00a0", " ")
    assert page.count('role="img" aria-label="QR code de votre carte"') == 1


def test_the_code_is_black_on_white_whatever_the_theme(browser: Browser, ada_card: str) -> None:
    page = browser.get(ada_card).text
    picture = re.search(r'<div class="code".*?</svg>', page, re.DOTALL)
    assert picture
    assert 'fill="#fff"' in picture[0]
    assert 'fill="#000"' in picture[0]


@pytest.mark.parametrize(
    ("agent", "first", "second"),
    [(IPHONE, "apple", "google"), (ANDROID, "google", "apple")],
)
def test_the_phones_own_wallet_comes_first(
    open_browser: Callable[..., Browser], ada_card: str, agent: str, first: str, second: str
) -> None:
    page = open_browser(user_agent=agent).get(ada_card).text
    assert re.findall(r'data-wallet="(\w+)"', page) == [first, second]
    assert page.index("Autre téléphone") < page.index(f'data-wallet="{second}"')


def test_a_computer_is_shown_both_wallets_and_a_code_of_the_page(
    browser: Browser, ada_card: str
) -> None:
    page = browser.get(ada_card).text
    assert re.findall(r'data-wallet="(\w+)"', page) == ["apple", "google"]
    assert "QR code de cette page" in page


def test_the_card_is_private_and_not_indexed(browser: Browser, ada_card: str) -> None:
    headers = browser.get(ada_card).headers
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_card_speaks_english_too(open_browser: Callable[..., Browser], web_cast: Cast) -> None:
    page = open_browser("en").get(web_cast.view("bruno").card_url).text
    assert "Add to Apple Wallet" in page
    assert "30 points to go: A free coffee" in page.replace("\u00a0", " ")


def test_rewards_in_reach_are_marked(browser: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 7000)
    page = browser.get(web_cast.view("bruno").card_url).text
    assert page.count("reward--reached") == 2  # 30 and 60 of 30, 60, 100, 120, 400


def test_the_state_is_304_until_something_moves(
    browser: Browser, web_cast: Cast, ada_card: str
) -> None:
    first = browser.get(f"{ada_card}/state", Accept="application/json")
    assert first.get_json()["balance"] == 600
    tag = first.headers["ETag"]
    same = browser.get(f"{ada_card}/state", Accept="application/json", **{"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    web_cast.buy("ada", 1000)
    moved = browser.get(f"{ada_card}/state", Accept="application/json", **{"If-None-Match": tag})
    assert moved.status_code == 200
    assert moved.get_json()["balance"] == 615  # gold counts one and a half times
    assert "615 points" in moved.get_json()["announcement"].replace("\u00a0", " ")
    assert moved.headers["ETag"] != tag


def test_the_page_knows_the_version_it_shows(browser: Browser, ada_card: str) -> None:
    page = browser.get(ada_card).text
    version = re.search(r'data-version="([^"]+)"', page)
    assert version
    state = browser.get(f"{ada_card}/state", Accept="application/json")
    assert state.get_json()["version"] == version[1]


@pytest.mark.parametrize("path", ["", "/state", "/apple.pkpass", "/google"])
@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[:5] + ("B" if token[5] != "B" else "C") + token[6:],
        lambda token: token[:20] + ("B" if token[20] != "B" else "C") + token[21:],
        lambda token: "x",
    ],
    ids=["shorter", "longer", "other member", "other tag", "junk"],
)
def test_unknown_and_forged_cards_are_404(
    browser: Browser, web_cast: Cast, ada_card: str, path: str, change: Callable[[str], str]
) -> None:
    base, _, token = ada_card.rpartition("/")
    answer = browser.get(f"{base}/{change(token)}{path}")
    assert answer.status_code == 404
    assert "Ada" not in answer.text
    assert passes(web_cast) == []


def test_a_retired_link_is_404(browser: Browser, web_cast: Cast, ada_card: str) -> None:
    def _raise(session: object) -> None:
        web_cast.member(session, "ada").link_generation += 1  # type: ignore[arg-type]

    web_cast.run(_raise)
    assert browser.get(ada_card).status_code == 404
    assert browser.get(web_cast.view("ada").card_url).status_code == 200


def test_a_closed_card_says_so_and_gives_no_pass(browser: Browser, web_cast: Cast) -> None:
    card = web_cast.view("chloe").card_url
    assert "Cette carte est fermée" in browser.get(card).text
    assert browser.get(f"{card}/apple.pkpass").status_code == 404
    assert passes(web_cast) == []


def test_the_apple_pass_is_a_signed_file_of_this_member(
    browser: Browser, web_cast: Cast, ada_card: str, today: None
) -> None:
    answer = browser.get(f"{ada_card}/apple.pkpass")
    assert answer.status_code == 200
    assert answer.content_type == "application/vnd.apple.pkpass"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="demo.pkpass"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "signature" in archive.namelist()
        document = json.loads(archive.read("pass.json"))
    (held,) = passes(web_cast)
    assert document["serialNumber"] == held.serial
    assert document["barcodes"][0]["message"] == web_cast.view("ada").code


def test_asking_twice_gives_the_same_pass(
    browser: Browser, web_cast: Cast, ada_card: str, today: None
) -> None:
    for _ in range(2):
        assert browser.get(f"{ada_card}/apple.pkpass").status_code == 200
        assert browser.get(f"{ada_card}/google").status_code == 302
    assert sorted(held.provider for held in passes(web_cast)) == ["apple", "google"]


def test_google_is_reached_by_a_save_link_of_this_member(
    browser: Browser, web_cast: Cast, ada_card: str
) -> None:
    answer = browser.get(f"{ada_card}/google")
    assert answer.status_code == 302
    prefix = "https://pay.google.com/gp/v/save/"
    assert answer.location.startswith(prefix)
    claims = jwt.decode(answer.location.removeprefix(prefix), options={"verify_signature": False})
    (held,) = passes(web_cast)
    assert held.serial in claims["payload"]["loyaltyObjects"][0]["id"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_card_of_another_program_wears_its_own_look(browser: Browser, web_cast: Cast) -> None:
    page = browser.get(web_cast.other.view("fatou").card_url).text
    assert "Maison Sillage" in page
    assert "/p/sillage/brand.css" in page
    assert "Café Lumière" not in page


def test_names_are_text_and_nothing_else(browser: Browser, web_cast: Cast) -> None:
    member = web_cast.enrol("eve")

    def _rename(session: object) -> None:
        web_cast.member(session, "eve").name = '<img src=x onerror="alert(1)">'  # type: ignore[arg-type]

    web_cast.run(_rename)
    page = browser.get(web_cast.view("eve").card_url).text
    assert member.id
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_page_says_that_only_the_simulated_phones_take_the_card(
    browser: Browser, ada_card: str
) -> None:
    assert "seuls les téléphones simulés" in browser.get(ada_card).text
