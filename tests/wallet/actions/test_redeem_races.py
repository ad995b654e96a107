"""Many at once for the last piece, the last points, one voucher: on both databases."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from tests.benchmarks import bench_races
from tests.factories import Counter, new_program
from tests.wallet.acceptance.bazaar import WEB, open_bazaar
from wallet.db import Database
from wallet.errors import Refusal

AT_ONCE = 12


def outcomes(works: Sequence[Callable[[], object]]) -> Tally[str]:
    """Start all at the same moment; how often each refusal came, and how often it was done."""
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        start.wait(timeout=30)
        try:
            work()
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Tally(pool.map(run, works))


def test_many_clients_on_one_account_leave_one_gapless_sequence(database: Database) -> None:
    """The full size, 64 clients and 32,000 sales, is `dev.py bench races`."""
    counter = Counter(database, new_program(database, bench_races.RACES))
    bench_races.hammer(counter, clients=16, sales_each=6)


def test_of_many_who_want_ten_of_a_hundred_points_exactly_ten_get_them(database: Database) -> None:
    """64 clients and 100 rounds are `dev.py bench races`."""
    counter = Counter(database, new_program(database, bench_races.RACES))
    bench_races.double_spend(counter, clients=24, rounds=3)


def test_twelve_takers_of_three_pieces_are_three(database: Database) -> None:
    bazaar = open_bazaar(database)
    people = [f"member{number}" for number in range(AT_ONCE)]
    for who in people:
        bazaar.rich(who, 4_000)
    works = [partial(bazaar.take, who, "pastry") for who in people]
    assert outcomes(works) == {"done": 3, "reward_sold_out": AT_ONCE - 3}
    assert bazaar.stock("pastry") == 0
    assert sum(bazaar.balance(who).available for who in people) == AT_ONCE * 40 - 3 * 30
    assert bazaar.audit().findings == []


def test_one_member_at_many_tills_takes_no_more_than_allowed(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich("ada", 60_000)
    works = [lambda: bazaar.take("ada", "tote")] * AT_ONCE
    assert outcomes(works) == {"done": 1, "reward_limit_reached": AT_ONCE - 1}
    assert bazaar.balance("ada").available == 590
    assert bazaar.audit().findings == []


def test_a_voucher_shown_everywhere_at_once_is_used_once(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich()
    taken = bazaar.take("ada", "delivery")
    assert taken.voucher is not None
    code = taken.voucher.code
    works = [partial(bazaar.use, code, f"use-{number}", WEB) for number in range(AT_ONCE)]
    assert outcomes(works) == {"done": 1, "voucher_used": AT_ONCE - 1}


def test_taking_a_voucher_back_and_using_it_end_in_one_of_the_two(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich()
    for number in range(4):
        before = bazaar.balance("ada").available
        taken = bazaar.take("ada", "delivery")
        assert taken.voucher is not None
        code = taken.voucher.code
        found = outcomes(
            [
                partial(bazaar.void, code),
                partial(bazaar.use, code, f"use-{number}"),
            ]
        )
        assert found["done"] == 1
        lost = 0 if bazaar.voucher(code).status == "void" else 40
        assert bazaar.balance("ada").available == before - lost
    assert bazaar.audit().findings == []


def test_credit_is_spent_no_further_than_it_reaches(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich()  # 30 euros
    works = [lambda: bazaar.pay("ada", 500, bill_minor=4_000)] * AT_ONCE
    assert outcomes(works) == {"done": 6, "insufficient_balance": AT_ONCE - 6}
    assert bazaar.balance("ada", "credit").available == 0
    assert bazaar.audit().findings == []


def test_one_sale_is_paid_with_credit_once(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich()
    sale = ("till", "T-1")
    works = [lambda: bazaar.pay("ada", 500, bill_minor=4_000, sale=sale)] * AT_ONCE
    assert outcomes(works) == {"done": AT_ONCE}  # all but one are the first answer again
    assert bazaar.balance("ada", "credit").available == 2_500
    assert bazaar.audit().findings == []


def test_the_sale_and_its_refund_may_arrive_at_the_same_moment(database: Database) -> None:
    bazaar = open_bazaar(database)
    bazaar.rich()
    for number in range(6):
        name = f"T-{number}"
        found = outcomes(
            [
                partial(bazaar.buy, "ada", 4_000, external_id=name),
                partial(bazaar.refund_by_id, name, "all", None),
            ]
        )
        assert found == {"done": 2}
    bazaar.later(seconds=60)
    bazaar.settle()
    assert bazaar.balance("ada").available == 600
    assert bazaar.audit().findings == []
