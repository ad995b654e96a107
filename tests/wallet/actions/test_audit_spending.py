"""The audit of what was spent and given: each forgery by its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.wallet.acceptance.bazaar import Bazaar, open_bazaar
from wallet.db import Database

SALE = ("till", "T-1")


@pytest.fixture
def bazaar(database: Database) -> Bazaar:
    """A shop in which a bit of everything was spent."""
    made = open_bazaar(database)
    made.rich()
    sale = made.buy("ada", 4_000, external_id="T-1")
    made.pay("ada", 1_000, sale=SALE)
    made.refund(sale, 1_000)
    made.take("ada", "pastry", sale=SALE)
    made.take("ada", "trees")
    taken = made.take("ada", "delivery")
    assert taken.voucher is not None
    made.use(taken.voucher.code, sale=SALE)
    made.take("ada", "tenpercent")
    made.take("ada", "museum")
    assert made.audit().findings == []
    return made


def statements(*lines: str) -> Callable[[Bazaar], None]:
    def forge(bazaar: Bazaar) -> None:
        for line in lines:
            bazaar.run(lambda session, line=line: session.execute(text(line)))  # type: ignore[misc]

    return forge


def hide_a_donation(bazaar: Bazaar) -> None:
    """A donation written twice: the points were given once."""
    bazaar.run(
        lambda session: session.execute(
            text(
                "INSERT INTO donation (id, program_id, charity_id, member_id, amount_minor, currency,"
                " redemption_id, occurred_at) SELECT id + 1, program_id, charity_id, member_id,"
                " -amount_minor, currency, redemption_id, occurred_at FROM donation"
                " WHERE redemption_id IS NOT NULL"
            )
        )
    )


def correct_wrongly(bazaar: Bazaar) -> None:
    """A correction that takes more than was given."""
    bazaar.run(
        lambda session: session.execute(
            text(
                "INSERT INTO donation (id, program_id, charity_id, member_id, amount_minor, currency,"
                " purchase_id, reverses_id, occurred_at) SELECT id + 1, program_id, charity_id,"
                " member_id, -amount_minor - 1, currency, purchase_id, id, occurred_at FROM donation"
                " WHERE purchase_id IS NOT NULL AND amount_minor > 100"
            )
        )
    )


@pytest.mark.parametrize(
    ("forge", "codes"),
    [
        (
            statements("UPDATE voucher SET status = 'issued' WHERE status = 'used'"),
            {"voucher_state"},
        ),
        (
            statements("UPDATE voucher SET status = 'used' WHERE status = 'issued'"),
            {"voucher_state"},
        ),
        (
            statements("UPDATE voucher SET status = 'void' WHERE status = 'issued'"),
            {"voucher_state"},
        ),
        (statements("UPDATE credit_payment SET refunded_minor = 0"), {"payment_state"}),
        (statements("UPDATE credit_payment SET amount_minor = 999"), {"payment_state"}),
        (
            statements("UPDATE redemption SET charity_id = NULL WHERE charity_id IS NOT NULL"),
            {"donation_state"},
        ),
        (
            statements("UPDATE redemption SET status = 'reversed' WHERE charity_id IS NOT NULL"),
            {"donation_state", "redemption_state"},
        ),
        (
            statements(
                "UPDATE purchase SET refunded_minor = amount_minor WHERE external_id = 'T-1'"
            ),
            {"not_given_back", "refunds_differ", "donation_state"},
        ),
        (hide_a_donation, {"donation_state"}),
        (correct_wrongly, {"correction_wrong", "donation_state"}),
    ],
)
def test_a_forgery_is_found_by_its_name(
    bazaar: Bazaar, forge: Callable[[Bazaar], None], codes: set[str]
) -> None:
    forge(bazaar)
    assert {finding.code for finding in bazaar.audit().findings} == codes
