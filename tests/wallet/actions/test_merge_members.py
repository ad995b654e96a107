"""Merging: nothing is lost, everything leads to the survivor, and it can be undone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.databases import Sqlite
from tests.factories import (
    MANAGER,
    Cast,
    Counter,
    make_cast,
    new_program,
    open_database,
    with_rules,
)
from wallet.actions.find_member import MemberRef, find_member, look_up
from wallet.actions.issue_pass import issue_pass
from wallet.actions.load_demo import PROGRAM
from wallet.actions.member_view import card_url, member_with_token
from wallet.actions.merge_members import carry_stragglers, members_with_stragglers, merge_members
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.unmerge_members import unmerge_members
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.ledger import Account, Award, Lot, accounts_of, entries_of
from wallet.tables.member import Member, identifiers_of
from wallet.tables.merging import OWNED
from wallet.tables.wallet_pass import passes_of


def merge(counter: Counter, merged: str, survivor: str) -> None:
    """`merged` goes into `survivor`."""
    counter.run(
        lambda session: merge_members(
            session,
            counter.program,
            counter.member(session, merged),
            counter.member(session, survivor),
            MANAGER,
            counter.now,
        )
    )


def unmerge(counter: Counter, merged: str) -> None:
    """Undo it."""
    counter.run(
        lambda session: unmerge_members(
            session, counter.program, counter.member(session, merged), MANAGER, counter.now
        )
    )


def worth(counter: Counter, who: str, unit: str = "points") -> int:
    """Balance less what is owed."""
    with counter.database.reading() as session:
        accounts = accounts_of(session, counter.people[who])
    return sum(account.balance - account.owed for account in accounts if account.unit == unit)


def lots(counter: Counter, who: str) -> list[tuple[int, object, object]]:
    """(left, free from, ends) of the member's lots, those with something in them."""
    with counter.database.reading() as session:
        query = (
            select(Lot.remaining, Lot.available_at, Lot.expires_at)
            .join(Account, Account.id == Lot.account_id)
            .where(Account.member_id == counter.people[who], Lot.remaining > 0)
            .order_by(Lot.expires_at)
        )
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_merge_moves_points_purchases_and_status(cast: Cast) -> None:
    cast.buy("bruno", 5000)
    before = lots(cast, "ada")
    merge(cast, "ada", "bruno")
    assert cast.balance("bruno").available == 650
    assert cast.balance("ada").available == 0
    assert cast.view("bruno").standing.tier.key == "gold"  # type: ignore[union-attr]
    assert set(before) <= set(lots(cast, "bruno"))  # each with the day on which it ends
    with cast.database.reading() as session:
        newest = entries_of(session, cast.people["bruno"], 1)[0]
    assert (newest.kind, newest.contra, newest.quantity) == ("transfer", "transferred", 600)
    assert newest.why[0]["text"]["en"] == "Two accounts of one person made one"


def test_everything_that_named_the_merged_member_names_the_survivor(cast: Cast) -> None:
    with cast.database.reading() as session:
        ada = cast.member(session, "ada")
        code, number = ada.code, ada.number
        token = card_url(session, cast.program, ada).rsplit("/", 1)[1]
    merge(cast, "ada", "bruno")
    refs = (
        MemberRef(id=public_id("mbr", cast.people["ada"])),
        MemberRef(code=code),
        MemberRef(number=number),
        MemberRef(email="ada@exemple.test"),
        MemberRef(phone="+33612345678"),
        MemberRef(external_source="shop", external_id="C-ADA"),
        MemberRef(email="bruno@exemple.test"),
    )
    with cast.database.reading() as session:
        for ref in refs:
            assert find_member(session, cast.program, ref).id == cast.people["bruno"], ref
        found = member_with_token(session, token, [cast.program])
        assert found is not None
        assert found[1].id == cast.people["bruno"]
        typed = look_up(session, cast.program, "Ada")  # by part of the address
        assert [row.id for row in typed] == [cast.people["bruno"]]
    assert cast.view("bruno").email == "bruno@exemple.test"  # its own stays the one in front
    assert cast.view("bruno").phone == "+33612345678"


