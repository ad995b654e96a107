"""What members choose and open on their own card, and the wallets' own buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import Cast
from tests.scanner.treats import refreshed, voucher_for, with_treats, words
from tests.wallet.web.conftest import IPHONE, Browser
from wallet.actions.create_charity import create_charity
from wallet.actions.create_reward import NewReward, create_reward
from wallet.ids import public_id


def offer(cast: Cast, new: NewReward) -> str:
    """Put it into the catalogue; its public id."""
    number = cast.run(lambda session: create_reward(session, cast.program.id, new).id)
    refreshed(cast)
    return public_id("rwd", number)


def charity(cast: Cast, name: str) -> str:
    """One more to give to; its public id."""
    number = cast.run(lambda session: create_charity(session, cast.program.id, words(name)).id)
    refreshed(cast)
    return public_id("chy", number)


@pytest.fixture
def perks(web_cast: Cast) -> list[str]:
    """Two perks of which members pick one; their public ids."""
    made = []
    for name in ("Early hour", "Private tasting"):
        value = {"choice": "club", "choice_max": 1}
        made.append(offer(web_cast, NewReward(words(name), "experience", 1, value=value)))
    return made


def card(cast: Cast, who: str) -> str:
    return cast.view(who).card_url


def test_members_pick_their_benefits(browser: Browser, web_cast: Cast, perks: list[str]) -> None:
    page = card(web_cast, "ada")
    assert "Private tasting" in browser.get(page).text
    form = {"choice": "club", "perk": perks[1]}
    answer = browser.send(f"{page}/perks", form, page=page)
    assert answer.status_code == 303
    shown = browser.get(answer.location).text
    assert "Votre choix est enregistré" in shown
    assert f'value="{perks[1]}" checked' in shown
    assert f'value="{perks[0]}" checked' not in shown
    foreign = browser.send(f"{page}/perks", {"choice": "other", "perk": perks[0]}, page=page)
    assert foreign.status_code == 303
    assert f'value="{perks[1]}" checked' in browser.get(page).text


def test_members_say_who_gets_what_they_give(browser: Browser, web_cast: Cast) -> None:
    page = card(web_cast, "ada")
    _, chosen = charity(web_cast, "La Forêt"), charity(web_cast, "Les Toits")
    browser.send(f"{page}/charity", {"charity": chosen}, page=page)
    assert f'value="{chosen}" checked' in browser.get(page).text
    assert web_cast.view("ada").charity is not None
    answer = browser.send(f"{page}/charity", {"charity": "chy_0000000000000"}, page=page)
    assert answer.status_code == 303
    assert f'value="{chosen}" checked' in browser.get(page).text


def test_what_a_reward_holds_back_is_for_whoever_took_it(browser: Browser, web_cast: Cast) -> None:
    new = NewReward(words("Chez le voisin"), "partner", 50, value={"code": "VOISIN-10"})
    path = f"open/{offer(web_cast, new)}"
    ada = card(web_cast, "ada")
    assert browser.get(f"{ada}/{path}").status_code == 403
    assert "VOISIN" not in browser.get(ada).text
    web_cast.redeem("ada", 50)
    assert path in browser.get(ada).text
    assert "VOISIN-10" in browser.get(f"{ada}/{path}").text
    assert browser.get(f"{card(web_cast, 'bruno')}/{path}").status_code == 403


def test_a_voucher_can_be_scanned_from_the_card(browser: Browser, web_cast: Cast) -> None:
    code = voucher_for(with_treats(web_cast), "ada")
    page = browser.get(card(web_cast, "ada")).text
    assert f"{code[:5]}-{code[5:]}" in page
    assert "QR code de ce bon" in page


def test_official_buttons_show_where_their_files_are(
    open_browser: Callable[..., Browser], web_cast: Cast, data_dir: Path
) -> None:
    phone = open_browser(user_agent=IPHONE)
    page = card(web_cast, "ada")
    assert "/badges/" not in phone.get(page).text
    folder = data_dir / "badges"
    folder.mkdir(exist_ok=True)
    (folder / "apple-fr.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "secret.txt").write_text("no")
    try:
        shown = phone.get(page).text
        assert '<img src="/badges/apple-fr.svg" alt="Ajouter à Apple' in shown
        with phone.get("/badges/apple-fr.svg") as answer:
            assert answer.content_type.startswith("image/svg+xml")
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for name in ("secret.txt", "apple-en.svg", "..%2fsecret_key", "apple-fr.svg.bak"):
            assert phone.get(f"/badges/{name}").status_code == 404, name
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
