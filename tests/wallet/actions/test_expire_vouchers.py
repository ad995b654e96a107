"""Vouchers end by the calendar: once, not untold, forfeited or given back as the rules say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import NOW, new_program
from tests.wallet.acceptance.bazaar import BAZAAR, BOSS, Bazaar
from tests.wallet.club import until_quiet
from wallet.actions.expire_vouchers import expire_vouchers
from wallet.actions.follow_card import FOLLOW_JOB, follow_card_job
from wallet.actions.issue_pass import issue_pass
from wallet.actions.mail_voucher_notice import voucher_mail
from wallet.actions.run_jobs import run_jobs
from wallet.actions.void_voucher import forfeit_voucher
from wallet.db import Database
from wallet.errors import Refusal
from wallet.rules.voucher_code import spoken_voucher
from wallet.tables.ledger import entries_of
from wallet.tables.wallet_pass import passes_of

LAST_DAY = datetime(2026, 4, 13, 21, 59, 59, tzinfo=UTC)  # 30 days; the last second of it in Paris


def open_shop(database: Database, when_expired: str = "forfeit") -> Bazaar:
    """Ada is rich and has a pass; the shop opened long ago."""
    rules = {**BAZAAR.rules, "vouchers": {"when_expired": when_expired, "notice_days": 7}}
    made = new_program(database, replace(BAZAAR, rules=rules), NOW - timedelta(days=400))
    bazaar = Bazaar(database, made)
    bazaar.rich()
    bazaar.run(
        lambda session: issue_pass(
            session, bazaar.program, bazaar.member(session, "ada"), "apple", bazaar.now
        )
    )
    return bazaar


def take(bazaar: Bazaar, key: str = "tenpercent") -> str:
    """Take a reward that is kept as a voucher; its code."""
    voucher = bazaar.take("ada", key).voucher
    assert voucher is not None
    return voucher.code


def card_says(bazaar: Bazaar) -> str:
    """The vouchers on the back of Ada's card, in French."""
    with bazaar.database.reading() as session:
        card = passes_of(session, bazaar.people["ada"])[0].card
    return next((part["body"]["fr"] for part in card["sections"] if part["key"] == "vouchers"), "")


def at(bazaar: Bazaar, moment: datetime) -> int:
    """The calendar at that moment; how much it did."""
    bazaar.now = moment
    return until_quiet(bazaar.database, moment)


def test_an_unused_voucher_is_told_of_once_and_forfeited_with_its_last_day(
    database: Database,
) -> None:
    bazaar = open_shop(database)
    code = take(bazaar)
    paid = bazaar.balance("ada").available
    at(bazaar, LAST_DAY - timedelta(days=8))
    assert "à utiliser avant" not in card_says(bazaar)
    assert at(bazaar, LAST_DAY - timedelta(days=6, hours=12)) > 0
    assert "à utiliser avant le 13 avril 2026" in card_says(bazaar)
    assert at(bazaar, LAST_DAY) == 0
    assert bazaar.use(code, "a-till").worth_minor is None  # a percentage of no bill: it still works
    other = take(bazaar, "advice")  # 14 days
    end = bazaar.voucher(other).expires_at
    assert end is not None
    at(bazaar, end - timedelta(days=6, hours=12))
    assert at(bazaar, end) > 0
    assert bazaar.voucher(other).status == "expired"
    assert card_says(bazaar) == ""
    with pytest.raises(Refusal, match="voucher_expired"):
        bazaar.use(other)
    assert bazaar.balance("ada").available == paid - 80
    assert at(bazaar, end + timedelta(days=1)) == 0
    assert bazaar.audit().findings == []


def test_where_the_rules_say_so_the_points_come_back(database: Database) -> None:
    bazaar = open_shop(database, "return")
    before = bazaar.balance("ada").available
    take(bazaar)
    at(bazaar, LAST_DAY - timedelta(days=6, hours=12))
    assert at(bazaar, LAST_DAY + timedelta(seconds=1)) > 0
    assert bazaar.balance("ada").available == before
    with database.reading() as session:
        newest = entries_of(session, bazaar.people["ada"], 1)[0]
    assert (newest.kind, newest.actor) == ("reversal", "system")
    assert newest.why[0]["text"]["fr"] == "Bon non utilisé, expiré le 13 avril 2026"
    assert bazaar.audit().findings == []


