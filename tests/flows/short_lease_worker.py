"""`comptoir worker` whose leases end after a second: for the test that kills it and starts another."""

from __future__ import annotations

from datetime import timedelta

from wallet.actions import deliver_passes
from wallet.cli import main

if __name__ == "__main__":
    deliver_passes.LEASE = timedelta(seconds=1)
    main(["worker"])
