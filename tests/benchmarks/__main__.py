"""`python -m tests.benchmarks [NAME …]`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.benchmarks import (
    bench_accrual,
    bench_pass,
    bench_push,
    bench_races,
    bench_refresh,
    bench_replay,
    bench_savelink,
)

BENCHES: dict[str, Callable[[], None]] = {
    "accrual": bench_accrual.run,
    "pass": bench_pass.run,
    "push": bench_push.run,
    "races": bench_races.run,
    "refresh": bench_refresh.run,
    "replay": bench_replay.run,
    "savelink": bench_savelink.run,
}


def main(names: list[str]) -> int:
    """Run those named, or all."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"No benchmark {unknown[0]}; there are {', '.join(BENCHES)}.\n")
        return 2
    for name in names or BENCHES:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
