"""The link by e-mail: asked for, sent, used once, and silent about who is a member."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import PUBLIC_URL, Cast
from tests.wallet.web.conftest import Browser
from wallet import clock
from wallet.actions.mail_card_link import card_link_handler
from wallet.actions.run_jobs import run_jobs
from wallet.actions.suggest_duplicates import suggest_duplicates
from wallet.mailer import FolderMailer
from wallet.tables.member import Consent, Identifier, MagicLink, Member
from wallet.tables.outbox import Job

FIND = "/p/demo/find-card"


@pytest.fixture
def mails(web_cast: Cast, tmp_path: Path) -> Callable[[], list[str]]:
    """Run the worker's part once; the mails that there are then."""
    folder = tmp_path / "mail"
    handlers = {"card_link": card_link_handler(FolderMailer(folder, "Comptoir <no@exemple.test>"))}

    def _deliver() -> list[str]:
        run_jobs(web_cast.database, handlers, clock.now)
        return [file.read_bytes().decode() for file in sorted(folder.glob("*.eml"))]

    return _deliver


@pytest.fixture
def link(browser: Browser, mails: Callable[[], list[str]]) -> str:
    """A link that was just mailed to Ada."""
    browser.send(FIND, {"email": "ada@exemple.test"})
    (mail,) = mails()
    return link_in(mail)


def path_of(address: str) -> str:
    return address.removeprefix(PUBLIC_URL)


def link_in(mail: str) -> str:
    found = re.search(r"/link/[\w-]+", mail.replace("=\n", "").replace("=\r\n", ""))
    assert found
    return found[0]


def test_a_member_is_mailed_a_link_that_opens_the_card(
    browser: Browser, web_cast: Cast, link: str
) -> None:
    shown = browser.get(link)
    assert "Votre carte est prête" in shown.text
    opened = browser.send(link, {})
    assert (opened.status_code, opened.location) == (303, path_of(web_cast.view("ada").card_url))


def test_known_and_unknown_addresses_get_the_same_answer(
    browser: Browser, mails: Callable[[], list[str]]
) -> None:
    known = browser.send(FIND, {"email": "ada@exemple.test"})
    unknown = browser.send(FIND, {"email": "qui@exemple.test"})
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.text.replace("ada@", "qui@") == unknown.text
    assert len(mails()) == 1


def test_the_link_opened_where_somebody_joined_again_makes_the_two_cards_one(
    browser: Browser, web_cast: Cast, mails: Callable[[], list[str]]
) -> None:
    form = {"contact": "ada@exemple.test", "consent_email": "yes"}
    fresh = browser.send("/p/demo/join", form).location
    (mail,) = mails()
    opened = browser.send(link_in(mail), {})
    assert opened.location == path_of(web_cast.view("ada").card_url)
    with web_cast.database.reading() as session:
        merged = session.scalars(select(Member).order_by(Member.id.desc()).limit(1)).one()
        agreed = session.scalars(
            select(Consent).where(Consent.member_id == web_cast.people["ada"])
        ).all()
    assert (merged.status, merged.merged_into_id) == ("merged", web_cast.people["ada"])
    assert [(row.purpose, row.granted) for row in agreed] == [("email", True)]
    number = web_cast.view("ada").number
    assert f"{number[:3]} {number[3:6]} {number[6:]}" in browser.get(fresh).text, "one card now"
    assert web_cast.audit().findings == []


def test_the_link_opened_elsewhere_leaves_a_stranger_what_they_had(
    open_browser: Callable[..., Browser], web_cast: Cast, mails: Callable[[], list[str]]
) -> None:
    stranger, owner = open_browser("fr"), open_browser("fr")
    fresh = stranger.send("/p/demo/join", {"contact": "ada@exemple.test"}).location
    (mail,) = mails()
    assert "Quelqu" in mail
    owner.send(link_in(mail), {})
    number = web_cast.view("ada").number
    assert f"{number[:3]} {number[3:6]} {number[6:]}" not in stranger.get(fresh).text
    with web_cast.database.reading() as session:
        found, _ = suggest_duplicates(session, web_cast.program)
    assert [one.reasons for one in found] == [("email",)], "staff may see that they are one"


