"""A fleet of phones through five minutes without Apple, a new design, rotated tokens and wiped phones."""

from __future__ import annotations

from pathlib import Path

import pytest

from passes.apple import http2
from tests.databases import Postgres, Sqlite
from wallet.commands.fleet import PROBES_MAX, PUSH_SHARE_MAX, Trial

PHONES = 25


def test_every_phone_ends_true_after_everything_that_goes_wrong(
    engine: Sqlite | Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2, "ANSWER_SECONDS", 0.2)  # of the machine's clock, not the trial's
    trial = Trial(tmp_path, PHONES, engine.blank())
    try:
        found = trial.run(scans_per_second=0.2)
    finally:
        trial.close()
    assert (found.untrue, found.left_registered, found.waiting, found.problems) == (0, 0, 0, [])
    assert found.changes > 2 * PHONES
    assert found.wrong_clocks > 0
    assert found.pushes <= found.changes * PUSH_SHARE_MAX + PROBES_MAX
    assert found.calm_lag <= 1.0  # seconds of the trial's clock: the next step of the worker
    assert found.recovered_seconds is not None
    assert found.recovered_seconds <= 60
    assert found.is_good
