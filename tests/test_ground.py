"""The ground under the tests: what a skip means where nothing may be missing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.conftest import OPTIONAL
from wallet.config import ROOT

STOPPED_WITHIN_SECONDS = 60  # one second on an idle machine

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


KILLED = """
import os, signal
from tests.databases import ServerMissing, postgres_server
try:
    with postgres_server(None):
        os.kill(os.getpid(), signal.SIGKILL)
except ServerMissing as error:
    print(error)
"""


@pytest.mark.postgres
def test_a_run_that_is_killed_leaves_no_server_behind() -> None:
    # Not below pytest's own folder: the server's user could not enter it.
    with tempfile.TemporaryDirectory(prefix="comptoir-killed-") as folder:
        Path(folder).chmod(0o755)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if "cannot start" in killed.stdout:
            pytest.skip(killed.stdout)
        assert killed.returncode == -9, killed.stderr
        until = time.monotonic() + STOPPED_WITHIN_SECONDS
        while list(Path(folder).glob("comptoir-pg-*")):
            assert time.monotonic() < until, "the server is still there"
            time.sleep(0.1)