def test_looking_at_the_link_does_not_use_it_up(browser: Browser, link: str) -> None:
    for _ in range(25):
        assert browser.get(link).status_code == 200
        assert browser.client.head(link).status_code == 200
    assert browser.send(link, {}).status_code == 303


def test_the_link_works_once(
    open_browser: Callable[..., Browser], browser: Browser, link: str
) -> None:
    other = open_browser()
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get(link).text)
    assert token
    assert browser.send(link, {}).status_code == 303
    assert other.send_raw(link, {"csrf_token": token[1]}).status_code == 410
    assert other.get(link).status_code == 410


def test_the_link_ends_after_ten_minutes(browser: Browser, web_cast: Cast, link: str) -> None:
    web_cast.now += timedelta(minutes=10)
    answer = browser.get(link)
    assert answer.status_code == 410
    assert "expiré" in answer.text or "ne fonctionne plus" in answer.text


def test_without_the_forms_token_the_link_stays_unused(browser: Browser, link: str) -> None:
    assert browser.send_raw(link, {}).status_code == 400
    assert browser.send(link, {}).status_code == 303


def test_only_the_hash_of_the_link_is_kept(web_cast: Cast, link: str) -> None:
    secret = link.removeprefix("/link/")
    with web_cast.database.reading() as session:
        rows = list(session.scalars(select(MagicLink)))
        jobs = list(session.scalars(select(Job)))
    assert len(rows) == 1
    assert secret not in str([vars(row) for row in rows + jobs])


def test_using_the_link_proves_the_address(browser: Browser, web_cast: Cast, link: str) -> None:
    browser.send(link, {})
    with web_cast.database.reading() as session:
        row = session.scalars(
            select(Identifier).where(
                Identifier.member_id == web_cast.people["ada"], Identifier.kind == "email"
            )
        ).one()
    assert row.verified_at == web_cast.now


def test_one_member_gets_at_most_three_mails_an_hour(
    browser: Browser, web_cast: Cast, mails: Callable[[], list[str]]
) -> None:
    for _ in range(5):
        assert browser.send(FIND, {"email": "ada@exemple.test"}).status_code == 200
    assert len(mails()) == 3
    web_cast.now += timedelta(hours=1)
    browser.send(FIND, {"email": "ada@exemple.test"})
    assert len(mails()) == 4


def test_one_place_may_ask_ten_times_an_hour(browser: Browser) -> None:
    answers = [
        browser.send(FIND, {"email": f"qui{number}@exemple.test"}).status_code
        for number in range(11)
    ]
    assert answers == [200] * 10 + [429]


@pytest.mark.parametrize("email", ["", "ada", "a\x00@exemple.test", "x" * 300 + "@exemple.test"])
def test_what_is_no_address_is_said_beside_the_field(browser: Browser, email: str) -> None:
    answer = browser.send(FIND, {"email": email})
    assert answer.status_code == 422
    assert "incomplète" in answer.text


@pytest.mark.parametrize("token", ["x", "é", "A" * 43, "A" * 5000])
def test_made_up_links_are_gone(browser: Browser, token: str) -> None:
    assert browser.get(f"/link/{token}").status_code == 410


def test_the_mail_names_the_configured_host_whatever_the_browser_says(
    browser: Browser, mails: Callable[[], list[str]]
) -> None:
    browser.client.environ_base["HTTP_HOST"] = "evil.example"
    browser.send(FIND, {"email": "ada@exemple.test"})
    (mail,) = mails()
    assert "evil.example" not in mail
    assert "http://127.0.0.1:8000/link/" in mail.replace("=\n", "")
