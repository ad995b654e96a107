"""The audit: finds nothing in an honest ledger, and each kind of forgery by its name."""

from __future__ import annotations

from tests.factories import Cast


def test_an_honest_ledger_has_no_findings(cast: Cast) -> None:
    sale = cast.buy("ada", 8000)
    cast.refund(sale, 2000)
    taken = cast.redeem("ada", 100)
    cast.reverse(taken.entry)
    report = cast.audit()
    assert report.findings == []
    assert report.entries == 6
