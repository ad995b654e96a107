"""Who tells the acceptance stories; after each of them the ledger passes the audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wallet.acceptance.bazaar import Bazaar, open_bazaar
from wallet.db import Database


@pytest.fixture
def bazaar(database: Database) -> Iterator[Bazaar]:
    """A shop with every kind of reward."""
    made = open_bazaar(database)
    yield made
    assert made.audit().findings == []
