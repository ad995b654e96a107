"""Joining over HTTP: the form, its errors, and what is not told to strangers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.ids import public_id
from wallet.tables.member import Consent, Identifier, Member
from wallet.tables.outbox import Job

JOIN = "/p/demo/join"


def members(cast: Cast) -> int:
    with cast.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Member)) or 0


def newest(cast: Cast) -> Member:
    with cast.database.reading() as session:
        return session.scalars(select(Member).order_by(Member.id.desc()).limit(1)).one()


def jobs(cast: Cast) -> list[Job]:
    with cast.database.reading() as session:
        return list(session.scalars(select(Job)))


def test_join_leads_straight_to_the_card(browser: Browser, web_cast: Cast) -> None:
    answer = browser.send(JOIN, {"contact": " Nour@Exemple.test ", "name": "Nour"})
    assert answer.status_code == 303
    card = browser.get(answer.location)
    assert card.status_code == 200
    member = newest(web_cast)
    assert member.name == "Nour"
    assert member.locale == "fr"
    number = " ".join(re.findall("...", member.number))
    assert number in card.text
    assert "Bienvenue" in card.text


def test_a_phone_number_of_the_programs_country_is_enough(browser: Browser, web_cast: Cast) -> None:
    assert browser.send(JOIN, {"contact": "06 98 76 54 32"}).status_code == 303
    with web_cast.database.reading() as session:
        value = session.scalar(
            select(Identifier.value).where(
                Identifier.member_id == newest(web_cast).id, Identifier.kind == "phone"
            )
        )
    assert value == "+33698765432"


def test_consents_are_unticked_and_kept_word_for_word_when_ticked(
    browser: Browser, web_cast: Cast
) -> None:
    page = browser.get(JOIN).text
    assert page.count('type="checkbox"') == 2
    assert "checked" not in page
    browser.send(JOIN, {"contact": "nour@exemple.test", "consent_email": "yes"})
    with web_cast.database.reading() as session:
        rows = list(session.scalars(select(Consent)))
    assert [(row.purpose, row.granted) for row in rows] == [("email", True)]
    assert rows[0].wording in page
    assert rows[0].wording.startswith("Oui, Café Lumière")


def test_without_a_tick_nothing_is_agreed_to(browser: Browser, web_cast: Cast) -> None:
    browser.send(JOIN, {"contact": "nour@exemple.test"})
    with web_cast.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == 0


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"contact": ""}, "Indiquez votre e-mail ou votre numéro de mobile."),
        ({"contact": "nour@"}, "incomplète"),
        ({"contact": "a" * 300 + "@exemple.test"}, "trop longue"),
        ({"contact": "nour\x00@exemple.test"}, "incomplète"),
        ({"contact": "12"}, "France"),
        ({"contact": "bonjour"}, "ni une adresse e-mail ni un numéro"),
        ({"contact": "nour@exemple.test", "name": "x" * 65}, "64 lettres"),
        ({"contact": "nour@exemple.test", "name": "x" * 10_000}, "64 lettres"),
        ({"contact": "nour@exemple.test", "name": "No\x00ur"}, "64 lettres"),
        ({"contact": "nour@exemple.test", "name": "No\x07ur"}, "64 lettres"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    browser: Browser, web_cast: Cast, form: dict[str, str], said: str
) -> None:
    before = members(web_cast)
    answer = browser.send(JOIN, form)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert members(web_cast) == before


def test_half_characters_in_a_name_are_refused(browser: Browser, web_cast: Cast) -> None:
    before = members(web_cast)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(JOIN).text)
    assert token
    # %ED%A0%80 is the UTF-8 spelling of the lone surrogate U+D800.
    body = f"csrf_token={token[1]}&contact=nour%40exemple.test&name=No%ED%A0%80ur"
    answer = browser.client.post(
        JOIN,
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Accept-Language": "fr"},
    )
    assert answer.status_code == 422
    assert members(web_cast) == before


def test_nothing_typed_is_lost_with_an_error(browser: Browser) -> None:
    answer = browser.send(JOIN, {"contact": "nour@", "name": "Zoé <b>", "consent_sms": "yes"})
    assert 'value="nour@"' in answer.text
    assert 'value="Zoé &lt;b&gt;"' in answer.text
    assert re.search(r'name="consent_sms" value="yes" checked', answer.text)
    assert not re.search(r'name="consent_email" value="yes" checked', answer.text)


@pytest.mark.parametrize("contact", ["ada@exemple.test", "ADA@exemple.test", "06 12 34 56 78"])
def test_a_known_address_gets_the_same_page_as_a_new_one_and_its_owner_a_mail(
    open_browser: Callable[..., Browser], web_cast: Cast, contact: str
) -> None:
    pages = []
    for said in ("personne@exemple.test", contact):
        visitor = open_browser("fr")
        answer = visitor.send(JOIN, {"contact": said, "name": "Ada"})
        assert answer.status_code == 303
        cookies = re.sub("=[^;]+", "", str(sorted(answer.headers.getlist("Set-Cookie"))))
        pages.append((cookies, without_identity(visitor.get(answer.location).text, web_cast)))
    assert pages[0] == pages[1]
    with web_cast.database.reading() as session:
        ada = web_cast.member(session, "ada")
        assert newest(web_cast).id != ada.id
    assert web_cast.view("ada").email == "ada@exemple.test"
    assert [(job.payload["member_id"], job.payload["again"]) for job in jobs(web_cast)] == [
        (ada.id, True)
    ]
    assert "http" not in str(jobs(web_cast)[0].payload), "the outbox must hold no link"
    assert web_cast.audit().findings == []


def without_identity(page: str, cast: Cast) -> str:
    """The page without what differs between any two new cards."""
    member = newest(cast)
    for text in (member.code, member.number, " ".join(re.findall("...", member.number))):
        page = page.replace(text, "")
    page = re.sub(r"/card/[\w-]+|card%2F[\w-]+|ref=\w+", "", page)
    page = re.sub(r'(?s)<svg.*?</svg>|data-version="[^"]*"|src="data:[^"]*"', "", page)
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_a_closed_member_is_sent_nothing(browser: Browser, web_cast: Cast) -> None:
    assert browser.send(JOIN, {"contact": "chloe@exemple.test"}).status_code == 303
    assert jobs(web_cast) == []


def test_the_same_known_address_again_in_the_same_browser_is_the_same_card(
    browser: Browser, web_cast: Cast
) -> None:
    card = browser.send(JOIN, {"contact": "ada@exemple.test"}).location
    before = members(web_cast)
    assert browser.send(JOIN, {"contact": "Ada@exemple.test"}).location == card
    assert members(web_cast) == before


def test_the_browser_that_holds_the_card_goes_back_to_it(browser: Browser, web_cast: Cast) -> None:
    card = browser.send(JOIN, {"contact": "nour@exemple.test"}).location
    assert card in browser.get(JOIN).text
    again = browser.send(JOIN, {"contact": "nour@exemple.test"})
    assert (again.status_code, again.location) == (303, card)
    assert jobs(web_cast) == []


def test_where_the_invitation_came_from_is_kept(browser: Browser, web_cast: Cast) -> None:
    store = web_cast.program.stores[1]
    query = f"?store={public_id('sto', store.id)}&ref=vitrine"
    page = browser.get(JOIN + query).text
    assert "ref=vitrine" in page
    browser.send(JOIN + query, {"contact": "nour@exemple.test"})
    member = newest(web_cast)
    assert (member.joined_store_id, member.joined_channel) == (store.id, "store")
    assert member.joined_by == "self:vitrine"


def test_another_programs_store_is_not_taken_for_ours(browser: Browser, web_cast: Cast) -> None:
    foreign = web_cast.other.program.stores[0]
    query = f"?store={public_id('sto', foreign.id)}&ref=%22%3E%3Cscript%3E"
    browser.send(JOIN + query, {"contact": "nour@exemple.test"})
    member = newest(web_cast)
    assert (member.joined_store_id, member.joined_by) == (None, "self")


def test_without_the_forms_token_nobody_joins(browser: Browser, web_cast: Cast) -> None:
    before = members(web_cast)
    assert browser.send_raw(JOIN, {"contact": "nour@exemple.test"}).status_code == 400
    forged = {"contact": "nour@exemple.test", "csrf_token": "x"}
    assert browser.send_raw(JOIN, forged).status_code == 400
    assert members(web_cast) == before


def test_too_many_joins_from_one_address_are_slowed_down(
    browser: Browser, web_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(JOIN).text)
    assert token
    answers = [
        browser.send_raw(JOIN, {"contact": "bonjour", "csrf_token": token[1]}).status_code
        for _ in range(61)
    ]
    assert answers == [422] * 60 + [429]


def test_the_language_follows_the_browser_and_the_switch(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    english = open_browser("en-GB,en;q=0.9")
    assert "Your loyalty card" in english.get(JOIN).text
    switched = english.get(f"{JOIN}?lang=fr")
    assert '<html lang="fr">' in switched.text
    assert "Votre carte de fidélité" in english.get(JOIN).text, "the switch is remembered"
    english.send(JOIN, {"contact": "nour@exemple.test"})
    assert newest(web_cast).locale == "fr"


def test_the_switch_keeps_what_the_address_says(browser: Browser) -> None:
    page = browser.get(f"{JOIN}?ref=vitrine").text
    assert f'href="{JOIN}?ref=vitrine&amp;lang=en"' in page


def test_an_unknown_program_is_a_page_not_a_crash(browser: Browser) -> None:
    for slug in ("none", "demo%00", "%F0%9F%A5%90", "x" * 500):
        answer = browser.get(f"/p/{slug}/join")
        assert answer.status_code == 404
        assert "Il n’y a rien ici" in answer.text


def test_the_brands_stylesheet_holds_the_designs_colours(browser: Browser) -> None:
    page = browser.get(JOIN).text
    address = re.search(r'href="(/p/demo/brand\.css[^"]*)"', page)
    assert address
    sheet = browser.get(address[1].replace("&amp;", "&"))
    assert sheet.content_type == "text/css; charset=utf-8"
    assert "--brand-background:#1d3b34" in sheet.text
    assert "immutable" in sheet.headers["Cache-Control"]
    hostile = browser.get("/p/demo/brand.css?tier=%7D%7Dbody%7Bdisplay:none")
    assert "display" not in hostile.text


def test_no_page_needs_more_than_the_strict_policy(browser: Browser) -> None:
    answer = browser.get(JOIN)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "style=" not in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"\son\w+=", answer.text)
