"""Reversals: the opposite movement, once, and never a way to keep what was given back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import NOW, SHOP, Cast, Counter, new_program, stamps_too, with_rules
from wallet.actions.load_demo import PROGRAM
from wallet.actions.reverse_entry import UNDO_WINDOW, reverse_entry, undo_own
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.purchase import Purchase
from wallet.tables.reward import Redemption


def test_a_reversed_redemption_gives_the_same_lots_their_points_back(cast: Cast) -> None:
    taken = cast.redeem("ada", 100)
    assert cast.balance("ada").available == 500
    entry = cast.reverse(taken.entry, "wrong reward")
    assert (entry.kind, entry.quantity, entry.reverses_id) == ("reversal", 100, taken.entry.id)
    assert entry.why[0]["text"] == {"fr": "Annulation : wrong reward", "en": "Undone: wrong reward"}
    assert cast.balance("ada").available == 600
    with cast.database.reading() as session:
        assert session.get_one(Redemption, taken.redemption.id).status == "reversed"


def test_a_reversed_sale_counts_no_longer_for_points_or_tier(cast: Cast) -> None:
    sale = cast.buy("bruno", 60_000)
    assert cast.view("bruno").standing.tier.key == "gold"  # type: ignore[union-attr]
    cast.reverse(sale.entries[0])
    view = cast.view("bruno")
    assert view.balances["points"].available == 0
    assert view.standing.tier.key == "bronze"  # type: ignore[union-attr]
    with cast.database.reading() as session:
        assert session.get_one(Purchase, sale.purchase.id).refunded_minor == 60_000


@pytest.mark.parametrize("kind", ["redemption", "sale"])
def test_nothing_is_reversed_twice(cast: Cast, kind: str) -> None:
    entry = cast.redeem("ada", 30).entry if kind == "redemption" else cast.buy("ada").entries[0]
    cast.reverse(entry)
    with pytest.raises(Refusal, match="already_reversed"):
        cast.reverse(entry)


def test_a_reversal_and_a_refund_are_not_reversible(cast: Cast) -> None:
    undone = cast.reverse(cast.redeem("ada", 30).entry)
    sale = cast.buy("bruno")
    refunded = cast.refund(sale, 1000).entries[0]
    for entry in (undone, refunded):
        with pytest.raises(Refusal, match="not_reversible"):
            cast.reverse(entry)
    with pytest.raises(Refusal, match="not_reversible"):  # part of it went back already
        cast.reverse(sale.entries[0])


def test_a_sale_whose_points_were_used_is_not_undone(cast: Cast) -> None:
    sale = cast.buy("bruno", 4000)
    taken = cast.redeem("bruno", 30)
    with pytest.raises(Refusal, match="undo_spent"):
        cast.reverse(sale.entries[0])
    cast.reverse(taken.entry)
    cast.reverse(sale.entries[0])
    assert cast.balance("bruno").available == 0


def test_a_movement_of_the_other_brand_does_not_exist_here(cast: Cast) -> None:
    stranger = cast.other.buy("fatou").entries[0]
    with pytest.raises(Refusal, match="entry_not_found"):
        cast.reverse(stranger)


@pytest.mark.parametrize("which", [0, 1])
def test_a_sale_is_undone_with_everything_it_gave(database: Database, which: int) -> None:
    """Whichever movement is named: the sale is over, so none of its units may stay."""
    program = new_program(database, with_rules(PROGRAM, "two", **stamps_too(PROGRAM.rules)))
    counter = Counter(database, program)
    counter.enrol("ada")
    sale = counter.buy("ada", 10_000, channel="online")
    assert [entry.unit for entry in sale.entries] == ["points", "stamps"]
    undone = counter.run(
        lambda session: reverse_entry(
            session, program, sale.entries[which].id, "", counter.actor, counter.now
        )
    )
    assert undone[0].reverses_id == sale.entries[which].id
    assert {entry.reverses_id for entry in undone} == {entry.id for entry in sale.entries}
    assert counter.balance("ada").available == counter.balance("ada", "stamps").available == 0
    with pytest.raises(Refusal, match="already_reversed"):
        counter.reverse(sale.entries[1 - which])
    assert counter.audit().findings == []


def test_a_sale_of_which_one_unit_was_used_keeps_the_others(database: Database) -> None:
    program = new_program(database, with_rules(PROGRAM, "two", **stamps_too(PROGRAM.rules)))
    counter = Counter(database, program)
    counter.enrol("ada")
    sale = counter.buy("ada", 10_000, channel="online")
    counter.redeem("ada", 30)
    with pytest.raises(Refusal, match="undo_spent"):
        counter.reverse(sale.entries[1])
    assert counter.balance("ada", "stamps").available == 10
    with database.reading() as session:
        assert session.get_one(Purchase, sale.purchase.id).refunded_minor == 0


def test_a_reason_that_cannot_be_kept_is_refused(cast: Cast) -> None:
    taken = cast.redeem("ada", 30)
    for reason in ("\x00", "a\ud800", "x" * 10_000):
        with pytest.raises(Refusal, match="body_invalid"):
            cast.reverse(taken.entry, reason)
    assert cast.balance("ada").available == 570


def test_a_cashier_undoes_only_own_acts_of_the_last_minutes(cast: Cast) -> None:
    taken = cast.redeem("ada", 30)
    at = NOW + UNDO_WINDOW

    def undo(actor: object, when: object) -> None:
        cast.run(
            lambda session: undo_own(session, cast.program, taken.entry.id, actor, when)  # type: ignore[arg-type]
        )

    with pytest.raises(Refusal, match="forbidden"):
        undo(SHOP, at)
    with pytest.raises(Refusal, match="undo_too_late"):
        undo(cast.actor, at.replace(microsecond=at.microsecond + 1))
    undo(cast.actor, at)
    assert cast.balance("ada").available == 600


class TestAfterARefundOfSpentPoints:
    """Bought 100, took a reward of 100, gave the goods back: then the reward is undone."""

    @pytest.fixture(params=["owed", "negative", "forgive"])
    def counter(self, database: Database, request: pytest.FixtureRequest) -> Iterator[Counter]:
        made = Counter(
            database, new_program(database, with_rules(PROGRAM, "x", clawback=request.param))
        )
        made.enrol("ada")
        yield made
        assert made.audit().findings == []

    def test_undoing_the_reward_ends_where_undoing_it_first_would(self, counter: Counter) -> None:
        policy = counter.program.ruleset.clawback
        sale = counter.buy("ada", 10_000)
        taken = counter.redeem("ada", 100)
        counter.refund(sale)
        counter.reverse(taken.entry)
        held = counter.balance("ada")
        # Forgiven is forgiven; everywhere else nothing is left of a sale that was given back.
        assert (held.available, held.owed) == ((100, 0) if policy == "forgive" else (0, 0))
        assert counter.audit().findings == []

    def test_what_remains_missing_is_still_missing(self, counter: Counter) -> None:
        sale = counter.buy("ada", 10_000)
        coffee, pastry = counter.redeem("ada", 30), counter.redeem("ada", 60)
        counter.refund(sale)
        counter.reverse(coffee.entry)
        held = counter.balance("ada")
        expected = {"owed": (0, 60), "negative": (-60, 0), "forgive": (30, 0)}
        assert (held.available, held.owed) == expected[counter.program.ruleset.clawback]
        counter.reverse(pastry.entry)
        held = counter.balance("ada")
        assert (held.available, held.owed) == (
            (90, 0) if counter.program.ruleset.clawback == "forgive" else (0, 0)
        )

    def test_a_mistyped_sale_that_paid_what_was_owed_can_still_be_undone(
        self, counter: Counter
    ) -> None:
        sale = counter.buy("ada", 10_000)
        counter.redeem("ada", 100)
        counter.refund(sale)
        before = counter.balance("ada")
        slip = counter.buy("ada", 40_000)
        assert counter.balance("ada").available == (
            400 if counter.program.ruleset.clawback == "forgive" else 300
        )
        if counter.program.ruleset.clawback == "negative":
            return  # what fell below zero has no lot of its own: a refund takes it back
        counter.reverse(slip.entries[0])
        assert counter.balance("ada") == before