def test_two_workers_and_a_kill_end_it_once(database: Database) -> None:
    bazaar = open_shop(database, "return")
    before = bazaar.balance("ada").available
    for _ in range(3):
        take(bazaar)
    at(bazaar, LAST_DAY - timedelta(days=6, hours=12))
    bazaar.now = LAST_DAY + timedelta(days=1)
    with ThreadPoolExecutor(4) as pool:
        rounds = [pool.submit(expire_vouchers, database, lambda: bazaar.now) for _ in range(4)]
    assert sum(one.result() for one in rounds) == 3
    assert bazaar.balance("ada").available == before
    assert bazaar.audit().findings == []


def test_a_manager_can_make_good_what_was_forfeited_once(database: Database) -> None:
    bazaar = open_shop(database)
    before, pieces = bazaar.balance("ada").available, bazaar.stock("class")
    code = take(bazaar, "class")  # two places, 90 days
    end = bazaar.voucher(code).expires_at
    assert end is not None
    at(bazaar, end - timedelta(days=6, hours=12))
    at(bazaar, end)
    assert bazaar.stock("class") == pieces  # nobody came: the place is free
    with pytest.raises(Refusal, match="voucher_void"):
        bazaar.run(lambda session: forfeit_voucher(session, bazaar.program, code, BOSS, bazaar.now))
    bazaar.void(code)
    with pytest.raises(Refusal, match="voucher_void"):
        bazaar.void(code)
    assert (bazaar.balance("ada").available, bazaar.stock("class")) == (before, pieces)
    assert bazaar.audit().findings == []


def test_a_service_that_was_off_takes_nothing_untold(database: Database) -> None:
    bazaar = open_shop(database)
    code = take(bazaar)
    assert at(bazaar, LAST_DAY + timedelta(days=3)) > 0
    assert bazaar.voucher(code).expires_at == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert bazaar.use(code).voucher.status == "used"


def test_the_mail_names_the_voucher_and_the_day(database: Database) -> None:
    bazaar = open_shop(database)
    voucher = bazaar.voucher(take(bazaar))
    with database.reading() as session:
        mail = voucher_mail(session, voucher.id, LAST_DAY - timedelta(days=7))
        assert voucher_mail(session, voucher.id, LAST_DAY + timedelta(days=7)) is None
    assert mail is not None
    assert mail.email == "ada@exemple.test"
    assert "13 avril 2026" in mail.text
    assert "tenpercent" in mail.subject


def test_a_sale_given_back_after_the_end_revives_the_voucher_for_a_month(
    database: Database,
) -> None:
    bazaar = open_shop(database)
    code = take(bazaar)
    sale = bazaar.buy("ada", 4_000, external_id="T-9")
    bazaar.use(code, sale=("till", "T-9"))
    bazaar.now = LAST_DAY + timedelta(days=1)
    bazaar.refund(sale)
    voucher = bazaar.voucher(code)
    assert (voucher.status, voucher.told_at) == ("issued", None)
    assert voucher.expires_at == datetime(2026, 5, 14, 22, tzinfo=UTC)
    assert bazaar.audit().findings == []


def test_a_voucher_that_comes_back_from_somebody_elses_sale_is_on_its_holders_card(
    database: Database,
) -> None:
    bazaar = open_shop(database)
    code = take(bazaar)
    assert card_says(bazaar)
    bazaar.enrol("bruno")
    sale = bazaar.buy("bruno", 4_000, external_id="T-10")
    bazaar.use(code, sale=("till", "T-10"))
    assert card_says(bazaar) == ""
    bazaar.refund(sale)
    jobs = {FOLLOW_JOB: follow_card_job}
    assert run_jobs(database, jobs, lambda: bazaar.now) == 1
    assert bazaar.voucher(code).status == "issued"
    assert spoken_voucher(code) in card_says(bazaar)
