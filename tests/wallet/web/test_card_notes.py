"""The web card of a club: what ends, what was paid for, the link to share, and joining by it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from tests.factories import Cast
from tests.wallet.club import Club, open_club
from tests.wallet.web.conftest import Browser
from wallet.tables.member import Identifier


@pytest.fixture
def club(web_cast: Cast) -> Club:
    """A club in the same house."""
    made = open_club(web_cast.database)
    made.enrol("rosa")
    return made


def test_the_card_shows_the_link_to_share_and_whoever_joins_by_it_is_attributed(
    browser: Browser, club: Club
) -> None:
    page = browser.get(club.view("rosa").card_url).text
    link = club.view("rosa").notes.url
    assert f'data-share="{link}"' in page
    assert "Inviter un ami" in page
    address = link.replace("http://127.0.0.1:8000", "")
    joined = browser.send(address, {"contact": "theo@exemple.test", "name": "Théo"})
    assert joined.status_code == 303
    club.people["theo"] = _member_named(club, "theo@exemple.test")
    assert club.referral("theo").referrer_id == club.people["rosa"]


def _member_named(club: Club, email: str) -> int:
    with club.database.reading() as session:
        return session.query(Identifier).filter_by(kind="email", value=email).one().member_id


def test_a_member_of_before_gets_the_link_when_the_card_is_opened(
    browser: Browser, club: Club
) -> None:
    club.run(
        lambda session: session.execute(delete(Identifier).where(Identifier.kind == "referral"))
    )
    assert club.view("rosa").notes.code == ""
    page = browser.get(club.view("rosa").card_url).text
    assert club.code("rosa") in page


def test_a_paid_membership_shows_its_end_and_moves_the_cards_version(
    browser: Browser, club: Club
) -> None:
    address = club.view("rosa").card_url
    before = browser.get(f"{address}/state").get_json()["version"]
    club.pay("rosa", "P-1")
    page = browser.get(address).text
    assert "VIP, jusqu’au" in page
    assert browser.get(f"{address}/state").get_json()["version"] != before


def test_the_link_of_a_merged_members_card_shows_the_survivors(
    browser: Browser, club: Club
) -> None:
    club.enrol("rosa2", email="rosa@autre.test")
    club.buy("rosa2", 1700)
    old = club.view("rosa2").card_url
    club.merge("rosa2", "rosa")
    page = browser.get(old).text
    assert 'data-number="17"' in page
    assert club.view("rosa").code not in old
    number = club.view("rosa").number
    assert " ".join(number[at : at + 3] for at in (0, 3, 6)) in page
