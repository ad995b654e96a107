"""`python -m tests.benchmarks [NAME …]`; `growth=50000` and `audit=200000` say how many members or
entries there shall be, `BENCH_ENGINES=postgresql` which database, where there are two."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from tests.benchmarks import (
    bench_accrual,
    bench_audit,
    bench_designer,
    bench_fleet,
    bench_growth,
    bench_http,
    bench_merchant,
    bench_near,
    bench_pass,
    bench_push,
    bench_races,
    bench_refresh,
    bench_replay,
    bench_savelink,
    bench_till,
)

BENCHES: dict[str, Callable[..., None]] = {
    "accrual": bench_accrual.run,
    "audit": bench_audit.run,
    "designer": bench_designer.run,
    "growth": bench_growth.run,
    "http": bench_http.run,
    "fleet": bench_fleet.run,
    "merchant": bench_merchant.run,
    "near": bench_near.run,
    "pass": bench_pass.run,
    "push": bench_push.run,
    "races": bench_races.run,
    "refresh": bench_refresh.run,
    "replay": bench_replay.run,
    "savelink": bench_savelink.run,
    "scan": bench_till.run_scan,
    "till": bench_till.run,
    "tillcrowd": bench_till.run_crowd,
}


def main(asked: list[str]) -> int:
    """Run those named, or all."""
    wanted = [name.partition("=") for name in asked or BENCHES]
    unknown = [name for name, _, _ in wanted if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"No benchmark {unknown[0]}; there are {', '.join(BENCHES)}.\n")
        return 2
    for name, _, size in wanted:
        BENCHES[name](*([int(size)] if size else []))
    return 0


if __name__ == "__main__":
    # Servers, workers and folders are put away on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
