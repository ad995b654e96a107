"""What breaks loyalty programs first (D1 to D16 of the demands), and programs that grow: S23, S27, S28."""

from __future__ import annotations

import re
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from tests.factories import NOW, Counter, new_program
from tests.wallet.acceptance.bazaar import BAZAAR, RULES, Bazaar, coffee, reward, unit
from tests.wallet.club import until_quiet
from wallet.actions.find_member import MemberRef, find_member, look_up
from wallet.actions.load_demo import PROGRAM
from wallet.actions.merge_members import merge_members
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.undo import undo_purchase
from wallet.actions.unmerge_members import unmerge_members
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.expiry import told_endings
from wallet.tables.ledger import entries_of
from wallet.tables.member import Member

AT_ONCE = 50
RESENT = 5  # what a flaky link makes of one scan


def at_once(works: list[Any]) -> Tally[str]:
    """How each of them ended."""
    start = Barrier(len(works))

    def run(work: Any) -> str:
        start.wait(60)
        try:
            done = work()
        except Refusal as refusal:
            return refusal.code
        return "again" if getattr(done, "repeated", False) else "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Tally(pool.map(run, works))


def test_d02_fifty_redeem_ten_of_a_hundred_points_and_ten_succeed(bazaar: Bazaar) -> None:
    bazaar.rich("ada", 10_000)
    found = at_once([partial(bazaar.take, "ada", "film")] * AT_ONCE)  # 20 points each
    assert found == {"done": 5, "insufficient_balance": AT_ONCE - 5}
    assert bazaar.balance("ada").available == 0


def test_d03_the_same_scan_sent_five_times_at_once_counts_once(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    found = at_once([partial(bazaar.buy, "ada", 4_000, external_id="SCAN-1")] * RESENT)
    assert found == {"done": 1, "again": RESENT - 1}
    assert bazaar.balance("ada").available == 40


def test_d04_a_till_that_was_offline_sends_its_sales_days_later_in_any_order_and_twice(
    bazaar: Bazaar,
) -> None:
    bazaar.enrol("ada")
    bazaar.now = NOW + timedelta(days=10)
    queued = [(f"OFF-{number}", NOW + timedelta(hours=number)) for number in range(4)]
    for external_id, at in (*reversed(queued), *queued):
        bazaar.buy("ada", 4_000, external_id=external_id, occurred_at=at)
    assert bazaar.balance("ada").available == 160
    with bazaar.database.reading() as session:
        entries = entries_of(session, bazaar.people["ada"], 20)
    points = [entry for entry in entries if entry.unit == "points"]
    assert [entry.seq for entry in points] == [4, 3, 2, 1]
    assert {entry.occurred_at for entry in points} == {at for _, at in queued}


def test_d05_whoever_is_looked_up_by_code_number_phone_or_mail_is_found_by_an_index(
    database: Database,
) -> None:
    """However many members there are: every read of members and identifiers goes by an index."""
    shop = Counter(database, new_program(database, PROGRAM))
    ada = shop.enrol("ada", phone="+33612345678", external_ids=(("shop", "C-1"),))
    read: list[tuple[str, Any]] = []

    def saw(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if re.search(r"\bFROM (member|identifier)\b", statement):
            read.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", saw)
    with database.reading() as session:
        for ref in (
            MemberRef(code=ada.code),
            MemberRef(number=ada.number),
            MemberRef(phone="06 12 34 56 78"),
            MemberRef(email="ADA@exemple.test"),
            MemberRef(external_source="shop", external_id="C-1"),
        ):
            assert find_member(session, shop.program, ref).id == ada.id
        assert [member.id for member in look_up(session, shop.program, ada.code)] == [ada.id]
    event.remove(database.engine, "before_cursor_execute", saw)
    assert read
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))  # the table is small here
        for statement, parameters in read:
            plan = connection.exec_driver_sql(_explain(database) + statement, parameters)
            assert not [line for line in _plan(plan) if "SCAN member" in line or "Seq Scan" in line]


def _explain(database: Database) -> str:
    return "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "


def _plan(rows: Any) -> list[str]:
    return [str(row[-1]) for row in rows]


