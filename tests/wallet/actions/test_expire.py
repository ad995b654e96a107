"""Expiry: told twice before, once and never twice, by the calendar of the program's own place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import Counter
from tests.wallet.club import Club, activity, open_club, until_quiet
from wallet.actions import expire
from wallet.actions.expire import expire_due
from wallet.actions.mail_expiry_notice import expiry_mail, expiry_notice_handler
from wallet.actions.run_jobs import run_jobs
from wallet.db import Database
from wallet.rules.expiry import SECOND_NOTICE_LEAST
from wallet.tables.ledger import Entry, ExpiryNotice
from wallet.tables.outbox import Job

MONTHS = {"kind": "months", "months": 3}


def open_with(database: Database, now: datetime, expiry: dict[str, Any], **more: Any) -> Club:
    """A club whose points end so, with Vera in it."""
    rules = more.pop("earning", None)
    changes: dict[str, Any] = {"units": [{**_points(), "expiry": expiry}], **more}
    if rules is not None:
        changes["earning"] = rules
    club = open_club(database, now, **changes)
    club.enrol("vera")
    return club


def _points() -> dict[str, Any]:
    return {
        "key": "points",
        "kind": "points",
        "name": {"fr": "Points", "en": "Points"},
        "one": {"fr": "point", "en": "point"},
        "many": {"fr": "points", "en": "points"},
    }


def expiries(club: Counter) -> list[Entry]:
    """Every entry that let something end."""
    with club.database.reading() as session:
        return list(session.scalars(select(Entry).where(Entry.kind == "expiry")))


def notices(club: Counter) -> list[ExpiryNotice]:
    """All of them, in the order in which they go out."""
    with club.database.reading() as session:
        return list(session.scalars(select(ExpiryNotice).order_by(ExpiryNotice.due_at)))


def day_by_day(club: Club, days: int, step: int = 1) -> None:
    """Expiry is looked at every morning, or every so many in quiet times."""
    for _ in range(0, days, step):
        club.later(days=step)
        while expire_due(club.database, lambda: club.now):
            pass


def test_two_notices_go_out_before_anything_ends(database: Database) -> None:
    start = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
    club = open_with(database, start, MONTHS)
    club.buy("vera", 5000)
    day_by_day(club, 60, step=10)
    assert notices(club) == []
    day_by_day(club, 30)  # 10 April: the last day
    sent = notices(club)
    end = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)  # midnight in Paris, in summer time
    assert [notice.expires_at for notice in sent] == [end, end]
    assert all(notice.sent_at and notice.sent_at <= end for notice in sent)
    assert [(end - notice.due_at).days for notice in sent] == [29, 7]
    assert club.points("vera") == 50
    assert expiries(club) == []
    day_by_day(club, 1)
    assert club.points("vera") == 0
    gone = expiries(club)
    assert [(entry.quantity, entry.contra) for entry in gone] == [(-50, "expired")]
    assert gone[0].why[0]["text"] == {
        "fr": "50 points arrivés à échéance le 10 avril 2026",
        "en": "50 points expired on April 10, 2026",
    }
    assert club.audit().findings == []


def test_a_card_tells_what_will_end_once_the_member_was_told(database: Database) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    club.buy("vera", 5000)
    assert club.view("vera").notes.endings == ()
    day_by_day(club, 60, step=20)
    day_by_day(club, 1)
    (ending,) = club.view("vera").notes.endings
    assert (ending.quantity, ending.last_day.isoformat()) == (50, "2026-04-10")


def test_expiring_twice_or_in_four_workers_at_once_is_expiring_once(database: Database) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    for name in ("noe", "lea", "sam"):
        club.enrol(name)
    for name in ("vera", "noe", "lea", "sam"):
        club.buy(name, 5000)
    day_by_day(club, 60, step=20)
    day_by_day(club, 30, step=5)
    club.later(days=2)
    barrier = threading.Barrier(4)
    failures: list[Exception] = []

    def work() -> None:
        try:
            barrier.wait(timeout=30)
            until_quiet(database, club.now)
        except Exception as error:  # noqa: BLE001  whatever it is, the test has to see it
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert failures == []
    until_quiet(database, club.now)
    assert len(expiries(club)) == 4
    assert {club.points(name) for name in ("vera", "noe", "lea", "sam")} == {0}
    assert club.audit().findings == []


def test_killed_half_way_it_goes_on_where_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    for name in ("noe", "lea"):
        club.enrol(name)
    for name in ("vera", "noe", "lea"):
        club.buy(name, 5000)
    day_by_day(club, 60, step=20)
    day_by_day(club, 30, step=5)
    club.later(days=2)
    honest: Callable[..., int] = expire._expire_one
    done: list[object] = []

    def killed_at_the_second(*arguments: Any) -> int:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(expire, "_expire_one", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        expire_due(database, lambda: club.now)
    assert len(expiries(club)) == 1
    monkeypatch.setattr(expire, "_expire_one", honest)
    until_quiet(database, club.now)
    assert len(expiries(club)) == 3
    assert club.audit().findings == []


def test_nothing_ends_untold_even_where_nobody_looked_for_weeks(database: Database) -> None:
    club = open_with(
        database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), {"kind": "months", "months": 1}
    )
    club.buy("vera", 5000)
    club.later(days=40)  # the calendar did not run once: the end is over already
    until_quiet(database, club.now)
    assert (club.points("vera"), expiries(club)) == (50, [])
    day_by_day(club, 7)
    assert club.points("vera") == 50
    assert [bool(notice.sent_at) for notice in notices(club)] == [True, True]
    day_by_day(club, 2)
    assert (club.points("vera"), len(expiries(club))) == (0, 1)


def test_nothing_ends_after_one_notice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first went out; the second is due and cannot be sent: what should have ended waits for it."""
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    club.buy("vera", 5000)
    day_by_day(club, 75, step=25)
    assert [notice.sent_at is not None for notice in notices(club)] == [True, False]
    with monkeypatch.context() as broken:
        broken.setattr(expire, "due_notices", lambda *_: [])
        day_by_day(club, 30, step=15)
        assert club.now > notices(club)[0].expires_at
        assert expiries(club) == []
    day_by_day(club, 1)
    assert all(notice.sent_at for notice in notices(club))
    assert (club.points("vera"), expiries(club)) == (50, [])  # there is a week to spend them
    day_by_day(club, 6)
    assert club.points("vera") == 50
    day_by_day(club, 1)
    assert (club.points("vera"), len(expiries(club))) == (0, 1)