def test_passes_follow_and_a_second_one_shows_the_survivors_card(cast: Cast) -> None:
    def issue(session: Session) -> None:
        for who, provider in (("ada", "apple"), ("ada", "google"), ("bruno", "apple")):
            issue_pass(session, cast.program, cast.member(session, who), provider, cast.now)

    cast.run(issue)
    merge(cast, "ada", "bruno")
    with cast.database.reading() as session:
        bruno = cast.member(session, "bruno")
        passes = {(row.member_id, row.provider): row for row in passes_of(session, bruno.id)}
        assert set(passes) == {
            (bruno.id, "apple"),
            (bruno.id, "google"),
            (cast.people["ada"], "apple"),  # on a phone already: it cannot be called back
        }
        assert {row.card["code"] for row in passes.values()} == {bruno.code}
        assert {row.card["balance"]["number"] for row in passes.values()} == {600}
    cast.later(hours=1)
    cast.buy("bruno", 1000)
    with cast.database.reading() as session:
        shown = {row.card["balance"]["number"] for row in passes_of(session, bruno.id)}
    assert shown == {615}  # gold counts for half as much again
    unmerge(cast, "ada")
    with cast.database.reading() as session:
        ada = cast.member(session, "ada")
        assert {row.card["code"] for row in passes_of(session, ada.id)} == {ada.code}
        assert {row.provider for row in passes_of(session, ada.id)} == {"apple", "google"}


def test_undoing_gives_everybody_exactly_their_own(cast: Cast) -> None:
    cast.buy("bruno", 5000)
    cast.redeem("ada", 100)
    before = {who: (cast.view(who), lots(cast, who)) for who in ("ada", "bruno")}
    merge(cast, "ada", "bruno")
    cast.later(days=2)
    unmerge(cast, "ada")
    for who, (view, held) in before.items():
        after = cast.view(who)
        assert after.balances == view.balances
        assert after.standing.tier_key == view.standing.tier_key
        assert (after.email, after.phone, after.name) == (view.email, view.phone, view.name)
        assert after.status == "active"
        assert lots(cast, who) == held
    with cast.database.reading() as session:
        found = find_member(session, cast.program, MemberRef(phone="+33612345678"))
        assert found.id == cast.people["ada"]


def test_what_came_after_the_merge_stays_with_the_survivor(cast: Cast) -> None:
    merge(cast, "ada", "bruno")
    sale = cast.buy("bruno", 1000)
    unmerge(cast, "ada")
    assert cast.balance("ada").available == 600
    assert cast.balance("bruno").available == 15  # 1000 at gold: earned while they were one
    assert sale.purchase.member_id == cast.people["bruno"]
    assert cast.view("bruno").standing.tier_key == "bronze"
    assert cast.view("ada").standing.tier_key == "gold"


def test_what_the_survivor_spent_of_it_is_owed_and_paid_by_later_sales(cast: Cast) -> None:
    merge(cast, "ada", "bruno")
    cast.redeem("bruno", 400)
    unmerge(cast, "ada")
    assert cast.balance("ada").available == 600
    assert (cast.balance("bruno").available, cast.balance("bruno").owed) == (0, 400)
    cast.buy("bruno", 10_000)
    assert (cast.balance("bruno").available, cast.balance("bruno").owed) == (0, 300)


def test_where_debts_may_stand_below_zero_they_do(database: Database) -> None:
    program = with_rules(PROGRAM, "below", clawback="negative")
    cafe = Counter(database, new_program(database, program))
    for who in ("ada", "bruno"):
        cafe.enrol(who)
    sale = cafe.buy("ada", 3000)
    cafe.redeem("ada", 30)
    cafe.refund(sale)
    assert worth(cafe, "ada") == -30
    cafe.buy("bruno", 1000)
    merge(cafe, "ada", "bruno")
    assert (worth(cafe, "ada"), worth(cafe, "bruno")) == (0, -20)
    unmerge(cafe, "ada")
    assert (worth(cafe, "ada"), worth(cafe, "bruno")) == (-30, 10)
    assert cafe.audit().findings == []


def test_a_debt_of_either_side_is_paid_by_the_other(cast: Cast) -> None:
    sale = cast.buy("bruno", 3000)
    cast.redeem("bruno", 30)
    cast.refund(sale)
    assert cast.balance("bruno").owed == 30
    merge(cast, "bruno", "ada")
    assert (cast.balance("ada").available, cast.balance("ada").owed) == (570, 0)
    unmerge(cast, "bruno")
    assert (cast.balance("ada").available, cast.balance("bruno").owed) == (600, 30)
    merge(cast, "ada", "bruno")
    assert (cast.balance("bruno").available, cast.balance("bruno").owed) == (570, 0)


def test_a_debt_that_nobody_can_pay_goes_along(cast: Cast) -> None:
    cast.enrol("karim")
    sale = cast.buy("bruno", 3000)
    cast.redeem("bruno", 30)
    cast.refund(sale)
    merge(cast, "bruno", "karim")
    assert (cast.balance("karim").available, cast.balance("karim").owed) == (0, 30)
    assert cast.balance("bruno").owed == 0
    cast.buy("karim", 10_000)
    assert (cast.balance("karim").available, cast.balance("karim").owed) == (70, 0)


