"""The set-up pages of the console: for owners and managers, in their language, safe against phones' texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.factories import Cast
from tests.passes.apple.test_device_log import LINES
from tests.wallet.web.conftest import Browser
from wallet.doctor.check import Check
from wallet.tables.wallet_pass import PhoneLog


def test_owners_read_what_is_missing_and_marketers_do_not(
    open_browser: Callable[..., Browser],
) -> None:
    owner, marketer = open_browser("fr"), open_browser("fr")
    owner.sign_in("odile")
    page = owner.get("/console/setup/").text
    assert "certificat de développement" in page
    assert "Voir de plus près" in page
    marketer.sign_in("emil")
    assert "/console/setup/" not in marketer.get("/console/").text


def test_complaints_are_explained_and_shown_as_text(browser: Browser, web_cast: Cast) -> None:
    lines = [LINES["last_modified_missing"], "<script>alert(1)</script>"]
    web_cast.run(
        lambda session: session.add_all(PhoneLog(at=web_cast.now, message=one) for one in lines)
    )
    browser.sign_in("odile")
    page = browser.get("/console/setup/apple").text
    assert "La réponse avec la carte n’a pas de Last-Modified." in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_the_countdown_is_on_every_page_once_it_has_begun(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("odile")
    assert "console-alarm" not in browser.get("/console/").text
    check = Check(
        "apple_certificate_ending", "fail", "The certificate ends in {days} days, on {until}."
    )
    monkeypatch.setattr("wallet.web.console.frame.ending", lambda identity, now: check)
    assert "console-alarm" in browser.get("/console/members").text
    assert "console-alarm" not in browser.get("/console/setup/apple").text


def test_a_test_over_an_address_where_nobody_listens_says_so(
    browser: Browser, web_cast: Cast, settings_of_app: dict[str, object]
) -> None:
    browser.sign_in("odile")
    page = browser.send("/console/setup/apple/try", {}, page="/console/setup/apple").text
    assert 'data-step="downloads" data-state="fail"' in page
    assert 'data-step="pushes" data-state="skip"' in page
    with web_cast.database.reading() as session:
        assert _trials(session) == 0


@pytest.fixture
def settings_of_app() -> dict[str, object]:
    """Nothing listens at these addresses."""
    return {"public_url": "http://127.0.0.1:1", "apns_url": "https://127.0.0.1:1"}


def _trials(session: Session) -> int:
    query = "SELECT count(*) FROM member WHERE status = 'trial'"
    return int(session.connection().exec_driver_sql(query).scalar_one())


def test_operators_get_the_countdown_in_numbers(browser: Browser) -> None:
    told = browser.get("/readyz").get_json()
    assert told["certificate_days_left"] > 300
    assert [detail["code"] for detail in told["details"]] == ["apple_development"]
    metrics = browser.get("/metrics").text
    assert 'comptoir_certificate_days_left{wallet="apple"}' in metrics
    assert 'comptoir_certificate_expires_timestamp_seconds{wallet="apple"}' in metrics