def test_two_notices_that_are_late_come_one_after_the_other(database: Database) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    club.buy("vera", 5000)
    club.later(days=61)
    database.run(lambda session: expire._plan(session, club.now))  # and then nobody looks
    club.later(days=28)
    while expire_due(database, lambda: club.now):
        pass
    assert [notice.sent_at is not None for notice in notices(club)] == [True, False]
    assert club.points("vera") == 50
    day_by_day(club, 1)
    first, second = notices(club)
    assert second.sent_at == club.now
    assert first.expires_at == second.expires_at == club.now + timedelta(days=7)
    day_by_day(club, 6)
    assert (club.points("vera"), expiries(club)) == (50, [])
    day_by_day(club, 1)
    assert (club.points("vera"), len(expiries(club))) == (0, 1)


@pytest.mark.parametrize("planned_in_time", [True, False])
def test_several_ends_whose_notices_are_late_keep_their_own(
    database: Database, planned_in_time: bool
) -> None:
    """Both ends move to a week from now; each keeps its two notices."""
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    for _ in range(3):
        club.buy("vera", 5000)
        club.later(days=1)
    if planned_in_time:
        club.later(days=61)
        database.run(lambda session: expire._plan(session, club.now))
        club.later(days=22)  # both second notices are late
    else:
        club.later(days=121)  # the calendar did not run once
    told = None
    for _ in range(20):
        while expire_due(database, lambda: club.now):
            pass
        if not club.points("vera"):
            break
        told = told or club.now
        club.later(days=1)
    assert club.points("vera") == 0
    assert told
    ends = [entry.occurred_at for entry in expiries(club)]
    assert min(ends) >= told + SECOND_NOTICE_LEAST
    found = notices(club)
    assert len(found) == 6
    assert all(notice.sent_at for notice in found)
    for notice in found:
        assert notice.sent_at is not None
        assert notice.sent_at < notice.expires_at