def test_a_refund_after_the_merge_takes_from_the_survivor_and_goes_back_with_the_sale(
    cast: Cast,
) -> None:
    sale = cast.buy("bruno", 10_000)
    merge(cast, "bruno", "ada")
    assert cast.balance("ada").available == 700
    cast.refund(sale)
    assert cast.balance("ada").available == 600
    unmerge(cast, "bruno")
    assert (cast.balance("ada").available, cast.balance("ada").owed) == (600, 0)
    assert cast.balance("bruno").available == 0


def test_a_reward_of_before_can_be_given_back_after(cast: Cast) -> None:
    taken = cast.redeem("ada", 100)
    merge(cast, "ada", "bruno")
    cast.reverse(taken.entry)
    assert (cast.balance("bruno").available, cast.balance("ada").available) == (600, 0)
    unmerge(cast, "ada")
    assert (cast.balance("ada").available, cast.balance("bruno").available) == (600, 0)


def test_the_same_sale_sent_again_after_a_merge_is_the_same_sale(cast: Cast) -> None:
    first = cast.buy("ada", 4000, source="shop", external_id="O-1")
    merge(cast, "ada", "bruno")
    again = cast.buy("bruno", 4000, source="shop", external_id="O-1")
    assert again.repeated
    assert again.purchase.id == first.purchase.id


def test_merging_again_changes_nothing(cast: Cast) -> None:
    merge(cast, "ada", "bruno")
    merge(cast, "ada", "bruno")
    assert cast.balance("bruno").available == 600


