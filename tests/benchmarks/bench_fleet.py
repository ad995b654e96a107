"""Ten thousand simulated iPhones through calm, five minutes without Apple, a new design for all and the
next day, on both databases: what `comptoir simulate fleet` does, against the limits it must keep.

Lags are seconds of the simulated clock, costs of a sale CPU and disk of the machine's own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.databases import ENGINES, fresh_database
from wallet.commands.fleet import PUSH_SHARE_MAX, Outcome, Trial

PHONES = int(os.environ.get("BENCH_PHONES", "10000"))
SCANS_PER_SECOND = 5.0
SALE_SLOWER_MAX = 1.5  # a sale during the outage against one in calm, both at the median
TOLD_AGAIN_SECONDS_MAX = 60.0  # of the simulated clock, from Apple's return to the last phone told
CALM_LAG_SECONDS_MAX = 2.0


def run() -> None:
    """PostgreSQL is passed over, and said so, where it cannot be had."""
    for engine in ENGINES:
        with fresh_database(engine) as database, tempfile.TemporaryDirectory() as folder:
            if database is None:
                continue
            url = database.engine.url.render_as_string(hide_password=False)
            database.dispose()
            trial = Trial(Path(folder), PHONES, url)
            try:
                found = trial.run(SCANS_PER_SECOND)
            finally:
                trial.close()
            for line in _lines(found, engine):
                sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def _lines(found: Outcome, engine: str) -> Iterator[dict[str, object]]:
    wrong = found.untrue + found.left_registered + found.waiting + len(found.problems)
    again = found.recovered_seconds
    for case, unit, value, limit in (
        (f"phones that do not end true, of {found.phones}", "phones", float(wrong), 0.0),
        (
            f"pushes for each of {found.changes} changed passes",
            "pushes",
            found.pushes_per_change,
            PUSH_SHARE_MAX,
        ),
        ("from the sale to the push, calm, median", "s", found.calm_lag, CALM_LAG_SECONDS_MAX),
        (
            "from Apple's return to the last phone told",
            "s",
            float("inf") if again is None else float(again),
            TOLD_AGAIN_SECONDS_MAX,
        ),
        (
            "a sale during the outage, median",
            "ms",
            found.cost_outage_ms,
            found.cost_calm_ms * SALE_SLOWER_MAX,
        ),
    ):
        yield {
            "bench": "fleet",
            "case": f"{engine}: {case}",
            "unit": unit,
            "value": round(value, 3),
            "baseline": round(limit, 3),
            "baseline_is": "the limit",
            "ratio": round(value / limit, 3) if limit else value,
            "target": "≤ 1" if limit else "0",
            "runs": 1,
        }
