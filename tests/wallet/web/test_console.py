"""The console over HTTP: numbers, members, and who may see them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.issue_pass import issue_pass
from wallet.ids import public_id


def plain(text: str) -> str:
    """Without tags and with ordinary spaces."""
    bare = re.sub(r"<[^>]+>", " ", text).replace("\u202f", " ").replace("\u00a0", " ")
    return " ".join(bare.split())


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """Odile, at the console."""
    browser.sign_in("odile")
    return browser


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("odile", {"/console/": 200, "/console/members": 200, "member": 200}),
        ("marc", {"/console/": 200, "/console/members": 200, "member": 200}),
        ("emil", {"/console/": 200, "/console/members": 403, "member": 403}),
        ("dora", {"/console/": 403, "/console/members": 403, "member": 403}),
        ("", {"/console/": 302, "/console/members": 302, "member": 302}),
    ],
)
def test_roles(browser: Browser, web_cast: Cast, name: str, allowed: dict[str, int]) -> None:
    if name:
        browser.sign_in(name)
    file = f"/console/members/{web_cast.view('ada').public_id}"
    found = {path: browser.get(file if path == "member" else path).status_code for path in allowed}
    assert found == allowed


def test_the_overview_counts_this_program_only(owner: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 4000)
    web_cast.redeem("bruno", 30)
    page = plain(owner.get("/console/").text)
    assert "Membres 2 1 inscriptions ce mois-ci" in page, "Chloé's membership is closed"
    assert "Membres actifs 1 50 % des membres" in page
    assert "Points donnés 40 " in page
    assert "Points utilisés 30 " in page
    assert "Fatou" not in page


def test_refunds_are_taken_off_what_was_given(owner: Browser, web_cast: Cast) -> None:
    web_cast.refund(web_cast.buy("bruno", 4000))
    page = plain(owner.get("/console/").text)
    assert "Points donnés 0 " in page
    assert "Membres actifs 0 " in page


def test_the_overview_shows_why(owner: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 4000)
    page = plain(owner.get("/console/").text)
    assert "Bruno Achat 40 €, 1 point par 1 €" in page


def test_marketers_see_sums_and_no_people(browser: Browser, web_cast: Cast) -> None:
    web_cast.buy("bruno", 4000)
    browser.sign_in("emil")
    page = browser.get("/console/").text
    assert "Points donnés 40 " in plain(page)
    assert "Bruno" not in page
    assert "/console/members" not in page


def test_an_empty_program_has_a_page(open_browser: Callable[..., Browser], web_cast: Cast) -> None:
    browser = open_browser()
    browser.sign_in("gaelle")
    page = browser.get("/console/").text
    assert "Maison Sillage" in page
    assert "Café Lumière" not in page


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ada", ["Ada"]),
        ("ADA@", ["Ada"]),
        ("3361234", ["Ada"]),
        ("+33 6 12 34", ["Ada"]),
        ("fatou", []),
        ("%", []),
        ("_", []),
        ("", ["Bruno", "Chloe", "Ada"]),
        ("zz\x00", []),
    ],
)
def test_members_are_found_by_name_number_mail_or_phone(
    owner: Browser, words: str, found: list[str]
) -> None:
    page = owner.client.get(
        "/console/members", query_string={"q": words}, headers={"Accept-Language": "fr"}
    ).text
    assert re.findall(r"<bdi>(\w+)</bdi>", page) == found
    if not found:
        assert "Personne ne correspond" in page


def test_members_are_found_by_the_number_on_the_card(owner: Browser, web_cast: Cast) -> None:
    number = web_cast.view("ada").number
    spaced = " ".join(re.findall("...", number))
    page = owner.client.get("/console/members", query_string={"q": spaced}).text
    assert re.findall(r"<bdi>(\w+)</bdi>", page) == ["Ada"]


def test_long_lists_come_in_pages(owner: Browser, web_cast: Cast) -> None:
    for number in range(60):
        web_cast.enrol(f"membre{number}")
    first = owner.get("/console/members").text
    assert first.count("/console/members/mbr_") == 50
    further = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert further
    second = owner.get(further[1].replace("&amp;", "&")).text
    assert second.count("/console/members/mbr_") == 13
    assert set(re.findall(r"mbr_\w+", first)).isdisjoint(
        re.findall(r"/members/(mbr_\w+)\"", second)
    )


def test_a_members_file_tells_identity_movements_proof_and_passes(
    owner: Browser, web_cast: Cast
) -> None:
    recorded = web_cast.buy("ada", 1000)
    web_cast.reverse(recorded.entries[0])
    with web_cast.database.transaction() as session:
        issue_pass(
            session, web_cast.program, web_cast.member(session, "ada"), "google", web_cast.now
        )
    text = owner.get(f"/console/members/{web_cast.view('ada').public_id}").text
    page = plain(text)
    assert "600 points" in page
    assert "ada@exemple.test" in page
    assert "+33612345678" in page
    assert "10 €, 1 point par 1 €" in page
    assert "annule un mouvement antérieur" in page
    assert recorded.entries[0].hash[:10] in page
    assert "Google Wallet En route" in page


def test_another_programs_member_does_not_exist_here(owner: Browser, web_cast: Cast) -> None:
    foreign = web_cast.other.view("fatou").public_id
    assert owner.get(f"/console/members/{foreign}").status_code == 404
    for made_up in (public_id("mbr", 1), "mbr_", "x", public_id("ent", 5)):
        assert owner.get(f"/console/members/{made_up}").status_code == 404


def test_names_are_text_and_nothing_else(owner: Browser, web_cast: Cast) -> None:
    def _rename(session: object) -> None:
        web_cast.member(session, "bruno").name = "<script>alert(1)</script>"  # type: ignore[arg-type]

    web_cast.run(_rename)
    web_cast.buy("bruno", 1000)
    for path in (
        "/console/",
        "/console/members",
        f"/console/members/{web_cast.view('bruno').public_id}",
    ):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