@pytest.mark.parametrize(
    ("merged", "survivor", "code"),
    [
        ("bruno", "bruno", "merge_same"),
        ("bruno", "ada", "merge_same"),  # ada is bruno by now
        ("ada", "karim", "member_merged"),
        ("chloe", "bruno", "member_closed"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    cast: Cast, merged: str, survivor: str, code: str
) -> None:
    cast.enrol("karim")
    merge(cast, "ada", "bruno")
    with pytest.raises(Refusal, match=code):
        merge(cast, merged, survivor)


def test_only_a_merge_that_stands_can_be_undone_and_the_last_one_first(cast: Cast) -> None:
    cast.enrol("karim")
    with pytest.raises(Refusal, match="not_merged"):
        unmerge(cast, "ada")
    merge(cast, "ada", "bruno")
    merge(cast, "bruno", "karim")
    with pytest.raises(Refusal, match="merge_not_last"):
        unmerge(cast, "ada")
    unmerge(cast, "bruno")
    unmerge(cast, "ada")
    with pytest.raises(Refusal, match="not_merged"):
        unmerge(cast, "ada")


def test_chains_of_merges_lead_to_the_last_one_and_back(cast: Cast) -> None:
    cast.enrol("karim")
    cast.buy("bruno", 5000)
    cast.buy("karim", 7000)
    merge(cast, "ada", "bruno")
    merge(cast, "bruno", "karim")
    assert cast.balance("karim").available == 720
    with cast.database.reading() as session:
        found = find_member(session, cast.program, MemberRef(email="ada@exemple.test"))
        assert found.id == cast.people["karim"]
        by_id = MemberRef(id=public_id("mbr", cast.people["ada"]))
        assert find_member(session, cast.program, by_id).id == cast.people["karim"]
    unmerge(cast, "bruno")
    assert (cast.balance("bruno").available, cast.balance("karim").available) == (650, 70)
    with cast.database.reading() as session:
        found = find_member(session, cast.program, MemberRef(email="ada@exemple.test"))
        assert found.id == cast.people["bruno"]
    unmerge(cast, "ada")
    assert [cast.balance(who).available for who in ("ada", "bruno", "karim")] == [600, 50, 70]


def test_points_that_ended_in_between_are_gone_for_everybody(cast: Cast) -> None:
    merge(cast, "ada", "bruno")
    cast.later(days=800)
    unmerge(cast, "ada")
    assert worth(cast, "ada") == 0
    assert worth(cast, "bruno") == 600  # ended, and swept on the next round


def test_what_arrives_in_the_very_moment_of_the_merge_follows(cast: Cast) -> None:
    with cast.database.reading() as session:
        stale = cast.member(session, "ada")  # as a till on another machine had read her
    merge(cast, "ada", "bruno")
    facts = PurchaseFacts("till", "late", "store", 1000, "EUR")

    def late(session: Session) -> None:
        stale.status = "active"
        record_purchase(session, cast.program, stale, facts, MANAGER, cast.now)

    cast.run(late)
    assert worth(cast, "ada") == 10
    with cast.database.reading() as session:
        assert members_with_stragglers(session, 10) == [cast.people["ada"]]
    cast.run(
        lambda session: carry_stragglers(
            session, cast.program, cast.people["ada"], MANAGER, cast.now
        )
    )
    assert (worth(cast, "ada"), worth(cast, "bruno")) == (0, 610)
    with cast.database.reading() as session:
        assert members_with_stragglers(session, 10) == []
    unmerge(cast, "ada")
    assert (worth(cast, "ada"), worth(cast, "bruno")) == (610, 0)


def test_caps_and_points_for_the_status_count_for_the_survivor(cast: Cast) -> None:
    cast.buy("bruno", 5000)
    merge(cast, "bruno", "ada")

    def given(session: Session, who: str) -> int:
        query = select(Award.quantity).where(Award.member_id == cast.people[who])
        return sum(session.scalars(query))

    with cast.database.reading() as session:
        assert (given(session, "ada"), given(session, "bruno")) == (650, 0)
    unmerge(cast, "bruno")
    with cast.database.reading() as session:
        assert (given(session, "ada"), given(session, "bruno")) == (600, 50)


PEOPLE = ("ada", "bruno", "karim")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.sampled_from(PEOPLE), st.integers(1, 120)),
        st.tuples(st.just("redeem"), st.sampled_from(PEOPLE), st.sampled_from((30, 60, 100))),
        st.tuples(st.just("refund"), st.sampled_from(PEOPLE), st.integers(0, 5)),
        st.tuples(st.just("reverse"), st.sampled_from(PEOPLE), st.integers(0, 5)),
        st.tuples(st.just("merge"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
        st.tuples(st.just("unmerge"), st.sampled_from(PEOPLE), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(steps=steps)
def test_whatever_is_merged_and_undone_no_point_is_made_or_lost(
    sqlite: Sqlite, light_hashing: None, steps: list[tuple[str, str, object]]
) -> None:
    url = sqlite.migrated()
    database = open_database(url)
    cast = make_cast(database)
    cast.enrol("karim")
    world = _World(cast)
    for verb, who, argument in steps:
        cast.later(minutes=1)
        before = world.total()
        change = world.act(verb, who, argument)
        assert world.total() == before + change, (verb, who, argument)
    for who in PEOPLE:
        world.check_names(who)
    while world.undo_one():
        pass
    assert {who: world.stands(who) for who in PEOPLE} == dict.fromkeys(PEOPLE, True)
    assert cast.audit().findings == []
    database.dispose()
    sqlite.drop(url)


class _World:
    """The café with three of its members; an auditor of its own that knows nothing of the code."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.sales: list[object] = []
        self.taken: list[object] = []

    def total(self) -> int:
        return sum(worth(self.cast, who) for who in PEOPLE)

    def now_is(self, who: str) -> str:
        names = {number: name for name, number in self.cast.people.items()}
        with self.cast.database.reading() as session:
            member = self.cast.member(session, who)
            return names[member.merged_into_id or member.id]

    def stands(self, who: str) -> bool:
        return self.now_is(who) == who

    def act(self, verb: str, who: str, argument: object) -> int:
        try:
            return int(getattr(self, f"_{verb}")(who, argument) or 0)
        except (Refusal, IndexError):
            return 0

    def _buy(self, who: str, argument: int) -> int:
        sale = self.cast.buy(self.now_is(who), argument * 100)
        self.sales.append(sale)
        return sum(entry.quantity for entry in sale.entries)

    def _redeem(self, who: str, argument: int) -> int:
        taken = self.cast.redeem(self.now_is(who), argument)
        self.taken.append(taken)
        return -argument

    def _refund(self, who: str, argument: int) -> int:
        sale = self.sales[argument]
        self.cast.refund(sale)  # type: ignore[arg-type]
        return -sum(entry.quantity for entry in sale.entries)  # type: ignore[attr-defined]

    def _reverse(self, who: str, argument: int) -> int:
        taken = self.taken[argument]
        self.cast.reverse(taken.entry)  # type: ignore[attr-defined]
        return -int(taken.entry.quantity)  # type: ignore[attr-defined]

    def _merge(self, who: str, argument: str) -> None:
        merge(self.cast, who, argument)

    def _unmerge(self, who: str, argument: int) -> None:
        unmerge(self.cast, who)

    def check_names(self, who: str) -> None:
        with self.cast.database.reading() as session:
            member = session.get_one(Member, self.cast.people[self.now_is(who)])
            named = {row.value for row in identifiers_of(session, member.id)}
            own = self.cast.member(session, who)
        assert {own.code, own.number, f"{who}@exemple.test"} <= named

    def undo_one(self) -> bool:
        """Undo the first merge that no later one stands on."""
        for who in PEOPLE:
            if not self.stands(who):
                with suppress(Refusal):
                    unmerge(self.cast, who)
                    return True
        return False


def test_whatever_a_merge_hands_over_is_found_by_its_member() -> None:
    for name, table in OWNED.items():
        first = {next(iter(index.columns)).name for index in table.indexes}
        assert "member_id" in first, name