def test_d12_a_cashiers_undo_is_a_movement_of_its_own_and_only_for_a_while(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    sale = bazaar.buy("ada", 4_000)

    def undo(session: Session) -> object:
        return undo_purchase(session, bazaar.program, sale.purchase.id, bazaar.actor, bazaar.now)

    bazaar.later(minutes=10, seconds=1)
    with pytest.raises(Refusal, match="undo_too_late"):
        bazaar.run(undo)
    bazaar.later(minutes=-5)
    bazaar.run(undo)
    with pytest.raises(Refusal, match="already_reversed"):
        bazaar.run(undo)
    with bazaar.database.reading() as session:
        entries = entries_of(session, bazaar.people["ada"], 10)
    points = [(entry.kind, entry.quantity) for entry in entries if entry.unit == "points"]
    assert points == [("reversal", -40), ("accrual", 40)]


def test_d15_each_lots_end_is_known_and_told_of_twice_before_it_is_lost(database: Database) -> None:
    rules = {**BAZAAR.rules, "expiry_months": 3}
    program = new_program(database, replace(BAZAAR, rules=rules), NOW - timedelta(days=400))
    bazaar = Bazaar(database, program)
    bazaar.enrol("ada")
    bazaar.buy("ada", 1_000)
    bazaar.later(days=20)
    bazaar.buy("ada", 2_000)
    ends = [datetime(2026, 6, 14, 22, tzinfo=UTC), datetime(2026, 7, 3, 22, tzinfo=UTC)]
    bazaar.now = ends[0] - timedelta(days=29)
    until_quiet(database, bazaar.now)
    with database.reading() as session:
        told = told_endings(session, bazaar.people["ada"], bazaar.now)
    assert [(end, left) for key, end, left in told if key == "points"] == [(ends[0], 10)]
    for days in (20, 6):
        bazaar.now = ends[0] - timedelta(days=days)
        until_quiet(database, bazaar.now)
    bazaar.now = ends[0]
    until_quiet(database, bazaar.now)
    assert bazaar.balance("ada").available == 20  # oldest first, and only what had ended
    assert bazaar.audit().findings == []


def test_d16_two_accounts_become_one_and_two_again_with_nothing_lost(bazaar: Bazaar) -> None:
    bazaar.rich("ada", 60_000)
    bazaar.rich("bruno", 2_000)
    before = [bazaar.view(name).balances for name in ("ada", "bruno")]

    def change(verb: Any, *names: str) -> None:
        def work(session: Session) -> object:
            people = [bazaar.member(session, name) for name in names]
            return verb(session, bazaar.program, *people, bazaar.actor, bazaar.now)

        bazaar.run(work)

    change(merge_members, "bruno", "ada")
    assert bazaar.balance("ada").available == 620
    with bazaar.database.reading() as session:
        code = session.get_one(Member, bazaar.people["bruno"]).code
        found = find_member(session, bazaar.program, MemberRef(code=code))
        assert found.id == bazaar.people["ada"]  # a retired code leads to the survivor
    change(unmerge_members, "bruno")
    assert [bazaar.view(name).balances for name in ("ada", "bruno")] == before


def test_s23_two_profiles_are_shown_different_content(database: Database) -> None:
    rewards = [
        reward(key, "content", 10, value={"url": f"https://exemple.test/{key}"}, tags=(key,))
        for key in ("vegan", "barista")
    ]
    program = new_program(database, replace(BAZAAR, rewards=(*BAZAAR.rewards[-1:], *rewards)))
    shop = Bazaar(database, program)
    shown = {}
    for name, tag in (("ada", "vegan"), ("bruno", "barista")):
        shop.rich(name, 2_000)
        shop.run(partial(_tag, shop, name, tag))
        shown[name] = {line.key for line in shop.view(name).rewards} & {"vegan", "barista"}
        shop.take(name, tag)
        assert shop.open(name, tag)["url"] == f"https://exemple.test/{tag}"
    assert shown == {"ada": {"vegan"}, "bruno": {"barista"}}


def _tag(shop: Bazaar, name: str, tag: str, session: Session) -> None:
    shop.member(session, name).tags = [tag]


def test_s27_a_program_starts_with_points_and_grows_without_touching_a_balance(
    database: Database,
) -> None:
    simple = {"units": [unit("points", "points")], "earning": RULES["earning"][:1]}
    bare = replace(
        BAZAAR, rules=simple, rewards=(reward("off", "amount", 50, value={"amount_minor": 500}),)
    )
    shop = Bazaar(database, new_program(database, bare, NOW - timedelta(days=400)))
    shop.rich("ada", 60_000)
    assert shop.view("ada").standing.tier is None
    grown = {
        **RULES,
        "units": [unit("points", "points"), unit("stamps", "stamps"), unit("credit", "credit")],
    }

    def publish(session: Session) -> object:
        return publish_rules(session, shop.program.id, grown, "staff:1", shop.now)

    assert shop.run(publish) == 2
    shop.program = shop.run(lambda session: program_view(session, shop.program.id))
    assert shop.balance("ada").available == 600
    shop.buy("ada", 100)
    standing = shop.view("ada").standing
    assert standing.tier is not None
    assert standing.tier.key == "gold"  # what was bought before counts
    with database.reading() as session:
        versions = [entry.rule_version for entry in entries_of(session, shop.people["ada"], 9)]
    assert versions[-1] == 1
    assert set(versions[:-1]) == {2}
    assert shop.audit().findings == []


def test_s28_points_stamps_credit_and_tiers_run_on_one_card(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    done = bazaar.buy("ada", 26_000, items=[coffee(3)])
    earned = {entry.unit: entry.quantity for entry in done.entries}
    assert earned == {"points": 260, "stamps": 3, "credit": 1_300}
    view = bazaar.view("ada")
    assert view.standing.tier is not None
    assert view.standing.tier.key == "silver"
    assert {key: held.available for key, held in view.balances.items()} == earned
