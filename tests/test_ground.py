"""The ground under the tests: what a skip means where nothing may be missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import OPTIONAL
from wallet.config import ROOT

SKIPPING = """
import pytest

@pytest.fixture
def missing():
    pytest.skip("no such program here")

def test_that_may_skip():
    pytest.skip("not on this kind of machine")
"""

NEEDING = """
@pytest.mark.{marker}
def test_{marker}_by_a_fixture(missing):
    pass

@pytest.mark.{marker}
def test_{marker}_by_itself():
    pytest.skip("no such program here")
"""


@pytest.mark.parametrize(
    ("required", "outcome"), [("1", "3 failed, 1 skipped, 3 errors"), ("", "7 skipped")]
)
def test_where_all_is_required_a_missing_program_is_a_failure(
    tmp_path: Path, required: str, outcome: str
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(SKIPPING + "".join(NEEDING.format(marker=marker) for marker in OPTIONAL))
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", file),
        ],
        cwd=ROOT,
        env={**os.environ, "COMPTOIR_REQUIRE_ALL": required},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome in run.stdout, run.stdout
    assert "no such program here" in run.stdout