def test_a_lot_with_less_than_a_month_to_live_still_gets_both_notices(database: Database) -> None:
    start = datetime(2026, 12, 20, 9, 0, tzinfo=UTC)
    club = open_with(database, start, {"kind": "end_of_year"})
    club.buy("vera", 5000)
    until_quiet(database, club.now)
    planned = notices(club)
    assert [notice.ordinal for notice in planned] == [1, 2]
    first, second = planned
    assert first.due_at == start  # at once
    assert second.expires_at - second.due_at >= timedelta(days=7)
    assert second.due_at > first.due_at
    while club.points("vera"):
        day_by_day(club, 1)
        assert club.now < start + timedelta(days=60)
    assert all(notice.sent_at for notice in notices(club))


def test_the_end_of_the_year_is_the_programs_own(database: Database) -> None:
    club = open_with(database, datetime(2026, 6, 1, 9, 0, tzinfo=UTC), {"kind": "end_of_year"})
    club.buy("vera", 5000)
    day_by_day(club, 180, step=60)
    day_by_day(club, 30, step=3)  # 28 December
    club.now = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    until_quiet(database, club.now)
    assert club.points("vera") == 50
    club.now = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # New Year in Paris
    assert club.points("vera") == 0
    until_quiet(database, club.now)
    assert len(expiries(club)) == 1


def test_activity_keeps_everything_alive_and_quiet_ends_it(database: Database) -> None:
    earning = [
        {
            "key": "base",
            "kind": "per_amount",
            "unit": "points",
            "quantity": 1,
            "per_minor": 100,
            "name": {"fr": "Base", "en": "Base"},
        },
        activity("review", 5),
    ]
    inactivity = {"kind": "inactivity", "months": 3}
    start = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
    club = open_with(database, start, inactivity, earning=earning)
    club.buy("vera", 5000)
    day_by_day(club, 75, step=5)  # told once already
    club.did("vera", "review")
    day_by_day(club, 60, step=5)  # beyond the first end
    assert club.points("vera") == 55
    day_by_day(club, 40, step=5)
    assert club.points("vera") == 0
    assert club.audit().findings == []


def test_a_month_with_29_days_and_one_without(database: Database) -> None:
    club = open_with(
        database, datetime(2028, 2, 29, 9, 0, tzinfo=UTC), {"kind": "months", "months": 12}
    )
    club.buy("vera", 5000)
    club.now = datetime(2029, 2, 28, 22, 59, tzinfo=UTC)
    assert club.points("vera") == 50
    club.now = datetime(2029, 2, 28, 23, 0, tzinfo=UTC)
    assert club.points("vera") == 0


def test_what_was_spent_meanwhile_needs_no_notice_and_no_mail(database: Database) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    club.buy("vera", 5000)
    day_by_day(club, 60, step=20)
    day_by_day(club, 1)
    club.redeem("vera", 50)
    day_by_day(club, 32)
    assert expiries(club) == []
    with database.reading() as session:
        jobs = [job.payload for job in session.scalars(select(Job)) if job.kind == "expiry_notice"]
        assert len(jobs) == 1  # the first one went out while there was something to lose
        assert expiry_mail(session, jobs[0]["notice_id"], club.now) is None


def test_the_notice_is_mailed_in_the_members_language(database: Database) -> None:
    club = open_with(database, datetime(2026, 1, 10, 9, 0, tzinfo=UTC), MONTHS)
    club.enrol("noe", email="", phone="+33612345678")  # no address: the card tells it alone
    for name in ("vera", "noe"):
        club.buy(name, 5000)
    day_by_day(club, 60, step=20)
    day_by_day(club, 1)
    mailer = _Mailbox()
    handlers = {"expiry_notice": expiry_notice_handler(mailer)}
    assert run_jobs(database, handlers, lambda: club.now) == 2
    ((address, subject, text),) = mailer.sent
    assert address == "vera@exemple.test"
    assert subject == "50\u00a0points à utiliser avant leur échéance"
    assert "arrivent à échéance le 10 avril 2026" in text
    assert "/card/" in text


class _Mailbox:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def send(self, email: str, subject: str, text: str, now: datetime) -> None:
        self.sent.append((email, subject, text))
