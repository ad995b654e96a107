"""What a benchmark prints."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure against its baseline. Both return how many items they did."""

    bench: str
    name: str
    unit: str
    work: Callable[[], int]
    baseline_name: str
    baseline: Callable[[], int]
    target: str
    cpu: bool = False  # CPU time of this process instead of wall time


def measure(case: Case, runs: int = 5) -> None:
    """Run work and baseline in turns, so that noise meets both, and print the medians."""
    clock = time.process_time if case.cpu else time.perf_counter
    measure_against(case, lambda: _each(case.work, clock), runs)


def measure_against(case: Case, seconds: Callable[[], float], runs: int = 5) -> None:
    """The same where another process does the work and says how many seconds an item took."""
    clock = time.process_time if case.cpu else time.perf_counter
    values: list[float] = []
    bases: list[float] = []
    for _ in range(runs):
        bases.append(_each(case.baseline, clock))
        values.append(seconds())
    value, base = statistics.median(values), statistics.median(bases)
    line = {
        "bench": case.bench,
        "case": case.name,
        "unit": case.unit,
        "value": round(value * 1e6, 1),
        "baseline": round(base * 1e6, 1),
        "baseline_is": case.baseline_name,
        "ratio": round(value / base, 3),
        "target": case.target,
        "runs": runs,
        "min": round(min(values) * 1e6, 1),
        "max": round(max(values) * 1e6, 1),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _each(work: Callable[[], int], clock: Callable[[], float]) -> float:
    started = clock()
    done = work()
    return (clock() - started) / done
